"""Why rules that look at more than one event are silent or fire: groups and their counts, history, indicators,
anomaly records, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from samefire.engine.aggregate import Indicators, buckets, indicator_match
from samefire.engine.alerts import Alert
from samefire.engine.events import Events
from samefire.engine.explain import seen
from samefire.engine.scope import duration, frame, outside
from samefire.engine.values import number, text
from samefire.harness.clauses import nearest
from samefire.harness.evidence import Evidence, count, named, shown
from samefire.query import detection as bodies
from samefire.query.ast import And, Node, Not, Or
from samefire.query.dates import resolve
from samefire.query.detection import Detection

MOST = 3
"""Groups, records and entries that are told one by one."""

# ---- threshold ----------------------------------------------------------------------------------------


def threshold(body: bodies.Threshold, about: Evidence, keys: Sequence[Any] | None = None) -> Iterator[str]:
    """How many events each group has (`keys`: that group alone), and how many the rule asks for."""
    groups = about.groups(body.where, body.fields)
    if keys is not None:
        groups = [g for g in groups if list(map(text, g[0])) == list(map(text, keys))]
    if not groups:
        yield _lacking(body.fields, about, body.where)
        return
    for values, members in groups[:MOST]:
        yield f"{named(body.fields, values)}: {_counts(body, about, members)}"
    if len(groups) > MOST:
        yield f"… and {count(len(groups) - MOST, 'more group')}"


def _counts(body: bodies.Threshold, about: Evidence, members: Sequence[int]) -> str:
    told = f"{count(len(members), 'event')}, the rule asks for {body.value}"
    for field, minimum in body.cardinality[:1]:
        distinct = {text(v) for i in members for v in about.events.values(i, field)}
        told += f"; {count(len(distinct), 'value')} of {field}, the rule asks for {minimum}"
    return told


def _lacking(fields: Sequence[str], about: Evidence, where: Node) -> str:
    hits = about.hits(where)
    missing = [f for f in fields if not any(about.events.values(i, f) for i in hits)]
    lacks = f"none has {' or '.join(missing)}" if missing else f"none has all of {', '.join(fields)}"
    verb = "satisfies" if len(hits) == 1 else "satisfy"
    return f"{count(len(hits), 'event')} {verb} the query, {lacks}"


# ---- new terms ----------------------------------------------------------------------------------------


def seen_before(body: bodies.NewTerms, about: Evidence, but: Sequence[Sequence[Any]] = ()) -> Iterator[str]:
    """Which values of the events (`but` these) the history knows, and from where."""
    told = {tuple(map(text, keys)) for keys in but}
    groups = [g for g in about.groups(body.where, body.fields) if tuple(map(text, g[0])) not in told]
    if not groups and not told:
        yield _lacking(body.fields, about, body.where)
        return
    for values, _ in groups[:MOST]:
        where = "in the history" if _in_history(body, about, values) else "before the look-back"
        yield f"{named(body.fields, values)} was seen {where} since {body.window_start}"


def is_new(body: bodies.NewTerms, about: Evidence, keys: Sequence[Any]) -> Iterator[str]:
    """Why the history does not know the values of an alert."""
    yield f"{named(body.fields, keys)} was not seen since {body.window_start}"
    history = about.case.history
    if not history:
        yield "the case has no `history`"
        return
    same = [i for i, document in enumerate(history) if _holds(body.fields, document, keys)]
    if not same:
        told = [v for d in history for v in Events.of([d]).values(0, body.fields[0])]
        yield f"{count(len(history), 'event')} of the history: {body.fields[0]} is {seen(told) or 'absent'}"
        return
    yield from _forgotten(body, about, same)


def _forgotten(body: bodies.NewTerms, about: Evidence, same: Sequence[int]) -> Iterator[str]:
    """Why events of the history with the same values do not count: their index, their age, the query."""
    history = about.case.history
    chosen = [history[i] for i in same]
    wanted = about.asked(body.where)
    if not about.among(wanted, chosen):
        yield "the event of the history with these values does not satisfy the query:"
        yield from nearest(wanted, chosen, about.clocked)
        return
    scope = bodies.Scope(about.detection.scope.index, timestamp_fields=about.detection.scope.timestamp_fields)
    notes = frame(scope, Events.of(chosen), None).notes
    yield from (f"in the history, {note}" for note in notes)
    start = resolve(body.window_start, about.now, round_up=False)
    for ordinal, time in zip(same, Events.of(chosen).times(scope.timestamp_fields), strict=True):
        if time is not None and time < start:
            yield f"event {ordinal + 1} of the history is older than {body.window_start} by {duration(start - time)}"


def _in_history(body: bodies.NewTerms, about: Evidence, keys: Sequence[Any]) -> bool:
    history = about.case.history
    return any(_holds(body.fields, history[i], keys) for i in about.among(about.asked(body.where), history))


def _holds(fields: Sequence[str], document: Any, keys: Sequence[Any]) -> bool:
    """Whether a document holds these values of the fields together."""
    return tuple(map(text, keys)) in buckets(fields, Events.of([document]), [0])


# ---- indicator match ----------------------------------------------------------------------------------


def no_indicator(body: bodies.IndicatorMatch, about: Evidence, but: Collection[int] = ()) -> Iterator[str]:
    """Which entries of the mapping no indicator satisfies, for the events `but` these."""
    indicators = about.case.indicators
    if not indicators:
        yield "the case has no `indicators`"
        return
    query = And((body.indicators, Not(Or(about.detection.exclusions))))
    fitting = about.among(query, indicators)
    if not fitting:
        yield "no indicator satisfies the threat query:"
        yield from nearest(query, indicators, about.clocked, "indicator")
        return
    away = outside(body.indices, Events.of(indicators))
    yield from (f"indicator {i + 1} lies outside `threat_index`: {away[i]}" for i in fitting if i in away)
    kept = [i for i in fitting if i not in away]
    if not kept:
        return
    hits = [i for i in about.hits(body.where) if i not in but]
    for group in body.mapping if hits else ():
        yield from _group(group, body, about, (hits, kept))


def _group(
    group: Sequence[bodies.IndicatorEntry],
    body: bodies.IndicatorMatch,
    about: Evidence,
    both: tuple[Sequence[int], Sequence[int]],
) -> Iterator[str]:
    """Why none of some events satisfies a group of entries with one of some indicators."""
    hits, kept = both
    threats = Indicators(Events.of(about.case.indicators), kept)
    wrong = []
    for entry in group:
        alone = bodies.IndicatorMatch(body.where, ((entry,),))
        if entry.negate or not indicator_match(alone, about.events, hits, threats):
            have = [v for i in hits for v in about.events.values(i, entry.field)]
            want = [v for i in kept for v in threats.events.values(i, entry.value)]
            word = "differs from no" if entry.negate else "equals no"
            wrong.append(
                f"{entry.field} ({seen(have) or 'absent'}) {word} {entry.value} ({seen(want) or 'absent'})"
            )
    if wrong:
        yield from wrong
    else:
        yield f"{' and '.join(e.field for e in group)} are each listed, but by no one indicator"


def listed(body: bodies.IndicatorMatch, about: Evidence, event: int) -> Iterator[str]:
    """Which entries of the mapping an event meets, and in which indicator."""
    indicators = about.case.indicators
    query = And((body.indicators, Not(Or(about.detection.exclusions))))
    away = outside(body.indices, Events.of(indicators))
    for ordinal in about.among(query, indicators):
        if ordinal in away:
            continue
        one = Indicators(Events.of(indicators), [ordinal])
        for group in body.mapping:
            if indicator_match(bodies.IndicatorMatch(body.where, (group,)), about.events, [event], one):
                yield f"indicator {ordinal + 1}: {' and '.join(_met(e, about, event, one) for e in group)}"
                return


def _met(entry: bodies.IndicatorEntry, about: Evidence, event: int, one: Indicators) -> str:
    have = seen(about.events.values(event, entry.field)) or "absent"
    word = "differs from" if entry.negate else "equals"
    return f"{entry.field} ({have}) {word} {entry.value}"


# ---- anomalies ----------------------------------------------------------------------------------------


def anomalies(body: bodies.AnomalyThreshold, about: Evidence, only: Sequence[int] = ()) -> Iterator[str]:
    """What is wrong with each record, or (`only` these) what they are."""
    records = list(only) or list(range(len(about.events)))
    jobs = " or ".join(body.jobs)
    for ordinal in records[:MOST]:
        job = seen(about.events.values(ordinal, "job_id")) or "no job_id"
        score = seen(about.events.values(ordinal, "record_score")) or "no record_score"
        what = "; ".join(_wrong(body, about, ordinal)) or "it counts"
        yield f"record {ordinal + 1}: {job} scored {score}; {what}"
    if len(records) > MOST:
        yield f"… and {count(len(records) - MOST, 'more record')}"
    yield f"the rule asks for {body.score:g} of {jobs}"


def _wrong(body: bodies.AnomalyThreshold, about: Evidence, ordinal: int) -> Iterator[str]:
    values = about.events.values
    if "record" not in values(ordinal, "result_type"):
        yield f"its result_type is {seen(values(ordinal, 'result_type')) or 'absent'}, not record"
    if not any(v is False or v == "false" for v in values(ordinal, "is_interim")):
        told = "it is interim" if values(ordinal, "is_interim") else "it has no is_interim"
        yield told
    if body.jobs and body.jobs != ("*",) and not any(text(v) in body.jobs for v in values(ordinal, "job_id")):
        yield "it is of another job"
    scores = [n for v in values(ordinal, "record_score") if (n := number(v)) is not None]
    if scores and max(scores) < body.score:
        yield "the score is too low"


# ---- how many -----------------------------------------------------------------------------------------


def without_suppression(detection: Detection) -> Detection:
    return replace(detection, scope=replace(detection.scope, suppression=None))


def each_alert(alerts: Sequence[Alert], fields: Sequence[str]) -> Iterator[str]:
    """What each alert is made of, when their number is wrong."""
    for ordinal, alert in enumerate(alerts[: MOST * 2], 1):
        numbers = ", ".join("none" if i < 0 else str(i + 1) for i in alert.ordinals)
        names = dict(zip(fields, alert.keys, strict=False)) if alert.keys else {}
        told = named(list(names), list(names.values())) if names else ", ".join(map(shown, alert.keys))
        noun = "event" if len(alert.ordinals) == 1 else "events"
        yield f"alert {ordinal}: {noun} {numbers}{f' ({told})' if told else ''}"
    if len(alerts) > MOST * 2:
        yield f"… and {count(len(alerts) - MOST * 2, 'more alert')}"
