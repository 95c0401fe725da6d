"""Why a verdict is wrong, in lines that a tired person understands: clauses, values, counts, times.

Puts the lines together; those of clauses are in `clauses.py`, of rule types that look at more than one event in
`kinds.py`, of joined events in `joined.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from samefire.engine.alerts import Alert, Alerts, Context
from samefire.engine.run import run
from samefire.harness import kinds
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
            yield from kinds.anomalies(body, about)
        case bodies.Sequence() | bodies.Sample() | bodies.Correlation():
            from samefire.harness import joined

            yield from joined.not_joined(body, about)
        case Pipeline():
            from samefire.harness import joined

            yield from joined.no_row(body, about)
        case _:
            assert_never(body)


def _not_enough(
    body: bodies.Threshold | bodies.NewTerms | bodies.IndicatorMatch, about: Evidence
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
