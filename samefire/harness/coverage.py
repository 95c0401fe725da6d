"""Which clauses of a detection the cases ever make true: a clause that none reaches is not proven by any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samefire.engine.explain import explain, parts
from samefire.engine.run import narrowed, queries
from samefire.harness.case import Case
from samefire.harness.run import Prepared, context_of
from samefire.query.ast import And, AtLeast, Nested, Node, Not, Or


@dataclass(frozen=True)
class Coverage:
    """Clauses (the leaves of every query) by whether some event of some case matches them."""

    reached: tuple[Node, ...]
    missed: tuple[Node, ...]

    @property
    def total(self) -> int:
        return len(self.reached) + len(self.missed)

    @property
    def share(self) -> float:
        """From 0 to 1; 1 when there is no clause."""
        return len(self.reached) / self.total if self.total else 1.0


def coverage(prepared: Prepared, cases: Sequence[Case]) -> Coverage:
    """The coverage of one form by the rule's cases. An excluded clause (under `not`) is reached by an event
    that it excludes. A form that cannot be run has no clauses."""
    if prepared.detection is None:
        return Coverage((), ())
    told: dict[Node, bool] = {}
    for node in queries(prepared.detection.body):
        told.update(dict.fromkeys(_leaves(node), False))
    for case in cases:
        runner = prepared.runner_for(case.mapping)
        detection = runner.detections[0] if runner else prepared.detection
        for node in queries(detection.body):
            for event in case.events:
                for part in parts(explain(narrowed(node, detection), event, context_of(case))):
                    if part.matched and part.node in told:
                        told[part.node] = True
    return Coverage(tuple(n for n, r in told.items() if r), tuple(n for n, r in told.items() if not r))


def _leaves(node: Node) -> list[Node]:
    match node:
        case And(children=children) | Or(children=children) | AtLeast(children=children):
            return [leaf for child in children for leaf in _leaves(child)]
        case Not(child=child) | Nested(child=child):
            return _leaves(child)
        case _:
            return [node]
