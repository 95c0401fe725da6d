"""Address blocks (`10.0.0.0/8`) asked of a field of strings, where they are only text."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.query import ast, values
from samefire.query.ast import Leaf

CODE = "lint-block-as-text"
LONGEST = 44
"""Characters of the longest block of addresses."""


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every clause on a field that is known to be a string."""
    for node in subject.nodes:
        match node:
            case Leaf(test=ast.Term(value=value)) if _is_block(value):
                kind = subject.fields.get(node.field)
                if kind is not None and kind.type in ("keyword", "wildcard", "constant_keyword"):
                    message = f"`{node.field}` holds strings: it is compared with the text {value}, not with a block"
                    hint = "ask a field of type `ip`, or use a wildcard such as 10.*"
                    yield subject.problem(CODE, message, node.span, hint)
            case _:
                pass


def _is_block(text: str) -> bool:
    if "/" not in text or len(text) > LONGEST:
        return False
    try:
        values.network(text)
    except ValueError:
        return False
    return True
