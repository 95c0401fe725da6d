"""Checks of one rule beyond its schema: its query parses, its fields are known.

Lints that look for mistakes in a query's meaning live in `lints.py`.
"""

from __future__ import annotations

from samefire.fields import FieldTypes
from samefire.problems import Problem, ProblemError
from samefire.rule import Rule
from samefire.rulequery import lowered
from samefire.unknown_fields import unknown_fields


def check_rule(rule: Rule, fields: FieldTypes, *, strict_fields: bool = False) -> list[Problem]:
    """What is wrong with a rule's query."""
    if rule.deprecated:
        return []
    try:
        body = lowered(rule, fields)
    except ProblemError as error:
        return list(error.problems)
    return list(unknown_fields(rule, fields, body, strict=strict_fields))
