"""Commands over rows of typed columns: what an ES|QL query is lowered into, and `engine/pipeline.py` runs.

Everything is decided here: which columns a command reads and makes, their types, which function is meant,
where a value is converted. A row is one event (its ordinal is kept) or a group of them. Types are
Elasticsearch's: `keyword text integer long unsigned_long double boolean date date_nanos ip version geo_point
null _source`, and `dynamic` for a field that no mapping lists: its values are what the documents hold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from samefire.fields import FieldTypes
from samefire.query.ast import Pattern
from samefire.source import NOWHERE, Span

DEFAULT_LIMIT = 1000
"""Rows that a query gives when it does not say."""

MOST_ROWS = 10_000
"""Rows that any LIMIT gives at most."""


# ---- expressions ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """The value of a column in the row."""

    name: str
    type: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: None, a scalar, or a tuple of scalars (a multi-value); dates in nanoseconds, addresses as
    128-bit numbers, intervals as `Interval`."""

    value: Any
    type: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Interval:
    """A time interval: calendar months, and nanoseconds. `calendar`: it is counted in days or more (a date
    period), not in hours or less (a time duration)."""

    months: int
    nanos: int
    calendar: bool = False


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or operator by its canonical name (`add`, `eq`, `like`, `to_string` …); `shown` is how the
    query writes it."""

    function: str
    arguments: tuple[Expression, ...]
    type: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    shown: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether the row's event satisfies `Pipeline.queries[number]` (full-text functions)."""

    number: int
    function: str = "kql"
    type: str = "boolean"
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of the run."""

    type: str = "date"
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


Expression = ColumnValue | Literal | Apply | Asked | Clock


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all below it."""
    stack = [expression]
    while stack:
        current = stack.pop()
        yield current
        if isinstance(current, Apply):
            stack.extend(reversed(current.arguments))


# ---- commands -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column's values come from. `reads`: the path in the documents, None for metadata; `kind` is
    the type in the mapping (`type` is ES|QL's); a `constant` is every document's value."""

    name: str
    type: str
    kind: str
    reads: str | None = None
    ignore_above: int | None = None
    null_value: Any = None
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """A row for each event. `columns` are read because a command names them; when `rest` is not None, the
    columns that fit one of its patterns are part of the result too: those that `fields` list, or, where
    unlisted fields are dynamic, those that the events have. `kinds`: ES|QL's type for each of the mapping."""

    columns: tuple[Source, ...]
    rest: tuple[Pattern, ...] | None
    fields: FieldTypes = dataclasses.field(compare=False, repr=False)
    kinds: Mapping[str, str] = dataclasses.field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MakeRow:
    """One row of constants."""

    columns: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows for which the condition is true."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Compute:
    """New columns one after the other; each may use those before it. One of an old name moves to the end."""

    columns: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Reduction:
    """An aggregate function over the rows of a group for which `condition` (when there is one) is true."""

    name: str
    function: str
    arguments: tuple[Expression, ...]
    type: str
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Summarise:
    """Groups of rows with the same values of `groups`, null being a value. `reductions` are worked out for each
    group, `results` from them and the groups. `inline`: results are added to every row of the group."""

    groups: tuple[tuple[str, Expression], ...]
    reductions: tuple[Reduction, ...]
    results: tuple[tuple[str, Expression], ...]
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """The columns that fit, in this order; a pattern gives them in the order of the table."""

    names: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """All columns but those that fit."""

    names: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Relabel:
    """Columns under another name, in their place."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One key of a sort."""

    expression: Expression
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Arrange:
    """Rows in order of the keys; equal ones stay as they are."""

    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """The first rows."""

    count: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Texts cut at fixed separators (DISSECT): `pattern` in the notation of the command."""

    text: Expression
    pattern: str
    separator: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """Texts matched by the first of several patterns (GROK) that fits; `columns` are names and types."""

    text: Expression
    patterns: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Expand:
    """A row for each value of a column."""

    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be worked out from the events alone: `reason` is given when there are rows to work on;
    without rows there are none after it either. `columns` would be added."""

    reason: str
    columns: tuple[tuple[str, str], ...] = ()


Command = (
    Load
    | MakeRow
    | Filter
    | Compute
    | Summarise
    | Project
    | Remove
    | Relabel
    | Arrange
    | Take
    | Cut
    | Extract
    | Expand
    | Refused
)
