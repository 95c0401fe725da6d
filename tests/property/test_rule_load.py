"""Any text gives a rule or problems with places inside it, never another exception; any rule that loads
exports to JSON that says the same again."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
import rtoml
from hypothesis import given
from hypothesis import strategies as st

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.problems import ProblemError, render
from samefire.rule import load
from samefire.rule_schema import METADATA, SIGMA, TRANSFORM, TYPES, table_of
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
GOOD = {
    "rule_id": "8a1c3d52-6f4b-4f0e-9c77-1f2b3c4d5e6f",
    "reference": "https://attack.mitre.org/techniques/T1059/",
    "query": "process where true",
}


def likely(shape: Shape, key: str = "") -> st.SearchStrategy[Any]:
    """Values that mostly fit a shape, and now and then do not."""
    return st.one_of(fitting(shape, key), fitting(shape, key), fitting(shape, key), JUNK)


def fitting(shape: Shape, key: str) -> st.SearchStrategy[Any]:
    match shape:
        case Text():
            sample = [
                *shape.choices,
                GOOD.get(key, "x"),
                "2026/01/05",
                "now-9m",
                "5m",
                "$osquery_0 ## Setup\n\nx",
            ]
            return st.sampled_from(sample)
        case Whole():
            return st.one_of(st.integers(0, 100), st.just("47"), st.just(47.9))
        case Flag():
            return st.sampled_from([True, False, "yes", 1])
        case ListOf():
            return st.lists(likely(shape.item), max_size=3)
        case Table():
            return table(shape)
        case Map():
            return st.dictionaries(WORDS, likely(shape.item), max_size=2)
        case Free():
            return JUNK
        case Either():
            return st.one_of(fitting(shape.text, key), fitting(shape.many, key))


def table(shape: Table) -> st.SearchStrategy[dict[str, Any]]:
    def one(key: str, known: Key) -> st.SearchStrategy[Any]:
        return st.deferred(lambda: likely(known.shape, key))

    required = {k: one(k, v) for k, v in shape.keys.items() if v.required}
    optional = {k: one(k, v) for k, v in shape.keys.items() if not v.required}
    return st.fixed_dictionaries(required, optional=optional)


RULES = st.sampled_from(TYPES).flatmap(
    lambda kind: st.fixed_dictionaries(
        {
            "metadata": likely(METADATA),
            "rule": table(table_of(kind)).map(lambda rule: {**rule, "type": kind}),
        },
        optional={"transform": likely(TRANSFORM), "sigma": likely(SIGMA), "extra": JUNK},
    )
)


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


@given(RULES)
def test_any_table_is_a_rule_or_problems(data: dict[str, Any]) -> None:
    assert_rule_or_problems(rtoml.dumps(data))


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
