"""Texts with places: a file, or a string that lies inside a file (a query inside a TOML rule).

Holds no reading of files and no messages; `problems.py` draws what is placed here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of 0-based character offsets in the text of one `Source`."""

    start: int
    end: int


NOWHERE = Span(0, 0)


class Location(NamedTuple):
    """A place as people count: 1-based line and column (characters), and the line itself."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    excerpt: str


@dataclass(frozen=True)
class Source:
    """A text under the name that is shown to users (a path as they gave it, `-`, `<query>`)."""

    path: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which lines start; only `\\n` ends a line, as in TOML and in editors."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def rooted(self, span: Span) -> tuple[Source, Span]:
        """The file that this text lies in (itself, when it is one), and where `span` lies there."""
        return self, span

    def locate(self, span: Span) -> Location:
        """Where `span` lies. Offsets past the end are drawn at the end."""
        size = len(self.text)
        start = min(max(span.start, 0), size)
        end = min(max(span.end, start), size)
        line = bisect_right(self.line_starts, start) - 1
        end_line = bisect_right(self.line_starts, end) - 1
        first = self.line_starts[line]
        stop = self.text.find("\n", first)
        excerpt = self.text[first : stop if stop >= 0 else size].rstrip("\r")
        return Location(
            self.path,
            line + 1,
            start - first + 1,
            end_line + 1,
            end - self.line_starts[end_line] + 1,
            excerpt,
        )


@dataclass(frozen=True)
class Embedded(Source):
    """A text that was decoded out of another one, such as the query string of a TOML rule.

    `offsets()` gives, for each character of `text` and for its end, the offset in `parent.text`;
    it is only called when a problem has to be placed.
    """

    parent: Source = field(default_factory=lambda: Source("", ""))
    offsets: Callable[[], Sequence[int]] = field(default=lambda: (), compare=False, repr=False)

    @cached_property
    def _map(self) -> Sequence[int]:
        return self.offsets()

    def rooted(self, span: Span) -> tuple[Source, Span]:
        places = self._map
        if not places:
            return self.parent.rooted(NOWHERE)
        last = len(places) - 1
        start = places[min(max(span.start, 0), last)]
        if span.end > span.start:
            end = places[min(max(span.end - 1, 0), last)] + 1
        else:
            end = start
        return self.parent.rooted(Span(start, max(start, end)))

    def locate(self, span: Span) -> Location:
        root, place = self.rooted(span)
        return root.locate(place)
