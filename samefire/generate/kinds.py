"""What the kinds of rules add to events about clauses: counts at their boundary, histories, indicators, anomaly
records.

The clauses themselves are `clausewise.py`'s; `drafts.py` tries every case before it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from samefire.fields import FieldTypes
from samefire.generate.build import Flat, nested
from samefire.generate.clausewise import START, Clausewise, Made
from samefire.generate.drafts import MANY, MOST, Draft, Event, Plan
from samefire.generate.moments import SECOND, written
from samefire.generate.natural import usual
from samefire.query import detection as bodies
from samefire.query.ast import And, AtLeast, Leaf, Node, Not, Or, Wild, Wildcard
from samefire.query.dates import resolve

if TYPE_CHECKING:
    from samefire.generate.drafts import Maker


# ---- thresholds


def threshold(maker: Maker, body: bodies.Threshold) -> Plan:
    size = max([body.value, *(least for _, least in body.cardinality), 1])
    if size > MOST:
        maker.notes.append(f"a case of {size} events would be too long to read")
        return
    if size > MANY:
        maker.base = {}
    query = maker.clausewise(body.where)
    good = [made for made in query.made if made.fires]
    for at, made in enumerate(good[: maker.limit if size <= MANY else 3]):
        name, about = maker.told(query, made)
        yield Draft(
            True,
            name if at else "exactly enough events",
            f"{size} events. {about}",
            burst(maker, body, [made] * size),
        )
    if good:
        yield from _too_few(maker, body, good[0], size)
    for place, missed in maker.misses(query):
        several = [missed[at % len(missed)] for at in range(size)]
        yield maker.missed(query, place, burst(maker, body, several), missed)


def _too_few(maker: Maker, body: bodies.Threshold, made: Made, size: int) -> Plan:
    enough = burst(maker, body, [made] * size)
    yield Draft(False, "one event too few", f"{size - 1} events, one less than asked for.", enough[:-1])
    if body.fields and size > 1:
        other = burst(maker, body, [made] * size, other=1)
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
            burst(maker, body, [made] * size, drop=name),
        )
    for name, least in body.cardinality:
        same = burst(maker, body, [made] * max(size, body.value), few=(name, least - 1))
        yield Draft(False, f"too few values of {name}", f"Only {least - 1} different values of {name}.", same)


def burst(
    maker: Maker,
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
            values = different(name, 2, flat.get(name), body.where, maker.fields)
            flat[name] = values[1] if at >= len(made) - other else flat.get(name) or values[0]
        for name, _ in body.cardinality:
            values = different(name, len(made), flat.get(name), body.where, maker.fields)
            flat[name] = values[at % few[1] if few[0] == name and few[1] > 0 else at]
        flat.pop(drop, None)
        events.append(maker.event(flat, at))
    return tuple(events)


# ---- new terms


def new_terms(maker: Maker, body: bodies.NewTerms) -> Plan:
    query = maker.clausewise(body.where)
    good = [replace(made, flat=_with(maker, made.flat, body.fields)) for made in query.made if made.fires]
    for made in good:
        yield Draft(True, *maker.told(query, made), (maker.event(made.flat),))
    if good:
        yield from _histories(maker, body, good[0])
    for place, missed in maker.misses(query):
        events = [
            maker.event(_with(maker, one.flat, body.fields, keep=True), at) for at, one in enumerate(missed)
        ]
        yield maker.missed(query, place, events, missed)


def _histories(maker: Maker, body: bodies.NewTerms, made: Made) -> Plan:
    names = ", ".join(body.fields)
    now = maker.event(made.flat)
    start = (resolve(body.window_start, START, round_up=False) - START) / SECOND
    seen = (maker.event(made.flat, start + 60),)
    old = (maker.event(made.flat, start - 1),)
    yield Draft(False, "seen before", f"The history holds the same {names}.", (now,), seen)
    yield Draft(True, "seen too long ago", f"The same {names}, but before the history begins.", (now,), old)
    for name in body.fields:
        values = different(name, 2, made.flat.get(name), body.where, maker.fields)
        other = (maker.event({**made.flat, name: values[1]}, start + 60),)
        yield Draft(True, f"another {name} before", f"The history holds another {name}.", (now,), other)
        without = {key: value for key, value in made.flat.items() if key != name}
        yield Draft(False, f"without {name}", f"The event has no {name}.", (maker.event(without),))


def _with(maker: Maker, flat: Flat, names: Iterable[str], *, keep: bool = False) -> Flat:
    """The event with values for fields that a rule counts by; `keep`: also when they stand as missing."""
    filled = {n: usual(n, maker.fields)[0] for n in names if flat.get(n) is None and not (keep and n in flat)}
    return {**flat, **filled}


# ---- indicators


def indicators(maker: Maker, body: bodies.IndicatorMatch) -> Plan:
    query = maker.clausewise(body.where)
    exclusions = Not(Or(maker.detection.exclusions))
    threats = Clausewise(And((body.indicators, exclusions)), maker.fields, THREAT, seed=maker.seed)
    threats.all(maker.limit)
    threat = next((made.flat for made in threats.made if made.fires), dict(THREAT))
    good = [made for made in query.made if made.fires]
    if not good:
        return
    for group in body.mapping:
        words = " and ".join(f"{entry.field} is {entry.value}" for entry in group)
        event, indicator = _matched(maker, good[0].flat, threat, group)
        yield Draft(True, words, f"An indicator matches: {words}.", (event,), (), (indicator,))
    group = body.mapping[0]
    yield from _no_indicator(maker, good[0].flat, threat, group)
    for made in good[1:]:
        event, indicator = _matched(maker, made.flat, threat, group)
        yield Draft(True, *maker.told(query, made), (event,), (), (indicator,))
    for place, missed in maker.misses(query):
        pairs = [_matched(maker, one.flat, threat, group) for one in missed]
        yield replace(
            maker.missed(query, place, [event for event, _ in pairs], missed), indicators=(pairs[0][1],)
        )
    for place, missed in maker.misses(threats):
        pairs = [_matched(maker, good[0].flat, one.flat, group) for one in missed]
        draft = maker.missed(threats, place, (pairs[0][0],), missed)
        yield replace(draft, name=f"indicator {draft.name}", indicators=tuple(found for _, found in pairs))


def _no_indicator(maker: Maker, flat: Flat, threat: Flat, group: Sequence[bodies.IndicatorEntry]) -> Plan:
    event, indicator = _matched(maker, flat, threat, group, other=True)
    yield Draft(False, "another indicator", "The indicator has another value.", (event,), (), (indicator,))
    yield Draft(False, "no indicator", "There is no indicator.", (event,))


def _matched(
    maker: Maker, flat: Flat, threat: Flat, group: Sequence[bodies.IndicatorEntry], *, other: bool = False
) -> tuple[Event, Event]:
    """An event and an indicator that a group of the mapping brings together; `other`: that it does not."""
    flat, threat = dict(flat), dict(threat)
    for entry in group:
        values = different(entry.field, 2, flat.get(entry.field), And(()), maker.fields)
        flat[entry.field] = values[0]
        threat[entry.value] = values[1 if entry.negate is not other else 0]
    return maker.event(flat), nested({"@timestamp": written(START - 3600 * SECOND), **threat})


# ---- anomalies


def anomalies(maker: Maker, body: bodies.AnomalyThreshold) -> Plan:
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


def _wanted(node: Node) -> Iterator[Leaf]:
    """The clauses that stand below no `not`."""
    match node:
        case And(children=children) | Or(children=children) | AtLeast(children=children):
            for child in children:
                yield from _wanted(child)
        case Leaf():
            yield node
        case _:
            return


def _numbered(name: str, at: int, first: Sequence[Any], where: Node, fields: FieldTypes) -> str:
    for part in _wanted(where):
        if part.reads == name and isinstance(part.test, Wildcard):
            pattern = part.test.pattern
            return "".join(p if isinstance(p, str) else f"{at}" if p is Wild.MANY else "x" for p in pattern)
    stem = str(first[0] if first else usual(name, fields)[0])
    return f"{stem}-{at + 1}"
