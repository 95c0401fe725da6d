"""Checks of one rule beyond its schema: its query parses, its fields are known.

Lints, which look for mistakes in what a valid rule means, live in `lints/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from samefire.fields import FieldTypes
from samefire.lints import levelled, lint
from samefire.problems import Problem, ProblemError
from samefire.rule import Rule
from samefire.rulequery import Beside, beside_query, lower_tree, parse_query
from samefire.sigma_rule import SigmaRule
from samefire.unknown_fields import unknown_fields


def check_draft(draft: Rule) -> list[Problem]:
    """What is wrong with the query of a file that is no rule for other reasons: with its text alone, for what it
    means may hang on what is wrong. Nothing when that is the query itself, or the language is not known."""
    if not isinstance(draft.contents.get("query"), str):
        return []
    span = draft.value_span("rule", "query")
    if any(p.span.start < span.end and span.start < p.span.end for p in draft.problems):
        return []
    try:
        parse_query(draft)
    except ProblemError as error:
        return list(error.problems)
    return []


def check_rule(
    rule: Rule,
    fields: FieldTypes,
    *,
    strict_fields: bool = False,
    lints: Mapping[str, str] = MappingProxyType({}),
) -> list[Problem]:
    """What is wrong with a rule's query and filters, and what its author cannot have meant. `lints`: the level
    (`error`, `warning`, `off`) of lints whose level is not the usual one, by code."""
    if rule.deprecated or isinstance(rule, SigmaRule):
        return []
    problems: list[Problem] = []
    tree, body, beside = None, None, Beside()
    try:
        tree = parse_query(rule)
        body = lower_tree(rule, tree, fields, rule.string("rule", "query")) if tree is not None else None
    except ProblemError as error:
        problems += error.problems
    try:
        beside = beside_query(rule, fields)
    except ProblemError as error:
        problems += error.problems
    if problems:
        return problems
    unknown = unknown_fields(rule, fields, body, beside, strict=strict_fields)
    return [*unknown, *levelled(lint(rule, tree, fields, body), lints)]
