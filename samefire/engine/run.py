"""Runs detections over events: the query of each, its frame, and how its rule type counts alerts.

`Runner` shares one matching plan over all detections of a run. What is more than one event lies in
`aggregate.py`, `sequence.py`, `correlation.py`, `pipeline.py`, loaded when a detection needs them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from samefire.engine import aggregate, scope
from samefire.engine.alerts import Alert, Alerts, Context
from samefire.engine.events import Events
from samefire.engine.limits import limited_events
from samefire.engine.match import Plan
from samefire.engine.scope import Frame
from samefire.engine.suppression import suppress
from samefire.engine.values import text
from samefire.query import detection as bodies
from samefire.query.ast import TRUE, And, Node, Not, Or
from samefire.query.dates import DateError, resolve
from samefire.query.detection import Body, Detection, Pipeline
from samefire.query.wording import wording

if TYPE_CHECKING:
    from samefire.engine import pipeline
    from samefire.engine.rows.table import Setting

Documents = Events | Sequence[Mapping[str, Any]]


def run(detection: Detection, events: Documents, context: Context | None = None) -> Alerts:
    """The alerts of one detection."""
    return Runner([detection]).run(events, context)[0]


def run_many(
    detections: Sequence[Detection], events: Documents, context: Context | None = None
) -> list[Alerts]:
    """The alerts of each detection over the same events."""
    return Runner(detections).run(events, context)


class Runner:
    """Detections made ready to run together, again and again."""

    def __init__(self, detections: Sequence[Detection]) -> None:
        self.detections = list(detections)
        self._places: list[dict[int, int]] = []
        nodes: list[Node] = []
        for one in self.detections:
            places: dict[int, int] = {}
            for node in queries(one.body):
                places[id(node)] = len(nodes)
                nodes.append(narrowed(node, one))
            self._places.append(places)
        self._plan = Plan(nodes)

    def run(self, events: Documents, context: Context | None = None) -> list[Alerts]:
        """The alerts of each detection, in their order. Without `context.now` the clock is the newest
        event's time, and no look-back cuts events off."""
        data = events if isinstance(events, Events) else Events.of(events)
        given = context or Context()
        now = given.now if given.now is not None else newest(data)
        if any(one.expiries for one in self.detections):
            return _without_expired(self.detections, data, given, now)
        hits = self._plan.run(data, replace(given, now=now))
        frames: dict[object, Frame] = {}
        out: list[Alerts] = []
        for one, places in zip(self.detections, self._places, strict=True):
            failure = next((hits.failures[p] for p in places.values() if hits.failures[p]), None)
            if failure is not None:
                out.append(Alerts(failure=failure))
                continue
            found = {key: hits.ordinals[place] for key, place in places.items()}
            out.append(_alerts(one, _Run(one, data, given, now, found), frames))
        return out


def _without_expired(
    detections: Sequence[Detection], events: Events, context: Context, now: int
) -> list[Alerts]:
    """The alerts when exceptions that have expired hold no longer, which is told."""
    alerts = Runner([unexpired(one, now) for one in detections]).run(events, context)
    told = [tuple(_expired(one, now)) for one in detections]
    return [replace(found, notes=(*notes, *found.notes)) for found, notes in zip(alerts, told, strict=True)]


def unexpired(detection: Detection, now: int) -> Detection:
    """The detection as it is at a moment (nanoseconds), without the exceptions that have expired by then."""
    if not detection.expiries:
        return detection
    pairs = zip(detection.exclusions, detection.expiries, strict=True)
    kept = tuple(node for node, end in pairs if end is None or end >= now)
    return replace(detection, exclusions=kept, expiries=())


def _expired(detection: Detection, now: int) -> Iterator[str]:
    for node, end in zip(detection.exclusions, detection.expiries, strict=False):
        if end is not None and end < now:
            yield f"the {wording(node)} expired {scope.duration(now - end)} before"


def newest(events: Events) -> int:
    """The newest event's time, in nanoseconds since the epoch; 0 when no event has one."""
    return max((time for time in events.times() if time is not None), default=0)


def narrowed(node: Node, detection: Detection) -> Node:
    """The query of events together with the detection's filters and exceptions."""
    parts = [node]
    if detection.filters != TRUE:
        parts.append(detection.filters)
    if detection.exclusions:
        parts.append(Not(Or(detection.exclusions)))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def queries(body: Body) -> Iterator[Node]:
    """The nodes that a body asks single events about, in a fixed order. An anomaly rule asks by itself, but
    its filters and exceptions are asked of every record."""
    match body:
        case bodies.Sequence(stages=stages, until=until):
            yield from (stage.where for stage in stages)
            if until is not None:
                yield until.where
        case bodies.Sample(stages=stages):
            yield from (stage.where for stage in stages)
        case bodies.Correlation(rules=rules):
            for _, rule in rules:
                yield from queries(rule)
        case bodies.AnomalyThreshold():
            yield TRUE
        case Pipeline(queries=asked):
            yield TRUE
            yield from asked
        case _:
            yield body.where


