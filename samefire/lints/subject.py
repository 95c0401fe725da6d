"""What a lint looks at: the rule, its query as it is written and as it is understood, the types of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from samefire.fields import FieldTypes
from samefire.problems import Problem, Severity
from samefire.query import ast, typed
from samefire.query.ast import Node
from samefire.query.detection import Body, EventQuery
from samefire.rule import Rule
from samefire.source import Source, Span

SEVERAL = frozenset({"event.action", "event.code", "event.id", "message", "error.message", "rule.name"})
"""Fields of one value in ECS that data sets fill with several all the same."""


@dataclass(frozen=True)
class Subject:
    """`query` is the text of the query, `tree` its syntax tree, `conditions`
    what an event must be, one for the query or one for each stage of a sequence. `fields` are the types with
    which it was lowered."""

    rule: Rule
    query: Source
    tree: Any
    conditions: tuple[Node, ...]
    fields: FieldTypes

    @property
    def language(self) -> str | None:
        return self.rule.language

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node of every condition."""
        return tuple(node for condition in self.conditions for node in ast.walk(condition))

    def single(self, field: str) -> bool:
        """Whether an event has one value of the field at most, as far as ECS tells."""
        kind = self.fields.get(field)
        return kind is not None and kind.ecs and not kind.array and not kind.nested and field not in SEVERAL

    def text(self, span: Span) -> str:
        """What stands at a place of the query."""
        return self.query.text[span.start : span.end]

    def line(self, span: Span) -> int:
        """The line of the file that a place of the query is on."""
        return self.query.locate(span).line

    def problem(self, code: str, message: str, span: Span, hint: str | None) -> Problem:
        """A finding in the query."""
        return Problem(code, message, self.query, span, Severity.WARNING, hint)

    def problem_at(self, code: str, message: str, key: tuple[str | int, ...], hint: str | None) -> Problem:
        """A finding at a value of the file."""
        return Problem(code, message, self.rule.source, self.rule.value_span(*key), Severity.WARNING, hint)


def subject_of(rule: Rule, tree: Any, fields: FieldTypes, body: Body) -> Subject:
    """The subject for a rule whose query means `body` with the types `fields`."""
    query = rule.string("rule", "query")
    if isinstance(body, EventQuery):
        conditions: tuple[Node, ...] = (body.where,)
    elif rule.language == "eql":
        category = rule.contents.get("event_category_override") or "event.category"
        conditions = tuple(_stages(tree, fields, category))
    else:
        conditions = ()
    return Subject(rule, query, tree, conditions, fields)


def _stages(tree: Any, fields: FieldTypes, category_field: str) -> Iterator[Node]:
    """What each event of a sequence must be, without what its stages pass on to each other."""
    from samefire.languages.eql.conditions import Conditions
    from samefire.languages.eql.tree import filters

    lowering = Conditions(fields)
    for event in filters(tree):
        condition = lowering.node(event.condition)
        if event.category is None:
            yield condition
        else:
            category = typed.term(category_field, fields, event.category, event.category_span)
            yield ast.And((category, condition), event.span)
