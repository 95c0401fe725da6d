"""Cases for ES|QL pipelines: events that pass the conditions on rows, in the number and variety that groups ask for.

The conditions on single rows are solved by `rowtests.py`; what is asked of groups is found by trial, around the
numbers that the query names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from samefire.generate.branches import branches, conditions
from samefire.generate.build import Flat, nested
from samefire.generate.clausewise import START, Clausewise, Made
from samefire.generate.climb import Climb, Found
from samefire.generate.drafts import Draft, Event, Plan
from samefire.generate.kinds import different
from samefire.generate.literals import NUMERIC
from samefire.generate.natural import usual
from samefire.generate.rowtests import RowCircuit, RowPools, row_circuit
from samefire.query.ast import And
from samefire.query.detection import Pipeline
from samefire.query.pipeline import Apply, Compute, Expression, Filter, Literal, Refused, Summarise, walk

if TYPE_CHECKING:
    from samefire.generate.drafts import Maker

TRIALS = 260
"""Sets of events that are tried for what is asked of groups."""
FEW = 4
"""Events of each kind of row that groups are made of."""
MOST = 1500
LARGE = 50_000_000


@dataclass(frozen=True, slots=True)
class _Trial:
    """How to make a set of events: `count` of them, from the first or in turn from all that pass (`mixed`), the
    fields in `varied` different in each, numbers large or not, `step` seconds between two."""

    count: int
    mixed: bool
    varied: tuple[str, ...]
    large: bool
    step: float


def pipelines(maker: Maker, body: Pipeline) -> Plan:
    """The cases of one pipeline."""
    refused = next((c.reason for c in body.commands if isinstance(c, Refused)), None)
    if refused is not None:
        maker.notes.append(refused)
        return
    yield from _Rows(maker, body).all()


def untold(conditions: Iterable[str]) -> list[str]:
    """Notes of conditions, as they are written, that nothing was found for."""
    return [f"nothing tried satisfies `{shown}`" for shown in dict.fromkeys(conditions) if shown][:3]


class _Rows:
    """Makes the cases of one pipeline."""

    def __init__(self, maker: Maker, body: Pipeline) -> None:
        self.maker = maker
        self.body = body
        self.circuit, self.tracer = row_circuit(body)
        self.query = self._asked(body, self.circuit)
        self.query.all(maker.limit)
        self.good = [made for made in self.query.made if made.fires]
        self.groups = [c for c in self.tracer.rest if isinstance(c, Summarise)]

    def all(self) -> Plan:
        if not self.good and not self.circuit.refusals:
            self.maker.notes.extend(untold(self._never()))
        if not self.groups:
            yield from self._single()
            self.maker.notes.extend(self.circuit.refusals[:1])
            return
        found = next((trial for trial in islice(self._trials(), TRIALS // 2) if self._fires(trial)), None)
        if found is None:
            yield from self._climbed()
            return
        yield Draft(
            True, "enough events", f"{found.count} events that the query asks for.", self._events(found)
        )
        yield from self._fewer(found)
        for place, missed in self.maker.misses(self.query):
            events = self._events(found, missed)
            yield self.maker.missed(self.query, place, events, missed)

    def _never(self) -> Iterator[str]:
        """The conditions on rows that no value satisfies which was tried."""
        pools = self.query.pools
        for number, atom in enumerate(self.circuit.atoms):
            if isinstance(atom.expression, Apply) and not any(
                one.truth >> number & 1 for one in pools.candidates(number)
            ):
                yield atom.expression.shown

    def _single(self) -> Plan:
        for made in self.good:
            yield Draft(True, *self.maker.told(self.query, made), (self.maker.event(made.flat),))
        for place, missed in self.maker.misses(self.query):
            for one in missed:
                event = (self.maker.event(one.flat),)
                yield self.maker.missed(self.query, place, event, [one])

    def _fewer(self, found: _Trial) -> Plan:
        """One event less, as often as it takes; and nothing different where differences count."""
        for count in range(found.count - 1, max(found.count - 6, 0), -1):
            yield Draft(
                False, f"{count} events", f"{count} events.", self._events(replace(found, count=count))
            )
        if found.varied:
            yield Draft(
                False, "all alike", "The events do not differ.", self._events(replace(found, varied=()))
            )
        for name in self._grouped()[:3]:
            events = tuple(self._without(event, name) for event in self._events(found))
            yield Draft(False, f"without {name}", f"The events without {name}.", events)

    def _without(self, event: Event, name: str) -> Event:
        from samefire.generate.build import flattened

        return nested({key: value for key, value in flattened(event).items() if key != name})

    # ---- trials

    def _climbed(self) -> Plan:
        """Cases around events that were found step by step."""
        self.maker.notes.extend(self.circuit.refusals[:1])
        named = self._named()
        pools = {n: named[n] for n in named if n in self.decisive} if self.decisive else named

        def different_values(name: str, count: int) -> list[Any]:
            return different(name, count, None, And(()), self.maker.fields)

        climb = Climb(self.body, pools, different_values, [*self._counts(), 8, 12], self._made)
        kinds = [made.flat for made in self.good]
        kinds += [flat for body in branches(self.body) for flat in self._solved(body)]
        found = climb.search(kinds, self._holds, self.maker.seed) if kinds else None
        if found is None:
            self.maker.notes.extend(untold(climb.missing))
            return
        events = self._made(found)
        yield Draft(True, "enough events", f"{len(events)} events that the query asks for.", events)
        for count in range(len(events) - 1, max(len(events) - 8, 0), -1):
            yield Draft(False, f"{count} events", f"{count} events.", events[:count])
        for place, missed in self.maker.misses(self.query):
            names_off = list(self.query.pools.groups[self.circuit.atom[place]].names)
            for one in missed:
                off = [{**flat, **{n: one.flat.get(n) for n in names_off}} for flat in found.flats]
                changed = self._made(Found(off, found.times))
                yield self.maker.missed(self.query, place, changed, [one])

    def _solved(self, body: Pipeline) -> list[Flat]:
        """Events that pass the conditions on rows of a pipeline like this one."""
        query = self._asked(body, row_circuit(body)[0])
        return [made.flat for made in query.all(FEW) if made.fires][:FEW]

    def _asked(self, body: Pipeline, circuit: RowCircuit) -> Clausewise:
        """What a pipeline asks of rows, to be solved."""
        fields, seed = self.maker.fields, self.maker.seed
        pools = RowPools(circuit, fields, seed, START, body)
        return Clausewise(And(()), fields, self.maker.base, seed=seed, circuit=circuit, pools=pools)

    @cached_property
    def decisive(self) -> frozenset[str]:
        """The fields that groups are made of, and that what is asked of them follows from."""
        return self.tracer.decisive(self.tracer.rest)

    def _made(self, found: Found) -> tuple[Event, ...]:
        pairs = sorted(zip(found.times, range(len(found.flats)), strict=True))
        return tuple(self.maker.event(found.flats[at], time) for time, at in pairs)

    def _holds(self, found: Found) -> bool:
        return self.maker.fires(self._made(found))

    def _trials(self) -> Iterator[_Trial]:
        varied = self._varied()
        counted = self._counted()
        options = [(), counted, varied, *((name,) for name in varied)]
        options += [tuple(n for n in varied if n != name) for name in varied]
        choices = list(dict.fromkeys(options))
        for count, large, mixed in product(self._counts(), (False, True), (False, True)):
            for names in choices[:12]:
                if large and count > 60:
                    continue
                yield _Trial(count, mixed, names, large, 1.0)

    def _counts(self) -> list[int]:
        """How many events to try: few, then around the numbers that the query names."""
        asks = [c.condition for c in self.tracer.rest if isinstance(c, Filter)]
        asks += conditions(e for c in self.tracer.rest if isinstance(c, Compute) for _, e in c.columns)
        values = [part.value for one in asks for part in walk(one) if isinstance(part, Literal)]
        whole = [int(v) for v in values if isinstance(v, int | float) and v is not True]
        numbers = {n for value in whole for n in (value, value + 1)}
        asked = sorted(n for n in numbers if 1 < n <= MOST)
        return list(dict.fromkeys([1, 2, *asked, 3, 5]))

    def _grouped(self) -> list[str]:
        return list(dict.fromkeys(n for c in self.groups for _, e in c.groups for n in self._reads(e)))

    def _counted(self) -> tuple[str, ...]:
        """Fields whose different values are counted."""
        counted = (r for c in self.groups for r in c.reductions if r.function == "count_distinct")
        return tuple(dict.fromkeys(n for r in counted for e in r.arguments for n in self._reads(e)))

    def _varied(self) -> tuple[str, ...]:
        found = [*self._counted(), *self._grouped()]
        found += [n for c in self.groups for r in c.reductions for e in r.arguments for n in self._reads(e)]
        return tuple(dict.fromkeys(n for n in found if n != "@timestamp"))[:8]

    def _numeric(self, name: str) -> bool:
        """Whether a field holds numbers: by its type, or because the query averages or adds it up."""
        if self.tracer.kinds.get(name) in NUMERIC:
            return True
        summed = (r for c in self.groups for r in c.reductions if r.function in ("avg", "sum", "max"))
        return self.tracer.kinds.get(name) == "dynamic" and any(
            name in self._reads(e) for r in summed for e in r.arguments
        )

    def _reads(self, expression: Expression) -> tuple[str, ...]:
        return self.tracer.of([expression])[0]

    def _fires(self, trial: _Trial) -> bool:
        return bool(self.good) and self.maker.fires(self._events(trial))

    def _events(self, trial: _Trial, among: Sequence[Made] = ()) -> tuple[Event, ...]:
        pool = list(among) or self.good
        flats = [dict(pool[at % len(pool) if trial.mixed or among else 0].flat) for at in range(trial.count)]
        for name in dict.fromkeys([*self._grouped(), *self._varied()]):
            self._vary(flats, name, trial)
        return tuple(self.maker.event(flat, at * trial.step) for at, flat in enumerate(flats))

    def _named(self) -> dict[str, list[Any]]:
        """For each field behind groups the values that the query compares it with, and that the conditions on
        rows allow where they ask about it."""
        names = dict.fromkeys([*self.tracer.kinds, *sorted(self.decisive)])
        return {name: self._allowed(name) for name in names if name != "@timestamp"}

    def _allowed(self, name: str) -> list[Any]:
        literals = [one for found in self.tracer.computed(name) for one in found]
        pools = self.query.pools
        assert isinstance(pools, RowPools)
        values = [*pools.around(literals, name), *usual(name, self.maker.fields)[:2]]
        values = list({repr(v): v for v in values if not isinstance(v, str) or len(v) < 400}.values())
        values = [*values[:60], *self._like(name)]
        if name not in self.query.asked or not self.good:
            return values
        truths = self.circuit.truths([nested({**self.good[0].flat, name: value}) for value in values])
        return [v for v, t in zip(values, truths, strict=True) if self.circuit.values(t)[0]]

    def _like(self, name: str) -> list[Any]:
        """What a field holds in the events that pass, with something after it."""
        held = [made.flat[name] for made in self.good[:3] if isinstance(made.flat.get(name), str)]
        return [f"{value}{at}" for value in dict.fromkeys(held) for at in range(1, 13)]

    def _vary(self, flats: Sequence[Flat], name: str, trial: _Trial) -> None:
        """Values for a field that groups are made of or that is counted."""
        known = flats[0].get(name)
        numeric = self._numeric(name)
        values = different(name, len(flats) + 1, known, And(()), self.maker.fields)
        for at, flat in enumerate(flats):
            if name in flat and flat[name] is None:
                continue
            if name in trial.varied:
                flat[name] = values[at % len(values)]
            elif numeric and trial.large and name not in self.query.asked:
                flat[name] = LARGE
            elif name not in flat and name not in self.query.asked:
                flat[name] = values[0]