@dataclass(frozen=True, slots=True)
class _Run:
    """One detection in one run. `found`: the ordinals of each query's events, by the node's identity; `notes`
    what a body wants to tell."""

    detection: Detection
    events: Events
    context: Context
    now: int
    found: Mapping[int, Sequence[int]]
    notes: list[str] = field(default_factory=list)

    def frame(self, frames: dict[object, Frame]) -> Frame:
        """What the scope leaves; shared by detections of the same scope."""
        given = self.detection.scope
        if isinstance(self.detection.body, bodies.AnomalyThreshold):
            given = replace(given, index=(), timestamp_fields=("timestamp", *given.timestamp_fields))
        key = (
            given.index,
            given.lookback_from,
            given.lookback_to,
            given.timestamp_fields,
            given.window_fields,
        )
        known = frames.get(key)
        if known is None:
            known = frames[key] = scope.frame(given, self.events, self.context.now)
        return known

    def hits(self, node: Node, frame: Frame) -> list[int]:
        """The events in the frame that satisfy a query, oldest first."""
        return in_time(frame.keep(self.found[id(node)]), frame.times)


def in_time(ordinals: Sequence[int], times: Sequence[int | None]) -> list[int]:
    """Ordinals by time, then in their own order; events without a time come last."""
    return sorted(ordinals, key=lambda i: (times[i] is None, times[i] or 0, i))


def _alerts(detection: Detection, one: _Run, frames: dict[object, Frame]) -> Alerts:
    try:
        frame = one.frame(frames)
        result = _BODIES[type(detection.body)](detection.body, one, frame)
    except DateError as error:
        return Alerts(failure=str(error))
    except Refused as refused:
        return Alerts(failure=str(refused))
    return _finished(detection, one, result, (*frame.notes, *one.notes))


def _finished(detection: Detection, one: _Run, alerts: list[Alert], notes: tuple[str, ...]) -> Alerts:
    """Suppression, then the limit of alerts."""
    rule = detection.scope
    if rule.suppression is not None:
        alerts = suppress(alerts, rule.suppression, one.events)
    if len(alerts) > rule.max_signals:
        notes += (f"{len(alerts)} alerts were cut to max_signals = {rule.max_signals}",)
        alerts = alerts[-rule.max_signals :] if rule.newest else alerts[: rule.max_signals]
    return Alerts(tuple(alerts), None, notes)


class Refused(Exception):
    """Why a detection cannot be run."""


def _module(name: str) -> Any:
    """A part of the engine that only some detections need."""
    return importlib.import_module(f"samefire.engine.{name}")


def _event_query(body: bodies.EventQuery, one: _Run, frame: Frame) -> list[Alert]:
    """Pipes of an EQL search are combined with its size, which is `max_signals`; without pipes, `_finished` cuts."""
    hits, given = one.hits(body.where, frame), one.detection.scope
    if given.tiebreaker_field is not None:
        hits = _by_tiebreaker(hits, frame, one.events, given.tiebreaker_field)
    found = limited_events(hits, body.pipes)
    if body.pipes and given.newest:
        asked = limited_events(hits, body.pipes, given.max_signals)
        if len(asked) < len(found):
            one.notes.append(f"{len(found)} alerts were cut to max_signals = {given.max_signals}")
        found = asked
    return [Alert((ordinal,)) for ordinal in found]


def _by_tiebreaker(hits: Sequence[int], frame: Frame, events: Events, field: str) -> list[int]:
    """Events in order of time, those of one time by the values of a field."""
    tiebreaker = _module("sequence").tiebreaker
    ties = {i: tiebreaker(events, i, field) for i in hits}
    return sorted(hits, key=lambda i: (frame.times[i] is None, frame.times[i] or 0, ties[i], i))


def _threshold(body: bodies.Threshold, one: _Run, frame: Frame) -> list[Alert]:
    return aggregate.threshold(body, one.events, one.hits(body.where, frame))


def _new_terms(body: bodies.NewTerms, one: _Run, frame: Frame) -> list[Alert]:
    start = resolve(body.window_start, one.now, round_up=False)
    seen = _seen(body, one, start, frame)
    return aggregate.new_terms(
        body,
        one.events,
        one.hits(body.where, frame),
        lambda keys: tuple(map(text, keys)) in seen,
        frame.times,
    )


def _seen(body: bodies.NewTerms, one: _Run, start: int, frame: Frame) -> set[tuple[str, ...]]:
    """The combinations of values that the history window knows: from `context.history`, and from events
    that lie between its start and the look-back (its first instant included)."""
    seen: set[tuple[str, ...]] = set()
    history = Events.of(one.context.history)
    past = [
        i
        for i, t in enumerate(history.times(one.detection.scope.timestamp_fields))
        if t is None or t >= start
    ]
    if past:
        query = narrowed(body.where, one.detection)
        kept = scope.frame(replace(one.detection.scope, lookback_from=None, lookback_to=None), history, None)
        hits = Plan([query]).run(history, replace(one.context, now=one.now)).ordinals[0]
        known = set(past)
        seen.update(aggregate.buckets(body.fields, history, [i for i in kept.keep(hits) if i in known]))
    low = frame.low
    if low is not None:
        earlier = [
            i for i in one.found[id(body.where)] if (t := frame.times[i]) is not None and start <= t <= low
        ]
        seen.update(aggregate.buckets(body.fields, one.events, earlier))
    return seen


