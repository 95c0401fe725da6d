"""Sequences, samples and thresholds as correlations: documents, references, and what has no words."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.forms import Converted, Options, converters
from samefire.query.ast import Leaf, Term
from samefire.query.detection import Correlation, CorrelationType, Key, Pipe, Sequence, Stage
from tests.converters.sigma_cases import FIELDS, convert, documents, of_body, problems, read, rule

TWO = """sequence by host.id with maxspan=90s
  [process where process.name == "a"] by process.entity_id
  [network where true] by process.parent.entity_id
"""


def correlation(result: Converted) -> dict[str, Any]:
    found: dict[str, Any] = documents(result)[0]["correlation"]
    return found


def threshold(table: str, from_: str = "now-9m") -> Converted:
    more = f"[rule.threshold]\n{table}\n"
    made = rule("event.action: login", type_="threshold", more=more)
    changed = {**made.contents, "from": from_}
    object.__setattr__(made, "contents", changed)
    return converters()["sigma"].write(made, FIELDS, Options())


def test_sequence() -> None:
    result = convert(TWO, "eql")
    first, *events = documents(result)
    assert not result.problems
    assert list(first) == [
        "title",
        "id",
        "taxonomy",
        "status",
        "description",
        "author",
        "date",
        "modified",
        "correlation",
        "level",
        "samefire",
    ]
    assert first["correlation"] == {
        "type": "temporal_ordered",
        "rules": ["a_thing_happened_1", "a_thing_happened_2"],
        "group-by": ["host.id", "process_entity_id"],
        "timespan": "90s",
        "aliases": {
            "process_entity_id": {
                "a_thing_happened_1": "process.entity_id",
                "a_thing_happened_2": "process.parent.entity_id",
            }
        },
    }
    assert [event["title"] for event in events] == [
        "A Thing Happened (Event 1 of 2)",
        "A Thing Happened (Event 2 of 2)",
    ]
    assert [list(event) for event in events] == [
        ["title", "id", "name", "taxonomy", "logsource", "detection"]
    ] * 2
    assert len({document["id"] for document in documents(result)}) == 3


def test_sequence_is_read_back() -> None:
    body = read(convert(TWO, "eql")).body
    assert isinstance(body, Correlation)
    assert body.type is CorrelationType.TEMPORAL_ORDERED
    assert body.timespan == 90_000
    assert [name for name, _ in body.rules] == ["a_thing_happened_1", "a_thing_happened_2"]


def test_one_repeated_stage_is_counted() -> None:
    result = convert("sequence by host.id with maxspan=1h [process where true] with runs=5", "eql")
    assert correlation(result) == {
        "type": "event_count",
        "rules": ["a_thing_happened_events"],
        "group-by": ["host.id"],
        "timespan": "1h",
        "condition": {"gte": 5},
    }


def test_a_repeated_stage_among_others_is_written_out() -> None:
    query = "sequence by host.id with maxspan=2m\n [process where true] with runs=3\n [file where true]"
    found = correlation(convert(query, "eql"))
    assert found["rules"] == [f"a_thing_happened_{n}" for n in (1, 2, 3, 4)]
    assert "aliases" not in found


def test_no_maxspan_is_the_look_back() -> None:
    query = "sequence by host.id\n [process where true]\n [file where true]"
    assert correlation(convert(query, "eql"))["timespan"] == "9m"


def test_sample() -> None:
    query = "sample by host.id\n [process where true]\n [file where true]"
    found = correlation(convert(query, "eql"))
    assert (found["type"], found["timespan"]) == ("temporal", "9m")


@pytest.mark.parametrize(
    ("from_", "timespan"),
    [("now-9m", "9m"), ("now-119m", "119m"), ("now-60m", "1h"), ("now-2d", "2d"), ("now-90s", "90s")],
)
def test_threshold(from_: str, timespan: str) -> None:
    result = threshold('field = ["host.id", "user.name"]\nvalue = 25', from_)
    assert not result.problems
    assert correlation(result) == {
        "type": "event_count",
        "rules": ["a_thing_happened_events"],
        "group-by": ["host.id", "user.name"],
        "timespan": timespan,
        "condition": {"gte": 25},
    }


def test_threshold_of_distinct_values() -> None:
    table = 'field = ["host.id"]\nvalue = 1\n[[rule.threshold.cardinality]]\nfield = "user.name"\nvalue = 5'
    result = threshold(table)
    assert not result.problems
    assert correlation(result)["type"] == "value_count"
    assert correlation(result)["condition"] == {"field": "user.name", "gte": 5}


def test_threshold_without_groups() -> None:
    assert correlation(threshold("field = []\nvalue = 3"))["group-by"] == []


def test_threshold_of_events_and_values() -> None:
    table = 'field = ["host.id"]\nvalue = 9\n[[rule.threshold.cardinality]]\nfield = "user.name"\nvalue = 5'
    result = threshold(table)
    assert [(p.code, p.message) for p in result.problems] == [
        ("approximate-threshold", "Sigma counts one thing: 5 values of `user.name`, not the 9 events besides")
    ]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            "sequence by host.id with maxspan=1m [process where true] ![file where true] [network where true]",
            "sigma-cannot-missing-event",
            "Sigma cannot say that an event must be missing",
        ),
        (
            "sequence by host.id with maxspan=1m [process where true] [file where true] until [network where true]",
            "sigma-cannot-until",
            "Sigma has no `until`",
        ),
        (
            "sequence by ?user.name with maxspan=1m [process where true] [file where true]",
            "sigma-cannot-optional-key",
            "Sigma cannot join events where `user.name` is missing",
        ),
        (
            "sequence by host.id with maxspan=500ms [process where true] [file where true]",
            "sigma-cannot-timespan",
            "Sigma has no timespan of 500 ms",
        ),
        (
            "sequence by host.id with maxspan=1m [process where true] with runs=100 [file where true]",
            "sigma-cannot-repeat",
            "more than 100 events in one sequence are too many documents",
        ),
    ],
)
def test_refused(query: str, code: str, message: str) -> None:
    result = convert(query, "eql")
    assert result.document is None
    assert {(p.code, p.message) for p in result.problems} == {(code, message)}


def test_missing_event_has_its_place() -> None:
    query = "sequence by host.id with maxspan=1m [process where true] ![file where true]"
    assert problems(convert(query, "eql")).splitlines()[1:] == [
        f"  17 | query = '{query}'",
        "     |                                                                   ^^^^^^^^^^^^^^^^^^",
    ]


def test_pipes_are_told() -> None:
    body = Sequence(
        tuple(Stage(Leaf("f", Term(value)), (Key("host.id"),)) for value in "ab"),
        60_000,
        None,
        (Pipe("head", 5),),
    )
    result = of_body(body)
    assert [(p.code, p.message) for p in result.problems] == [
        ("approximate-pipe", "Sigma has no `head 5`: it reports every match")
    ]


@pytest.mark.parametrize("pipe", ["head 0", "tail 3"])
def test_pipes_of_single_events_are_told(pipe: str) -> None:
    """EQL may cut single events too; Sigma reports each."""
    result = convert(f"process where true | {pipe}", "eql")
    message = f"Sigma has no `{pipe}`: it reports every match"
    assert [(p.code, p.message) for p in result.problems] == [("approximate-pipe", message)]
    assert documents(result)[0]["samefire"]["approximate"] == [message]


@pytest.mark.parametrize(
    ("from_", "message"),
    [
        ("now", "the look-back from `now` to `now` is empty"),
        ("now-1q", "the look-back of the rule cannot be read: "),
    ],
)
def test_look_back_that_is_none(from_: str, message: str) -> None:
    (problem,) = threshold('field = ["host.id"]\nvalue = 2', from_).problems
    assert problem.code == "sigma-cannot-timespan"
    assert problem.message.startswith(message)


def test_a_sequence_in_the_order_of_another_field() -> None:
    """Sigma has no word for `timestamp_field`; the document keeps it, and is approximate."""
    result = convert(
        TWO, "eql", more='timestamp_field = "event.ingested"\ntiebreaker_field = "event.sequence"\n'
    )
    assert problems(result) == (
        "rule.toml:21:19: warning: Sigma cannot say that the events are put in order by `event.ingested`"
        " [approximate-time]\n"
        '  21 | timestamp_field = "event.ingested"\n'
        "     |                   ^^^^^^^^^^^^^^^^"
    )
    kept = documents(result)[0]["samefire"]
    assert (kept["timestamp_field"], kept["tiebreaker_field"]) == ("event.ingested", "event.sequence")


def test_a_sequence_in_the_usual_order() -> None:
    assert not convert(TWO, "eql", more='timestamp_field = "@timestamp"\n').problems
