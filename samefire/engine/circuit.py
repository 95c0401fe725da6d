"""A query as a circuit: each clause at its place, what it says of an event, and whether it decides.

A clause decides an event when the query's answer would be another if the clause's were. So a case that a clause
decides notices the loss of that clause. Events are judged by the engine, clause by clause; the logic is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import Plan
from samefire.query.ast import And, AtLeast, Node, Not, Or

Event = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Circuit:
    """`nodes` are all places of the tree, parents first; `below` their children and `above` their parents as
    places (-1: the root). `atoms` are the distinct clauses, `atom` the number of the clause at a place, -1 for
    logic. A nested object is one clause. What is neither logic nor a node of the query tree is a clause too."""

    nodes: tuple[Any, ...]
    below: tuple[tuple[int, ...], ...]
    above: tuple[int, ...]
    atoms: tuple[Any, ...]
    atom: tuple[int, ...]

    @classmethod
    def of(cls, root: Any) -> Circuit:
        nodes: list[Any] = []
        below: list[tuple[int, ...]] = []
        above: list[int] = []
        stack: list[tuple[Any, int]] = [(root, -1)]
        while stack:
            node, parent = stack.pop()
            place = len(nodes)
            nodes.append(node)
            above.append(parent)
            below.append(())
            if parent >= 0:
                below[parent] = (*below[parent], place)
            stack.extend((child, place) for child in reversed(_children(node)))
        numbers: dict[Any, int] = {}
        atom = tuple(-1 if _logic(node) else numbers.setdefault(node, len(numbers)) for node in nodes)
        return cls(tuple(nodes), tuple(below), tuple(above), tuple(numbers), atom)

    @cached_property
    def _plan(self) -> Plan:
        return Plan(list(self.atoms))

    @property
    def clauses(self) -> list[int]:
        """The places of clauses, in order of writing."""
        return [place for place, number in enumerate(self.atom) if number >= 0]

    def positive(self, place: int) -> bool:
        """Whether the clause must hold (it stands below an even number of `not`)."""
        count = 0
        while (place := self.above[place]) >= 0:
            count += isinstance(self.nodes[place], Not)
        return count % 2 == 0

    def truths(self, events: Sequence[Event], now: int | None = None) -> list[int]:
        """For each event the clauses that it satisfies, as a mask of their numbers."""
        masks = [0] * len(events)
        found = self._plan.run(Events.of(list(events)), Context(now=now))
        for number, ordinals in enumerate(found.ordinals):
            for ordinal in ordinals:
                masks[ordinal] |= 1 << number
        return masks

    def values(self, truth: int) -> list[bool]:
        """What is true at each place."""
        values = [False] * len(self.nodes)
        for place in reversed(range(len(self.nodes))):
            inner = [values[child] for child in self.below[place]]
            match self.nodes[place]:
                case And():
                    values[place] = all(inner)
                case Or():
                    values[place] = any(inner)
                case Not():
                    values[place] = not inner[0]
                case AtLeast(count=count):
                    values[place] = sum(inner) >= count
                case _:
                    values[place] = bool(truth >> self.atom[place] & 1)
        return values

    def deciding(self, values: Sequence[bool]) -> list[bool]:
        """Whether the root would change with each place."""
        found = [False] * len(self.nodes)
        found[0] = True
        for place, children in enumerate(self.below):
            if found[place]:
                count = sum(values[child] for child in children)
                for child in children:
                    found[child] = _counts(self.nodes[place], len(children) - 1, count - values[child])
        return found


def _children(node: Any) -> tuple[Node, ...]:
    match node:
        case And(children=children) | Or(children=children) | AtLeast(children=children):
            return children
        case Not(child=child):
            return (child,)
        case _:
            return ()


def _logic(node: Node) -> bool:
    return isinstance(node, And | Or | Not | AtLeast)


def _counts(node: Node, others: int, true: int) -> bool:
    """Whether a node would change with one of its children: of the others, `true` are true."""
    match node:
        case And():
            return true == others
        case Or():
            return true == 0
        case AtLeast(count=count):
            return true == count - 1
        case _:
            return True
