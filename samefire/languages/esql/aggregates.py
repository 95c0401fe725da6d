"""STATS: aggregate functions taken out of the expressions around them."""

from __future__ import annotations

from samefire.languages.esql import types
from samefire.languages.esql.columns import Unusable
from samefire.languages.esql.functions import AGGREGATES, ALIASES
from samefire.languages.esql.meaning import Lowered, Meaning
from samefire.languages.esql.tree import Aggregate, Call, Column, Expression, Map, Name, Star, walk
from samefire.query.pipeline import ColumnValue, Literal, Reduction
from samefire.source import Span


class Reducer:
    """Lowers the expressions of one STATS. Each aggregate function becomes a `Reduction` with a hidden name,
    of which the expression around it is made."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self.reductions: list[Reduction] = []
        self.condition: Lowered | None = None

    def group(self, column: Column) -> Lowered:
        """One expression of BY."""
        value = self.meaning.value(column.expression)
        if value.type == "interval":
            return self.meaning.problem("query-field-type", "an interval cannot be a column", column.span)
        if value.type == "_source":
            return self.meaning.problem(
                "query-field-type", "rows cannot be grouped by `_source`", column.span
            )
        return value

    def aggregate(self, aggregate: Aggregate, groups: dict[str, str]) -> Lowered:
        """One aggregate as an expression over reductions and groups."""
        self.condition = None
        if aggregate.condition is not None:
            self.condition = self.meaning.truth(aggregate.condition, "the condition of an aggregate")
        if not any(_is_aggregate(node) for node in walk(aggregate.expression)):
            return self.without_function(aggregate, groups)
        return _Outer(self, groups).value(aggregate.expression)

    def without_function(self, aggregate: Aggregate, groups: dict[str, str]) -> Lowered:
        """A group may be named again; anything else needs a function."""
        node = aggregate.expression
        if isinstance(node, Name) and node.name in groups:
            return ColumnValue(node.name, groups[node.name], node.span)
        hint = "write `VALUES(…)`, `MAX(…)` … or put it after BY"
        message = f"`{self.meaning.shown(node.span)}` is no aggregate"
        return self.meaning.problem("query-aggregate", message, node.span, hint)

    def reduce(self, node: Call) -> Lowered:
        """One aggregate function; its arguments are worked out row by row."""
        name = ALIASES.get(node.function, node.function)
        meaning = self.meaning
        options = next((a for a in node.arguments if isinstance(a, Map)), None)
        if options is not None:
            return meaning.problem("query-map", "options in braces do not belong here", options.span)
        given = list(node.arguments)
        if given and isinstance(given[0], Star) and name == "count":
            given = []
        inner = next((n for argument in given for n in walk(argument) if _is_aggregate(n)), None)
        if inner is not None:
            return meaning.problem("query-aggregate", "an aggregate cannot stand inside another", inner.span)
        arguments = [meaning.value(argument) for argument in given]
        signature = AGGREGATES[name]
        if not meaning.counted(name, signature, len(arguments), node.span):
            return ColumnValue("", "dynamic", node.span)
        taken = [meaning.argument(name, signature.parameter(i), a) for i, a in enumerate(arguments)]
        kind, taken = meaning.result(name, signature.gives, taken, node.span)
        return self.reduced(name, taken, kind, node.span)

    def reduced(self, name: str, taken: list[Lowered], kind: str, span: Span) -> Lowered:
        if name in ("max", "min") and taken and taken[0].type in types.POINTS | {"_source"}:
            message = f"`{name.upper()}` does not take {types.shown(taken[0].type)}"
            return self.meaning.problem("query-argument-type", message, span)
        if name in ("percentile", "top") and not isinstance(taken[1], Literal):
            message = f"the second argument of `{name.upper()}` is a constant"
            return self.meaning.problem("query-argument-type", message, taken[1].span)
        self.meaning.constants(name, taken)
        hidden = f"\0{len(self.reductions)}"
        self.reductions.append(Reduction(hidden, name, tuple(taken), kind, self.condition))
        return ColumnValue(hidden, kind, span)


class _Outer(Meaning):
    """The part of an expression around aggregates: it sees their results and the groups, and no rows."""

    def __init__(self, reducer: Reducer, groups: dict[str, str]) -> None:
        inner = reducer.meaning
        super().__init__(inner.columns, inner.source)
        self.problems = inner.problems
        self.queries = inner.queries
        self.events = False
        self.reducer = reducer
        self.groups = groups

    def call(self, node: Call) -> Lowered:
        return self.reducer.reduce(node) if _is_aggregate(node) else super().call(node)

    def column(self, name: str, span: Span) -> Lowered:
        if name in self.groups:
            return ColumnValue(name, self.groups[name], span)
        found = self.columns.find(name)
        if isinstance(found, Unusable):
            return self.problem(found.code, found.message, span, found.hint)
        hint = "write `VALUES(…)`, `MAX(…)` … or put it after BY"
        return self.problem("query-aggregate", f"`{name}` is neither aggregated nor grouped by", span, hint)


def _is_aggregate(node: Expression) -> bool:
    return isinstance(node, Call) and ALIASES.get(node.function, node.function) in AGGREGATES
