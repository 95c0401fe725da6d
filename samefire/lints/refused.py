"""Clauses that Elasticsearch refuses: the whole search fails, and the rule never fires."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.query.ast import Fails

CODE, WILDCARD = "lint-search-fails", "lint-wildcard-type"


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every condition."""
    for node in subject.nodes:
        if isinstance(node, Fails):
            wild = "*" in subject.text(node.span) and "-like" not in node.reason
            message = f"Elasticsearch refuses the whole search here: {node.reason}"
            yield subject.problem(WILDCARD if wild else CODE, message, node.span, _hint(node.reason, wild))


def _hint(reason: str, wild: bool) -> str:
    if "IP string literal" in reason or "[ip]" in reason or "[ip/prefix]" in reason:
        return "write an address, or a block such as 10.0.0.0/8"
    if "boolean" in reason:
        return "write true or false"
    if "input string" in reason or "[long]" in reason:
        return "write a number; for several use `>=` and `<=`"
    if wild:
        return "wildcards are for strings; use `>=` and `<=`, or `field: *` for any value"
    return "write a value that the field's type can have"
