"""Tests that read several fields at once: comparisons of two fields, and scripts.

Verdicts are remembered for each distinct combination of values. What a script means is `script.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import Scalar
from samefire.engine.glob import fold_text
from samefire.engine.masks import key_of
from samefire.engine.refusals import RegexTooHard
from samefire.engine.values import number, text
from samefire.query import ast
from samefire.query.ast import Relation

MAX_COMBINATIONS = 50_000

Values = Sequence[Sequence[Scalar]]
Joint = Callable[[Values], bool]


class JointMasks:
    """Masks of the values of `paths` together. `groups[i]` are the nodes of bit i."""

    def __init__(self, paths: Sequence[str], groups: Sequence[tuple[Any, ...]], now: int) -> None:
        self.failures: dict[int, str] = {}
        self._tests: list[tuple[Joint, int]] = []
        self._memo: dict[Any, int] = {}
        for bit, nodes in enumerate(groups):
            for node in nodes:
                self._tests.append((joint_test(node, paths, now), 1 << bit))

    def mask(self, values: Values) -> int:
        """The bits that hold; `values` one list for each path."""
        key = tuple(tuple(map(key_of, some)) for some in values)
        known = self._memo.get(key)
        if known is None:
            if len(self._memo) >= MAX_COMBINATIONS:
                self._memo.clear()
            known = self._memo[key] = self._compute(values)
        return known

    def _compute(self, values: Values) -> int:
        mask = 0
        for test, bit in self._tests:
            try:
                if test(values):
                    mask |= bit
            except RegexTooHard as error:
                self.failures[bit.bit_length() - 1] = str(error)
        return mask


def joint_test(node: ast.FieldsCompare | ast.Script, paths: Sequence[str], now: int) -> Joint:
    """The test of one node as a function of the values of `paths`."""
    if isinstance(node, ast.FieldsCompare):
        return lambda values: compare(node, values[0], values[-1])
    from samefire.engine import script

    places = {path: place for place, path in enumerate(paths)}
    context = Context(now=now)
    return lambda values: script.holds(node.expression, lambda path: values[places[path]], context)


def compare(node: ast.FieldsCompare, left: Sequence[Scalar], right: Sequence[Scalar]) -> bool:
    """Whether some value of one field stands in the relation to some value of the other."""
    return any(related(node.relation, a, b, node.fold) for a in left for b in right)


def related(relation: Relation, left: Scalar, right: Scalar, fold: ast.Fold) -> bool:
    """Whether two values stand in a relation; order is that of numbers, and of nothing else."""
    if relation in _ORDER:
        a, b = number(left), number(right)
        return a is not None and b is not None and _ORDER[relation](a, b)
    x, y = fold_text(text(left), fold), fold_text(text(right), fold)
    match relation:
        case Relation.CONTAINS:
            return y in x
        case Relation.STARTSWITH:
            return x.startswith(y)
        case Relation.ENDSWITH:
            return x.endswith(y)
        case _:
            return x == y


_ORDER: dict[Relation, Callable[[Any, Any], bool]] = {
    Relation.LESS: lambda a, b: a < b,
    Relation.LESS_EQUAL: lambda a, b: a <= b,
    Relation.GREATER: lambda a, b: a > b,
    Relation.GREATER_EQUAL: lambda a, b: a >= b,
}
