"""Selections and conditions: how a query is laid out, what its parts are called."""

from __future__ import annotations

from typing import Any

import pytest

from tests.converters.sigma_cases import convert, detection, documents, problems

LAYOUT: list[tuple[str, dict[str, Any]]] = [
    (
        "a: x and b: y",
        {"selection": {"a|cased": "x", "b|cased": "y"}, "condition": "selection"},
    ),
    (
        "a: x or b: y",
        {"selection": [{"a|cased": "x"}, {"b|cased": "y"}], "condition": "selection"},
    ),
    (
        "a: x and a: y",
        {
            "selection": {"a|cased": "x"},
            "selection_a": {"a|cased": "y"},
            "condition": "selection and selection_a",
        },
    ),
    (
        "a: x and (b: y or (c: z and d: 1))",
        {
            "selection": {"a|cased": "x"},
            "selection_b": [{"b|cased": "y"}, {"c|cased": "z", "d": "1"}],
            "condition": "selection and selection_b",
        },
    ),
    (
        "a: x and not process.name: svchost.exe",
        {
            "selection": {"a|cased": "x"},
            "filter_svchost": {"process.name|cased": "svchost.exe"},
            "condition": "selection and not filter_svchost",
        },
    ),
    (
        "a: x and not b: y and not c: z and not d: w",
        {
            "selection": {"a|cased": "x"},
            "filter_b": {"b|cased": "y"},
            "filter_c": {"c|cased": "z"},
            "filter_d": {"d|cased": "w"},
            "condition": "selection and not 1 of filter_*",
        },
    ),
    (
        "not (a: x or b: y)",
        {"filter_a": [{"a|cased": "x"}, {"b|cased": "y"}], "condition": "not filter_a"},
    ),
    (
        "a: x and not (b: y and not c: z)",
        {
            "selection": {"a|cased": "x"},
            "filter_b": {"b|cased": "y"},
            "selection_c": {"c|cased": "z"},
            "condition": "selection and not (filter_b and not selection_c)",
        },
    ),
    (
        "(a: x and not b: y) or c: z",
        {
            "selection_c": {"c|cased": "z"},
            "selection_a": {"a|cased": "x"},
            "filter_b": {"b|cased": "y"},
            "condition": "selection_c or (selection_a and not filter_b)",
        },
    ),
    (
        "(a: x or b: y) and (c: z or d: w) and (e: v or f: u) and g: t",
        {
            "selection": {"g|cased": "t"},
            "selection_a": [{"a|cased": "x"}, {"b|cased": "y"}],
            "selection_c": [{"c|cased": "z"}, {"d|cased": "w"}],
            "selection_e": [{"e|cased": "v"}, {"f|cased": "u"}],
            "condition": "all of selection*",
        },
    ),
    (
        "process.name: x and process.parent.name: y and (process.args: a or process.command_line: *b*)",
        {
            "selection": {"process.name|cased": "x", "process.parent.name|cased": "y"},
            "selection_process": [{"process.args|cased": "a"}, {"process.command_line|contains|cased": "b"}],
            "condition": "selection and selection_process",
        },
    ),
]


@pytest.mark.parametrize(("query", "written"), LAYOUT, ids=[query for query, _ in LAYOUT])
def test_layout(query: str, written: dict[str, Any]) -> None:
    found = detection(convert(query))
    assert found == written
    assert list(found) == list(written)


def test_filters_of_the_rule_are_added() -> None:
    more = """
[[rule.filters]]
[rule.filters.meta]
negate = true
[rule.filters.query.wildcard."file.path"]
case_insensitive = true
value = "?:\\\\\\\\Tools\\\\\\\\*"
"""
    result = convert("a: x", more=more)
    assert not result.problems, problems(result)
    assert detection(result) == {
        "selection": {"a|cased": "x"},
        "filter_file_path": {"file.path|startswith": "?:\\\\Tools\\\\"},
        "condition": "selection and not filter_file_path",
    }


def test_a_filter_that_cannot_be_said_has_its_place() -> None:
    more = """
[[rule.filters]]
[rule.filters.query.range."event.ingested"]
gte = "now-5m"
"""
    (problem,) = convert("a: x", more=more).problems
    assert problem.code == "sigma-cannot-compare-dates"
    assert problem.location.line > 17


def test_caseless() -> None:
    result = convert("a: Xy and b: 4 and not c: z", caseless=True)
    assert [(p.code, p.message) for p in result.problems] == [
        ("approximate-caseless", "without `|cased` it also fires where only the case of `a` differs"),
        (
            "approximate-caseless",
            "without `|cased` it also excludes events where only the case of `c` differs",
        ),
    ]
    assert detection(result) == {
        "selection": {"a": "Xy", "b": "4"},
        "filter_c": {"c": "z"},
        "condition": "selection and not filter_c",
    }
    (document,) = documents(result)
    assert document["samefire"]["approximate"] == [p.message for p in result.problems]


def test_caseless_without_case_is_exact() -> None:
    assert not convert("event.code: 4624", caseless=True).problems


def test_the_category_of_an_event_is_in_another_field() -> None:
    """`process where` asks the field that the rule names as its category."""
    result = convert("process where process.pid == 1", "eql", more='event_category_override = "event.type"\n')
    assert detection(result) == {
        "selection": {"event.type|cased": "process", "process.pid": 1},
        "condition": "selection",
    }
