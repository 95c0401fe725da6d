"""Offsets in a text ↔ positions of the protocol: a line and UTF-16 units in it."""

from __future__ import annotations

from bisect import bisect_right

from lsprotocol import types

from samefire.source import Source, Span


def position(source: Source, offset: int) -> types.Position:
    """The position of an offset in `source.text`."""
    starts = source.line_starts
    offset = min(max(offset, 0), len(source.text))
    line = bisect_right(starts, offset) - 1
    before = source.text[starts[line] : offset]
    return types.Position(line, units(before))


def units(text: str) -> int:
    """Length of a text in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def offset(source: Source, place: types.Position) -> int:
    """The offset of a position; one past the end of its line is the end of the line."""
    starts = source.line_starts
    if place.line >= len(starts):
        return len(source.text)
    start = starts[place.line]
    stop = source.text.find("\n", start)
    line = source.text[start : len(source.text) if stop < 0 else stop]
    if line.isascii():
        return start + min(place.character, len(line))
    left = place.character
    for at, c in enumerate(line):
        if left <= 0:
            return start + at
        left -= 2 if ord(c) > 0xFFFF else 1
    return start + len(line)


def range_of(source: Source, span: Span) -> types.Range:
    """The range of a span in `source.text`."""
    return types.Range(position(source, span.start), position(source, span.end))
