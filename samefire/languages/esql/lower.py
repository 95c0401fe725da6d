"""What a query means: its commands over typed columns, with every problem of columns, types and functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from samefire.fields import FieldTypes
from samefire.languages.esql import types
from samefire.languages.esql.aggregates import Reducer
from samefire.languages.esql.columns import Columns, Unusable
from samefire.languages.esql.meaning import Meaning
from samefire.languages.esql.order import misplaced
from samefire.languages.esql.tree import (
    ChangePoint,
    Column,
    Command,
    Completion,
    Dissect,
    Drop,
    Enrich,
    Eval,
    From,
    Grok,
    Keep,
    Limit,
    LookupJoin,
    MvExpand,
    Name,
    NamePattern,
    Query,
    Rename,
    Row,
    Sample,
    Sort,
    Stats,
    Where,
)
from samefire.problems import Problem, ProblemError, did_you_mean
from samefire.query import detection, grok, pipeline
from samefire.query.ast import Pattern, Wild
from samefire.source import Source


def lower(tree: Query, fields: FieldTypes, source: Source) -> detection.Pipeline:
    """The query as a pipeline; raises ProblemError with every problem, in order of writing."""
    lowering = _Lowering(tree, fields, source)
    for command in tree.commands:
        lowering.command(command)
    problems = lowering.meaning.problems
    problems += [Problem(m.code, m.message, source, m.span, hint=m.hint) for m in misplaced(tree)]
    if problems:
        raise ProblemError(sorted(dict.fromkeys(problems), key=lambda p: p.span))
    return lowering.finished()


@dataclass
class _Lowering:
    """Walks the commands; `made` are those of the pipeline after the source."""

    tree: Query
    fields: FieldTypes
    source: Source
    made: list[pipeline.Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = self.tree.commands[0]
        metadata = [n.name for n in first.metadata] if isinstance(first, From) else None
        known = None if metadata is None else [n for n in metadata if n in types.METADATA]
        self.columns = Columns(self.fields, known)
        self.meaning = Meaning(self.columns, self.source)
        self.limited = False

    def finished(self) -> detection.Pipeline:
        first = self.tree.commands[0]
        commands = tuple(self.made)
        indices: tuple[str, ...] = ()
        if isinstance(first, From):
            load = pipeline.Load(
                tuple(self.columns.sources.values()), self.columns.rest, self.fields, types.COLUMNS
            )
            commands = (load, *commands)
            indices = tuple(i.removesuffix("::data") for i in first.indices)
        if not self.limited:
            commands = (*commands, pipeline.Take(pipeline.DEFAULT_LIMIT))
        grouped = any(isinstance(c, Stats) and not c.inline for c in self.tree.commands)
        return detection.Pipeline(commands, indices, tuple(self.meaning.queries), grouped)

    # ---- commands --------------------------------------------------------------------------------

    def command(self, command: Command) -> None:
        match command:
            case From():
                self.from_(command)
            case Row(columns=columns):
                self.made.append(pipeline.MakeRow(self.computed(columns)))
            case Where(condition=condition):
                self.made.append(pipeline.Filter(self.meaning.truth(condition, "the condition of WHERE")))
            case Eval(columns=columns):
                self.made.append(pipeline.Compute(self.computed(columns)))
            case Stats():
                self.stats(command)
            case Keep(names=names):
                self.keep(names)
            case Drop(names=names):
                self.drop(names)
            case Rename(pairs=pairs):
                self.rename(pairs)
            case Sort():
                self.sort(command)
            case Limit(count=count):
                self.limited = True
                self.made.append(pipeline.Take(min(count, pipeline.MOST_ROWS)))
            case Dissect() | Grok():
                self.extract(command)
            case MvExpand(name=name):
                self.expand(name)
            case Enrich() | LookupJoin() | Completion() | ChangePoint() | Sample():
                self.outside(command)
            case _:
                assert_never(command)

    def from_(self, command: From) -> None:
        failing = next((i for i in command.indices if i.endswith("::failures")), None)
        if failing is not None:
            message = f"`{failing}` reads a failure store, which samefire does not have"
            self.meaning.problem("query-source", message, command.span)
        seen: set[str] = set()
        for name in command.metadata:
            if name.name in seen:
                self.meaning.problem(
                    "query-metadata", f"`{name.name}` is named twice", name.span, "name it once"
                )
            seen.add(name.name)
            if name.name not in types.METADATA:
                hint = did_you_mean(name.name, types.METADATA) or f"known: {', '.join(types.METADATA)}"
                self.meaning.problem("query-metadata", f"`{name.name}` is no metadata field", name.span, hint)

    def computed(self, columns: Iterable[Column]) -> tuple[tuple[str, pipeline.Expression], ...]:
        found = []
        for column in columns:
            value = self.meaning.value(column.expression)
            if value.type == "interval":
                self.meaning.problem("query-field-type", "an interval cannot be a column", column.span)
            self.columns.put(column.name, value.type)
            found.append((column.name, value))
        return tuple(found)

    def stats(self, command: Stats) -> None:
        reducer = Reducer(self.meaning)
        last: dict[str, pipeline.Expression] = {}
        for group in command.groups:
            last.pop(group.name, None)
            last[group.name] = reducer.group(group)
        groups = list(last.items())
        kinds = {name: value.type for name, value in groups}
        results = [(a.name, reducer.aggregate(a, kinds)) for a in command.aggregates]
        if not command.inline:
            self.columns.close()
            self.meaning.events = False
        names = {name for name, _ in groups}
        results = [(name, value) for name, value in dict(results).items() if name not in names]
        for name, value in results:
            self.columns.put(name, value.type)
        for name, value in groups:
            if not command.inline or name not in self.columns.made:
                self.columns.put(name, value.type)
        self.made.append(
            pipeline.Summarise(tuple(groups), tuple(reducer.reductions), tuple(results), command.inline)
        )

    def patterns(self, names: Iterable[Name | NamePattern]) -> tuple[Pattern, ...]:
        """What KEEP and DROP name; an exact name has to exist, and a pattern to fit something."""
        found: list[Pattern] = []
        for name in names:
            if isinstance(name, Name):
                self.existing(name)
                found.append((name.name,))
                continue
            found.append(name.pattern)
            if not self.columns.any_fits(name.pattern):
                shown = "".join(p.value if isinstance(p, Wild) else p for p in name.pattern)
                self.meaning.problem("query-unknown-column", f"no column fits `{shown}`", name.span)
        return tuple(found)

    def existing(self, name: Name) -> bool:
        """Whether there is such a column, of any type; tells when there is none."""
        kind = self.columns.find(name.name)
        if isinstance(kind, Unusable):
            self.meaning.problem(kind.code, kind.message, name.span, kind.hint)
        return not isinstance(kind, Unusable)

    def usable(self, name: Name) -> bool:
        """Whether there is such a column of a type that commands can use; tells when not."""
        found = self.meaning.column(name.name, name.span)
        return isinstance(found, pipeline.ColumnValue) and bool(found.name)

    def keep(self, names: Iterable[Name | NamePattern]) -> None:
        patterns = self.patterns(names)
        self.columns.keep(patterns)
        self.made.append(pipeline.Project(patterns))

    def drop(self, names: Iterable[Name | NamePattern]) -> None:
        patterns = self.patterns(names)
        self.columns.drop(patterns)
        self.made.append(pipeline.Remove(patterns))

    def rename(self, pairs: Iterable[tuple[Name, Name]]) -> None:
        found = []
        for old, new in pairs:
            if self.usable(old):
                if old.name != new.name:
                    self.columns.rename(old.name, new.name)
                found.append((old.name, new.name))
        self.made.append(pipeline.Relabel(tuple(found)))

    def sort(self, command: Sort) -> None:
        orders = []
        for order in command.orders:
            value = self.meaning.value(order.expression)
            if value.type in types.POINTS | {"_source"}:
                self.meaning.problem("query-field-type", f"rows cannot be sorted by {value.type}", order.span)
            nulls = order.descending if order.nulls_first is None else order.nulls_first
            orders.append(pipeline.Order(value, order.descending, nulls))
        self.made.append(pipeline.Arrange(tuple(orders)))

    def extract(self, command: Dissect | Grok) -> None:
        text = self.meaning.string(command.expression, "DISSECT" if isinstance(command, Dissect) else "GROK")
        try:
            if isinstance(command, Dissect):
                names = grok.dissect(command.pattern.value).columns
                self.put_all((name, "keyword") for name in names)
                cut = pipeline.Cut(text, command.pattern.value, command.separator, names)
                self.made.append(cut)
            else:
                patterns = tuple(p.value for p in command.patterns)
                columns = grok.grok_columns(patterns)
                self.put_all(columns)
                self.made.append(pipeline.Extract(text, patterns, columns))
        except grok.PatternError as error:
            at = command.pattern if isinstance(command, Dissect) else command.patterns[0]
            self.meaning.problem("query-pattern", f"the pattern cannot be read: {error}", at.span)

    def put_all(self, columns: Iterable[tuple[str, str]]) -> None:
        for name, kind in columns:
            self.columns.put(name, kind)

    def expand(self, name: Name) -> None:
        self.usable(name)
        self.made.append(pipeline.Expand(name.name))

    def outside(self, command: Enrich | LookupJoin | Completion | ChangePoint | Sample) -> None:
        """What needs more than the events."""
        columns: tuple[tuple[str, str], ...] = ()
        match command:
            case Completion(name=name, prompt=prompt):
                self.meaning.string(prompt, "COMPLETION")
                reason, columns = "COMPLETION asks a language model", ((name, "keyword"),)
            case Enrich(policy=policy, on=on, columns=pairs):
                if on is not None:
                    self.usable(on)
                columns = tuple((new, "dynamic") for new, _ in pairs)
                reason = f"ENRICH looks into the policy {policy}"
            case LookupJoin(index=index, on=keys):
                for key in keys:
                    if isinstance(key, Name):
                        self.usable(key)
                self.columns.open = True
                reason = f"LOOKUP JOIN looks into the index {index}"
            case ChangePoint(value=value, key=axis, kind=kind, pvalue=pvalue):
                self.usable(value)
                self.usable(axis or Name("@timestamp", value.span))
                columns = (
                    (kind.name if kind else "type", "keyword"),
                    (pvalue.name if pvalue else "pvalue", "double"),
                )
                reason = "CHANGE_POINT is a statistical estimate"
            case Sample():
                reason = "SAMPLE takes rows by chance"
            case _:
                assert_never(command)
        self.put_all(columns)
        self.made.append(pipeline.Refused(f"{reason}, which cannot be run offline", columns))