def _indicator_match(body: bodies.IndicatorMatch, one: _Run, frame: Frame) -> list[Alert]:
    threats = Events.of(one.context.indicators)
    query = And((body.indicators, Not(Or(one.detection.exclusions))))
    hits = Plan([query]).run(threats, replace(one.context, now=one.now))
    if hits.failures[0] is not None:
        raise Refused(hits.failures[0])
    away = scope.outside(body.indices, threats)
    indicators = aggregate.Indicators(threats, [i for i in hits.ordinals[0] if i not in away])
    return aggregate.indicator_match(body, one.events, one.hits(body.where, frame), indicators)


def _anomalies(body: bodies.AnomalyThreshold, one: _Run, frame: Frame) -> list[Alert]:
    allowed = set(one.found[id(TRUE)])
    found = frame.keep(aggregate.anomalies(body.jobs, body.score, one.events))
    return [Alert((ordinal,)) for ordinal in found if ordinal in allowed]


def _sequence(body: bodies.Sequence, one: _Run, frame: Frame) -> list[Alert]:
    sequence, joinkeys = _module("sequence"), _module("joinkeys")
    stages = [one.hits(stage.where, frame) for stage in body.stages]
    until = one.hits(body.until.where, frame) if body.until is not None else ()
    given = one.detection.scope
    found = sequence.run_sequence(body, stages, one.events, given, until=until, size=given.max_signals)
    return [Alert(match.events, tuple(map(joinkeys.shown, match.key))) for match in found]


def _sample(body: bodies.Sample, one: _Run, frame: Frame) -> list[Alert]:
    sample, joinkeys = _module("sample"), _module("joinkeys")
    stages = [one.hits(stage.where, frame) for stage in body.stages]
    found = sample.run_sample(body, stages, one.events, size=one.detection.scope.max_signals)
    return [Alert(match.events, tuple(map(joinkeys.shown, match.key))) for match in found]


def _correlation(body: bodies.Correlation, one: _Run, frame: Frame) -> list[Alert]:
    from samefire.engine import correlation

    def hits(rule: Body) -> Sequence[int]:
        if isinstance(rule, bodies.EventQuery):
            return one.hits(rule.where, frame)
        inner = _BODIES[type(rule)](rule, one, frame)
        return [ordinal for alert in inner for ordinal in alert.ordinals if ordinal >= 0]

    def value(ordinal: int, field: str) -> Any:
        return list(one.events.values(ordinal, field)) or None

    asked = correlation.Events(hits, value, lambda ordinal: frame.times[ordinal])
    return correlation.run(body, asked)


def _pipeline(body: Pipeline, one: _Run, frame: Frame) -> list[Alert]:
    """The rows of a pipeline over the events in the frame, in the order of the run."""
    from samefire.engine import pipeline
    from samefire.engine.rows.table import Setting

    setting = Setting(one.now, [frozenset(one.found[id(node)]) for node in body.queries])
    by = one.detection.scope.suppression
    ordinals = sorted(frame.keep(one.found[id(TRUE)]))
    try:
        found = pipeline.alerts(body, one.events, ordinals, setting, by.group_by if by else ())
    except pipeline.Refusal as refused:
        raise Refused(str(refused)) from None
    one.notes.extend(setting.warnings)
    return found


def table(
    body: bodies.Pipeline, events: Documents, context: Context | None = None
) -> tuple[pipeline.Rows, tuple[str, ...]]:
    """The columns and rows of a pipeline over events, and what became null and why. Raises Refused."""
    from samefire.engine import pipeline

    data = events if isinstance(events, Events) else Events.of(events)
    setting = _setting(body, data, context or Context())
    frame = scope.frame(bodies.Scope(index=body.indices), data, None)
    try:
        found = pipeline.rows(body, data, frame.keep(range(len(data))), setting)
    except pipeline.Refusal as refused:
        raise Refused(str(refused)) from None
    return found, (*frame.notes, *setting.warnings)


def _setting(body: bodies.Pipeline, data: Events, given: Context) -> Setting:
    """What a pipeline needs beside its events. Raises Refused."""
    from samefire.engine.rows.table import Setting

    now = given.now if given.now is not None else newest(data)
    hits = Plan(list(body.queries)).run(data, replace(given, now=now))
    failure = next((reason for reason in hits.failures if reason), None)
    if failure is not None:
        raise Refused(failure)
    return Setting(now, [frozenset(found) for found in hits.ordinals])


_BODIES: dict[type, Callable[[Any, _Run, Frame], list[Alert]]] = {
    bodies.EventQuery: _event_query,
    bodies.Threshold: _threshold,
    bodies.NewTerms: _new_terms,
    bodies.IndicatorMatch: _indicator_match,
    bodies.AnomalyThreshold: _anomalies,
    bodies.Sequence: _sequence,
    bodies.Sample: _sample,
    bodies.Correlation: _correlation,
    Pipeline: _pipeline,
}
