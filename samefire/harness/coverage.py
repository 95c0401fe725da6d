"""Which clauses of a detection its cases reach, and which they prove.

A clause is reached when it is true of some event; an excluded clause by an event that it excludes. It is proven when
it decides some event by being true, and some by being false: it decides an event when the query would answer otherwise
were the clause otherwise. A clause that decides nothing by being false could go, and no case would notice.
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
    """One clause: whether it decides some event of some case by being true, and by being false; `reached`: whether
    it is true of any at all."""

    node: Node
    true: bool
    false: bool
    reached: bool

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
        return tuple(clause for clause in self.clauses if clause.reached)

    @property
    def missed(self) -> tuple[Covered, ...]:
        return tuple(clause for clause in self.clauses if not clause.reached)

    @property
    def proven(self) -> tuple[Covered, ...]:
        return tuple(clause for clause in self.clauses if clause.proven)

    @property
    def unproven(self) -> tuple[Covered, ...]:
        return tuple(clause for clause in self.clauses if not clause.proven)

    @property
    def total(self) -> int:
        return len(self.clauses)

    @property
    def share(self) -> float:
        """Of clauses that are reached, from 0 to 1; 1 when there is no clause."""
        return len(self.reached) / self.total if self.total else 1.0

    @property
    def proven_share(self) -> float:
        """Of clauses that are proven, from 0 to 1; 1 when there is no clause."""
        return len(self.proven) / self.total if self.total else 1.0


def coverage(prepared: Prepared, cases: Sequence[Case]) -> Coverage:
    """The coverage of one form by the rule's cases. A form that cannot be run has no clauses."""
    if prepared.detection is None:
        return Coverage()
    bodies = list(queries(prepared.detection.body))
    found: list[Covered] = []
    for at, node in enumerate(bodies):
        decided: set[Seen] = set()
        seen: set[Seen] = set()
        for case in cases:
            runner = prepared.runner_for(case.mapping)
            detection = runner.detections[0] if runner else prepared.detection
            asked = list(queries(detection.body))[at]
            _look(Circuit.of(narrowed(asked, detection)), case, seen, decided)
        for clause in Circuit.of(node).atoms:
            true, false = ((clause, value) in decided for value in (True, False))
            found.append(Covered(clause, true, false, (clause, True) in seen))
    return Coverage(tuple(found))


Seen = tuple[Node, bool]
"""A clause, and what it says of some event."""


def _look(circuit: Circuit, case: Case, seen: set[Seen], decided: set[Seen]) -> None:
    """Add what clauses say of the events of a case, and where that decides."""
    if not circuit.atoms:
        return
    now = case.now if case.now is not None else newest(Events.of(case.events))
    for truth in set(circuit.truths(case.events, now)):
        values = circuit.values(truth)
        deciding = circuit.deciding(values)
        for place in circuit.clauses:
            told = (circuit.nodes[place], values[place])
            seen.add(told)
            if deciding[place]:
                decided.add(told)
