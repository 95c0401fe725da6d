"""Pipelines as rules: one alert a row, with the events behind it; suppression, filters, indices, the clock."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.pipeline import rows
from samefire.engine.rows.calls import known
from samefire.engine.rows.reduce import _OF_ROWS, _OF_VALUES
from samefire.engine.rows.show import as_json, double, iso
from samefire.engine.rows.table import Setting
from samefire.engine.run import run
from samefire.fields import FieldTypes
from samefire.languages.esql import lower, parse
from samefire.languages.esql.functions import AGGREGATES, SCALARS
from samefire.query.ast import Leaf, Term
from samefire.query.detection import Detection, Pipeline, Scope, Suppression
from samefire.source import Source

CONSTANT = ("now", "to_dateperiod", "to_timeduration")
"""Functions that are worked out when the query is read."""

EVENTS: list[dict[str, Any]] = [
    {"@timestamp": "2026-01-01T00:00:00Z", "user": "a", "n": 1, "_index": "logs-one"},
    {"@timestamp": "2026-01-01T00:01:00Z", "user": "b", "n": 2, "_index": "logs-two"},
    {"@timestamp": "2026-01-01T00:02:00Z", "user": ["a", "b"], "n": 3},
]


def body(text: str) -> Pipeline:
    source = Source("<query>", text)
    return lower(parse(source), FieldTypes({}), source)


def ordinals(detection: Detection, context: Context | None = None) -> list[tuple[int, ...]]:
    found = run(detection, EVENTS, context)
    assert found.failure is None
    return [alert.ordinals for alert in found.alerts]


def test_each_row_is_an_alert_with_its_event() -> None:
    assert ordinals(Detection(body("FROM x METADATA _id | WHERE n > 1 | SORT n DESC"))) == [(2,), (1,)]


def test_a_group_has_all_its_events() -> None:
    found = ordinals(Detection(body("FROM x | STATS c = COUNT(*) BY user | SORT user")))
    assert found == [(0, 2), (1, 2)]


def test_the_scope_chooses_the_events() -> None:
    pipeline = body("FROM logs-one* | STATS c = COUNT(*) BY n | SORT n")
    assert ordinals(Detection(pipeline, Scope(index=pipeline.indices))) == [(0,), (2,)]


def test_filters_and_exceptions_hold_for_events() -> None:
    detection = Detection(
        body("FROM x | STATS c = COUNT(*)"),
        filters=Leaf("user", Term("a")),
        exclusions=(Leaf("n", Term("1")),),
    )
    assert ordinals(detection) == [(2,)]


def test_suppression_groups_by_columns_of_the_rows() -> None:
    scope = Scope(suppression=Suppression(("kind",)))
    pipeline = body('FROM x METADATA _id | EVAL kind = CASE(n > 1, "many", "one")')
    assert ordinals(Detection(pipeline, scope)) == [(0,), (1, 2)]


def test_the_clock_is_that_of_the_run() -> None:
    detection = Detection(body("FROM x METADATA _id | WHERE @timestamp > NOW() - 90 seconds"))
    assert ordinals(detection) == [(1,), (2,)]
    late = Context(now=1_767_225_600_000_000_000 + 86_400_000_000_000)
    assert ordinals(detection, late) == []


def test_a_thousand_rows_without_a_limit() -> None:
    events = Events([{"n": number} for number in range(1200)])
    found = rows(body("FROM x | KEEP n"), events, range(1200), Setting(0))
    assert len(found.rows) == 1000
    assert len(rows(body("FROM x | KEEP n | LIMIT 20000"), events, range(1200), Setting(0)).rows) == 1200


def test_every_function_of_the_language_can_be_run() -> None:
    missing = [name for name in SCALARS if not known(name) and name not in CONSTANT]
    assert missing == []
    assert [name for name in AGGREGATES if name not in {*_OF_ROWS, *_OF_VALUES, "count"}] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (1e7, "1.0E7"),
        (123456789.5, "1.234567895E8"),
        (0.0001, "1.0E-4"),
        (0.5, "0.5"),
        (-2e300, "-2.0E300"),
    ],
)
def test_doubles_are_written_as_java_does(value: float, text: str) -> None:
    assert double(value) == text


def test_dates_and_addresses_are_written_as_elasticsearch_does() -> None:
    assert iso(1) == "1970-01-01T00:00:00.000Z"
    assert iso(1, "date_nanos") == "1970-01-01T00:00:00.000000001Z"
    assert as_json([0xFFFF_0A00_0001, 1], "ip") == ["10.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("FROM x METADATA _id | MV_EXPAND v | KEEP _id, v", [(0,), (0,), (1,)]),
        ("FROM x METADATA _id | MV_EXPAND v | KEEP _id", [(0,), (1,)]),
        ("FROM x METADATA _id | MV_EXPAND v | EVAL w = v | DROP v | KEEP _id, w", [(0,), (0,), (1,)]),
        ("FROM x METADATA _id | MV_EXPAND v | KEEP v", [(0,), (0,), (0,), (1,)]),
        ("FROM x METADATA _id | MV_EXPAND v | WHERE v IS NOT NULL | KEEP _id, v", [(0,), (0,)]),
        ("FROM x METADATA _id | MV_EXPAND v | STATS c = COUNT(*) BY v", [(0,), (0,), (1,)]),
    ],
)
def test_alerts_of_expanded_rows(query: str, expected: list[tuple[int, ...]]) -> None:
    """Kibana's id of an alert is made of the event's and of the expanded values, where the rows still have them."""
    source = Source("<query>", query)
    fields = FieldTypes({}).with_fields({"v": "long"})
    detection = Detection(lower(parse(source), fields, source))
    events: list[dict[str, Any]] = [{"v": [3, 3, 1]}, {"u": 1}]
    assert [alert.ordinals for alert in run(detection, events).alerts] == expected
