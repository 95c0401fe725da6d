"""ES|QL: any text is a tree or a problem; a tree's text reads back; what events are asked is what rows say."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.engine.run import run
from samefire.fields import FieldTypes
from samefire.languages.esql import lower, parse, render, to_body
from samefire.languages.esql.parse import _PROCESSING
from samefire.problems import ProblemError
from samefire.problems import render as shown
from samefire.query.detection import Detection, EventQuery, Threshold
from samefire.source import Source

FIELDS = FieldTypes({}, dynamic=False).with_fields(
    {"a": "keyword", "b": "keyword", "n": "long", "t": "boolean", "ip": "ip", "m": "match_only_text"}
)

_WORDS = [
    *(word.upper() for word in _PROCESSING),
    *("FROM", "ROW", "METADATA", "BY", "ON", "AS", "WITH", "and", "or", "not", "in", "like", "rlike", "is"),
    *(
        "null",
        "true",
        "asc",
        "nulls",
        "first",
        "count",
        "case",
        "a",
        "b.c",
        "`x y`",
        "_id",
        "@timestamp",
        "*",
    ),
    *(
        '"s"',
        '"\\\\"',
        '"""r"""',
        "1",
        "2.5",
        "5 minutes",
        "-",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "|",
        "=",
        "==",
    ),
    *("!=", "<", ":", "::", "?p", "//c\n", "/* */", "logs-*", "%", "\\", '"', "é", "\0"),
]
texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join),
    st.lists(st.sampled_from(_WORDS), max_size=20).map(lambda words: "FROM x | " + " ".join(words)),
)


@given(texts)
@example("FROM x | WHERE " + "(" * 300)
@example("FROM x | WHERE " + "not " * 300 + "a")
@example("ROW a = " + "1 + " * 5000 + "1")
@example("FROM x | WHERE a == 1" + " or a == 2" * 5000)
@example("FROM x | EVAL a = " + "-" * 500 + "1")
@example("/*" * 500)
def test_any_text_is_a_tree_or_a_problem(text: str) -> None:
    source = Source("<query>", text)
    try:
        tree = parse(source)
    except ProblemError as error:
        assert all(shown(problem) for problem in error.problems)
        return
    assert parse(Source("<query>", render(tree))) == tree
    try:
        body = lower(tree, FIELDS, source)
    except ProblemError as error:
        assert all(shown(problem) for problem in error.problems)
        return
    to_body(body, FIELDS)
    run(Detection(body), EVENTS)


# ---- two values say what three say --------------------------------------------------------------------

_TESTS = [
    *('a == "x"', 'a != "x"', '"x" == a', 'a IN ("x", "y")', 'a IN ("x", null)', 'a NOT IN ("x", "z")'),
    *(
        'a LIKE "x*"',
        'a NOT LIKE ("x", "y?")',
        'a RLIKE "[xX].?"',
        'a LIKE "*"',
        "a IS NULL",
        "b IS NOT NULL",
    ),
    *('TO_LOWER(a) == "x"', 'TO_LOWER(a) LIKE "x*"', 'TO_UPPER(b) == "x"', 'STARTS_WITH(a, "x")'),
    *("n > 2", "n <= 2", "2 < n", "n != 2", "n IN (1, 3)", "n == null", "t", "NOT t", "t == false", "null"),
    *('ip == "10.0.0.1"', 'CIDR_MATCH(ip, "10.0.0.0/8", "::1")', 'ip > "10.0.0.1"', 'TO_STRING(n) == "2"'),
    *('m == "X y"', 'm LIKE "*y"', 'KQL("a: x or n > 2")', 'CONTAINS(b, "")'),
]
_EVENT = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from(["x", "X", "xy", "y", "", "z"]),
        "b": st.sampled_from(["x", "X", ""]),
        "n": st.sampled_from([1, 2, 3, -1]),
        "t": st.booleans(),
        "ip": st.sampled_from(["10.0.0.1", "10.0.0.2", "::1", "192.0.2.1"]),
        "m": st.sampled_from(["X y", "x y", "y"]),
    },
)
_CONDITIONS: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(_TESTS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda one: f"NOT ({one})"),
    ),
    max_leaves=8,
)
EVENTS: list[Any] = [{"a": "x", "n": 1}, {"b": ["x", "y"], "t": True, "@timestamp": "2026-01-01T00:00:00Z"}]


@given(_CONDITIONS, st.lists(_EVENT, min_size=1, max_size=6))
def test_what_events_are_asked_is_what_rows_say(condition: str, events: list[Any]) -> None:
    source = Source("<query>", f"FROM x METADATA _id | WHERE {condition} | KEEP _id")
    body = lower(parse(source), FIELDS, source)
    reduced = to_body(body, FIELDS)
    assert isinstance(reduced.body, EventQuery), reduced.remarks
    rows = [alert.ordinals[0] for alert in run(Detection(body), events).alerts]
    assert list(match([reduced.body.where], Events(events)).ordinals[0]) == rows


@given(st.lists(_EVENT, max_size=12), st.integers(1, 4))
def test_counted_groups_are_thresholds(events: list[Any], least: int) -> None:
    text = f"FROM x | WHERE a IS NOT NULL AND n > 0 | STATS c = COUNT(*) BY a | WHERE c >= {least}"
    source = Source("<query>", text)
    body = lower(parse(source), FIELDS, source)
    reduced = to_body(body, FIELDS)
    assert isinstance(reduced.body, Threshold) is (least > 1)
    rows = run(Detection(body), events)
    other = run(Detection(reduced.body or body), events)
    assert bool(rows) is bool(other)
    if least > 1:
        assert sorted(a.ordinals for a in rows.alerts) == sorted(a.ordinals for a in other.alerts)
