"""The form `elastic`, written: `golden/rules/<name>/rule.toml` gives `elastic.json` and `elastic.txt`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samefire.fields import FieldTypes
from samefire.forms import Converted, Options, converters
from samefire.problems import render
from samefire.rule import Rule, load_path
from tests.conftest import HOME

CASES = sorted(p.parent for p in (HOME / "tests/golden/rules").glob("*/rule.toml"))


def write(rule: Rule, options: Options | None = None) -> Converted:
    return converters()["elastic"].write(rule, FieldTypes.ecs(), options or Options())


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_golden(case: Path, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    converted = write(load_path("rule.toml"))
    golden(case / "elastic.json", converted.document.text if converted.document else "")
    golden(case / "elastic.txt", "".join(f"{render(p)}\n" for p in converted.problems))
    if converted.document:
        assert converted.document.name == "rule.json"
        assert (
            json.dumps(json.loads(converted.document.text), sort_keys=True) + "\n" == converted.document.text
        )


def test_both_ways_of_writing_new_terms_are_one() -> None:
    nested, flat = (
        load_path(HOME / f"tests/golden/rules/{n}/rule.toml") for n in ("new_terms", "new_terms_flat")
    )
    one, other = write(nested).document, write(flat).document
    assert one and other
    differ = ("name", "rule_id")
    left, right = ({k: v for k, v in json.loads(d.text).items() if k not in differ} for d in (one, other))
    assert left == right


def test_the_version_comes_from_the_lock() -> None:
    rule = load_path(HOME / "tests/golden/rules/threshold/rule.toml")
    document = write(rule, Options(versions={rule.id: 7})).document
    assert document
    assert json.loads(document.text)["version"] == 7


def test_a_rule_without_a_file_is_named_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    from samefire.rule import load
    from samefire.source import Source

    text = (HOME / "tests/golden/rules/threshold/rule.toml").read_text(encoding="utf-8")
    rule = load(Source("-", text))
    document = write(rule).document
    assert document
    assert document.name == f"{rule.id}.json"


def test_writing_leaves_the_rule_alone() -> None:
    rule = load_path(HOME / "tests/golden/rules/actions/rule.toml")
    before = json.dumps(rule.contents)
    assert write(rule) == write(rule)
    assert json.dumps(rule.contents) == before
