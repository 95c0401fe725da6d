"""What a Sigma document says of itself, and its log source: form checked, problems placed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from samefire.languages.sigma_reader import Reader, kind
from samefire.languages.sigma_tree import Header, LogSource
from samefire.languages.sigma_yaml import Path
from samefire.problems import did_you_mean

LEVELS = ("informational", "low", "medium", "high", "critical")
STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
_TEXTS = ("name", "taxonomy", "description", "license", "author", "level", "status")
_LISTS = ("references", "tags", "fields", "falsepositives", "scope", "related")
KEYS = (
    "title",
    "id",
    "date",
    "modified",
    *_TEXTS,
    *_LISTS,
    "logsource",
    "detection",
    "correlation",
    "filter",
)
_UUID = re.compile(r"(?:urn:)?(?:uuid:)?\{?[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?")
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?")
_REQUIRED = ("title", "logsource", "detection")


def header(reader: Reader, data: Mapping[str, Any], path: Path) -> Header:
    """Everything that a document says of itself."""
    for key in _TEXTS:
        if data.get(key) is not None:
            reader.text(data[key], (*path, key), f"`{key}`")
    for key in _LISTS:
        if data.get(key) is not None and not isinstance(data[key], list):
            said = f"`{key}` must be a list, not {kind(data[key])}"
            reader.problem("sigma-type", said, (*path, key), hint="write `- ` before each element")
    for key, known in (("level", LEVELS), ("status", STATUSES)):
        _one_of(reader, data, path, key, known)
    for key in ("date", "modified"):
        _date(reader, data, path, key)
    _misspelt(reader, data, path)
    return Header(
        title=_title(reader, data, path),
        id=_id(reader, data, path),
        name=_string(data.get("name")),
        level=_string(data.get("level")),
        status=_string(data.get("status")),
        taxonomy=_string(data.get("taxonomy")) or "sigma",
        tags=tuple(str(tag) for tag in _list(data.get("tags"))),
        description=_string(data.get("description")),
    )


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _title(reader: Reader, data: Mapping[str, Any], path: Path) -> str:
    if data.get("title") is None:
        missing(reader, data, path, "title")
        return ""
    title = reader.text(data["title"], (*path, "title"), "`title`") or ""
    if len(title) > 256:
        reader.problem("sigma-title", f"the title has {len(title)} characters, at most 256", (*path, "title"))
    return title


def _id(reader: Reader, data: Mapping[str, Any], path: Path) -> str | None:
    value = data.get("id")
    if value is None:
        return None
    text = reader.text(value, (*path, "id"), "`id`")
    if text is not None and not _UUID.fullmatch(text):
        hint = "pySigma refuses other ids; use `name` for a readable reference"
        reader.warning("sigma-id", "the id is not a UUID", (*path, "id"), hint=hint)
    return text


def _one_of(reader: Reader, data: Mapping[str, Any], path: Path, key: str, known: tuple[str, ...]) -> None:
    value = data.get(key)
    if isinstance(value, str) and value and value.lower() not in known:
        hint = did_you_mean(value, known) or f"one of {', '.join(known)}"
        reader.problem("sigma-unknown-value", f"`{value}` is no {key}", (*path, key), hint=hint)


def _date(reader: Reader, data: Mapping[str, Any], path: Path, key: str) -> None:
    value = data.get(key)
    if value is None:
        return
    fits = _DATE.fullmatch(str(value))
    if not fits or not (1 <= int(fits[2]) <= 12 and 1 <= int(fits[3]) <= 31):
        said = f"`{key}` is not a date"
        reader.problem("sigma-date", said, (*path, key), hint="write it as YYYY-MM-DD")


def _misspelt(reader: Reader, data: Mapping[str, Any], path: Path) -> None:
    """Own keys are allowed; one that is nearly a known key is most likely meant to be it. (`missing` speaks of
    keys that must be there.)"""
    for key in data:
        if key in KEYS or key == "action":
            continue
        close = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.86)
        if close and close[0] not in data and close[0] not in _REQUIRED:
            said = f"the key `{key}` is not part of Sigma"
            reader.warning(
                "sigma-unknown-key", said, (*path, key), key=True, hint=f"did you mean `{close[0]}`?"
            )


def missing(reader: Reader, data: Mapping[str, Any], path: Path, key: str) -> None:
    """Note that a mapping lacks a key that it must have."""
    close = difflib.get_close_matches(key, [k for k in data if isinstance(k, str)], n=1, cutoff=0.72)
    where = f"`{path[-1]}`" if len(path) > 1 else "the document"
    if close and close[0] not in KEYS:
        hint = f"did you mean `{key}`?"
        reader.problem("sigma-missing-key", f"{where} has no `{key}`", (*path, close[0]), key=True, hint=hint)
    else:
        reader.problem("sigma-missing-key", f"{where} has no `{key}`", path, key=len(path) > 1)


def logsource(reader: Reader, data: Mapping[str, Any], path: Path) -> LogSource:
    """logsource: at least one of category, product and service."""
    if "logsource" not in data:
        missing(reader, data, path, "logsource")
        return LogSource()
    here = (*path, "logsource")
    section = reader.mapping(data["logsource"], here, "`logsource`")
    if section is None:
        return LogSource()
    parts = {}
    for key in ("category", "product", "service"):
        if section.get(key) is not None:
            parts[key] = reader.text(section[key], (*here, key), f"`{key}`")
    if not parts:
        said = "the log source names no category, product or service"
        reader.problem("sigma-logsource", said, here, key=True)
    return LogSource(**parts)
