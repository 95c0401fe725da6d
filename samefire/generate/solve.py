"""Finding an event in which chosen clauses hold and others do not, without conflict.

Walks the tree for what each clause must be, with a choice where logic leaves one, and asks the pools for values.
An answer is a promise only: the whole event is judged afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from samefire.engine.circuit import Circuit
from samefire.generate.build import Flat
from samefire.generate.pool import MISSING, Candidate, Group, Pools
from samefire.query.ast import And, AtLeast, Not, Or

Goal = tuple[int, bool]
"""A place and what must be there."""
BUDGET = 600
"""Choices tried for one event."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An event by dotted names, the clauses that it should satisfy, and what was asked of them."""

    flat: Flat
    truth: int
    true: int
    false: int


class Solver:
    """Solves goals of one circuit."""

    def __init__(self, circuit: Circuit, pools: Pools) -> None:
        self.circuit = circuit
        self.pools = pools
        self._left = 0

    def decided(self, place: int, value: bool) -> Answer | None:
        """An event that the clause at `place` decides, being `value`; None: none was found."""
        return self.solved([(place, value), *self.around(place)])

    def solved(self, goals: Sequence[Goal]) -> Answer | None:
        """An event that meets the goals."""
        self._left = BUDGET
        found = self._search(list(goals), 0, 0)
        return None if found is None else self.answer(*found)

    def around(self, place: int) -> Iterator[Goal]:
        """What must be around a place so that it decides."""
        while (above := self.circuit.above[place]) >= 0:
            others = [child for child in self.circuit.below[above] if child != place]
            match self.circuit.nodes[above]:
                case And():
                    yield from ((child, True) for child in others)
                case Or():
                    yield from ((child, False) for child in others)
                case AtLeast(count=count):
                    yield from ((child, at < count - 1) for at, child in enumerate(others))
                case _:
                    pass
            place = above

    def answer(
        self, true: int, false: int, group: Group | None = None, other: Candidate | None = None
    ) -> Answer:
        """The event with these clauses; in `group` the candidate `other`."""
        flat: Flat = {}
        truth = 0
        for one in self._all_groups():
            asked = (true | false) & one.mask
            chosen = other if one is group else self.pools.choose(one, true & one.mask, false & one.mask)
            if chosen is not None and (asked or one is group):
                flat |= chosen.flat
                truth |= chosen.truth
            else:
                truth |= self._missing(one)
        return Answer(flat, truth, true, false)

    def _all_groups(self) -> list[Group]:
        return list({id(group): group for group in self.pools.groups.values()}.values())

    def _missing(self, group: Group) -> int:
        found = self.pools.candidates(group.atoms[0])
        return next((c.truth for c in found if c.what == MISSING), 0)

    # ---- search

    def _search(self, goals: list[Goal], true: int, false: int) -> tuple[int, int] | None:
        choices: list[Goal] = []
        touched: set[int] = set()
        while goals:
            place, value = goals.pop()
            node = self.circuit.nodes[place]
            if isinstance(node, Not):
                goals.append((self.circuit.below[place][0], not value))
            elif (number := self.circuit.atom[place]) >= 0:
                true, false = (true | 1 << number, false) if value else (true, false | 1 << number)
                touched.add(number)
            elif isinstance(node, And if value else Or):
                goals.extend((child, value) for child in self.circuit.below[place])
            else:
                choices.append((place, value))
        if true & false or not self._possible(touched, true, false):
            return None
        if not choices:
            return true, false
        return self._choose(choices, true, false)

    def _possible(self, touched: set[int], true: int, false: int) -> bool:
        groups = {id(self.pools.groups[n]): self.pools.groups[n] for n in touched}
        return all(self.pools.choose(g, true & g.mask, false & g.mask) is not None for g in groups.values())

    def _choose(self, choices: list[Goal], true: int, false: int) -> tuple[int, int] | None:
        place, value = choices[0]
        for option in self._options(place, value, true, false):
            self._left -= 1
            if self._left < 0:
                return None
            found = self._search([*choices[1:], *option], true, false)
            if found is not None:
                return found
        return None

    def _options(self, place: int, value: bool, true: int, false: int) -> Iterator[list[Goal]]:
        """The ways to make a node what it must be; first the one that holds already."""
        children = self.circuit.below[place]
        node = self.circuit.nodes[place]
        if isinstance(node, AtLeast):
            need = node.count if value else len(children) - node.count + 1
            for start in range(max(len(children) - need + 1, 0)):
                yield [(child, value) for child in children[start : start + need]]
            return
        have = true if value else false
        held = [c for c in children if (n := self.circuit.atom[c]) >= 0 and have >> n & 1]
        for child in [*held, *(c for c in children if c not in held)]:
            yield [(child, value)]
