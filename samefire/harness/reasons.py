"""Why a verdict is wrong, in lines that a tired person understands: clauses, values, counts, times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from samefire.engine import aggregate
from samefire.engine.alerts import Alerts, Context
from samefire.engine.events import Events
from samefire.engine.explain import (
    Clause,
    Explanation,
    Reason,
    explain,
    failed_clauses,
    reached_branches,
    seen,
)
from samefire.engine.match import Plan
from samefire.engine.run import last_rows, narrowed
from samefire.engine.values import text
from samefire.harness.case import Case
from samefire.query import detection as bodies
from samefire.query.ast import Leaf, Node, Not
from samefire.query.detection import Detection
from samefire.query.wording import wording

MOST = 4  # clauses told of one event
GROUPS = 3  # groups told of one threshold


def reasons(
    detection: Detection, case: Case, alerts: Alerts, context: Context, counted: int | None = None
) -> Iterator[str]:
    """Lines for a verdict that is not as expected. `counted`: the number of alerts that was asked for."""
    if alerts.failure:
        yield f"the backend refuses the search: {alerts.failure}"
        return
    if alerts.alerts and counted is not None:
        yield f"{_count(len(alerts), 'alert')}, expected {counted}"
    yield from alerts.notes
    if alerts.alerts:
        yield from _why_fired(detection, case, alerts, context)
    else:
        yield from _why_silent(detection, case, context)


# ---- silent -----------------------------------------------------------------------------------------


def _why_silent(detection: Detection, case: Case, context: Context) -> Iterator[str]:
    body = detection.body
    match body:
        case bodies.EventQuery(where=where):
            yield from _nearest(narrowed(where, detection), case.events, context)
        case bodies.Threshold(where=where):
            yield from _base(where, detection, case, context) or _threshold(body, detection, case, context)
        case bodies.NewTerms(where=where):
            yield from _base(where, detection, case, context) or _new_terms(body, detection, case, context)
        case bodies.IndicatorMatch(where=where):
            yield from _base(where, detection, case, context) or _indicators(body, case, context)
        case bodies.AnomalyThreshold():
            yield from _anomalies(body, case)
        case bodies.Sequence() | bodies.Sample():
            yield from _stages(body, detection, case, context)
        case bodies.Correlation():
            yield from _correlation(body, detection, case, context)
        case bodies.Pipeline():
            yield from _pipeline(body, detection, case, context)
        case _:
            assert_never(body)


def matching(node: Node, detection: Detection, case: Case, context: Context) -> list[int]:
    """Ordinals of the case's events that satisfy a query with the detection's filters and exceptions."""
    return list(Plan([narrowed(node, detection)]).run(Events.of(case.events), context).ordinals[0])


def _base(where: Node, detection: Detection, case: Case, context: Context) -> list[str]:
    """Why no event satisfies the query under a rule type; nothing when some do."""
    if matching(where, detection, case, context):
        return []
    return list(_nearest(narrowed(where, detection), case.events, context))


def _nearest(where: Node, events: Sequence[object], context: Context) -> Iterator[str]:
    """The clauses that failed on the event that came nearest."""
    told = [explain(where, event, context) for event in events if isinstance(event, dict)]
    if all(explanation.matched for explanation in told) and told:
        yield "the query matches, but the event lies outside what the rule reads"
        return
    failed = [(failed_clauses(e), ordinal) for ordinal, e in enumerate(told) if not e.matched]
    clauses, ordinal = min(failed, key=lambda pair: (len(pair[0]), pair[1]))
    if len(told) > 1:
        yield f"nearest is event {ordinal + 1} of {len(told)}:"
    yield from map(clause_line, clauses[:MOST])
    if len(clauses) > MOST:
        yield f"… and {len(clauses) - MOST} more clauses"


def clause_line(clause: Clause) -> str:
    """One clause that decided, and the values that it saw."""
    part = clause.part
    if clause.excluded:
        return f"excluded: {wording(part.node)}{_values(part)}"
    return f"failed: {wording(part.node)}; {because(part)}"


def because(part: Explanation) -> str:
    """Why a part does not match."""
    values = _all_values(part)
    reason = _reason(part)
    match reason:
        case Reason.ABSENT:
            return f"the event has no {_field(part)}"
        case Reason.OBJECT:
            return f"{_field(part)} is an object"
        case Reason.CASE:
            return f"the event has {seen(values)}: only the case differs"
        case Reason.TYPE:
            return f"the event has {seen(values)}, which cannot be read as the field's type"
        case Reason.TOO_LONG:
            return f"the event has {seen(values)}, too long to be indexed"
        case Reason.REFUSED:
            return "refused"
        case _:
            return f"the event has {seen(values)}" if values else "it does not hold"


def _field(part: Explanation) -> str:
    leaf = next((p for p in (part, *part.children) if isinstance(p.node, Leaf)), None)
    return leaf.node.field if leaf and isinstance(leaf.node, Leaf) else "such field"


def _all_values(part: Explanation) -> list[object]:
    values = part.values or next((c.values for c in part.children if c.values), ())
    return list(values)


def _reason(part: Explanation) -> Reason | None:
    if part.reason is not None:
        return part.reason
    found = [child.reason for child in part.children]
    if Reason.CASE in found:
        return Reason.CASE
    return found[0] if found and found[0] is not None else None


def _values(part: Explanation) -> str:
    values = _all_values(part)
    return f" (the event has {seen(values)})" if values else ""


# ---- by rule type -----------------------------------------------------------------------------------


def _threshold(body: bodies.Threshold, detection: Detection, case: Case, context: Context) -> Iterator[str]:
    events = Events.of(case.events)
    hits = matching(body.where, detection, case, context)
    groups = list(aggregate.buckets(body.fields, events, hits).values()) if body.fields else [((), hits)]
    if not groups:
        missing = [f for f in body.fields if not any(events.values(i, f) for i in hits)]
        yield f"{_count(len(hits), 'event')} match, none has {' and '.join(missing or body.fields)}"
        return
    groups.sort(key=lambda group: -len(group[1]))
    for keys, members in groups[:GROUPS]:
        name = (
            ", ".join(f"{f} = {seen([k])}" for f, k in zip(body.fields, keys, strict=False)) or "all events"
        )
        if len(members) < body.value:
            yield f"{name}: {_count(len(members), 'event')}, the rule asks for {body.value}"
            continue
        for field, minimum in body.cardinality:
            distinct = {text(v) for i in members for v in events.values(i, field)}
            if len(distinct) < minimum:
                yield f"{name}: {_count(len(distinct), 'distinct value')} of {field}, the rule asks for {minimum}"


def _pipeline(body: bodies.Pipeline, detection: Detection, case: Case, context: Context) -> Iterator[str]:
    """The command after which no row was left."""
    last = last_rows(body, case.events, context)
    if last is None:
        yield "the pipeline gives no row"
        return
    rows, lost = last
    yield f"{_count(rows, 'row')} before, none after: {lost}"


def _new_terms(body: bodies.NewTerms, detection: Detection, case: Case, context: Context) -> Iterator[str]:
    events = Events.of(case.events)
    hits = matching(body.where, detection, case, context)
    groups = aggregate.buckets(body.fields, events, hits)
    if not groups:
        missing = [f for f in body.fields if not any(events.values(i, f) for i in hits)]
        yield f"the event has no {' and no '.join(missing or body.fields)}"
        return
    for keys, _ in list(groups.values())[:GROUPS]:
        name = ", ".join(f"{f} = {seen([k])}" for f, k in zip(body.fields, keys, strict=False))
        yield f"{name} was seen before, in the history since {body.window_start}"


def _indicators(body: bodies.IndicatorMatch, case: Case, context: Context) -> Iterator[str]:
    if not case.indicators:
        yield "the case has no `indicators`"
        return
    events, threats = Events.of(case.events), Events.of(case.indicators)
    kept = Plan([body.indicators]).run(threats, context).ordinals[0]
    if not kept:
        yield "no indicator satisfies the threat query:"
        yield from _nearest(body.indicators, case.indicators, context)
        return
    for group in body.mapping:
        for entry in group:
            have = [v for i in range(len(events)) for v in events.values(i, entry.field)]
            want = [v for i in kept for v in threats.values(i, entry.value)]
            word = "differs from" if entry.negate else "equals"
            yield f"{entry.field} ({seen(have) or 'absent'}) {word} no {entry.value} ({seen(want) or 'absent'})"


def _anomalies(body: bodies.AnomalyThreshold, case: Case) -> Iterator[str]:
    events = Events.of(case.events)
    for ordinal in range(min(len(events), MOST)):
        job = seen(events.values(ordinal, "job_id")) or "no job_id"
        score = seen(events.values(ordinal, "record_score")) or "no record_score"
        interim = " (interim)" if True in events.values(ordinal, "is_interim") else ""
        jobs = ", ".join(body.jobs)
        yield f"record {ordinal + 1}: {job} scored {score}{interim}; the rule asks for {body.score:g} of {jobs}"


def _stages(
    body: bodies.Sequence | bodies.Sample, detection: Detection, case: Case, context: Context
) -> Iterator[str]:
    """Which stages have events at all, and then why these do not join."""
    for number, stage in enumerate(body.stages, 1):
        hits = matching(stage.where, detection, case, context)
        word = "missing stage" if stage.missing else "stage"
        told = f"events {', '.join(str(i + 1) for i in hits)}" if hits else "no event"
        yield f"{word} {number}: {told}"
        if not hits and not stage.missing:
            yield from _nearest(narrowed(stage.where, detection), case.events, context)
            return
    if isinstance(body, bodies.Sequence):
        yield from _waited(body, detection, case, context)
    else:
        yield "no value of the join keys is shared by an event of every stage"


def _waited(body: bodies.Sequence, detection: Detection, case: Case, context: Context) -> Iterator[str]:
    """What the candidate that came furthest waited for, and what came nearest."""
    from samefire.engine.sequence_explain import explain_sequence, lines

    stages = [matching(stage.where, detection, case, context) for stage in body.stages]
    until = matching(body.until.where, detection, case, context) if body.until else []
    found = explain_sequence(
        body, stages, Events.of(case.events), detection.scope, until=until, context=context
    )
    yield from lines(found)
    if found.nearest is not None:
        yield from map(clause_line, found.nearest.clauses[:MOST])


def _correlation(
    body: bodies.Correlation, detection: Detection, case: Case, context: Context
) -> Iterator[str]:
    for name, rule in body.rules:
        if isinstance(rule, bodies.EventQuery):
            hits = matching(rule.where, detection, case, context)
            yield f"{name}: {_count(len(hits), 'event')}"
            if not hits:
                yield from _nearest(narrowed(rule.where, detection), case.events, context)
    asked = " and ".join(f"{operator} {number:g}" for operator, number in body.condition)
    window = f" within {body.timespan / 1000:g} s"
    group = f" for each {', '.join(body.group_by)}" if body.group_by else ""
    yield f"{body.type}{f' {asked}' if asked else ''}{window}{group} was not reached"


# ---- fired ------------------------------------------------------------------------------------------


def _why_fired(detection: Detection, case: Case, alerts: Alerts, context: Context) -> Iterator[str]:
    body = detection.body
    first = alerts.alerts[0]
    if isinstance(body, bodies.EventQuery):
        event = case.events[first.ordinals[0]]
        if len(case.events) > 1:
            yield f"event {first.ordinals[0] + 1} of {len(case.events)} matches"
        told = reached_branches(explain(narrowed(body.where, detection), event, context))
        for part in told[: MOST * 2]:
            yield f"matched: {_reached(part)}"
        if len(told) > MOST * 2:
            yield f"… and {len(told) - MOST * 2} more clauses"
        return
    numbers = ", ".join("none" if i < 0 else str(i + 1) for i in first.ordinals)
    keys = f" by {', '.join(seen([k]) for k in first.keys)}" if first.keys else ""
    yield f"fired on events {numbers}{keys}"


def _reached(part: Explanation) -> str:
    if isinstance(part.node, Not):
        return wording(part.node)
    return f"{wording(part.node)}{_values(part)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
