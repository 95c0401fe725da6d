"""Where the values of a JSON text stand: a scanner for a text that a parser has accepted.

`scan` gives the span of each value by its path; `decode` the characters of a string literal with their places.
What a text means, and whether it is JSON at all, is left to the parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from samefire.source import Embedded, Source, Span

Path = tuple[str | int, ...]

_GAP = re.compile(r"[ \t\r\n]*+")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_OTHER = re.compile(r'[^\s,\]}"]++')
_PIECE = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.|[^\\]", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Places:
    """Spans of the values of one text; `keys` those of the names before them."""

    source: Source
    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]

    def value(self, path: Path) -> Span:
        """The value at `path`, or the innermost one around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Span(0, 0))

    def key(self, path: Path) -> Span:
        """The name before the value at `path`; the value itself when it has none."""
        return self.keys.get(path) or self.value(path)

    def string(self, path: Path, text: str) -> Embedded:
        """The string at `path` as a source of its own."""
        span = self.value(path)
        return Embedded(self.source.path, text, self.source, lambda: decode(self.source.text, span))


def decode(text: str, span: Span) -> list[int]:
    """For each character of the string literal at `span`, and for its end, the offset in `text`."""
    if not text.startswith('"', span.start):
        return []
    offsets = [m.start() for m in _PIECE.finditer(text, span.start + 1, span.end - 1)]
    return [*offsets, span.end - 1]


def scan(source: Source) -> Places:
    """The places of a text that a JSON parser accepted."""
    text = source.text
    values: dict[Path, Span] = {}
    keys: dict[Path, Span] = {}
    stack: list[tuple[Path, int, bool, int]] = []  # path, start, is it an object, items so far
    at = _skip(text, 0)
    path: Path = ()
    while at < len(text):
        c = text[at]
        if c in "{[":
            stack.append((path, at, c == "{", 0))
            at, path = _enter(text, _skip(text, at + 1), path, c == "{", 0, keys)
            continue
        if c not in "}]":
            end = _end_of_value(text, at)
            values[path] = Span(at, end)
            at = _skip(text, end)
        while at < len(text) and text[at] in "}]" and stack:
            outer, start, _, _ = stack.pop()
            values[outer] = Span(start, at + 1)
            at = _skip(text, at + 1)
        if at >= len(text) or not stack or text[at] != ",":
            break
        outer, start, named, count = stack.pop()
        stack.append((outer, start, named, count + 1))
        at, path = _enter(text, _skip(text, at + 1), outer, named, count + 1, keys)
    return Places(source, values, keys)


def _enter(
    text: str, at: int, outer: Path, named: bool, count: int, keys: dict[Path, Span]
) -> tuple[int, Path]:
    """The start of the next value, after its name when it has one, and its path."""
    if not named:
        return at, (*outer, count)
    name = _STRING.match(text, at)
    if not name:
        return at, outer
    try:
        path = (*outer, json.loads(name[0]))
    except ValueError:  # no string of JSON: the text was not accepted
        return at, outer
    keys[path] = Span(*name.span())
    return _skip(text, _skip(text, name.end()) + 1), path


def _skip(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return match.end() if match else at


def _end_of_value(text: str, at: int) -> int:
    match = _STRING.match(text, at) or _OTHER.match(text, at)
    return match.end() if match else at + 1
