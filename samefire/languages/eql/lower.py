"""What an EQL query means: syntax tree → the body of a detection, with field types."""

from __future__ import annotations

from samefire.fields import FieldTypes
from samefire.languages.eql.conditions import Conditions
from samefire.languages.eql.constraints import propagate
from samefire.languages.eql.kinds import Refused, resolve
from samefire.languages.eql.tree import (
    EventFilter,
    Expression,
    Field,
    Query,
    SampleQuery,
    SequenceQuery,
    Term,
)
from samefire.languages.eql.verify import verify
from samefire.problems import ProblemError
from samefire.query import ast, typed
from samefire.query.detection import EventQuery, Key, Pipe, Sample, Sequence, Stage
from samefire.source import Source


def lower(
    tree: Query, fields: FieldTypes, source: Source, *, event_category_field: str = "event.category"
) -> EventQuery | Sequence | Sample:
    """What Elasticsearch would run; raises ProblemError with every problem of verification."""
    problems = verify(tree, fields, source, event_category_field)
    if problems:
        raise ProblemError(problems)
    return _Lowering(fields, event_category_field).body(tree)


class _Lowering:
    def __init__(self, fields: FieldTypes, category_field: str) -> None:
        self.fields = fields
        self.category_field = category_field
        self.conditions = Conditions(fields)

    def body(self, tree: Query) -> EventQuery | Sequence | Sample:
        pipes = tuple(Pipe(pipe.name, pipe.count) for pipe in tree.pipes)
        match tree.body:
            case EventFilter():
                return EventQuery(self.event(tree.body), pipes)
            case SequenceQuery(maxspan=maxspan, until=until):
                span = None if maxspan is None else maxspan.milliseconds
                last = None if until is None else self.stage(until, tree.body.keys, ())
                return Sequence(self.stages(tree.body), span, last, pipes)
            case SampleQuery():
                return Sample(self.stages(tree.body), pipes)

    def event(self, event: EventFilter, more: tuple[Expression, ...] = ()) -> ast.Node:
        """The category and the condition, and conditions on join keys that other stages pass on."""
        parts: list[ast.Node] = []
        if event.category is not None:
            parts.append(typed.term(self.category_field, self.fields, event.category, event.category_span))
        parts.extend(self.conditions.node(condition) for condition in (event.condition, *more))
        kept = [part for part in parts if part != ast.TRUE] or parts[:1]
        return kept[0] if len(kept) == 1 else ast.And(tuple(kept), event.span)

    def stages(self, body: SequenceQuery | SampleQuery) -> tuple[Stage, ...]:
        passed = propagate(body)
        return tuple(self.stage(t, body.keys, more) for t, more in zip(body.terms, passed, strict=True))

    def stage(self, term: Term, shared: tuple[Field, ...], more: tuple[Expression, ...]) -> Stage:
        keys = tuple(self.key(key) for key in (*shared, *term.keys))
        return Stage(self.event(term.filter, more), keys, term.runs or 1, term.missing, term.span)

    def key(self, node: Field) -> Key:
        found = resolve(node, self.fields)
        assert not isinstance(found, Refused)
        if found is None:
            return Key(node.name, True, node.span, "unmapped")
        return Key(found.name, node.optional, node.span, found.type, found.column)
