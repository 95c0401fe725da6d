"""Runs of whole detections: sequences and correlations from their texts, shared runs, fresh clocks."""

from __future__ import annotations

from typing import Any

from samefire.engine.alerts import Alert, Context
from samefire.engine.events import Events
from samefire.engine.run import Runner, run, run_many
from samefire.fields import FieldTypes
from samefire.languages import eql, sigma
from samefire.query.ast import DateBound, DateRange, Fails, Leaf, Not, Term
from samefire.query.detection import Body, Detection, EventQuery, Scope, Suppression
from samefire.source import Source

FIELDS = FieldTypes.ecs()


def body(query: str) -> Body:
    source = Source("<query>", query)
    lowered: Any = eql.lower(eql.parse(source), FIELDS, source)
    return lowered if not hasattr(lowered, "span") else EventQuery(lowered)


def event(second: int, **values: Any) -> dict[str, Any]:
    return {"@timestamp": f"2024-03-01T10:00:{second:02}Z", **values}


START = {"event.category": "process", "event.type": "start"}
LOGINS = [
    event(1, **START, **{"process.name": "a.exe", "user.id": "1"}),
    event(3, **START, **{"process.name": "b.exe", "user.id": "1"}),
    event(2, **START, **{"process.name": "a.exe", "user.id": "2"}),
    event(9, **START, **{"process.name": "b.exe", "user.id": "2"}),
]
SEQUENCE = """sequence by user.id with maxspan=5s
  [process where process.name == "a.exe"]
  [process where process.name == "b.exe"]"""


def test_a_sequence_is_one_alert_with_its_keys() -> None:
    found = run(Detection(body(SEQUENCE)), LOGINS)
    assert found.alerts == (Alert((0, 1), ("1",)),)


def test_filters_and_exceptions_take_events_out_before_a_sequence() -> None:
    detection = Detection(body(SEQUENCE), exclusions=(Leaf("@timestamp", DateRange(None, DateBound(1))),))
    assert len(run(detection, LOGINS)) == 1
    without = Detection(body(SEQUENCE), filters=Not(Leaf("process.name", Term("b.exe"))))
    assert len(run(without, LOGINS)) == 0


def test_sequences_are_cut_to_the_newest() -> None:
    events = [
        *LOGINS[:2],
        event(11, **START, **{"process.name": "a.exe", "user.id": "1"}),
        event(12, **START, **{"process.name": "b.exe", "user.id": "1"}),
    ]
    found = run(Detection(body(SEQUENCE), Scope(max_signals=1)), events)
    assert [alert.ordinals for alert in found.alerts] == [(2, 3)]


def test_a_sequence_is_suppressed_by_what_all_its_events_share() -> None:
    again = [dict(e) | {"@timestamp": e["@timestamp"].replace("10:00", "11:00")} for e in LOGINS[:2]]
    shared = Suppression(("user.id",), whole=True)
    found = run(Detection(body(SEQUENCE), Scope(suppression=shared)), [*LOGINS[:2], *again])
    assert found.alerts == (Alert((0, 1, 2, 3), ("1",)),)
    apart = Suppression(("process.name",), missing="doNotSuppress", whole=True)
    assert len(run(Detection(body(SEQUENCE), Scope(suppression=apart)), [*LOGINS[:2], *again])) == 2


def test_a_sequence_is_suppressed_by_the_values_of_arrays_that_all_its_events_share() -> None:
    """The shell alert holds the intersection of arrays, not only arrays that are equal."""
    again = [dict(e) | {"@timestamp": e["@timestamp"].replace("10:00", "11:00")} for e in LOGINS[:2]]
    tags = (["a", "b"], ["b", "c"], "b", ["b"])
    events = [dict(e) | {"tags": tag} for e, tag in zip([*LOGINS[:2], *again], tags, strict=True)]
    shared = Suppression(("tags",), missing="doNotSuppress", whole=True)
    found = run(Detection(body(SEQUENCE), Scope(suppression=shared)), events)
    assert [alert.ordinals for alert in found.alerts] == [(0, 1, 2, 3)]


CORRELATION = """
title: base
name: base
logsource: {category: test}
detection:
  selection: {event.action: fail}
  condition: selection
---
title: many
correlation:
  type: event_count
  rules: [base]
  group-by: [user.name]
  timespan: 1m
  condition: {gte: 2}
"""


def test_a_correlation_runs_over_the_hits_of_its_rules() -> None:
    (rule,) = sigma.load(Source("<sigma>", CORRELATION), FIELDS)
    fail = {"event.action": "fail"}
    events = [
        event(1, **fail, **{"user.name": "a"}),
        event(2, **fail, **{"user.name": "b"}),
        event(3, **fail, **{"user.name": "a"}),
    ]
    found = run(rule.detection, events)
    assert found.alerts == (Alert((0, 2), ("a",)),)


def test_a_runner_can_be_used_again_and_each_run_has_its_own_clock() -> None:
    recent = Detection(EventQuery(Leaf("@timestamp", DateRange(DateBound(None, math="now-1s"), None))))
    runner = Runner([recent])
    assert [len(a) for a in runner.run([event(1), event(5)])] == [1]
    assert [len(a) for a in runner.run(Events.of([event(1), event(2)]))] == [2]
    assert [len(a) for a in runner.run([event(1), event(2)], Context(now=0))] == [2]


def test_one_failing_detection_does_not_touch_the_others() -> None:
    good, bad = Detection(EventQuery(Leaf("a", Term("x")))), Detection(EventQuery(Fails("no")))
    found = run_many([bad, good], [{"a": "x"}])
    assert (found[0].failure, len(found[0]), len(found[1])) == ("no", 0, 1)


def test_a_look_back_that_is_no_date_is_a_failure() -> None:
    detection = Detection(EventQuery(Leaf("a", Term("x"))), Scope(lookback_from="now-5q"))
    assert (
        run(detection, [{"a": "x"}], Context(now=0)).failure == "operator not supported for date math [-5q]"
    )


def test_an_event_that_was_changed_is_read_anew() -> None:
    document = {"a": "x"}
    runner = Runner([Detection(EventQuery(Leaf("a", Term("y"))))])
    assert [len(a) for a in runner.run([document])] == [0]
    document["a"] = "y"
    assert [len(a) for a in runner.run([document])] == [1]
