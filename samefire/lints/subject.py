"""What a lint looks at: the rule, its query as it is written and as it is understood, the types of its fields."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from samefire.fields import FieldTypes
from samefire.problems import Problem, ProblemError, Severity
from samefire.query import ast, typed
from samefire.query.ast import Node
from samefire.query.detection import Body, EventQuery
from samefire.rule import Rule
from samefire.rulequery import lower_tree
from samefire.source import Source, Span

SEVERAL = frozenset({"event.action", "event.code", "event.id", "message", "error.message", "rule.name"})
"""Fields of one value in ECS that data sets fill with several all the same."""


@dataclass(frozen=True)
class Subject:
    """`query` is the text of the query, `tree` its syntax tree, `conditions`
    what an event must be, one for the query or one for each stage of a sequence. `fields` are the types of
    ECS, of known vendors and of the project."""

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
    """The subject for a rule whose query means `body` with the types `fields`. Where vendors' types tell more,
    it is lowered again with them; a query that is refused then is looked at as it is."""
    query = rule.string("rule", "query")
    plain = body.where if isinstance(body, EventQuery) else None
    if plain is not None and not _tells_more(rule, tree, fields):
        return Subject(rule, query, tree, (plain,), fields)
    known = known_types(fields)
    try:
        return Subject(rule, query, tree, conditions(rule, tree, query, known), known)
    except ProblemError:
        return Subject(rule, query, tree, conditions(rule, tree, query, fields), fields)


@lru_cache(maxsize=4)
def known_types(fields: FieldTypes) -> FieldTypes:
    """The types of well-known vendors below the project's."""
    return FieldTypes.known().layered(fields)


def _tells_more(rule: Rule, tree: Any, fields: FieldTypes) -> bool:
    """Whether the query names fields that the project does not list."""
    if rule.language == "lucene":
        return True
    names = importlib.import_module(f"samefire.languages.{rule.language}").field_names(tree)
    return any(fields.get(name) is None for name in names)


def conditions(rule: Rule, tree: Any, query: Source, fields: FieldTypes) -> tuple[Node, ...]:
    """What each event must be; of a sequence, without what its stages pass on to each other. Raises
    ProblemError."""
    body = lower_tree(rule, tree, fields, query)
    if isinstance(body, EventQuery):
        return (body.where,)
    if rule.language != "eql":
        return ()
    return tuple(_stages(tree, fields, rule.contents.get("event_category_override") or "event.category"))


def _stages(tree: Any, fields: FieldTypes, category_field: str) -> Iterator[Node]:
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
