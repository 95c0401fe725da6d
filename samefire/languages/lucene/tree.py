"""The syntax tree of a Lucene query: everything as it was written, escapes included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from samefire.source import Span


@dataclass(frozen=True, slots=True)
class Word:
    """A bare term (`power\\*shell.exe`, `>=100`). `fuzzy` is what follows it (`~`, `~1`), `boost` the number
    after `^`."""

    raw: str
    span: Span
    fuzzy: str | None = None
    boost: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """Bare terms in a row: they are searched as ONE text."""

    words: tuple[Word, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Quoted:
    """`"a b"`, quotes included in `raw`; `fuzzy` is the slop (`~2`)."""

    raw: str
    span: Span
    fuzzy: str | None = None
    boost: str | None = None


@dataclass(frozen=True, slots=True)
class Starred:
    """A term with wildcards. `is_prefix`: the only one is a `*` at the end."""

    raw: str
    span: Span
    is_prefix: bool = False
    fuzzy: str | None = None
    boost: str | None = None


@dataclass(frozen=True, slots=True)
class Regexp:
    """`/ab+c/`, slashes included in `raw`."""

    raw: str
    span: Span
    fuzzy: str | None = None
    boost: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """`[low TO high}`; the ends as they were written (`*`, `"2024-03-01"`)."""

    low: str
    high: str
    low_inclusive: bool
    high_inclusive: bool
    span: Span
    boost: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`( … )`."""

    query: Query
    span: Span
    boost: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """`name:` before a term or a group; `raw` is the name with its escapes."""

    raw: str
    child: Part
    span: Span
    name_span: Span


Term = Word | Words | Quoted | Starred | Regexp | Range
Part = Term | Group | Field


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a query with what stands before it: `AND`/`&&`/`OR`/`||` (or nothing), `+`/`-`/`NOT`/`!`
    (or nothing)."""

    conjunction: str
    modifier: str
    part: Part
    span: Span


@dataclass(frozen=True, slots=True)
class Query:
    """Clauses in a row. Without any: an empty text, which Kibana sends as "everything"."""

    clauses: tuple[Clause, ...]
    span: Span


def groups(query: Query) -> Iterator[Query]:
    """The query and every query in parentheses below it."""
    stack = [query]
    while stack:
        current = stack.pop()
        yield current
        for clause in reversed(current.clauses):
            part = clause.part
            inner = part.child if isinstance(part, Field) else part
            if isinstance(inner, Group):
                stack.append(inner.query)
