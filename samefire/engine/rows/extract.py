"""GROK and DISSECT on one text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from samefire.engine.regex import grok_matcher
from samefire.engine.rows.convert import converter
from samefire.engine.rows.table import Value, packed, unpacked
from samefire.query import grok as patterns
from samefire.query.pipeline import Cut, Extract

Found = dict[str, list[Any]]
"""Values by column, in order of finding."""


def columns_of(
    values: list[Value], search: Callable[[str], Found | None], names: list[str]
) -> dict[str, list[Value]]:
    """The columns of a command: each text of a multi-value is searched, what does not match is left out."""
    out: dict[str, list[Value]] = {name: [] for name in names}
    for value in values:
        found: Found = {}
        for text in unpacked(value):
            for name, some in (search(text) or {}).items():
                found.setdefault(name, []).extend(some)
        for name, column in out.items():
            column.append(packed(found.get(name, [])))
    return out


# ---- GROK -----------------------------------------------------------------------------------------------


def grok(command: Extract) -> Callable[[str], Found | None]:
    """Searches a text with the first pattern that fits. Raises RegexRefused."""
    tried = [_grok(pattern) for pattern in command.patterns]

    def search(text: str) -> Found | None:
        return next((found for one in tried if (found := one(text)) is not None), None)

    return search


def _grok(pattern: str) -> Callable[[str], Found | None]:
    expanded = patterns.grok(pattern)
    search = grok_matcher(expanded.regex)
    kinds = [(name, converter("keyword", kind)) for name, kind in expanded.groups]

    def found_in(text: str) -> Found | None:
        match = search(text)
        if match is None:
            return None
        found: Found = {}
        for number, (name, convert) in enumerate(kinds):
            value = match.group(f"g{number}")
            if value is None:
                continue
            try:
                found.setdefault(name, []).append(convert(value))
            except (ValueError, OverflowError):
                continue
        return found

    return found_in


# ---- DISSECT --------------------------------------------------------------------------------------------


def dissect(command: Cut) -> Callable[[str], Found | None]:
    """Cuts a text at the delimiters of the pattern; None when one is not there."""
    pattern = patterns.dissect(command.pattern)

    def cut(text: str) -> Found | None:
        if not text.startswith(pattern.before):
            return None
        pieces = _pieces(pattern, text)
        return None if pieces is None else _joined(pattern, pieces, command.separator)

    return cut


def _pieces(pattern: patterns.Dissect, text: str) -> list[str] | None:
    """The text of each key."""
    at = len(pattern.before)
    found: list[str] = []
    for number, key in enumerate(pattern.keys):
        last = number == len(pattern.keys) - 1
        if not key.after:
            found.append(text[at:])
            return found
        end = text.find(key.after, at)
        if end < 0 or (last and not key.padded and end + len(key.after) != len(text)):
            return None
        found.append(text[at:end])
        at = end + len(key.after)
        while key.padded and text.startswith(key.after, at):
            at += len(key.after)
    return found


def _joined(pattern: patterns.Dissect, pieces: list[str], separator: str) -> Found:
    """The values of keys; appended ones in their order."""
    parts: dict[str, list[tuple[int, int, str]]] = {}
    for number, (key, piece) in enumerate(zip(pattern.keys, pieces, strict=True)):
        if key.name is not None:
            parts.setdefault(key.name, []).append((key.order, number, piece))
    return {name: [separator.join(p for _, _, p in sorted(some))] for name, some in parts.items()}
