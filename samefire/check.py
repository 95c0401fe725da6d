"""Checks of one rule beyond its schema: its query parses, its fields are known.

Lints, which look for mistakes in what a valid rule means, live in `lints/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from samefire.fields import FieldTypes
from samefire.lints import levelled, lint
from samefire.problems import Problem, ProblemError, Severity
from samefire.rule import Rule
from samefire.rulequery import lower_tree, parse_query, query_fields
from samefire.source import NOWHERE, Span


def check_rule(
    rule: Rule,
    fields: FieldTypes,
    *,
    strict_fields: bool = False,
    lints: Mapping[str, str] = MappingProxyType({}),
) -> list[Problem]:
    """What is wrong with a rule's query, and what its author cannot have meant. `lints`: the level (`error`,
    `warning`, `off`) of lints whose level is not the usual one, by code."""
    if rule.deprecated:
        return []
    try:
        tree = parse_query(rule)
        body = lower_tree(rule, tree, fields, rule.string("rule", "query")) if tree is not None else None
    except ProblemError as error:
        return list(error.problems)
    unknown = list(unknown_fields(rule, fields)) if strict_fields else []
    return [*unknown, *levelled(lint(rule, tree, fields, body), lints)]


def unknown_fields(rule: Rule, fields: FieldTypes) -> Iterator[Problem]:
    """Fields of the query that no layer of field types knows."""
    for name in query_fields(rule, fields):
        if fields.get(name) is None and not fields.is_object(name) and "*" not in name:
            near = fields.nearest(name)
            hint = f"did you mean `{near}`?" if near else "add its type to `fields/`"
            source = rule.string("rule", "query")
            found = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", source.text)
            yield Problem(
                "query-unknown-field",
                f"the type of `{name}` is not known",
                source,
                Span(*found.span()) if found else NOWHERE,
                Severity.ERROR,
                hint,
            )
