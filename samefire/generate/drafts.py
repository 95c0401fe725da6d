"""Cases for a detection of any kind: what must fire and what must just not, each tried by the engine.

Events about single clauses come from `clausewise.py`; here is what the kinds of rules add: counts at their
boundary, histories, indicators, anomaly records. Sequences are in `lines.py`, ES|QL in `pipelines.py`. How cases
become files is up to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from samefire.generate.natural import usual
from samefire.generate.pool import names_of
from samefire.generate.skeleton import in_stream, skeleton
from samefire.query import detection as bodies
from samefire.query.ast import And, Leaf, Node, Not, Or, Term, Wild, Wildcard, walk
from samefire.query.dates import resolve
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
        match self.detection.body:
            case bodies.EventQuery(where=where):
                yield from self.events(where)
            case bodies.Threshold() as body:
                yield from self.threshold(body)
            case bodies.NewTerms() as body:
                yield from self.new_terms(body)
            case bodies.IndicatorMatch() as body:
                yield from self.indicators(body)
            case bodies.AnomalyThreshold() as body:
                yield from self.anomalies(body)
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
        missed = sorted((made for made in maker.made if not made.fires), key=lambda made: made.place)
        for place, some in groupby(missed, key=lambda made: made.place):
            yield place, list(some)

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

    # ---- thresholds

    def threshold(self, body: bodies.Threshold) -> Plan:
        size = max([body.value, *(least for _, least in body.cardinality), 1])
        if size > MOST:
            self.notes.append(f"a case of {size} events would be too long to read")
            return
        if size > MANY:
            self.base = {}
        maker = self.clausewise(body.where)
        good = [made for made in maker.made if made.fires]
        for at, made in enumerate(good[: self.limit if size <= MANY else 3]):
            name, about = self.told(maker, made)
            yield Draft(
                True,
                name if at else "exactly enough events",
                f"{size} events. {about}",
                self.burst(body, [made] * size),
            )
        if good:
            yield from self._too_few(body, good[0], size)
        for place, missed in self.misses(maker):
            several = [missed[at % len(missed)] for at in range(size)]
            yield self.missed(maker, place, self.burst(body, several), missed)

    def _too_few(self, body: bodies.Threshold, made: Made, size: int) -> Plan:
        enough = self.burst(body, [made] * size)
        yield Draft(False, "one event too few", f"{size - 1} events, one less than asked for.", enough[:-1])
        if body.fields and size > 1:
            other = self.burst(body, [made] * size, other=1)
            yield Draft(
                False,
                "spread over two groups",
                f"{size} events, the last with another {body.fields[0]}.",
                other,
            )
            name = body.fields[0]
            yield Draft(
                False,
                f"without {name}",
                f"{size} events without {name}.",
                self.burst(body, [made] * size, drop=name),
            )
        for name, least in body.cardinality:
            same = self.burst(body, [made] * max(size, body.value), few=(name, least - 1))
            yield Draft(
                False, f"too few values of {name}", f"Only {least - 1} different values of {name}.", same
            )

    def burst(
        self,
        body: bodies.Threshold,
        made: Sequence[Made],
        *,
        other: int = 0,
        drop: str = "",
        few: tuple[str, int] = ("", 0),
    ) -> tuple[Event, ...]:
        """An event for each, in one group; the last `other` in another one."""
        events = []
        for at, one in enumerate(made):
            flat = dict(one.flat)
            for name in body.fields:
                values = different(name, 2, flat.get(name), body.where, self.fields)
                flat[name] = values[1] if at >= len(made) - other else flat.get(name) or values[0]
            for name, _ in body.cardinality:
                values = different(name, len(made), flat.get(name), body.where, self.fields)
                flat[name] = values[at % few[1] if few[0] == name and few[1] > 0 else at]
            flat.pop(drop, None)
            events.append(self.event(flat, at))
        return tuple(events)

    # ---- new terms

    def new_terms(self, body: bodies.NewTerms) -> Plan:
        maker = self.clausewise(body.where)
        good = [replace(made, flat=self._with(made.flat, body.fields)) for made in maker.made if made.fires]
        for made in good:
            yield Draft(True, *self.told(maker, made), (self.event(made.flat),))
        if good:
            yield from self._histories(body, good[0])
        for place, missed in self.misses(maker):
            events = [
                self.event(self._with(one.flat, body.fields, keep=True), at) for at, one in enumerate(missed)
            ]
            yield self.missed(maker, place, events, missed)

    def _histories(self, body: bodies.NewTerms, made: Made) -> Plan:
        names = ", ".join(body.fields)
        now = self.event(made.flat)
        start = (resolve(body.window_start, START, round_up=False) - START) / SECOND
        seen = (self.event(made.flat, start + 60),)
        old = (self.event(made.flat, start - 1),)
        yield Draft(False, "seen before", f"The history holds the same {names}.", (now,), seen)
        yield Draft(
            True, "seen too long ago", f"The same {names}, but before the history begins.", (now,), old
        )
        for name in body.fields:
            values = different(name, 2, made.flat.get(name), body.where, self.fields)
            other = (self.event({**made.flat, name: values[1]}, start + 60),)
            yield Draft(True, f"another {name} before", f"The history holds another {name}.", (now,), other)
            without = {key: value for key, value in made.flat.items() if key != name}
            yield Draft(False, f"without {name}", f"The event has no {name}.", (self.event(without),))

    def _with(self, flat: Flat, names: Iterable[str], *, keep: bool = False) -> Flat:
        """The event with values for fields that a rule counts by; `keep`: also when they stand as missing."""
        filled = {
            n: usual(n, self.fields)[0] for n in names if flat.get(n) is None and not (keep and n in flat)
        }
        return {**flat, **filled}

    # ---- indicators

    def indicators(self, body: bodies.IndicatorMatch) -> Plan:
        maker = self.clausewise(body.where)
        exclusions = Not(Or(self.detection.exclusions))
        threats = Clausewise(And((body.indicators, exclusions)), self.fields, THREAT, seed=self.seed)
        threats.all(self.limit)
        threat = next((made.flat for made in threats.made if made.fires), dict(THREAT))
        good = [made for made in maker.made if made.fires]
        if not good:
            return
        for group in body.mapping:
            words = " and ".join(f"{entry.field} is {entry.value}" for entry in group)
            event, indicator = self._matched(good[0].flat, threat, group)
            yield Draft(True, words, f"An indicator matches: {words}.", (event,), (), (indicator,))
        group = body.mapping[0]
        yield from self._no_indicator(good[0].flat, threat, group)
        for made in good[1:]:
            event, indicator = self._matched(made.flat, threat, group)
            yield Draft(True, *self.told(maker, made), (event,), (), (indicator,))
        for place, missed in self.misses(maker):
            pairs = [self._matched(one.flat, threat, group) for one in missed]
            yield replace(
                self.missed(maker, place, [event for event, _ in pairs], missed), indicators=(pairs[0][1],)
            )
        for place, missed in self.misses(threats):
            pairs = [self._matched(good[0].flat, one.flat, group) for one in missed]
            draft = self.missed(threats, place, (pairs[0][0],), missed)
            yield replace(
                draft, name=f"indicator {draft.name}", indicators=tuple(found for _, found in pairs)
            )

    def _no_indicator(self, flat: Flat, threat: Flat, group: Sequence[bodies.IndicatorEntry]) -> Plan:
        event, indicator = self._matched(flat, threat, group, other=True)
        yield Draft(
            False, "another indicator", "The indicator has another value.", (event,), (), (indicator,)
        )
        yield Draft(False, "no indicator", "There is no indicator.", (event,))

    def _matched(
        self, flat: Flat, threat: Flat, group: Sequence[bodies.IndicatorEntry], *, other: bool = False
    ) -> tuple[Event, Event]:
        """An event and an indicator that a group of the mapping brings together; `other`: that it does not."""
        flat, threat = dict(flat), dict(threat)
        for entry in group:
            values = different(entry.field, 2, flat.get(entry.field), And(()), self.fields)
            flat[entry.field] = values[0]
            threat[entry.value] = values[1 if entry.negate is not other else 0]
        return self.event(flat), nested({"@timestamp": written(START - 3600 * SECOND), **threat})

    # ---- anomalies

    def anomalies(self, body: bodies.AnomalyThreshold) -> Plan:
        jobs = [job for job in body.jobs if job != "*"] or ["example_job"]
        right = anomaly(jobs[0], body.score)
        for job in jobs:
            words = f"{job} scored {body.score:g}"
            yield Draft(True, words, f"{words}, just enough.", (nested({**right, "job_id": job}),))
        yield Draft(
            True, "highest score", "A record that scored 100.", (nested({**right, "record_score": 100.0}),)
        )
        for name, about, changed in (
            (
                "score too low",
                f"The score is just below {body.score:g}.",
                {"record_score": max(body.score - 0.01, 0)},
            ),
            ("another job", "The record is of another job.", {"job_id": f"{jobs[0]}_other"}),
            ("interim", "The record is interim.", {"is_interim": True}),
            ("bucket", "A bucket, not a record.", {"result_type": "bucket"}),
            ("no score", "The record has no score.", {"record_score": None}),
        ):
            yield Draft(False, name, about, (nested({**right, **changed}),))


def anomaly(job: str, score: float) -> Flat:
    """An anomaly record as a machine-learning job writes it."""
    return {
        "@timestamp": written(START),
        "timestamp": written(START),
        "job_id": job,
        "result_type": "record",
        "is_interim": False,
        "record_score": float(score),
        "initial_record_score": float(score),
        "probability": 0.00012,
        "bucket_span": 900,
        "detector_index": 0,
        "host.name": ["ws-0142"],
        "user.name": ["dana"],
    }


THREAT: Flat = {
    "@timestamp": written(START - 3600 * SECOND),
    "event.kind": "enrichment",
    "event.category": "threat",
    "event.type": "indicator",
    "threat.feed.name": "example feed",
}
_KINDS = {
    "usual": "another value",
    "missing": "the field missing",
    "null": "null",
    "a list": "a list of other values",
}


def asked_names(detection: Detection) -> frozenset[str]:
    """The document fields that a detection asks about."""
    found: set[str] = set()
    for node in queries(detection.body):
        found |= {name for atom in Circuit.of(node).atoms for name in names_of(atom)}
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


def different(name: str, count: int, known: Any, where: Node, fields: FieldTypes) -> list[Any]:
    """So many different values of a field, the known one first, of a form that the query asks for."""
    kind = fields.get(name)
    first = [known] if isinstance(known, str | int | float) and not isinstance(known, bool) else []
    if kind is not None and kind.type == "ip":
        made: list[Any] = [f"81.2.{at // 250 + 69}.{at % 250 + 1}" for at in range(count + 1)]
    elif kind is not None and kind.type in ("long", "integer", "short", "byte", "double", "float"):
        made = [at + 1 for at in range(count + 1)]
    else:
        made = [_numbered(name, at, first, where, fields) for at in range(count + 1)]
    return list({repr(value): value for value in [*first, *made]}.values())[: max(count, 1)]


def _numbered(name: str, at: int, first: Sequence[Any], where: Node, fields: FieldTypes) -> str:
    for part in walk(where):
        if isinstance(part, Leaf) and part.reads == name and isinstance(part.test, Wildcard):
            pattern = part.test.pattern
            return "".join(p if isinstance(p, str) else f"{at}" if p is Wild.MANY else "x" for p in pattern)
    stem = str(first[0] if first else usual(name, fields)[0])
    return f"{stem}-{at + 1}"


Make = Callable[[Flat], Event]
