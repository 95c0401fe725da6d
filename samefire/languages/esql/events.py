"""A pipeline as a question about single events, or as a count of them, where it is one.

`to_body` follows the commands: what WHERE asks becomes a node of two values (true, or not: null is not), STATS
that counts, with a WHERE on the counts, becomes a threshold. What cannot be said so is refused at its place; what
is nearly the same is told. Conditions are lowered by `truth.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from samefire.fields import FieldTypes
from samefire.languages.esql.truth import TooLarge, Truth, Unsayable
from samefire.query import pipeline
from samefire.query.ast import And, Node
from samefire.query.detection import EventQuery, Pipeline, Threshold
from samefire.query.pipeline import Apply, ColumnValue, Expression, Literal
from samefire.source import NOWHERE, Span

MILLISECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Remark:
    """What is lost. `kind`: `refused` (there is no body), `wanted` (the body differs so much that somebody
    must ask for it), `told` (it differs as told) or `noted` (it differs only for events that the rule does not
    expect). `code` names the matter."""

    kind: str
    code: str
    message: str
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Reduced:
    """The body, None when it was refused. `timespan`: milliseconds of the buckets of time that events are
    counted in; None: the whole look-back."""

    body: EventQuery | Threshold | None
    remarks: tuple[Remark, ...] = ()
    timespan: int | None = None


def to_body(body: Pipeline, fields: FieldTypes) -> Reduced:
    """What a pipeline asks, event by event."""
    walk = _Walk(body, fields)
    try:
        found = walk.reduced()
    except Unsayable as error:
        walk.remark("refused", error.code, error.message, error.span)
        found = None
    except (TooLarge, RecursionError):
        walk.remark("refused", "size", "the query is too large when its columns are written out")
        found = None
    return Reduced(found, tuple(dict.fromkeys(walk.remarks)), walk.timespan)


@dataclass
class _Count:
    """One count that a later WHERE looks at: rows, or distinct values of a field."""

    field: str | None
    condition: Expression | None
    span: Span


@dataclass
class _Walk:
    """`where`: what has been asked so far; `counts`: the results of STATS; `least`: how many of each."""

    body: Pipeline
    fields: FieldTypes
    remarks: list[Remark] = field(default_factory=list)
    where: list[Node] = field(default_factory=list)
    timespan: int | None = None

    def __post_init__(self) -> None:
        self.truth = Truth(self.body, self.fields)
        self.grouped = False
        self.groups: list[str] = []
        self.counts: dict[str, _Count | Unsayable] = {}
        self.least: list[tuple[_Count, int]] = []
        self.left_out: list[Unsayable] = []
        self.cut: Span | None = None

    def remark(self, kind: str, code: str, message: str, span: Span = NOWHERE) -> None:
        self.remarks.append(Remark(kind, code, message, span))

    def reduced(self) -> EventQuery | Threshold:
        """Every command in turn, then what they come to."""
        first, *others = self.body.commands
        if not isinstance(first, pipeline.Load):
            raise Unsayable("row", "the query makes its rows itself, it asks no events")
        for command in others[:-1] if _implicit(others) else others:
            self.command(command)
        if self.cut is not None:
            self.remark(
                "told", "limit", "every match is reported, not only the first ones of LIMIT", self.cut
            )
        self.tell_lists()
        for span in sorted(self.truth.searched):
            self.remark(
                "told", "full-text", "a full-text search looks for words where the field is analysed", span
            )
        node = self.where[0] if len(self.where) == 1 else And(tuple(self.where))
        return self.threshold(node) if self.grouped else EventQuery(node)

    # ---- commands --------------------------------------------------------------------------------

    def command(self, command: pipeline.Command) -> None:
        match command:
            case pipeline.Filter(condition=condition):
                self.before_more("WHERE")
                self.counted(condition) if self.grouped else self.asked(condition)
            case pipeline.Compute(columns=columns):
                for name, expression in columns:
                    self.compute(name, expression)
            case pipeline.Summarise():
                self.before_more("STATS")
                self.summarise(command)
            case pipeline.Relabel(pairs=pairs):
                for old, new in pairs:
                    self.compute(new, ColumnValue(old, "dynamic"))
            case pipeline.Cut(columns=names):
                self.unknown(names, "DISSECT")
            case pipeline.Extract(columns=typed_names):
                self.unknown([name for name, _ in typed_names], "GROK")
            case pipeline.Expand(name=name):
                message = f"MV_EXPAND: the elements of `{name}` are not looked at one by one"
                self.remark("wanted", "mv-expand", message)
            case pipeline.Take():
                self.cut = NOWHERE
            case pipeline.Refused(reason=reason):
                raise Unsayable("outside", reason)
            case pipeline.Arrange() | pipeline.Project() | pipeline.Remove():
                return
            case pipeline.Load() | pipeline.MakeRow():
                raise AssertionError("a source is the first command")

    def before_more(self, name: str) -> None:
        if self.cut is not None:
            self.remark("wanted", "limit", f"the LIMIT before {name} is left out")
            self.cut = None

    def compute(self, name: str, expression: Expression) -> None:
        """A column is written out wherever it is named; after STATS only names of counts are followed."""
        if not self.grouped:
            self.truth.define(name, expression)
        elif isinstance(expression, ColumnValue) and expression.name in self.counts:
            self.counts[name] = self.counts[expression.name]
        else:
            self.counts[name] = Unsayable("computed", f"`{name}` is computed from counts", expression.span)

    def unknown(self, names: Iterable[str], command: str) -> None:
        for name in names:
            why = Unsayable("extracted", f"`{name}` is taken out of a text by {command}")
            if self.grouped:
                self.counts[name] = why
            else:
                self.truth.forget(name, why)

    def asked(self, condition: Expression) -> None:
        for part in _parts(condition):
            self.where.append(self.truth.true(part))

    # ---- groups ----------------------------------------------------------------------------------

    def summarise(self, command: pipeline.Summarise) -> None:
        if command.inline:
            raise Unsayable("inline-stats", "INLINE STATS compares each event with its group")
        if self.grouped:
            raise Unsayable("second-stats", "STATS of STATS counts groups, not events")
        self.grouped = True
        for name, expression in command.groups:
            self.group(name, self.truth.written_out(expression))
        reductions = {r.name: r for r in command.reductions}
        for name, expression in command.results:
            self.counts[name] = self.count(name, expression, reductions)

    def group(self, name: str, expression: Expression) -> None:
        """One key: a field, or a bucket of time."""
        if isinstance(expression, ColumnValue) and (path := self.truth.field(expression)) is not None:
            self.groups.append(path)
            self.counts[name] = Unsayable("group", f"`{name}` is a key of the groups", expression.span)
            return
        size = _bucket(expression, self.truth)
        if size is None:
            message = f"the events are grouped by `{name}`, which is computed"
            raise Unsayable("computed-group", message, expression.span)
        self.timespan = size
        self.counts[name] = Unsayable("group", f"`{name}` is a key of the groups", expression.span)
        message = "fixed buckets of time become a window that slides"
        self.remark("wanted", "buckets", message, expression.span)

    def count(
        self, name: str, expression: Expression, reductions: dict[str, pipeline.Reduction]
    ) -> _Count | Unsayable:
        """What a result of STATS counts, or why a condition on it cannot be said."""
        reduction = reductions.get(expression.name) if isinstance(expression, ColumnValue) else None
        span = expression.span
        if reduction is None:
            return Unsayable("aggregate", f"`{name}` is computed from aggregates", span)
        if reduction.function == "count" and not reduction.arguments:
            return _Count(None, reduction.condition, span)
        if reduction.function not in ("count", "count_distinct"):
            message = f"`{name}` is a {reduction.function.upper()}, and only events and values are counted"
            return Unsayable("aggregate", message, span)
        argument = self.truth.written_out(reduction.arguments[0])
        path = self.truth.field(argument) if isinstance(argument, ColumnValue) else None
        if path is None:
            return Unsayable("computed-count", f"`{name}` counts what is computed", span)
        if reduction.function == "count_distinct":
            return _Count(path, reduction.condition, span)
        given = Apply("is_not_null", (argument,), "boolean", span)
        both = (given,) if reduction.condition is None else (reduction.condition, given)
        return _Count(None, Apply("and", both, "boolean", span), span)

    def counted(self, condition: Expression) -> None:
        """A WHERE after STATS: bounds of counts, and what keys of the groups must be."""
        for part in _parts(condition):
            bound = self.bound(part)
            if bound is not None:
                self.least.append(bound)
            elif self.about_keys(part):
                self.where.append(self.truth.true(part))
            else:
                self.left_out.append(self.why_not(part))

    def bound(self, part: Expression) -> tuple[_Count, int] | None:
        """`count >= n`, in any spelling that means the same."""
        if not isinstance(part, Apply) or part.function not in _TURNED or len(part.arguments) != 2:
            return None
        left, right = part.arguments
        function = part.function
        if isinstance(left, Literal):
            left, right, function = right, left, _TURNED[function]
        if isinstance(left, Apply) and left.function == "convert":
            left = left.arguments[0]
        counted = self.counts.get(left.name) if isinstance(left, ColumnValue) else None
        if not isinstance(counted, _Count) or not isinstance(right, Literal):
            return None
        number = right.value
        if isinstance(number, bool) or not isinstance(number, int | float):
            return None
        if function == "gte":
            return counted, -int(-number // 1)
        if function == "gt":
            return counted, int(number // 1) + 1
        return None

    def about_keys(self, part: Expression) -> bool:
        """Whether a condition looks at keys of the groups alone, which are fields of each event."""
        names = {e.name for e in pipeline.walk(part) if isinstance(e, ColumnValue)}
        states = [self.counts.get(name) for name in names]
        return all(isinstance(s, Unsayable) and s.code == "group" for s in states) and self.timespan is None

    def why_not(self, part: Expression) -> Unsayable:
        for expression in pipeline.walk(part):
            if isinstance(expression, ColumnValue):
                found = self.counts.get(expression.name)
                if isinstance(found, Unsayable):
                    return Unsayable(found.code, found.message, part.span)
        return Unsayable("condition", "only `count >= n` can be said of groups", part.span)

    def threshold(self, node: Node) -> EventQuery | Threshold:
        """The counts as a threshold; without a bound, or with one that every group reaches, each event."""
        needed = [(count, least) for count, least in self.least if least > 1]
        if self.left_out and not needed:
            raise self.left_out[0]
        for why in self.left_out:
            self.remark("wanted", why.code, f"{why.message}; the condition is left out", why.span)
        if not needed:
            self.remark("noted", "grouping", "each event is reported, the rule reports each group")
            return EventQuery(node)
        self.tell_missing_keys(node)
        conditions = {
            id(count.condition): count.condition for count, _ in needed if count.condition is not None
        }
        if conditions:
            if len({id(count.condition) for count, _ in needed}) > 1:
                raise Unsayable("aggregate-where", "several aggregates each count events of their own")
            node = And((node, *(self.truth.true(condition) for condition in conditions.values())))
        distinct = [(count.field, least) for count, least in needed if count.field is not None]
        events = [least for count, least in needed if count.field is None]
        value = max([1, *events])
        if len(distinct) > 1 or (distinct and value > max(least for _, least in distinct)):
            self.remark("wanted", "several-counts", "one thing can be counted, and the rule counts several")
        return Threshold(node, tuple(self.groups), value, tuple((f, n) for f, n in distinct if f is not None))

    # ---- telling ---------------------------------------------------------------------------------

    def tell_missing_keys(self, node: Node) -> None:
        """ES|QL counts the events without a key as a group of their own."""
        sure = self.truth.guarded
        for path in self.groups:
            if path not in sure:
                message = f"events without `{path}` are not counted; ES|QL has a group of them"
                self.remark("noted", "null-group", message)

    def tell_lists(self) -> None:
        """ES|QL looks at no event that has several values where it compares one."""
        for path in sorted(self.truth.compared):
            kind = self.fields.get(path)
            if kind is not None and kind.array:
                message = (
                    f"an event with several values of `{path}` matches when one fits; in ES|QL it does not"
                )
                self.remark("noted", "several-values", message)


_TURNED = {"gte": "lte", "gt": "lt", "lte": "gte", "lt": "gt"}
"""A comparison with its sides changed."""


def _implicit(commands: list[pipeline.Command]) -> bool:
    """Whether the last command is the limit that ES|QL adds."""
    return bool(commands) and commands[-1] == pipeline.Take(pipeline.DEFAULT_LIMIT)


def _parts(condition: Expression) -> Iterable[Expression]:
    """The operands of AND, or the condition itself."""
    if isinstance(condition, Apply) and condition.function == "and":
        for argument in condition.arguments:
            yield from _parts(argument)
    else:
        yield condition


def _bucket(expression: Expression, truth: Truth) -> int | None:
    """Milliseconds of a bucket of the events' time, None when it is none."""
    if not isinstance(expression, Apply) or expression.function not in ("date_trunc", "bucket"):
        return None
    time = [a for a in expression.arguments if isinstance(a, ColumnValue)]
    sizes = [a.value for a in expression.arguments if isinstance(a, Literal)]
    if len(time) != 1 or len(sizes) != 1 or truth.field(time[0]) != "@timestamp":
        return None
    size = sizes[0]
    if not isinstance(size, pipeline.Interval) or size.months or size.nanos < MILLISECONDS:
        return None
    return size.nanos // MILLISECONDS
