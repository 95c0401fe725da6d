"""The syntax tree of KQL: what was written, as Kibana's parser groups it.

`f:(a or b)` is held as `f:a or f:b`, as Kibana does; `listed` remembers that it was written as a list, for
`render`. Says nothing about what a query means: `dsl.py` and `meaning.py` do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from samefire.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Literal:
    """A text without wildcards; `null`, `true` and `false` when written bare are not text."""

    value: str | bool | None
    quoted: bool = False
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A bare text with wildcards: the pieces between the `*`s, so `a*b` is ("a", "b") and `*` ("", "")."""

    parts: tuple[str, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)

    @property
    def lone(self) -> bool:
        """Whether it is `*` alone, which asks for existence (`**` is a pattern like any other)."""
        return self.parts == ("", "")


Term = Literal | Pattern


@dataclass(frozen=True, slots=True)
class Is:
    """`field: value`, or a value alone (`field` None: any field)."""

    field: Term | None
    value: Term
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """`field > value`; `operator` is `gt`, `gte`, `lt` or `lte`. A `*` in the value is only a character."""

    field: Term
    operator: str
    value: Term
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Two or more queries joined by `and`."""

    children: tuple[Query, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    listed: bool = dataclasses.field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more queries joined by `or`."""

    children: tuple[Query, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    listed: bool = dataclasses.field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not query`."""

    child: Query
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    listed: bool = dataclasses.field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Nested:
    """`path: { query }`: the query holds inside one and the same object of the nested field."""

    path: Term
    child: Query
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


Query = And | Or | Not | Nested | Is | Range

MATCH_ALL = Is(Pattern(("", "")), Pattern(("", "")))
"""`*:*`, which an empty query also is."""


def term_text(term: Term) -> str:
    """A term as a name: JSON's word for a constant, `*` for each wildcard."""
    match term:
        case Pattern(parts=parts):
            return "*".join(parts)
        case Literal(value=None):
            return "null"
        case Literal(value=bool(value)):
            return "true" if value else "false"
        case Literal(value=value):
            return str(value)


def leaves(query: Query, path: str = "") -> Iterator[tuple[Is | Range | Nested, str]]:
    """Every clause about a field, in order of writing, each with the nested path that it stands in; a
    `Nested` comes before what is inside it."""
    stack: list[tuple[Query, str]] = [(query, path)]
    while stack:
        current, inside = stack.pop()
        match current:
            case And(children=children) | Or(children=children):
                stack.extend((child, inside) for child in reversed(children))
            case Not(child=child):
                stack.append((child, inside))
            case Nested(path=name, child=child):
                yield current, inside
                stack.append((child, full_name(name, inside)))
            case Is() | Range():
                yield current, inside


def full_name(term: Term, path: str) -> str:
    """The name of a field inside a nested path (`""`: none)."""
    name = term_text(term)
    return f"{path}.{name}" if path else name


def field_names(query: Query) -> set[str]:
    """The fields that a query names, nested ones by their full names and their paths; a name with a wildcard
    as it is written. Free text and `*` name none."""
    names: set[str] = set()
    for leaf, path in leaves(query):
        term = leaf.path if isinstance(leaf, Nested) else leaf.field
        if term is None or term == Pattern(("", "")) or (not path and term == Literal(None)):
            continue
        names.add(full_name(term, path))
    return names
