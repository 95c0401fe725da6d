"""ES|QL pipelines as event rules and counting correlations, where that is what they are.

`FROM … WHERE …` is an event rule; `STATS count BY fields | WHERE count >= n` behind it is a correlation.
Everything else is refused at its place. ES|QL's logic has three values and a comparison with several values is
null; what that changes is told. Conditions are left to `_sigma_esql.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from samefire.fields import FieldTypes
from samefire.query.ast import And, Exists, Leaf, Node
from samefire.query.pipeline import (
    Apply,
    Arrange,
    Asked,
    Clock,
    ColumnValue,
    Command,
    Compute,
    Cut,
    Expand,
    Expression,
    Extract,
    Filter,
    Interval,
    Literal,
    Load,
    MakeRow,
    Pipeline,
    Project,
    Reduction,
    Refused,
    Relabel,
    Remove,
    Source,
    Summarise,
    Take,
    walk,
)
from samefire.source import NOWHERE, Span

from ._sigma_cases import CannotRewrite
from ._sigma_correlation import Part, Plan, timespan
from ._sigma_esql import Conditions, compared_number, substituted
from ._sigma_losses import Losses

DEFAULT = 1000  # rows that a query gives when it does not say
_WORDS: Mapping[type, str] = {
    MakeRow: "`ROW`",
    Cut: "`DISSECT`",
    Extract: "`GROK`",
    Expand: "`MV_EXPAND`",
}


@dataclass(slots=True)
class _State:
    """What the commands so far have made: what each column is, what every event must be, and the groups."""

    columns: dict[str, Expression] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    where: list[Node] = field(default_factory=list)
    summary: Summarise | None = None
    counted: dict[str, Reduction] = field(default_factory=dict)
    wanted: list[tuple[Reduction, str, int, Span]] = field(default_factory=list)


def of_pipeline(
    body: Pipeline, stem: str, window: int | None, fields: FieldTypes, losses: Losses
) -> Plan | Node | None:
    """The query that events must satisfy, or the correlation that counts them; None when it was refused."""
    reader = _Reader(body, fields, losses)
    try:
        for command in body.commands:
            reader.command(command)
        state = reader.state
        where: Node = state.where[0] if len(state.where) == 1 else And(tuple(state.where))
        if state.summary is None:
            return where
        return _counted(reader, where, stem, window, losses)
    except CannotRewrite as problem:
        losses.refuse("sigma-cannot-esql", f"Sigma cannot say {problem.what}", problem.span)
        return None


class _Reader:
    """Goes through the commands."""

    def __init__(self, body: Pipeline, fields: FieldTypes, losses: Losses) -> None:
        self.state = _State()
        self.fields = fields
        self.losses = losses
        self.queries = body.queries

    def command(self, command: Command) -> None:
        state = self.state
        match command:
            case Load(columns=columns):
                state.sources = {c.name: c for c in columns}
                state.columns = {c.name: ColumnValue(c.name, c.type) for c in columns}
            case Filter(condition=condition):
                self.filter(condition)
            case Compute(columns=columns):
                for name, expression in columns:
                    self.define(name, expression)
            case Summarise():
                self.summarise(command)
            case Relabel(pairs=pairs):
                for old, new in pairs:
                    self.rename(old, new)
            case Take(count=count):
                if count < DEFAULT:
                    self.losses.approximate("approximate-pipe", f"Sigma has no `LIMIT {count}`", NOWHERE)
            case Project() | Remove() | Arrange():
                return
            case MakeRow() | Cut() | Extract() | Expand() | Refused():
                raise CannotRewrite(_WORDS.get(type(command), "a command that asks a model"))
            case _:
                assert_never(command)

    def define(self, name: str, expression: Expression) -> None:
        """A computed column; after the counting it may be shown, not asked."""
        state = self.state
        state.counted.pop(name, None)
        if state.summary is None:
            state.columns[name] = substituted(expression, state.columns)

    def rename(self, old: str, new: str) -> None:
        state = self.state
        if old in state.columns:
            state.columns[new] = state.columns.pop(old)
        if old in state.counted:
            state.counted[new] = state.counted.pop(old)

    def filter(self, condition: Expression) -> None:
        state = self.state
        if state.summary is not None:
            self.count(condition)
            return
        conditions = Conditions(state.sources, self.queries)
        asked = substituted(condition, state.columns)
        state.where.append(conditions.cases(asked).true)
        self.tell_several(asked)

    def tell_several(self, asked: Expression) -> None:
        """Fields that usually hold lists: ES|QL compares none of several values."""
        names = {part.name for part in walk(asked) if isinstance(part, ColumnValue)}
        nullness = {
            part.arguments[0].name
            for part in walk(asked)
            if isinstance(part, Apply)
            and part.function in ("is_null", "is_not_null")
            and isinstance(part.arguments[0], ColumnValue)
        }
        for name in sorted(names - nullness):
            kind = self.fields.get(name)
            if kind is not None and kind.array:
                self.losses.approximate(
                    "approximate-several-values",
                    f"ES|QL compares `{name}` only where it holds one value, Sigma takes any of several",
                    next(p.span for p in walk(asked) if isinstance(p, ColumnValue) and p.name == name),
                )

    def summarise(self, command: Summarise) -> None:
        state = self.state
        if command.inline or state.summary is not None:
            raise CannotRewrite("`INLINE STATS`" if command.inline else "a second `STATS`")
        state.summary = command
        by_name = {reduction.name: reduction for reduction in command.reductions}
        for name, result in command.results:
            if isinstance(result, ColumnValue) and result.name in by_name:
                state.counted[name] = by_name[result.name]

    def count(self, condition: Expression) -> None:
        """A condition on what was counted: `n >= 3`, joined by `and`."""
        if isinstance(condition, Apply) and condition.function == "and":
            for argument in condition.arguments:
                self.count(argument)
            return
        asked = compared_number(condition)
        if asked is None or asked[0] not in self.state.counted:
            raise CannotRewrite(_shown(condition), condition.span)
        name, operator, number = asked
        reduction = self.state.counted[name]
        if reduction.function not in ("count", "count_distinct") or operator not in ("gt", "gte"):
            raise CannotRewrite(_shown(condition), condition.span)
        if reduction.condition is not None:
            raise CannotRewrite("an aggregate with a condition of its own", condition.span)
        self.state.wanted.append((reduction, operator, number, condition.span))


def _shown(expression: Expression) -> str:
    return f"`{expression.shown}`" if isinstance(expression, Apply) and expression.shown else "this condition"


def _counted(reader: _Reader, where: Node, stem: str, window: int | None, losses: Losses) -> Plan:
    """`event_count` or `value_count` of the groups."""
    state = reader.state
    assert state.summary is not None
    if not state.wanted:
        raise CannotRewrite("a `STATS` that no condition on a count follows")
    reduction, operator, number, span = _one(state, losses)
    groups, span_of_time = _groups(reader, state.summary, where, window, losses)
    condition: dict[str, Any] = {operator: number}
    kind = "event_count"
    if reduction.arguments:
        name = _source(reader, reduction.arguments[0])
        if reduction.function == "count_distinct":
            kind, condition = "value_count", {"field": name, operator: number}
        else:
            where = And((where, Leaf(name, Exists())))
    part = Part(f"{stem}_events", "Events", where)
    text = timespan(span_of_time, span, losses) if span_of_time is not None else "1s"
    correlation = {
        "type": kind,
        "rules": [part.name],
        "group-by": groups,
        "timespan": text,
        "condition": condition,
    }
    return Plan(correlation, (part,))


def _one(state: _State, losses: Losses) -> tuple[Reduction, str, int, Span]:
    """The condition that Sigma can hold: of several the one on distinct values, told."""
    wanted = sorted(state.wanted, key=lambda w: w[0].function != "count_distinct")
    if len(wanted) > 1:
        losses.approximate(
            "approximate-threshold",
            f"Sigma holds one condition on a count, this asks {len(wanted)} at once",
            wanted[0][3],
        )
    return wanted[0]


def _groups(
    reader: _Reader, summary: Summarise, where: Node, window: int | None, losses: Losses
) -> tuple[list[str], int | None]:
    """The fields to group by and the time to look over: fixed windows of `date_trunc` become sliding ones."""
    names: list[str] = []
    for _, expression in summary.groups:
        grouped = substituted(expression, reader.state.columns)
        bucket = _bucket(grouped)
        if bucket is not None:
            window = bucket
            losses.approximate(
                "approximate-buckets", "ES|QL counts in fixed windows of time, Sigma's slide", expression.span
            )
            continue
        name = _source(reader, grouped)
        names.append(name)
        if name not in _always(where):
            losses.approximate(
                "approximate-null-group",
                f"ES|QL also counts the events without `{name}`, Sigma leaves them out",
                expression.span,
            )
    return list(dict.fromkeys(names)), window


def _bucket(expression: Expression) -> int | None:
    """The milliseconds of `date_trunc(interval, @timestamp)`."""
    match expression:
        case Apply(
            function="date_trunc", arguments=(Literal(value=Interval(months=0, nanos=nanos)), ColumnValue())
        ):
            return nanos // 1_000_000
        case _:
            return None


def _source(reader: _Reader, expression: Expression) -> str:
    """The field of the documents that an expression is."""
    grouped = substituted(expression, reader.state.columns)
    match grouped:
        case ColumnValue(name=name) if (known := reader.state.sources.get(name)) is not None and known.reads:
            return known.reads
        case ColumnValue() | Literal() | Apply() | Asked() | Clock():
            raise CannotRewrite(f"a group or count of {_shown(grouped)}", grouped.span)
        case _:
            assert_never(grouped)


def _always(where: Node) -> set[str]:
    """The fields that every event of the query has."""
    parts = where.children if isinstance(where, And) else (where,)
    found: set[str] = set()
    for part in parts:
        if isinstance(part, And):
            found |= _always(part)
        elif isinstance(part, Leaf):
            found.add(part.reads)
        elif (children := getattr(part, "children", ())) and all(isinstance(c, Leaf) for c in children):
            names = {c.reads for c in children}
            found |= names if len(names) == 1 else set()
    return found
