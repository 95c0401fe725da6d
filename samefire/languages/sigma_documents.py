"""YAML documents → syntax tree: rules, filters, collections (`action`), with every problem placed.

Correlation sections are read by `sigma_correlation.py`. Checks form only: what modifiers and values mean
is for `sigma_values.py`, which names refer to what for `sigma_lower.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samefire.languages import sigma_conditions
from samefire.languages.sigma_conditions import Condition, ConditionError
from samefire.languages.sigma_tree import (
    Both,
    Definition,
    Document,
    Either,
    FilterDocument,
    Header,
    Item,
    LogSource,
    RuleDocument,
    Search,
    SigmaTree,
)
from samefire.languages.sigma_yaml import Documents, Path
from samefire.problems import Problem, ProblemError, Severity, did_you_mean
from samefire.source import Source, Span

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
MAX_LISTS = 10
_SCALARS = (str, int, float, bool, type(None))


@dataclass
class Reader:
    """Gathers problems of one text while its documents are read."""

    yaml: Documents
    found: list[Problem] = field(default_factory=list)

    def problem(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        key: bool = False,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a problem at the value (or the key) of `path`."""
        span = self.yaml.key_span(path) if key else self.yaml.value_span(path)
        self.found.append(Problem(code, message, self.yaml.source, span, severity, hint))

    def warning(
        self, code: str, message: str, path: Path, *, key: bool = False, hint: str | None = None
    ) -> None:
        self.problem(code, message, path, key=key, hint=hint, severity=Severity.WARNING)

    def condition(self, text: str, path: Path, *, selectors: bool = True) -> Condition | None:
        """The condition in the string at `path`, or None with its problem noted."""
        try:
            return sigma_conditions.parse(text, selectors=selectors)
        except ConditionError as error:
            span = self.inside(path, text, error.span)
            self.found.append(
                Problem(error.code, error.message, self.yaml.source, span, Severity.ERROR, error.hint)
            )
            return None

    def inside(self, path: Path, text: str, span: Span) -> Span:
        """`span` of the string at `path` as a place in the file; the whole value when it was folded."""
        whole = self.yaml.value_span(path)
        at = self.yaml.source.text.find(text, whole.start, whole.end)
        if at < 0 or not text:
            return whole
        return Span(at + span.start, max(at + span.end, at + span.start))

    def mapping(self, value: Any, path: Path, what: str) -> Mapping[str, Any] | None:
        """`value` when it is a mapping with text as keys; otherwise None, with the problem noted."""
        if not isinstance(value, Mapping):
            self.problem("sigma-type", f"{what} must be a mapping, not {kind(value)}", path)
            return None
        for name in value:
            if not isinstance(name, str):
                self.problem(
                    "sigma-type", f"the key `{name}` in {what} is not text", path, hint="put it into quotes"
                )
                return None
        return value

    def text(self, value: Any, path: Path, what: str) -> str | None:
        """`value` when it is text that is not empty; otherwise None, with the problem noted."""
        if isinstance(value, str) and value:
            return value
        said = "must not be empty" if value == "" else f"must be text, not {kind(value)}"
        self.problem("sigma-type", f"{what} {said}", path)
        return None

    def texts(self, value: Any, path: Path, what: str) -> tuple[str, ...]:
        """A text or a list of texts."""
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            self.problem("sigma-type", f"{what} must be text or a list of texts, not {kind(value)}", path)
            return ()
        found = (self.text(one, (*path, n), f"an element of {what}") for n, one in enumerate(value))
        return tuple(one for one in found if one is not None)

    def unknown(self, name: str, known: Iterable[str], path: Path, what: str) -> None:
        """Note a key that `what` does not have."""
        self.problem(
            "sigma-unknown-key",
            f"{what} has no key `{name}`",
            path,
            key=True,
            hint=did_you_mean(name, known) or f"known keys: {', '.join(known)}",
        )


_KINDS = {
    bool: "true/false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    set: "a set",
    bytes: "binary data",
}


