"""Why a verdict is wrong, in lines that a tired person understands: clauses, values, counts, times.

Puts the lines together; those of clauses are in `clauses.py`, of rule types that look at more than one event in
`kinds.py`, of joined events in `joined.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

<<<<<<< HEAD
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
=======
from samefire.engine.alerts import Alert, Alerts, Context
from samefire.engine.run import run
from samefire.harness import kinds
>>>>>>> main
from samefire.harness.case import Case
from samefire.harness.clauses import because, matched, nearest, unsatisfied
from samefire.harness.evidence import Evidence, count, shown
from samefire.query import detection as bodies
from samefire.query.ast import Node
from samefire.query.detection import Body, Detection, Pipeline

__all__ = ["because", "reasons"]


def reasons(
    detection: Detection, case: Case, alerts: Alerts, context: Context, counted: int | None = None
) -> Iterator[str]:
    """Lines for a verdict that is not as expected. `counted`: the number of alerts that was asked for."""
    if alerts.failure:
        yield f"the backend refuses the search: {alerts.failure}"
        return
    about = Evidence.of(detection, case, context)
    if alerts.alerts and counted is not None:
        yield f"{count(len(alerts), 'alert')}, expected {counted}"
    yield from alerts.notes
    if not alerts.alerts:
        yield from _why_silent(about)
    elif counted:
        yield from _why_so_many(about, alerts.alerts, counted)
    else:
        yield from _why_fired(about, alerts.alerts[0])


# ---- silent -------------------------------------------------------------------------------------------


def _why_silent(about: Evidence) -> Iterator[str]:
    body = about.detection.body
    match body:
        case bodies.EventQuery(where=where):
            yield from unsatisfied(where, about)
        case bodies.Threshold() | bodies.NewTerms() | bodies.IndicatorMatch():
            base = list(unsatisfied(body.where, about))
            yield from base or _not_enough(body, about)
        case bodies.AnomalyThreshold():
<<<<<<< HEAD
            yield from _anomalies(body, case)
        case bodies.Sequence() | bodies.Sample():
            yield from _stages(body, detection, case, context)
        case bodies.Correlation():
            yield from _correlation(body, detection, case, context)
        case bodies.Pipeline():
            yield from _pipeline(body, detection, case, context)
=======
            yield from kinds.anomalies(body, about)
        case bodies.Sequence() | bodies.Sample() | bodies.Correlation():
            from samefire.harness import joined

            yield from joined.not_joined(body, about)
        case Pipeline():
            from samefire.harness import joined

            yield from joined.no_row(body, about)
>>>>>>> main
        case _:
            assert_never(body)


<<<<<<< HEAD
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
=======
def _not_enough(
    body: bodies.Threshold | bodies.NewTerms | bodies.IndicatorMatch, about: Evidence
>>>>>>> main
) -> Iterator[str]:
    match body:
        case bodies.Threshold():
            yield from kinds.threshold(body, about)
        case bodies.NewTerms():
            yield from kinds.seen_before(body, about)
        case bodies.IndicatorMatch():
            yield from kinds.no_indicator(body, about)


# ---- fired --------------------------------------------------------------------------------------------


def _why_fired(about: Evidence, first: Alert) -> Iterator[str]:
    body = about.detection.body
    if isinstance(body, bodies.EventQuery):
        yield from _satisfied(body.where, about, first.ordinals[0])
        return
    numbers = ", ".join("none" if i < 0 else str(i + 1) for i in first.ordinals)
    by = ", ".join(shown(key) for key in first.keys)
    noun = "event" if len(first.ordinals) == 1 else "events"
    yield f"fired on {noun} {numbers}{f' by {by}' if by else ''}"
    match body:
        case bodies.Threshold():
            yield from kinds.threshold(body, about, first.keys)
        case bodies.NewTerms():
            yield from kinds.is_new(body, about, first.keys)
        case bodies.IndicatorMatch():
            yield from kinds.listed(body, about, first.ordinals[0])
        case bodies.AnomalyThreshold():
            yield from kinds.anomalies(body, about, first.ordinals)
        case _:
            return


def _satisfied(where: Node, about: Evidence, event: int) -> Iterator[str]:
    if len(about.case.events) > 1:
        yield f"event {event + 1} of {len(about.case.events)} matches"
    yield from matched(about.asked(where), about.case.events[event], about.clocked)


# ---- another number ------------------------------------------------------------------------------------


def _why_so_many(about: Evidence, alerts: Sequence[Alert], counted: int) -> Iterator[str]:
    """What each alert is made of, what suppression joined, and (when there are too few) what raised none."""
    body, scope = about.detection.body, about.detection.scope
    yield from kinds.each_alert(alerts, _grouped_by(body, about))
    if scope.suppression is not None and scope.suppression.group_by:
        alone = len(run(kinds.without_suppression(about.detection), about.case.events, about.context))
        if alone != len(alerts):
            fields = ", ".join(scope.suppression.group_by)
            yield f"{count(alone, 'alert')} before suppression by {fields}"
    if len(alerts) < counted:
        yield from _left_out(body, about, alerts)


def _grouped_by(body: Body, about: Evidence) -> tuple[str, ...]:
    """The fields whose values an alert is shown with."""
    match body:
        case bodies.Threshold(fields=fields) | bodies.NewTerms(fields=fields):
            return fields
        case bodies.Sequence(stages=stages) | bodies.Sample(stages=stages):
            return tuple(key.field for key in stages[0].keys)
        case bodies.Correlation(group_by=fields):
            return fields
        case _:
            suppression = about.detection.scope.suppression
            return suppression.group_by if suppression else ()


def _left_out(body: Body, about: Evidence, alerts: Sequence[Alert]) -> Iterator[str]:
    used = {ordinal for alert in alerts for ordinal in alert.ordinals}
    rest = [i for i in range(len(about.case.events)) if i not in used]
    match body:
        case bodies.EventQuery(where=where):
            for ordinal in rest[: kinds.MOST]:
                failed = list(nearest(about.asked(where), [about.case.events[ordinal]], about.clocked))
                if failed:
                    yield f"event {ordinal + 1} raises no alert:"
                    yield from failed
        case bodies.Threshold():
            yield from kinds.threshold(body, about)
        case bodies.NewTerms():
            yield from kinds.seen_before(body, about, but=[alert.keys for alert in alerts])
        case bodies.IndicatorMatch():
            yield from kinds.no_indicator(body, about, but=used)
        case bodies.AnomalyThreshold():
            yield from kinds.anomalies(body, about, rest)
        case bodies.Sequence() | bodies.Sample() | bodies.Correlation() | Pipeline():
            if rest:
                told = ", ".join(str(i + 1) for i in rest)
                yield f"{'event' if len(rest) == 1 else 'events'} {told} in no alert"
        case _:
            assert_never(body)
