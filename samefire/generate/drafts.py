"""Cases for a detection of any kind: what must fire and what must just not, each tried by the engine.

Events about single clauses come from `clausewise.py`, what the kinds of rules add from `kinds.py`; sequences are in
`lines.py`, ES|QL in `pipelines.py`. How cases become files is up to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.circuit import Circuit
from samefire.engine.run import Runner, narrowed, queries
from samefire.fields import FieldTypes
from samefire.generate.build import Flat, nested
from samefire.generate.clausewise import START, Clausewise, Made
from samefire.generate.moments import SECOND, written
from samefire.generate.naming import Names, clause
from samefire.generate.pool import names_of
from samefire.generate.skeleton import in_stream, skeleton
from samefire.query import detection as bodies
from samefire.query.ast import Leaf, Node, Term, walk
from samefire.query.detection import Detection

Event = Mapping[str, Any]
LIMIT = 60
"""Alternatives of a query that get a positive case of their own."""
MANY = 20
"""Events of a case from which on they hold no more than the query asks."""
MOST = 5000
"""Events of one case."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One case that is not yet a file: `about` tells what it is for, `name` is its file's name without ending."""

    positive: bool
    name: str
    about: str
    events: tuple[Event, ...]
    history: tuple[Event, ...] = ()
    indicators: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafts:
    """Cases, and what is missing among them and why."""

    cases: tuple[Draft, ...]
    notes: tuple[str, ...] = ()

    def of(self, positive: bool) -> list[Draft]:
        return [one for one in self.cases if one.positive is positive]


Plan = Iterator[Draft]


def drafts(
    detection: Detection,
    fields: FieldTypes,
    *,
    seed: int = 0,
    limit: int = LIMIT,
    base: Flat | None = None,
    recorded: Flat | None = None,
) -> Drafts:
    """Cases of a detection. `base` is what stands in each event beside the query's fields; None: what is usual
    for the rule's data. `recorded`: values that the query's fields get where they may. The same arguments
    always give the same cases."""
    maker = Maker(detection, fields, seed, limit, base, recorded)
    kept = [draft for draft in maker.plan() if maker.holds(draft)]
    named = _named(kept)
    notes = list(maker.notes)
    if not any(draft.positive for draft in named):
        notes.append("no event was found that makes the rule fire")
    elif all(draft.positive for draft in named):
        notes.append("no event was found that just misses the rule")
    return Drafts(tuple(named), tuple(dict.fromkeys(notes)))


def _named(kept: Iterable[Draft]) -> list[Draft]:
    names = {True: Names(), False: Names()}
    return [replace(draft, name=names[draft.positive].new(draft.name)) for draft in kept]


