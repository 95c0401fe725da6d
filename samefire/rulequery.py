"""The query of a rule: its fields, and what it means; and what its other keys ask. Chooses the language; knows none.

The languages that can be parsed here are `samefire.languages.NAMES`; a rule without a query has no fields here
and no body.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages import NAMES, language
from samefire.problems import Problem, ProblemError
from samefire.query.ast import Node
from samefire.query.detection import Body, EventQuery
from samefire.rule import Rule
from samefire.sigma_rule import SigmaRule
from samefire.source import Source, Span

FILTERS = ("filters", "threat_filters")


@lru_cache(maxsize=4)
def parse_query(rule: Rule) -> Any | None:
    """The syntax tree of the rule's query, or None when there is none to parse here; raises ProblemError
    with places in the rule's file. The trees of the last few rules are kept: checks and forms ask one after the
    other."""
    name = rule.language
    if name not in NAMES or not isinstance(rule.contents.get("query"), str):
        return None
    return importlib.import_module(f"samefire.languages.{name}").parse(rule.string("rule", "query"))


def field_names(rule: Rule) -> tuple[str, ...]:
    """The fields that the rule's query names, sorted; none for Lucene, whose text may mean any field, and for
    ES|QL, whose columns only a live stack can tell from what it computes. Raises ProblemError."""
    if isinstance(rule, SigmaRule):
        return rule.asked
    tree = parse_query(rule) if rule.language not in ("lucene", "esql") else None
    if tree is None:
        return ()
    module = importlib.import_module(f"samefire.languages.{rule.language}")
    return tuple(sorted(set(module.field_names(tree))))


def query_fields(rule: Rule, fields: FieldTypes) -> tuple[str, ...]:
    """As `field_names`, but empty for a query that cannot be read (which `lowered` reports)."""
    try:
        return field_names(rule)
    except ProblemError:
        return ()


def lowered(rule: Rule, fields: FieldTypes) -> Body | None:
    """What the rule's query means, or None when there is none to lower here; raises ProblemError with
    places in the rule's file."""
    if not rule.language or not isinstance(rule.contents.get("query"), str):
        return None
    category = rule.contents.get("event_category_override")
    return body_of(rule.language, rule.string("rule", "query"), fields, category)


def lower_tree(rule: Rule, tree: Any, fields: FieldTypes, source: Source) -> Body:
    """What a query that was parsed by `parse_query` means; `source` is its text. Raises ProblemError."""
    module = importlib.import_module(f"samefire.languages.{rule.language}")
    category = rule.contents.get("event_category_override")
    if rule.language == "eql" and category:
        lowered = module.lower(tree, fields, source, event_category_field=category)
    else:
        lowered = module.lower(tree, fields, source)
    return lowered if isinstance(lowered, Body) else EventQuery(lowered)


def body_of(name: str, source: Source, fields: FieldTypes, category_field: str | None = None) -> Body | None:
    """What a query text in the language `name` means, or None when that language cannot be lowered here.
    `category_field` is where EQL finds the category of an event (`event.category` otherwise). Raises
    ProblemError."""
    if name not in NAMES:
        return None
    if name == "eql" and category_field:
        from samefire.languages import eql

        return eql.lower(eql.parse(source), fields, source, event_category_field=category_field)
    return language(name).lower_text(source, fields)


def filters(rule: Rule, fields: FieldTypes, key: str = "filters") -> tuple[Node, ...]:
    """What each of the filters at `key` (one of FILTERS) asks of a document; raises ProblemError with the problems of
    all, at their places in the rule's file."""
    from samefire.languages.dsl import lower_filter

    found: list[Problem] = []
    nodes: list[Node] = []
    for number, entry in enumerate(rule.contents.get(key, ())):

        def place(path: tuple[str | int, ...], number: int = number) -> Span:
            return rule.value_span("rule", key, number, *path)

        try:
            nodes.append(lower_filter(entry, fields, rule.source, place=place))
        except ProblemError as error:
            found += error.problems
    if found:
        raise ProblemError(found)
    return tuple(nodes)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a rule asks beside its query: its filters, what its threat query means (None: there is none), and the
    filters of indicators."""

    filters: tuple[Node, ...] = ()
    threat_query: Body | None = None
    threat_filters: tuple[Node, ...] = ()


def beside_query(rule: Rule, fields: FieldTypes) -> Beside:
    """What a rule asks beside its query; raises ProblemError with every problem of all."""
    found: list[Problem] = []
    nodes: dict[str, tuple[Node, ...]] = {}
    threat = None
    for key in FILTERS:
        try:
            nodes[key] = filters(rule, fields, key)
        except ProblemError as error:
            found += error.problems
    try:
        threat = threat_query(rule, fields)
    except ProblemError as error:
        found += error.problems
    if found:
        raise ProblemError(found)
    return Beside(nodes["filters"], threat, nodes["threat_filters"])


def threat_query(rule: Rule, fields: FieldTypes) -> Body | None:
    """What an indicator match rule asks of indicators, None for other rules; raises ProblemError."""
    if not isinstance(rule.contents.get("threat_query"), str):
        return None
    name = str(rule.contents.get("threat_language", "kuery"))
    return body_of(name, rule.string("rule", "threat_query"), fields)
