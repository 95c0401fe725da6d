"""Any text gives a rule or problems with places inside it, never another exception; any rule that loads
exports to JSON that says the same again."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
import rtoml
from hypothesis import given
from hypothesis import strategies as st

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.problems import ProblemError, Severity, render
from samefire.rule import load
from samefire.rule_schema import METADATA, TRANSFORM, TYPES, table_of
from samefire.ruleset import load as load_set
from samefire.schema import Either, Flag, Free, Key, ListOf, Map, Shape, Table, Text, Whole
from samefire.source import Source

pytestmark = pytest.mark.property

WORDS = st.text(string.printable, max_size=12)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        WORDS, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(), st.dates(), st.datetimes()
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


def value(shape: Shape, wild: bool) -> st.SearchStrategy[Any]:
    """Values that fit a shape; when `wild`, now and then some that do not."""
    fit = fitting(shape, wild)
    return st.one_of(fit, fit, fit, JUNK) if wild else fit


def fitting(shape: Shape, wild: bool) -> st.SearchStrategy[Any]:
    match shape:
        case Text(what=what) if what.startswith("a date such"):
            return st.just("2026/01/05")
        case Text(choices=choices) if choices:
            return st.sampled_from(choices)
        case Text(pattern=pattern) if pattern is not None:
            return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
        case Text():
            return st.sampled_from(
                ["x", " a\n  b ", "$osquery_0 $$ ${investigate_0}\n\n## Setup\n\n- x", "host.id : a"]
            )
        case Whole():
            return st.sampled_from([1, 47, "47", 47.9, 100])
        case Flag():
            return st.sampled_from([True, False, "yes", 1])
        case ListOf(minimum=minimum, maximum=maximum):
            most = max(minimum, min(3, 3 if maximum is None else maximum))
            return st.lists(st.deferred(lambda: value(shape.item, wild)), min_size=minimum, max_size=most)
        case Table():
            return table(shape, wild)
        case Map():
            return st.dictionaries(WORDS, value(shape.item, wild), max_size=2)
        case Free():
            return JUNK if wild else st.sampled_from(["x", 1, True, 0.5, ["a"], {"b": "c"}])
        case Either():
            return st.one_of(value(shape.text, wild), value(shape.many, wild))


def table(shape: Table, wild: bool) -> st.SearchStrategy[dict[str, Any]]:
    def one(known: Key) -> st.SearchStrategy[Any]:
        return st.deferred(lambda: value(known.shape, wild))

    required = {k: one(v) for k, v in shape.keys.items() if v.required}
    optional = {k: one(v) for k, v in shape.keys.items() if not v.required}
    return st.fixed_dictionaries(required, optional=optional)


def rule_files(wild: bool) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(TYPES).flatmap({kind: rule_file(kind, wild) for kind in TYPES}.__getitem__)


def rule_file(kind: str, wild: bool) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "metadata": value(METADATA, wild),
            "rule": table(table_of(kind), wild).map(lambda rule: {**rule, "type": kind}),
        },
        optional={"transform": value(TRANSFORM, wild), **({"extra": JUNK} if wild else {})},
    )


TOGETHER = {
    *("rule-conflict", "rule-missing-key", "rule-empty-query", "rule-building-block-window"),
    *("rule-threat-mapping", "rule-dates-out-of-order", "rule-bad-value", "rule-esql-metadata"),
}
"""Codes of what values must be to each other; `rule_files(wild=False)` knows nothing of that."""


def assert_rule_or_problems(text: str) -> None:
    try:
        rule = load(Source("rule.toml", text))
    except ProblemError as error:
        assert error.problems
        for problem in error.problems:
            assert 0 <= problem.span.start <= problem.span.end <= len(text) + 1
            assert render(problem)
        return
    converted = converters()["elastic"].write(rule, FieldTypes({}), Options())
    assert converted.document is not None or converted.problems
    if converted.document is not None:
        assert (
            json.dumps(json.loads(converted.document.text), sort_keys=True) + "\n" == converted.document.text
        )


@given(rule_files(wild=True))
def test_any_table_is_a_rule_or_problems(data: dict[str, Any]) -> None:
    assert_rule_or_problems(rtoml.dumps(data))


@given(rule_files(wild=False))
def test_what_fits_the_schema_is_a_rule_but_for_what_keys_are_to_each_other(data: dict[str, Any]) -> None:
    text = rtoml.dumps(data)
    assert_rule_or_problems(text)
    try:
        load(Source("rule.toml", text))
    except ProblemError as error:
        errors = [p for p in error.problems if p.severity is Severity.ERROR]
        assert {p.code for p in errors} <= TOGETHER, [p.message for p in errors]


@given(st.text(st.characters(), max_size=60))
def test_any_text_is_a_rule_or_problems(text: str) -> None:
    assert_rule_or_problems(text)


@given(data=st.binary(max_size=80))
def test_any_bytes_are_a_rule_or_problems(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rule") / "rule.toml"
    path.write_bytes(data)
    found = load_set([path])
    assert len(found.rules) + len(found.problems) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 100_000,
        ".".join("a" * 100_000) + " = 1",
        "[" + ".".join("a" * 100_000) + "]",
        "[[a]]\n" * 20_000,
        'a = "' + "\\" * 100_000,
        'a = """' + '""\\"' * 100_000,
        "a = " + "9" * 10_000,
        "a = [" + "1," * 100_000,
        "# " + "x" * 5_000_000,
        "\n".join(f"k{i} = 1" for i in range(20_000)),
    ],
    ids=range(11),
)
def test_hostile_texts_are_refused_in_time(text: str, tmp_path: Path) -> None:
    assert_rule_or_problems(text)
