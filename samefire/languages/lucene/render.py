"""A Lucene query as text: terms exactly as they were written, one space where there was any."""

from __future__ import annotations

from typing import assert_never

from samefire.languages.lucene.tree import (
    Clause,
    Field,
    Group,
    Part,
    Query,
    Quoted,
    Range,
    Regexp,
    Starred,
    Word,
    Words,
)


def render(query: Query) -> str:
    """The query in one line; parsing it gives the same tree."""
    return " ".join(_clause(clause) for clause in query.clauses)


def _clause(clause: Clause) -> str:
    part = _part(clause.part)
    modifier = f"{clause.modifier} " if clause.modifier == "NOT" else clause.modifier
    return f"{clause.conjunction} {modifier}{part}" if clause.conjunction else f"{modifier}{part}"


def _part(part: Part) -> str:
    match part:
        case Field(raw=raw, child=child):
            return f"{raw}:{_part(child)}"
        case Group(query=query):
            return f"({render(query)}){_boost(part.boost)}"
        case Words(words=words):
            return " ".join(word.raw for word in words)
        case Range(low=low, high=high):
            opening = "[" if part.low_inclusive else "{"
            closing = "]" if part.high_inclusive else "}"
            return f"{opening}{low} TO {high}{closing}{_boost(part.boost)}"
        case Word(raw=raw) if raw in ("+", "-", "!"):
            return f"{raw} {part.fuzzy or ''}{_boost(part.boost)}"
        case Word(raw=raw) | Quoted(raw=raw) | Starred(raw=raw) | Regexp(raw=raw):
            return f"{raw}{part.fuzzy or ''}{_boost(part.boost)}"
        case _:
            assert_never(part)


def _boost(boost: str | None) -> str:
    return "" if boost is None else f"^{boost}"
