"""The syntax tree of EQL: what was written, before any meaning.

Spans, the spelling of numbers and comments do not count for equality. `parse` makes it, `render`
writes it, `verify` judges it, `lower` says what it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from samefire.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, integer, double, boolean or null. `raw`: written in three quotes; `text`: as written."""

    value: str | int | float | bool | None
    raw: bool = False
    text: str = field(default="", compare=False)
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A field by the parts between its dots; `optional` is `?field`: null where it is not mapped."""

    parts: tuple[str, ...]
    optional: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Function:
    """A call; `name` as written, with `~` when it ignores case."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sign:
    """Unary `-` or `+`."""

    operator: str
    operand: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left operator right` with one of `+ - * / %`."""

    operator: str
    left: Expression
    right: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right` with one of `== != < <= > >=`."""

    operator: str
    left: Expression
    right: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Predicate:
    """`left operator values` with one of `: like like~ regex regex~ in in~`. `listed`: in parentheses;
    `negated`: `not in`."""

    operator: str
    left: Expression
    values: tuple[Expression, ...]
    listed: bool = False
    negated: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not operand`."""

    operand: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Two or more operands between `and`; one that is an `And` itself stood in parentheses."""

    operands: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more operands between `or`."""

    operands: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False)


Expression = Literal | Field | Function | Sign | Arithmetic | Comparison | Predicate | Not | And | Or


@dataclass(frozen=True, slots=True)
class EventFilter:
    """`category where condition`; category None is `any`. `quoted`: the category stood in quotes."""

    category: str | None
    condition: Expression
    quoted: bool = False
    span: Span = field(default=NOWHERE, compare=False)
    category_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """One stage: `[filter] by keys with runs=n`; `missing` is `![filter]`; runs None: not written."""

    filter: EventFilter
    keys: tuple[Field, ...] = ()
    runs: int | None = None
    missing: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Duration:
    """A time such as `5m`: a positive number and one of `ms s m h d`."""

    count: int
    unit: str
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def milliseconds(self) -> int:
        return self.count * {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}[self.unit]


@dataclass(frozen=True, slots=True)
class SequenceQuery:
    """`sequence by keys with maxspan=… terms until term`."""

    terms: tuple[Term, ...]
    keys: tuple[Field, ...] = ()
    maxspan: Duration | None = None
    until: Term | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """`sample by keys terms`."""

    terms: tuple[Term, ...]
    keys: tuple[Field, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class PipeCommand:
    """`| head n` or `| tail n`."""

    name: str
    count: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as written, with its marks. `after` is where the text before it on its line ends; None: it
    has the line to itself, or begins it."""

    text: str
    after: int | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Query:
    """A whole EQL query."""

    body: EventFilter | SequenceQuery | SampleQuery
    pipes: tuple[PipeCommand, ...] = ()
    comments: tuple[Comment, ...] = field(default=(), compare=False)


def children(node: Expression) -> tuple[Expression, ...]:
    """The operands of an expression, in order of writing."""
    match node:
        case Literal() | Field():
            return ()
        case Function(arguments=arguments):
            return arguments
        case Sign(operand=operand) | Not(operand=operand):
            return (operand,)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case Predicate(left=left, values=values):
            return (left, *values)
        case And(operands=operands) | Or(operands=operands):
            return operands


def walk(node: Expression) -> Iterator[Expression]:
    """`node` and everything below it, parents first, in order of writing."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def terms(query: Query) -> tuple[Term, ...]:
    """The stages of a sequence or sample, `until` last; none of an event query."""
    match query.body:
        case EventFilter():
            return ()
        case SequenceQuery(terms=stages, until=until):
            return stages if until is None else (*stages, until)
        case SampleQuery(terms=stages):
            return stages


def filters(query: Query) -> tuple[EventFilter, ...]:
    """Every `category where condition` of the query, in order of writing."""
    if isinstance(query.body, EventFilter):
        return (query.body,)
    return tuple(term.filter for term in terms(query))
