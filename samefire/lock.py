"""The version lock: which version each rule's export has, and the digest that tells when it changed.

A JSON file, `{rule_id: {rule_name, sha256, type, version}}`, kept in git beside the rules. A rule that is not
there gets version 1; one whose export changed gets the next. Entries of rules that are gone stay, so that a
version is never given twice. Pure but for `read_lock`, `load_versions` and `write_lock`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from samefire.files import read_source, write_file
from samefire.forms import Document
from samefire.problems import Problem, ProblemError
from samefire.rule import Rule
from samefire.source import NOWHERE, Source, Span


@dataclass(frozen=True, slots=True)
class Entry:
    """One locked rule."""

    rule_name: str
    sha256: str
    type: str
    version: int


Lock = Mapping[str, Entry]
"""Entries by rule id."""


def read(source: Source) -> Lock:
    """The lock in a text; raises ProblemError (`lock-syntax`, `lock-bad-entry`)."""
    twice: list[str] = []
    try:
        data = json.loads(source.text, object_pairs_hook=lambda pairs: _table(pairs, twice))
    except (ValueError, RecursionError) as error:
        at = getattr(error, "pos", 0)
        message = f"the lock file is not valid JSON: {getattr(error, 'msg', 'nested too deep').lower()}"
        raise ProblemError([Problem("lock-syntax", message, source, Span(at, at + 1))]) from None
    if not isinstance(data, dict):
        raise ProblemError([Problem("lock-syntax", "the lock file must be a JSON object", source)])
    bad = [_bad_entry(source, rule_id) for rule_id, entry in data.items() if not _valid(entry)]
    bad += [_twice(source, key) for key in twice]
    if bad:
        raise ProblemError(bad)
    return {rule_id: Entry(**{k: entry[k] for k in _TYPES}) for rule_id, entry in data.items()}


def _table(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    """An object; keys that it has twice go to `twice`."""
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice.extend(dict.fromkeys(key for key in keys if keys.count(key) > 1))
    return table


def _twice(source: Source, key: str) -> Problem:
    message = f"the lock file says {key} twice, and readers would take one or the other"
    hint = "keep the entry with the higher version"
    return Problem("lock-bad-entry", message, source, entry_span(source, key, last=True), hint=hint)


_TYPES = {"rule_name": str, "sha256": str, "type": str, "version": int}


def _valid(entry: Any) -> bool:
    if not isinstance(entry, dict) or any(type(entry.get(key)) is not kind for key, kind in _TYPES.items()):
        return False
    return bool(entry["version"] > 0)


def _bad_entry(source: Source, rule_id: str) -> Problem:
    message = f"the entry of {rule_id} needs `rule_name`, `sha256`, `type` and a `version` of at least 1"
    hint = "restore the file from git, or remove the entry to start again at version 1"
    return Problem("lock-bad-entry", message, source, entry_span(source, rule_id), hint=hint)


def entry_span(source: Source, key: str, *, last: bool = False) -> Span:
    """Where a key of the lock file stands, the first or the last time; nowhere when it is written otherwise."""
    written = json.dumps(key)
    at = source.text.rfind(written) if last else source.text.find(written)
    return Span(at, at + len(written)) if at >= 0 else NOWHERE


def updated(lock: Lock, exports: Mapping[Rule, Document | None]) -> Lock:
    """The lock after these exports. A rule that could not be exported keeps its entry."""
    fresh = dict(lock)
    for rule, document in exports.items():
        if document is not None:
            fresh[rule.id] = _next(lock.get(rule.id), rule, digest(rule, document))
    return dict(sorted(fresh.items()))


def _next(entry: Entry | None, rule: Rule, sha256: str) -> Entry:
    version = 1 if entry is None else entry.version + (entry.sha256 != sha256)
    return Entry(rule.name, sha256, rule.type, version)


def digest(rule: Rule, document: Document) -> str:
    """SHA-256 of what the rule's author decides: the export without `version`, and without `required_fields`
    unless the file gives them (they follow from the query and the field types of this release). Exception lists
    have a life of their own: neither they nor references that the rule's file does not write count. Of an export that
    is no JSON, all of it."""
    if not document.text.startswith("{"):
        return hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
    data = json.loads(document.text.split("\n{")[0])
    data.pop("version", None)
    written = len(rule.contents.get("exceptions_list", ()))
    if not (listed := data.get("exceptions_list", [])[:written]) and "exceptions_list" not in rule.contents:
        data.pop("exceptions_list", None)
    else:
        data["exceptions_list"] = listed
    if "required_fields" not in rule.contents:
        data.pop("required_fields", None)
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode("ascii")).hexdigest()


def changes(old: Lock, new: Lock) -> list[str]:
    """What `updated` did, a line each, by rule name."""
    lines = []
    for rule_id, entry in new.items():
        before = old.get(rule_id)
        if before is None:
            lines.append(f"{entry.rule_name}: new, version {entry.version}")
        elif before.version != entry.version:
            lines.append(f"{entry.rule_name}: version {before.version} to {entry.version}")
        elif before != entry:
            lines.append(f"{entry.rule_name}: entry corrected")
    return sorted(lines)


def lock_text(lock: Lock) -> str:
    """The canonical text: sorted, two spaces, one line break at the end."""
    data = {rule_id: asdict(entry) for rule_id, entry in lock.items()}
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_lock(path: Path) -> Lock:
    """The lock file at `path`, empty when there is none; raises ProblemError."""
    return read(read_source(path)) if path.exists() else {}


def load_versions(path: Path) -> Mapping[str, int]:
    """The version of each locked rule; raises ProblemError."""
    return {rule_id: entry.version for rule_id, entry in read_lock(path).items()}


def write_lock(path: Path, text: str) -> None:
    """Replace the file at once, or not at all. Raises OSError."""
    write_file(path, text.encode("utf-8"))
