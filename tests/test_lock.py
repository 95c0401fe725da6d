"""The version lock: when a version rises, and what a lock file must be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samefire.fields import FieldTypes
from samefire.forms import Document, Options, converters
from samefire.lock import (
    Lock,
    changes,
    digest,
    load_versions,
    lock_text,
    read,
    read_lock,
    updated,
    write_lock,
)
from samefire.problems import ProblemError, render
from samefire.rule import Rule, load
from samefire.source import Source
from tests.conftest import HOME

TEXT = (HOME / "tests/golden/rules/threshold/rule.toml").read_text(encoding="utf-8")
ID = "8a1c3d52-6f4b-4f0e-9c77-1f2b3c4d5e18"


def export(text: str = TEXT, options: Options | None = None) -> dict[Rule, Document | None]:
    rule = load(Source("r.toml", text))
    return {rule: converters()["elastic"].write(rule, FieldTypes.ecs(), options or Options()).document}


def test_versions_rise_with_the_export_alone() -> None:
    first = updated({}, export())
    assert first[ID].version == 1
    assert updated(first, export()) == first
    assert updated(first, export("# a comment\n" + TEXT)) == first
    second = updated(first, export(TEXT.replace("risk_score = 47", "risk_score = 48")))
    assert second[ID].version == 2
    assert changes({}, first) == ["Threshold: new, version 1"]
    assert changes(first, second) == ["Threshold: version 1 to 2"]


def test_the_locked_version_is_no_change() -> None:
    first = updated({}, export())
    assert updated(first, export(options=Options(versions={ID: 1}))) == first


def test_fields_of_the_query_are_no_change() -> None:
    ((rule, document),) = export().items()
    assert document
    other = json.dumps({**json.loads(document.text), "required_fields": []})
    assert digest(rule, Document("x", other)) == digest(rule, document)


def test_a_rule_that_is_gone_or_refused_keeps_its_entry() -> None:
    first = updated({}, export())
    ((rule, _),) = export().items()
    assert updated(first, {}) == first
    assert updated(first, {rule: None}) == first


def test_text_is_canonical_and_reads_back(tmp_path: Path) -> None:
    lock = updated({}, export())
    text = lock_text(lock)
    assert read(Source("lock", text)) == lock
    path = tmp_path / "samefire.lock.json"
    write_lock(path, text)
    write_lock(path, text)
    assert path.read_text(encoding="utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["samefire.lock.json"]
    assert load_versions(path) == {ID: 1}


def test_no_file_is_an_empty_lock(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "none.json") == {}


def refused(text: str) -> str:
    with pytest.raises(ProblemError) as caught:
        read(Source("samefire.lock.json", text))
    return "\n".join(render(p) for p in caught.value.problems)


def test_error_no_json() -> None:
    assert refused('{"a": }') == (
        "samefire.lock.json:1:7: error: the lock file is not valid JSON: expecting value [lock-syntax]\n"
        '  1 | {"a": }\n'
        "    |       ^"
    )


def test_error_no_object() -> None:
    assert refused("[]") == (
        "samefire.lock.json:1:1: error: the lock file must be a JSON object [lock-syntax]\n  1 | []\n    | ^"
    )


@pytest.mark.parametrize("change", [{"version": 0}, {"version": True}, {"version": "1"}, {"sha256": None}])
def test_error_bad_entry(change: dict[str, object]) -> None:
    entry = {"rule_name": "A", "sha256": "00", "type": "eql", "version": 1}
    text = json.dumps({"x": entry, "y": {**entry, **change}}, indent=1)
    assert refused(text) == (
        "samefire.lock.json:8:2: error: the entry of y needs `rule_name`, `sha256`, `type` and a `version` of"
        " at least 1 [lock-bad-entry]\n"
        '  8 |  "y": {\n'
        "    |  ^^^\n"
        "  help: restore the file from git, or remove the entry to start again at version 1"
    )


def test_a_lock_is_a_mapping() -> None:
    lock: Lock = updated({}, export())
    assert list(lock) == [ID]
