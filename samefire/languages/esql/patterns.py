"""Patterns of LIKE and RLIKE, read when the query is."""

from __future__ import annotations

from samefire.query import lucene_regex
from samefire.query.ast import Pattern, Regex, RegexSyntax, Wild, Wildcard


def like_pattern(operator: str, text: str) -> Wildcard | Regex:
    """The test of one pattern; raises ValueError with the reason."""
    if operator == "like":
        return Wildcard(wildcards(text))
    lucene_regex.parse(text)
    return Regex(text, RegexSyntax.LUCENE)


def wildcards(text: str) -> Pattern:
    """`*` and `?` are wildcards; a backslash stands before `*`, `?` or a backslash, and nothing else."""
    pieces: list[str | Wild] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in "*?":
            if literal:
                pieces.append("".join(literal))
                literal = []
            pieces.append(Wild.MANY if char == "*" else Wild.ONE)
        elif char == "\\":
            at += 1
            if text[at : at + 1] not in ("*", "?", "\\"):
                raise ValueError(r"a backslash stands before `*`, `?` or another backslash")
            literal.append(text[at])
        else:
            literal.append(char)
        at += 1
    if literal:
        pieces.append("".join(literal))
    return tuple(pieces)


def matches_anything(pattern: Wildcard | Regex) -> bool:
    """Whether every text fits."""
    if isinstance(pattern, Wildcard):
        return bool(pattern.pattern) and all(piece is Wild.MANY for piece in pattern.pattern)
    return lucene_regex.parse(pattern.pattern) == lucene_regex.ANYTHING
