"""The syntax tree of ES|QL: a query is a list of commands, commands hold expressions.

Pure data; every node keeps its place. What names, functions and types mean is left to `lower.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from samefire.query.ast import Pattern
from samefire.source import NOWHERE, Span

# ---- expressions ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A column by its whole dotted name, without backticks."""

    name: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A column name with wildcards, in KEEP, DROP and RENAME."""

    pattern: Pattern
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A string, escapes resolved."""

    value: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number; a float only when it was written with a point or an exponent, or is too large for 64 bits."""

    value: int | float
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Null:
    """`null`."""

    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Interval:
    """`5 minutes`: a count and a unit as written, in small letters."""

    count: int
    unit: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`?`, `?1`, `?name` (a value) or `??name` (a name): given when the query is sent."""

    text: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Values:
    """`[1, 2, 3]`: a multi-value of literals."""

    items: tuple[Expression, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Map:
    """`{"key": value}`: options of a function or command."""

    entries: tuple[tuple[str, Expression], ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Star:
    """The `*` of `COUNT(*)`."""

    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its name in small letters."""

    function: str
    arguments: tuple[Expression, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """`operand::type`, the type in small letters."""

    operand: Expression
    type: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """`-operand`."""

    operand: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * / %`."""

    operator: str
    left: Expression
    right: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`== != < <= > >=`."""

    operator: str
    left: Expression
    right: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Logical:
    """`and` or `or` over two or more operands."""

    operator: str
    operands: tuple[Expression, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT operand`; also the `NOT` inside `x NOT IN (…)` and `x NOT LIKE "…"`."""

    operand: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Like:
    """`operand LIKE "p"` or `RLIKE ("p", "q")`; `operator` is `like` or `rlike`."""

    operator: str
    operand: Expression
    patterns: tuple[Expression, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class In:
    """`operand IN (…)`."""

    operand: Expression
    items: tuple[Expression, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class IsNull:
    """`operand IS NULL`, or negated `IS NOT NULL`."""

    operand: Expression
    negated: bool = False
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Matches:
    """`field : value`, the full-text operator."""

    operand: Expression
    value: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


Expression = (
    Name
    | Text
    | Number
    | Truth
    | Null
    | Interval
    | Parameter
    | Values
    | Map
    | Star
    | Call
    | Cast
    | Negative
    | Arithmetic
    | Comparison
    | Logical
    | Not
    | Like
    | In
    | IsNull
    | Matches
)


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside one."""
    match node:
        case Values(items=found) | Call(arguments=found) | Logical(operands=found):
            return found
        case Map(entries=entries):
            return tuple(value for _, value in entries)
        case Cast(operand=one) | Negative(operand=one) | Not(operand=one) | IsNull(operand=one):
            return (one,)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case Like(operand=one, patterns=others) | In(operand=one, items=others):
            return (one, *others)
        case Matches(operand=one, value=value):
            return (one, value)
        case _:
            return ()


def walk(node: Expression) -> Iterator[Expression]:
    """The expression and all below it, in order of writing."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


# ---- commands -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """`name = expression`; without a name the column is called as the expression is written."""

    name: str
    expression: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate of STATS: `name = expression WHERE condition`."""

    name: str
    expression: Expression
    condition: Expression | None = None
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class From:
    """`FROM index, … METADATA field, …`."""

    indices: tuple[str, ...]
    metadata: tuple[Name, ...] = ()
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Row:
    """`ROW a = 1, …`: one row of constants."""

    columns: tuple[Column, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Where:
    """`WHERE condition`."""

    condition: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Eval:
    """`EVAL a = …, b = …`."""

    columns: tuple[Column, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Stats:
    """`STATS aggregates BY groups`, or `INLINE STATS`, which adds them to every row."""

    aggregates: tuple[Aggregate, ...]
    groups: tuple[Column, ...] = ()
    inline: bool = False
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Keep:
    """`KEEP a, b*`."""

    names: tuple[Name | NamePattern, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Drop:
    """`DROP a, b*`."""

    names: tuple[Name | NamePattern, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Rename:
    """`RENAME old AS new` (or `new = old`)."""

    pairs: tuple[tuple[Name, Name], ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Order:
    """One key of SORT; None is the default (ascending; nulls last when ascending, first when descending)."""

    expression: Expression
    descending: bool = False
    nulls_first: bool | None = None
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sort:
    """`SORT a DESC NULLS LAST, …`."""

    orders: tuple[Order, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """`LIMIT n`."""

    count: int
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Dissect:
    """`DISSECT expression "pattern" APPEND_SEPARATOR=","`."""

    expression: Expression
    pattern: Text
    separator: str = ""
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Grok:
    """`GROK expression "pattern", …`."""

    expression: Expression
    patterns: tuple[Text, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class MvExpand:
    """`MV_EXPAND column`."""

    name: Name
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Enrich:
    """`ENRICH policy ON field WITH new = old, …`."""

    policy: str
    on: Name | None = None
    columns: tuple[tuple[str, str], ...] = ()
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class LookupJoin:
    """`LOOKUP JOIN index ON field, …` (or on conditions)."""

    index: str
    on: tuple[Expression, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Completion:
    """`COMPLETION column = prompt WITH {options}`: asks a language model."""

    name: str
    prompt: Expression
    options: Map | None = None
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """`CHANGE_POINT value ON key AS type, pvalue`."""

    value: Name
    key: Name | None = None
    kind: Name | None = None
    pvalue: Name | None = None
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sample:
    """`SAMPLE probability`."""

    probability: float
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


Command = (
    From
    | Row
    | Where
    | Eval
    | Stats
    | Keep
    | Drop
    | Rename
    | Sort
    | Limit
    | Dissect
    | Grok
    | MvExpand
    | Enrich
    | LookupJoin
    | Completion
    | ChangePoint
    | Sample
)


@dataclass(frozen=True, slots=True)
class Query:
    """The commands; the first one is a source (FROM or ROW), the others are not."""

    commands: tuple[Command, ...]


def expressions(command: Command) -> tuple[Expression, ...]:
    """The expressions that stand directly in a command."""
    match command:
        case Row(columns=columns) | Eval(columns=columns):
            return tuple(column.expression for column in columns)
        case Where(condition=condition):
            return (condition,)
        case Stats(aggregates=aggregates, groups=groups):
            asked = [e for a in aggregates for e in (a.expression, a.condition) if e is not None]
            return (*asked, *(group.expression for group in groups))
        case Sort(orders=orders):
            return tuple(order.expression for order in orders)
        case Dissect(expression=expression) | Grok(expression=expression):
            return (expression,)
        case MvExpand(name=name):
            return (name,)
        case Enrich(on=name):
            return (name,) if name else ()
        case LookupJoin(on=on):
            return on
        case Completion(prompt=prompt):
            return (prompt,)
        case ChangePoint(value=value, key=key):
            return (value, key) if key else (value,)
        case Keep(names=names) | Drop(names=names):
            return tuple(name for name in names if isinstance(name, Name))
        case Rename(pairs=pairs):
            return tuple(old for old, _ in pairs)
        case From() | Limit() | Sample():
            return ()