class Maker:
    """Makes the cases of one detection; `notes` tells what is left out."""

    def __init__(
        self,
        detection: Detection,
        fields: FieldTypes,
        seed: int,
        limit: int,
        base: Flat | None,
        recorded: Flat | None = None,
    ) -> None:
        self.recorded = recorded or {}
        self.asked = asked_names(detection)
        self.queried = queried_names(detection)
        self.detection = detection
        self.fields = fields
        self.seed = seed
        self.limit = limit
        self.notes: list[str] = []
        self.base = base if base is not None else skeleton(detection.scope.index, _category(detection))
        self._runner = Runner([detection])

    def holds(self, draft: Draft) -> bool:
        """Whether the engine says of a case what it says of itself."""
        if not draft.events or len(draft.events) > MOST:
            return False
        context = Context(history=draft.history, indicators=draft.indicators)
        alerts = self._runner.run(draft.events, context)[0]
        return alerts.failure is None and (len(alerts) > 0) is draft.positive

    def fires(self, events: Sequence[Event]) -> bool:
        """Whether events alone make the rule fire."""
        return len(self._runner.run(events, Context())[0]) > 0

    def plan(self) -> Plan:
        from samefire.generate import kinds

        match self.detection.body:
            case bodies.EventQuery(where=where):
                yield from self.events(where)
            case bodies.Threshold() as body:
                yield from kinds.threshold(self, body)
            case bodies.NewTerms() as body:
                yield from kinds.new_terms(self, body)
            case bodies.IndicatorMatch() as body:
                yield from kinds.indicators(self, body)
            case bodies.AnomalyThreshold() as body:
                yield from kinds.anomalies(self, body)
            case bodies.Sequence() | bodies.Sample() as body:
                from samefire.generate.lines import Lines

                yield from Lines(self, body).all()
            case bodies.Pipeline() as body:
                from samefire.generate.pipelines import pipelines

                yield from pipelines(self, body)
            case bodies.Correlation():
                self.notes.append("correlations are generated from the rule, not from its Sigma form")

    # ---- events about clauses

    def clausewise(self, where: Node) -> Clausewise:
        """All events about a query's clauses, made."""
        maker = Clausewise(
            narrowed(where, self.detection), self.fields, self.base, seed=self.seed, recorded=self.recorded
        )
        maker.all(self.limit)
        left = len(maker.circuit.clauses) - self.limit
        if left > 0 and sum(one.fires for one in maker.made) >= self.limit:
            self.notes.append(f"only the first {self.limit} alternatives have a positive case (--limit)")
        return maker

    def events(self, where: Node) -> Plan:
        maker = self.clausewise(where)
        for made, event in self.positives(maker):
            yield Draft(True, *self.told(maker, made), (event,))
        for place, missed in self.misses(maker):
            yield self.missed(
                maker, place, [self.event(one.flat, at) for at, one in enumerate(missed)], missed
            )

    def positives(self, maker: Clausewise) -> Iterator[tuple[Made, Event]]:
        for made in maker.made:
            if made.fires:
                yield made, self.event(made.flat)

    def misses(self, maker: Clausewise) -> Iterator[tuple[int, list[Made]]]:
        """Near misses by the clause that they miss."""
        told = (made for made in maker.made if not made.fires and self._speaks(made.flat))
        missed = sorted(told, key=lambda made: made.place)
        for place, some in groupby(missed, key=lambda made: made.place):
            yield place, list(some)

    def _speaks(self, flat: Flat) -> bool:
        """Whether an event has any field of the query: one that has none proves nothing."""
        return not self.queried or any(flat.get(name) is not None for name in self.queried)

    def told(self, maker: Clausewise, made: Made) -> tuple[str, str]:
        """The name and the description of a positive."""
        words = clause(maker.circuit.nodes[made.place])
        told = words if made.value else f"without {words}"
        return told, f"Fires through: {told}." if made.place else "Satisfies the query."

    def missed(self, maker: Clausewise, place: int, events: Sequence[Event], missed: Sequence[Made]) -> Draft:
        """The near misses of one clause, as one case."""
        words = clause(maker.circuit.nodes[place])
        kinds = ", ".join(dict.fromkeys(_KINDS.get(one.what, one.what) for one in missed))
        if missed[0].value:
            return Draft(
                False, f"excluded {words}", f"All but an exclusion, which is met: {words}.", tuple(events)
            )
        return Draft(
            False, f"not {words}", f"All but one clause holds: {words}. In turn: {kinds}.", tuple(events)
        )

    def event(self, flat: Flat, seconds: float = 0) -> Event:
        """An event `seconds` after the start."""
        stamps = self.detection.scope.timestamp_fields
        names = ["@timestamp"] if "@timestamp" in stamps else ["@timestamp", stamps[0]]
        timed = dict.fromkeys(names, written(START + round(seconds * SECOND)))
        flat = in_stream(flat, self.detection.scope.index, self.asked)
        return nested({**flat, **timed} if seconds else {**timed, **flat})


_KINDS = {
    "usual": "another value",
    "missing": "the field missing",
    "null": "null",
    "a list": "a list of other values",
}


def queried_names(detection: Detection) -> frozenset[str]:
    """The document fields that the queries of a detection ask about."""
    circuits = map(Circuit.of, queries(detection.body))
    return frozenset(name for circuit in circuits for atom in circuit.atoms for name in names_of(atom))


def asked_names(detection: Detection) -> frozenset[str]:
    """The document fields that a detection asks about: those of its queries, its keys, and what it counts by."""
    found = set(queried_names(detection))
    for name in ("fields", "cardinality"):
        found |= {one if isinstance(one, str) else one[0] for one in getattr(detection.body, name, ())}
    stages = getattr(detection.body, "stages", ())
    return frozenset(found | {key.reads for stage in stages for key in stage.keys})


def _category(detection: Detection) -> str:
    """The event category that a query asks for first."""
    body = detection.body
    where = (
        body.stages[0].where
        if isinstance(body, bodies.Sequence | bodies.Sample)
        else getattr(body, "where", None)
    )
    for part in walk(where) if where is not None else ():
        if isinstance(part, Leaf) and part.field == "event.category" and isinstance(part.test, Term):
            return part.test.value
    return ""
