"""Escapes of Lucene's query language: texts without them, and patterns."""

from __future__ import annotations

from samefire.query.ast import Pattern, Wild

_HEX = frozenset("0123456789abcdefABCDEF")


class EscapeError(ValueError):
    """An escape that Lucene refuses; `at` is its 0-based place in the text."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


def unescape(raw: str) -> str:
    """The text that is meant: a backslash takes the next character as it is, `\\uXXXX` is a code unit.
    Raises EscapeError."""
    if "\\" not in raw:
        return raw
    pieces: list[str] = []
    at = 0
    while at < len(raw):
        if raw[at] != "\\":
            pieces.append(raw[at])
            at += 1
            continue
        piece, at = _escaped(raw, at)
        pieces.append(piece)
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escaped(raw: str, at: int) -> tuple[str, int]:
    """The character of the escape at `at`, and where the text goes on."""
    if at + 1 == len(raw):
        raise EscapeError("the term ends in a backslash that escapes nothing", at)
    if raw[at + 1] != "u":
        return raw[at + 1], at + 2
    digits = raw[at + 2 : at + 6]
    if len(digits) < 4 or not set(digits) <= _HEX:
        raise EscapeError("`\\u` stands before four hexadecimal digits", at)
    return chr(int(digits, 16)), at + 6


def pattern(raw: str) -> Pattern:
    """The pattern of a term with wildcards; a backslash makes the next character literal."""
    pieces: list[str | Wild] = []
    literal: list[str] = []
    characters = iter(raw)
    for c in characters:
        if c in "*?":
            if literal:
                pieces.append("".join(literal))
                literal = []
            pieces.append(Wild(c))
        else:
            literal.append(next(characters, "\\") if c == "\\" else c)
    if literal:
        pieces.append("".join(literal))
    return tuple(pieces)