def kind(value: Any) -> str:
    """What a YAML value is, in words."""
    if value is None:
        return "nothing"
    return _KINDS.get(type(value), "a mapping" if isinstance(value, Mapping) else "of another type")


def read(yaml: Documents) -> SigmaTree:
    """The tree of all documents; raises ProblemError with every problem of the text."""
    from samefire.languages.sigma_correlation import read_correlation

    reader = Reader(yaml)
    documents: list[Document] = []
    merged: list[Mapping[str, Any]] = []
    for number, data in collected(reader):
        merged.append(data)
        if "correlation" in data:
            document: Document | None = read_correlation(reader, data, (number,))
        elif "filter" in data:
            document = _filter(reader, data, (number,))
        else:
            document = _rule(reader, data, (number,))
        if document is not None:
            documents.append(document)
    if not merged and not reader.found:
        message = "there is no Sigma rule in this text"
        reader.found.append(Problem("sigma-no-rule", message, yaml.source))
    if any(p.severity is Severity.ERROR for p in reader.found):
        raise ProblemError(sorted(reader.found, key=lambda p: p.span))
    return SigmaTree(tuple(documents), yaml, tuple(reader.found), tuple(merged))


# ---- collections ------------------------------------------------------------------------------------


def collected(reader: Reader) -> list[tuple[int, Mapping[str, Any]]]:
    """Documents after `action`: `global` is laid over the rules that follow, `reset` ends that,
    `repeat` lays its own keys over the rule before."""
    out: list[tuple[int, Mapping[str, Any]]] = []
    shared: Mapping[str, Any] = {}
    previous: Mapping[str, Any] = {}
    for number, value in enumerate(reader.yaml.data):
        if value is None:
            continue
        data = reader.mapping(value, (number,), "a Sigma document")
        if data is None:
            continue
        match data.get("action"):
            case None if "correlation" in data or "filter" in data:
                out.append((number, data))
            case None:
                previous = _laid_over(data, shared)
                out.append((number, previous))
            case "global":
                shared = {k: v for k, v in data.items() if k != "action"}
                previous = shared
            case "reset":
                shared = {}
            case "repeat":
                previous = {k: v for k, v in _laid_over(previous, data).items() if k != "action"}
                out.append((number, previous))
            case other:
                hint = did_you_mean(str(other), ("global", "reset", "repeat"))
                known = hint or "known actions: global, reset, repeat"
                reader.problem(
                    "sigma-action", f"the action `{other}` is not known", (number, "action"), hint=known
                )
    return out


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Mapping[str, Any]:
    """`below` with the keys of `above`, mappings merged key by key."""
    if not above:
        return below
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _laid_over(old, value) if both else value  # type: ignore[arg-type]
    return merged


# ---- headers ----------------------------------------------------------------------------------------


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


# ---- detections -------------------------------------------------------------------------------------


def _rule(reader: Reader, data: Mapping[str, Any], path: Path) -> RuleDocument | None:
    head = header(reader, data, path)
    origin = logsource(reader, data, path)
    if "detection" not in data:
        missing(reader, data, path, "detection")
        return None
    search = _search(reader, data["detection"], (*path, "detection"))
    return RuleDocument(head, origin, search, path) if search is not None else None


def _filter(reader: Reader, data: Mapping[str, Any], path: Path) -> FilterDocument | None:
    head = header(reader, data, path)
    origin = logsource(reader, data, path)
    here = (*path, "filter")
    section = reader.mapping(data["filter"], here, "`filter`")
    if section is None:
        return None
    rules: tuple[str, ...] | None = None
    if "rules" not in section:
        missing(reader, section, here, "rules")
    elif section["rules"] not in ("any", "Any", "ANY", []):
        rules = reader.texts(section["rules"], (*here, "rules"), "`rules`")
    search = _search(reader, {k: v for k, v in section.items() if k != "rules"}, here)
    return FilterDocument(head, origin, rules, search, path) if search is not None else None


