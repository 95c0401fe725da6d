"""Literals that a value must hold for a regular expression to match in it.

A guard against running every expression on every value: `needles(pattern)` gives strings of which at least
one is in `value.casefold()` of any value that matches; None when nothing can be said. What is read wrongly would
lose matches, so whatever is not plain syntax ends the reading.
"""

from __future__ import annotations

import re

from samefire.query.lucene_regex import Chars, Concat, Intersection, Regex, Repeat, Union

MAX_NEEDLES = 32
MAX_DEPTH = 50

Needles = frozenset[str]

_QUANTIFIER = re.compile(r"(?:\?|\*|\+|\{(\d*)(,?)(\d*)\})[?+]?")
_GROUP = re.compile(r"\((?:\?(?::|[imsU]+:|P?<[A-Za-z_]\w*>))?")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
_FLAGS = re.compile(r"\(\?[imsU]+\)")
_ESCAPED = set(".^$*+?{}[]()|\\/-\"'` :;,<>=!@#%&~_")
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}


class _Unclear(Exception):
    """The pattern holds something that is not read here."""


def needles(pattern: str) -> Needles | None:
    """Case-folded strings of which a matching value holds at least one; None: no such set is known."""
    reader = _Reader(pattern)
    try:
        found = reader.alternatives(0)
    except _Unclear:
        return None
    if found is None or reader.at < len(pattern) or len(found) > MAX_NEEDLES:
        return None
    return found


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def alternatives(self, depth: int) -> Needles | None:
        """alternatives = sequence ( "|" sequence )*: one of each side's needles."""
        if depth > MAX_DEPTH:
            raise _Unclear
        found: set[str] | None = set()
        while True:
            one = self.sequence(depth)
            found = None if found is None or one is None else found | one
            if not self.text.startswith("|", self.at):
                return frozenset(found) if found is not None else None
            self.at += 1

    def sequence(self, depth: int) -> Needles | None:
        """sequence = ( part quantifier? )*: the best needles of all parts."""
        best: Needles | None = None
        run = ""
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            piece = self.part(depth)
            low, exact = self.quantifier()
            if isinstance(piece, str) and low and exact:
                run += piece
                continue
            if isinstance(piece, str):
                piece = frozenset((piece.casefold(),)) if piece else None
                run = run + next(iter(piece)) if piece and low else run
            best, run = _better(best, run), ""
            if low and piece is not None and _worth(piece) > _worth(best):
                best = piece
        return _better(best, run)

    def part(self, depth: int) -> str | Needles | None:
        """A character, a group's needles, or None for what may be many characters."""
        char = self.text[self.at]
        if char == "(":
            return self.group(depth)
        if char == "[":
            found = _CLASS.match(self.text, self.at)
            if found is None:
                raise _Unclear
            self.at = found.end()
            return None
        self.at += 1
        if char == "\\":
            return self.escape()
        if char in ".^$":
            return None
        if char in "*+?{":
            raise _Unclear
        return char

    def group(self, depth: int) -> Needles | None:
        flags = _FLAGS.match(self.text, self.at)
        if flags is not None:
            self.at = flags.end()
            return None
        start = _GROUP.match(self.text, self.at)
        if start is None or (self.text.startswith("(?", self.at) and start.end() == self.at + 1):
            raise _Unclear
        self.at = start.end()
        found = self.alternatives(depth + 1)
        if not self.text.startswith(")", self.at):
            raise _Unclear
        self.at += 1
        return found

    def escape(self) -> str | None:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char in _ESCAPED and char:
            return char
        if char in _CONTROL:
            return _CONTROL[char]
        if char and char in "wWdDsSbBAzZhR":
            return None
        raise _Unclear

    def quantifier(self) -> tuple[bool, bool]:
        """Whether the part must be there at all, and whether exactly once."""
        found = _QUANTIFIER.match(self.text, self.at)
        if found is None:
            return True, True
        if found.group().startswith("{") and not found[1] and not found[3]:
            raise _Unclear
        self.at = found.end()
        first = found.group()[0]
        return first == "+" or (first == "{" and int(found[1] or 0) > 0), False


def _better(best: Needles | None, run: str) -> Needles | None:
    if not run:
        return best
    one = frozenset((run.casefold(),))
    return one if _worth(one) > _worth(best) else best


def _worth(found: Needles | None) -> float:
    """Long and few is good."""
    return min(map(len, found)) - len(found) / 100 if found else 0


def lucene_needles(tree: Regex) -> Needles | None:
    """The same for a Lucene expression."""
    match tree:
        case Concat(parts=parts):
            return _concat(parts)
        case Union(parts=parts) if parts:
            found = [lucene_needles(part) for part in parts]
            if None in found:
                return None
            joined = frozenset(needle for one in found if one for needle in one)
            return joined if len(joined) <= MAX_NEEDLES else None
        case Intersection(parts=parts):
            return max((lucene_needles(part) for part in parts), key=_worth)
        case Repeat(part=part, low=low) if low > 0:
            return lucene_needles(part)
        case Chars() if (char := _only(tree)) is not None:
            return frozenset((char.casefold(),))
        case _:
            return None


def _concat(parts: tuple[Regex, ...]) -> Needles | None:
    best: Needles | None = None
    run = ""
    for part in parts:
        char = _only(part)
        if char is not None:
            run += char
            continue
        best, run = _better(best, run), ""
        found = lucene_needles(part)
        if _worth(found) > _worth(best):
            best = found
    return _better(best, run)


def _only(tree: Regex) -> str | None:
    """The one character that a part stands for."""
    if not isinstance(tree, Chars) or tree.negated or len(tree.ranges) != 1:
        return None
    low, high = tree.ranges[0]
    return chr(low) if low == high else None
