"""Events about every clause of a query: one that it lets through, and ones that just miss it.

Each event is decided by one clause: were the clause lost, the answer would be another. What is given was judged.
How events become cases of a rule type is up to `drafts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from samefire.engine.circuit import Circuit
from samefire.fields import FieldTypes
from samefire.generate.build import Flat, nested
from samefire.generate.pool import MISSING, RECORDED, Candidate, Group, Pools
from samefire.generate.skeleton import beside
from samefire.generate.solve import Answer, Solver
from samefire.query.ast import Node

START = 1_772_442_900_000_000_000
"""2026-03-02T09:15:00Z, the time of the first event, in nanoseconds."""
ROUNDS = 3
"""Times that clauses which no event decides are tried anew."""


@dataclass(frozen=True, slots=True)
class Made:
    """One event, by dotted names. `place` is the clause that decides it, which holds or not (`value`); `what`
    is off, or `right`."""

    flat: Flat
    fires: bool
    place: int
    value: bool
    what: str


class Clausewise:
    """All events about the clauses of one query. `base` is what stands in every event beside."""

    def __init__(
        self,
        where: Node,
        fields: FieldTypes,
        base: Mapping[str, Any],
        *,
        seed: int = 0,
        circuit: Circuit | None = None,
        pools: Pools | None = None,
        recorded: Flat | None = None,
    ) -> None:
        self.circuit = circuit or Circuit.of(where)
        self.fields = fields
        self.base = base
        self.pools = pools or Pools(self.circuit, fields, seed, START, recorded)
        self.solver = Solver(self.circuit, self.pools)
        self.made: list[Made] = []
        self._done: set[tuple[int, bool]] = set()
        self._asked: set[tuple[int, bool]] = set()
        self._held: dict[str, int] = {}

    def all(self, limit: int) -> list[Made]:
        """Events that decide each clause, being true and being false: positives first. At most `limit`
        clauses are taken up for each."""
        clauses = self.circuit.clauses
        if not clauses:
            return self._judged(iter([(Answer({}, 0, 0, 0), 0, True, "right")]))
        through = [(p, self.circuit.positive(p)) for p in clauses]
        missed = [(p, not value) for p, value in through]
        for turn in range(ROUNDS):
            found = [
                *self._judged(self._answers(through, limit, turn)),
                *self._judged(self._answers(missed, limit, turn)),
            ]
            if not found:
                break
        if not any(one.fires for one in self.made):
            self._judged(self._anyhow())
        return self.made

    def _anyhow(self) -> Iterator[tuple[Answer, int, bool, str]]:
        """Any event that satisfies the query, decided by no single clause."""
        answer = self.solver.solved([(0, True)])
        if answer is not None:
            yield answer, 0, True, "right"

    def undecided(self) -> list[int]:
        """Places of clauses that no event decides, being false."""
        return [place for place in self.circuit.clauses if (place, False) not in self._done]

    def _answers(
        self, wanted: list[tuple[int, bool]], limit: int, turn: int
    ) -> Iterator[tuple[Answer, int, bool, str]]:
        """Promised events, one clause after the other; a clause that an earlier promise decides is passed."""
        promised = set(self._done)
        limit -= sum(one in self._asked for one in wanted)
        for place, value in wanted:
            new = (place, value) not in self._asked
            if (place, value) in promised or (new and limit <= 0):
                continue
            answer = self.solver.decided(place, value)
            if answer is None:
                continue
            limit -= new
            self._asked.add((place, value))
            self._promise(answer.truth, promised)
            if value == self.circuit.positive(place):
                yield answer, place, value, "right"
            else:
                yield from self._styles(answer, place, value, turn > 0)

    def _promise(self, truth: int, promised: set[tuple[int, bool]]) -> None:
        values = self.circuit.values(truth)
        deciding = self.circuit.deciding(values)
        promised.update((place, values[place]) for place, counts in enumerate(deciding) if counts)

    def _styles(
        self, answer: Answer, place: int, value: bool, plain: bool
    ) -> Iterator[tuple[Answer, int, bool, str]]:
        """The ways in which a clause is just missed."""
        group = self.pools.groups[self.circuit.atom[place]]
        for what, candidate in self._missed(group, answer, place):
            yield self.solver.answer(answer.true, answer.false, group, candidate), place, value, what
        if plain or not group.names:
            yield answer, place, value, "off"

    def _missed(self, group: Group, answer: Answer, place: int) -> Iterator[tuple[str, Candidate]]:
        """Values of the clause's field that keep the other clauses on it as they must be."""
        true, false = answer.true & group.mask, answer.false & group.mask
        number = self.circuit.atom[place]
        fitting = [c for c in self.pools.candidates(number) if c.truth & true == true and not c.truth & false]
        near = [c for c in fitting if c.what not in ("right", RECORDED, MISSING)]
        own = [c for c in near if c.of == number and c.what != "another case"]
        case = [c for c in near if c.what == "another case"]
        usual = [c for c in near if c.what == "usual"]
        right = [c for c in fitting if c.what == "right"]
        missing = [c for c in fitting if c.what == MISSING]
        chosen = [usual[:1] or right[:1], own[:1], case[:1], missing[:1]]
        yield from ((c.what if c.what != "right" else "excluded", c) for some in chosen for c in some)
        if missing and len(group.names) == 1:
            name = group.names[0]
            yield "null", Candidate({name: None}, missing[0].truth, "null")
            listed = [c.flat[name] for c in (usual[:1] + own[:1] + case[:1]) if name in c.flat]
            if group.lists and len(listed) > 1:
                yield "a list", Candidate({name: listed}, 0, "a list")

    def _judged(self, answers: Iterator[tuple[Answer, int, bool, str]]) -> list[Made]:
        """What holds of the promises, and is new."""
        asked = list(answers)
        flats = [self.whole(answer.flat) for answer, _, _, _ in asked]
        truths = self.circuit.truths([nested(flat) for flat in flats], START)
        found: list[Made] = []
        for flat, truth, (_, place, value, what) in zip(flats, truths, asked, strict=True):
            values = self.circuit.values(truth)
            deciding = self.circuit.deciding(values)
            key = repr(sorted(flat.items(), key=lambda item: item[0]))
            aimed = deciding[place] and values[place] == value
            if key in self._held or not (aimed or (what == "right" and values[0])):
                continue
            self._held[key] = truth
            self._done.update((p, values[p]) for p, counts in enumerate(deciding) if counts)
            found.append(Made(flat, values[0], place, value, what))
        self.made.extend(found)
        return found

    def whole(self, flat: Flat) -> Flat:
        """An event with what stands beside the query's fields."""
        return {**beside(self.base, [*flat, *self._names()]), **flat}

    def _names(self) -> list[str]:
        return [name for group in self.pools.groups.values() for name in group.names]

    @property
    def asked(self) -> frozenset[str]:
        """The fields that the query asks about."""
        return frozenset(self._names())
