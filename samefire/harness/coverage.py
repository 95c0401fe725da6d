"""Which clauses of a detection its cases prove: those that decide some event by being true, and some by being false.

A clause decides an event when the query would answer otherwise were the clause otherwise. A clause that decides
nothing when it is false could be left out of the rule, and no case would notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samefire.engine.circuit import Circuit
from samefire.engine.events import Events
from samefire.engine.run import narrowed, newest, queries
from samefire.harness.case import Case
from samefire.harness.run import Prepared
from samefire.query.ast import Node


@dataclass(frozen=True)
class Covered:
    """One clause: whether it decides some event of some case by being true, and by being false."""

    node: Node
    true: bool
    false: bool

    @property
    def proven(self) -> bool:
        return self.true and self.false

    @property
    def lacks(self) -> str:
        """What no case shows, in words; nothing for a proven clause."""
        if self.true:
            return "" if self.false else "never false where it decides"
        return "never true where it decides" if self.false else "never decides"


@dataclass(frozen=True)
class Coverage:
    """The clauses of every query of a detection, in order of writing."""

    clauses: tuple[Covered, ...] = ()

    @property
    def reached(self) -> tuple[Covered, ...]:
        return tuple(clause for clause in self.clauses if clause.proven)

    @property
    def missed(self) -> tuple[Covered, ...]:
        return tuple(clause for clause in self.clauses if not clause.proven)

    @property
    def total(self) -> int:
        return len(self.clauses)

    @property
    def share(self) -> float:
        """From 0 to 1; 1 when there is no clause."""
        return len(self.reached) / self.total if self.total else 1.0


def coverage(prepared: Prepared, cases: Sequence[Case]) -> Coverage:
    """The coverage of one form by the rule's cases. A form that cannot be run has no clauses."""
    if prepared.detection is None:
        return Coverage()
    bodies = list(queries(prepared.detection.body))
    found: list[Covered] = []
    for at, node in enumerate(bodies):
        told: dict[Node, set[bool]] = {clause: set() for clause in _clauses(Circuit.of(node))}
        for case in cases:
            runner = prepared.runner_for(case.mapping)
            detection = runner.detections[0] if runner else prepared.detection
            asked = list(queries(detection.body))[at]
            for clause, value in _decided(Circuit.of(narrowed(asked, detection)), case):
                if clause in told:
                    told[clause].add(value)
        found += [Covered(clause, True in seen, False in seen) for clause, seen in told.items()]
    return Coverage(tuple(found))


def _clauses(circuit: Circuit) -> list[Node]:
    return list(circuit.atoms)


def _decided(circuit: Circuit, case: Case) -> set[tuple[Node, bool]]:
    """The clauses that decide some event of a case, with what they say of it."""
    found: set[tuple[Node, bool]] = set()
    if not circuit.atoms:
        return found
    now = case.now if case.now is not None else newest(Events.of(case.events))
    for truth in set(circuit.truths(case.events, now)):
        values = circuit.values(truth)
        deciding = circuit.deciding(values)
        found |= {(circuit.nodes[p], values[p]) for p in circuit.clauses if deciding[p]}
    return found
