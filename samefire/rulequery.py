"""The query of a rule: its fields, and what it means. Chooses the language; knows none.

The languages that can be parsed here are `samefire.languages.NAMES`; a rule without a query has no fields here
and no body.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages import NAMES, language
from samefire.problems import ProblemError
from samefire.query.detection import Body, EventQuery
from samefire.rule import Rule
from samefire.sigma_rule import SigmaRule
from samefire.source import Source


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