def _search(reader: Reader, value: Any, path: Path) -> Search | None:
    section = reader.mapping(value, path, f"`{path[-1]}`")
    if section is None:
        return None
    names = []
    for name, content in section.items():
        if name == "condition":
            continue
        if name == "timeframe":
            hint = "write a correlation document with `timespan`"
            reader.warning("sigma-timeframe", "`timeframe` has no effect", (*path, name), key=True, hint=hint)
            continue
        definition = _definition(reader, content, (*path, name), 0)
        if definition is not None:
            names.append((name, definition))
    if not names and not reader.found:
        reader.problem("sigma-no-selection", f"`{path[-1]}` defines nothing to search for", path, key=True)
    return Search(tuple(names), _conditions(reader, section, path), path)


def _conditions(reader: Reader, section: Mapping[str, Any], path: Path) -> tuple[Condition, ...]:
    if "condition" not in section:
        missing(reader, section, path, "condition")
        return ()
    here = (*path, "condition")
    value = section["condition"]
    parts = [(value, here)] if not isinstance(value, list) else [(v, (*here, n)) for n, v in enumerate(value)]
    if not parts:
        reader.problem("sigma-condition", "there is no condition in the list", here)
    found = []
    for one, where in parts:
        text = reader.text(one, where, "a condition")
        condition = reader.condition(text, where) if text is not None else None
        if condition is not None:
            found.append(condition)
    return tuple(found)


def _definition(reader: Reader, value: Any, path: Path, depth: int) -> Definition | None:
    """A search identifier: a mapping, a keyword, or a list of keywords, mappings or lists."""
    if isinstance(value, Mapping):
        return _both(reader, value, path)
    if isinstance(value, _SCALARS):
        return _item(reader, None, (), value, path)
    if not isinstance(value, list):
        reader.problem("sigma-type", f"`{path[-1]}` cannot be {kind(value)}", path)
        return None
    if not value:
        reader.problem("sigma-empty", f"`{path[-1]}` is an empty list: it selects nothing", path, key=True)
        return None
    if all(isinstance(one, _SCALARS) for one in value):
        return _item(reader, None, (), value, path)
    if depth >= MAX_LISTS:
        reader.problem("sigma-too-deep", f"more than {MAX_LISTS} lists inside each other", path)
        return None
    children = (_definition(reader, one, (*path, n), depth + 1) for n, one in enumerate(value))
    return Either(tuple(child for child in children if child is not None))


def _both(reader: Reader, value: Mapping[Any, Any], path: Path) -> Definition | None:
    section = reader.mapping(value, path, f"`{path[-1]}`")
    if section is None:
        return None
    if not section:
        reader.problem("sigma-empty", f"`{path[-1]}` is an empty mapping: it selects nothing", path, key=True)
        return None
    items = []
    for key, content in section.items():
        name, *modifiers = key.split("|")
        item = _item(reader, name or None, tuple(modifiers), content, (*path, key))
        if item is not None:
            items.append(item)
    return Both(tuple(items))


def _item(
    reader: Reader, name: str | None, modifiers: tuple[str, ...], value: Any, path: Path
) -> Item | None:
    values = value if isinstance(value, list) else [value]
    if not values:
        said = f"`{path[-1]}` has an empty list of values"
        reader.problem("sigma-empty", said, path, key=True, hint="write null for a field that is not there")
        return None
    for number, one in enumerate(values):
        if not isinstance(one, _SCALARS):
            where = (*path, number) if isinstance(value, list) else path
            _no_value(reader, one, where, name)
            return None
    return Item(name, modifiers, tuple(values), isinstance(value, list), path)


def _no_value(reader: Reader, value: Any, path: Path, name: str | None) -> None:
    hint = None
    if isinstance(value, Mapping) and name and value:
        hint = f"write a nested field with a dot: `{name}.{next(iter(value))}`"
    reader.problem(
        "sigma-type",
        f"a value must be text, a number, true/false or null, not {kind(value)}",
        path,
        hint=hint,
    )


def read_text(text: str, path: str = "<sigma>") -> SigmaTree:
    """Shorthand for tests and other callers that hold only a string."""
    from samefire.languages import sigma_yaml

    return read(sigma_yaml.read(Source(path, text)))
