"""What a pipeline asks of single events or counts, and what is told or refused on the way."""

from __future__ import annotations

import pytest

from samefire.fields import FieldType, FieldTypes
from samefire.languages.esql import Reduced, lower, parse, to_body
from samefire.query.detection import EventQuery, Threshold
from samefire.source import Source

FIELDS = FieldTypes({}).with_fields(
    {"a": "keyword", "b": "keyword", "n": "long", "@timestamp": "date"}
    | {"tags": FieldType("tags", "keyword", array=True)}
)


def reduced(text: str) -> Reduced:
    source = Source("<query>", text)
    return to_body(lower(parse(source), FIELDS, source), FIELDS)


def told(found: Reduced) -> list[tuple[str, str]]:
    return [(remark.kind, remark.code) for remark in found.remarks]


@pytest.mark.parametrize(
    ("text", "fields", "value", "distinct"),
    [
        ("STATS c = COUNT(*) BY a | WHERE c >= 3", ("a",), 3, ()),
        ("STATS c = COUNT() BY a, b | WHERE 3 < c", ("a", "b"), 4, ()),
        ("STATS COUNT(*) BY a | WHERE `COUNT(*)` > 1.5 | SORT a | LIMIT 1000", ("a",), 2, ()),
        ("EVAL k = a | STATS c = COUNT_DISTINCT(n) BY k | WHERE c >= 2", ("a",), 1, (("n", 2),)),
        ("STATS c = COUNT(*), d = COUNT_DISTINCT(n) BY a | WHERE c > 2 AND d >= 5", ("a",), 3, (("n", 5),)),
    ],
)
def test_counts_become_thresholds(text: str, fields: tuple[str, ...], value: int, distinct: object) -> None:
    found = reduced(f"FROM x | WHERE a IS NOT NULL AND b IS NOT NULL | {text}")
    assert isinstance(found.body, Threshold)
    assert (found.body.fields, found.body.value, found.body.cardinality) == (fields, value, distinct)
    assert found.remarks == ()
    assert found.timespan is None


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("STATS c = COUNT(*) BY a | WHERE c >= 3", [("noted", "null-group")]),
        ('WHERE a == "x" | STATS c = COUNT(*) BY a | WHERE c >= 3', []),
        ('WHERE a == "x" OR b == "y" | STATS c = COUNT(*) BY a | WHERE c >= 3', [("noted", "null-group")]),
        ("STATS c = COUNT(*) BY a | WHERE c > 0", [("noted", "grouping")]),
        ("STATS c = COUNT(*) BY a | WHERE c >= 3 AND a IS NOT NULL", []),
        ('WHERE tags == "x"', [("noted", "several-values")]),
        ('WHERE a == "x" | LIMIT 5', [("told", "limit")]),
        ('WHERE a:"x"', [("told", "full-text")]),
        ('LIMIT 5 | WHERE a == "x"', [("wanted", "limit")]),
        ('MV_EXPAND tags | WHERE a == "x"', [("wanted", "mv-expand")]),
        (
            'WHERE a == "x" | STATS c = COUNT(*), d = COUNT_DISTINCT(n) BY a | WHERE c >= 9 AND d >= 2',
            [("wanted", "several-counts")],
        ),
        (
            'WHERE a == "x" | STATS c = COUNT(*), m = MAX(n) BY a | WHERE c > 2 AND m > 5',
            [("wanted", "aggregate")],
        ),
    ],
)
def test_what_is_lost_is_told(text: str, remarks: list[tuple[str, str]]) -> None:
    found = reduced(f"FROM x | {text}")
    assert found.body is not None
    assert told(found) == remarks


def test_buckets_of_time_are_the_timespan() -> None:
    found = reduced(
        'FROM x | EVAL t = DATE_TRUNC(5 minutes, @timestamp) | WHERE a == "x"'
        " | STATS c = COUNT(*) BY a, t | WHERE c >= 2"
    )
    assert isinstance(found.body, Threshold)
    assert found.body.fields == ("a",)
    assert found.timespan == 300_000
    assert told(found) == [("wanted", "buckets")]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("WHERE LENGTH(a) > 3", "function", "LENGTH cannot be asked of a field"),
        ("WHERE a == b", "fields-compared", "two fields of one event are compared"),
        ('GROK a "%{WORD:w}" | WHERE w == "x"', "extracted", "`w` is taken out of a text by GROK"),
        ('DISSECT a "%{w}" | WHERE w == "x"', "extracted", "`w` is taken out of a text by DISSECT"),
        (
            "INLINE STATS c = COUNT(*) | WHERE c > 1",
            "inline-stats",
            "INLINE STATS compares each event with its group",
        ),
        (
            "STATS c = COUNT(*) BY a | STATS d = COUNT(*) BY a",
            "second-stats",
            "STATS of STATS counts groups, not events",
        ),
        (
            "STATS c = COUNT(*) BY k = TO_LOWER(a) | WHERE c > 1",
            "computed-group",
            "the events are grouped by `k`, which is computed",
        ),
        ("STATS c = COUNT(*) BY a | WHERE c < 5", "condition", "only `count >= n` can be said of groups"),
        (
            "STATS s = SUM(n) BY a | WHERE s > 5",
            "aggregate",
            "`s` is a SUM, and only events and values are counted",
        ),
        (
            'COMPLETION p = a WITH {"inference_id": "m"} | WHERE p == "x"',
            "outside",
            "COMPLETION asks a language model, which cannot be run offline",
        ),
        ('WHERE _index == "x"', "metadata", "`_index` is no field of the event"),
    ],
)
def test_what_cannot_be_said_is_refused(text: str, code: str, message: str) -> None:
    found = reduced(f"FROM x METADATA _index | {text}")
    assert found.body is None
    assert [(r.kind, r.code, r.message) for r in found.remarks] == [("refused", code, message)]


def test_rows_of_constants_ask_no_events() -> None:
    found = reduced("ROW a = 1 | WHERE a == 1")
    assert told(found) == [("refused", "row")]


def test_columns_that_double_without_end_are_refused() -> None:
    steps = " | ".join(f"EVAL c{i + 1} = c{i} AND c{i}" for i in range(40))
    found = reduced(f'FROM x | EVAL c0 = a == "x" | {steps} | WHERE c40')
    assert told(found) == [("refused", "size")]


def test_a_count_with_a_condition_counts_those_events() -> None:
    found = reduced('FROM x | STATS c = COUNT(*) WHERE b == "y" BY a | WHERE c >= 2 AND a IS NOT NULL')
    assert isinstance(found.body, Threshold)
    assert not isinstance(found.body, EventQuery)
    assert found.body.value == 2
