"""Extended correlation conditions as alternatives: which rules must have fired, and which must not."""

from __future__ import annotations

from itertools import product
from typing import assert_never

from samefire.query.detection import AllFired, AnyFired, Expression, Fired, NotFired

Clause = tuple[frozenset[str], frozenset[str]]
"""Names of rules that have a hit, and of rules that have none."""


class TooManyClauses(ValueError):
    """The expression has more alternatives than were asked for."""


def clauses(expression: Expression, limit: int = 64) -> list[Clause]:
    """The alternatives under which the expression holds, in order of writing; contradictions left out."""
    found = (c for c in dict.fromkeys(_clauses(expression, False, limit)) if not c[0] & c[1])
    return list(found)


def _clauses(expression: Expression, negated: bool, limit: int) -> list[Clause]:
    match expression:
        case Fired(rule=rule):
            one = frozenset((rule,))
            return [(frozenset(), one) if negated else (one, frozenset())]
        case NotFired(child=child):
            return _clauses(child, not negated, limit)
        case AllFired(children=children) | AnyFired(children=children):
            parts = [_clauses(child, negated, limit) for child in children]
            joined = isinstance(expression, AllFired) is not negated
            return _joined(parts, limit) if joined else _bounded([c for part in parts for c in part], limit)
        case _:
            assert_never(expression)


def _joined(parts: list[list[Clause]], limit: int) -> list[Clause]:
    found: list[Clause] = [(frozenset(), frozenset())]
    for part in parts:
        found = _bounded([(a[0] | b[0], a[1] | b[1]) for a, b in product(found, part)], limit)
    return found


def _bounded(found: list[Clause], limit: int) -> list[Clause]:
    unique = list(dict.fromkeys(found))
    if len(unique) > limit:
        raise TooManyClauses(f"more than {limit} alternatives")
    return unique
