"""Checks of one rule beyond its schema: its query parses, its fields are known.

Lints that look for mistakes in a query's meaning live in `lints.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from samefire.fields import FieldTypes
from samefire.problems import Problem, ProblemError, Severity
from samefire.rule import Rule
from samefire.rulequery import lowered, query_fields
from samefire.source import NOWHERE, Span


def check_rule(rule: Rule, fields: FieldTypes, *, strict_fields: bool = False) -> list[Problem]:
    """What is wrong with a rule's query."""
    if rule.deprecated:
        return []
    try:
        lowered(rule, fields)
    except ProblemError as error:
        return list(error.problems)
    return list(unknown_fields(rule, fields)) if strict_fields else []


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
