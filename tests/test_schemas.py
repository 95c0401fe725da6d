"""Schemas for editors: valid themselves, valid on every file that the readers accept, refusing what these refuse."""

from __future__ import annotations

import importlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from samefire.problems import ProblemError
from samefire.rule import load_path
from samefire.schemas import NAMES, schema_of
from tests.conftest import FUZZ, HOME

run = importlib.import_module("samefire.cli").run
VALIDATORS: dict[str, Draft7Validator] = {name: Draft7Validator(schema_of(name)) for name in NAMES}


def toml(path: Path) -> Any:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def errors(name: str, data: Any) -> list[str]:
    return [error.message[:300] for error in VALIDATORS[name].iter_errors(data)]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_schema(name: str) -> None:
    Draft7Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("path", sorted((HOME / "rules").rglob("*.toml")), ids=lambda p: p.stem)
def test_rules(path: Path) -> None:
    assert errors("rule", toml(path)) == []


def test_fixtures() -> None:
    import yaml

    paths = [p for p in sorted((HOME / "fixtures").rglob("*.*")) if p.is_file()]
    assert len(paths) > 600
    for path in paths:
        text = path.read_text(encoding="utf-8")
        data: Any
        if path.suffix == ".json":
            data = json.loads(text)
        elif path.suffix in (".yaml", ".yml"):
            data = yaml.safe_load(text)
        else:
            data = [json.loads(line) for line in text.splitlines() if line]
        assert errors("fixture", json.loads(json.dumps(data, default=str))) == [], path


def test_exceptions() -> None:
    for path in sorted((HOME / "exceptions").rglob("*.toml")):
        assert errors("exceptions", toml(path)) == []


def refused() -> Iterator[Path]:
    for path in sorted((HOME / "tests/errors").glob("*/rule.toml")):
        try:
            tomllib.loads(path.read_text(encoding="utf-8"))
            load_path(path)
        except ProblemError as error:
            codes = {p.code for p in error.problems}
            if codes & {"rule-unknown-key", "rule-missing-key", "rule-wrong-type", "rule-unknown-table"}:
                yield path
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue


SAID_BY_CHECK_ALONE = (
    *("deprecated_without_date", "esql_without_id", "new_terms_half", "new_terms_missing"),
    *("query_missing", "timeline"),
)
"""What keys must be to each other."""


@pytest.mark.parametrize("path", sorted(refused()), ids=lambda p: p.parent.name)
def test_what_the_reader_refuses(path: Path) -> None:
    if path.parent.name not in SAID_BY_CHECK_ALONE:
        assert errors("rule", toml(path))


@pytest.mark.parametrize(
    ("name", "data", "valid"),
    [
        ("fixture", {"a": 1}, True),
        ("fixture", {}, False),
        ("fixture", [], False),
        ("fixture", {"events": [{"a": 1}], "alerts": 1, "forms": {"sigma": "silent", "because": "x"}}, True),
        ("fixture", {"events": [{"a": 1}], "histroy": []}, False),
        ("fixture", {"events": [{"a": 1}], "forms": {"sigma": "maybe"}}, False),
        (
            "settings",
            {"rules": ["a"], "strict-fields": True, "gate": {"coverage": 0.5, "levels": {"x": "off"}}},
            True,
        ),
        ("settings", {"rule": ["a"]}, False),
        ("settings", {"gate": {"coverage": 2}}, False),
        ("settings", {"lints": {"x": "of"}}, False),
        ("fields", {"a.b": "keyword", "c": {"type": "scaled_float", "scaling_factor": 100}}, True),
        ("fields", {"a": {"type": "keyword", "fields": {"text": "match_only_text"}}}, True),
        ("fields", {"a": "keywrod"}, False),
        ("fields", {"a": {"type": "keyword", "ignore_abov": 1}}, False),
    ],
)
def test_small_files(name: str, data: Any, valid: bool) -> None:
    assert (errors(name, data) == []) is valid


def entry(**keys: Any) -> Any:
    container = {"list_id": "l", "name": "n", "description": "d", "type": "detection"}
    item = {"list_id": "l", "name": "n", "description": "d", "type": "simple", "entries": [keys]}
    metadata = {"creation_date": "2026/01/01", "updated_date": "2026/01/01", "list_name": "l"}
    metadata |= {"rule_ids": [], "rule_names": []}  # type: ignore[dict-item]
    return {"metadata": metadata, "exceptions": [{"container": container, "items": [item]}]}


def test_entries_of_exceptions() -> None:
    assert errors("exceptions", entry(field="a", type="exists", operator="included")) == []
    assert errors("exceptions", entry(field="a", type="match", operator="included"))
    inner = {"field": "b", "type": "match", "operator": "included", "value": "x"}
    assert errors("exceptions", entry(field="a", type="nested", entries=[inner])) == []
    assert errors("exceptions", entry(field="a", type="nested", entries=[inner | {"type": "wildcard"}]))
    listed = {"id": "x", "type": "ip"}
    assert errors("exceptions", entry(field="a", type="list", operator="included", list_vals=listed)) == []


def test_every_key_is_explained() -> None:
    for key, schema in schema_of("settings")["properties"].items():
        assert schema["description"], key


@pytest.mark.slow
def test_corpus(shared: Path) -> None:
    """Every rule of elastic/detection-rules that is read without a word is valid."""
    for path in sorted((shared / "corpus/elastic").rglob("*.toml"))[:: 1 if FUZZ else 5]:
        if not load_path(path).problems:
            assert errors("rule", toml(path)) == [], path


# ---- samefire schema ----------------------------------------------------------------------------------


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "rule"]) == 0
    assert json.loads(capsys.readouterr().out) == schema_of("rule")
    assert run(["schema", "-o", str(tmp_path / "x")]) == 0
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == sorted(f"{n}.schema.json" for n in NAMES)
    assert run(["schema"]) == 2
    assert run(["schema", "rules"]) == 2
    assert "did you mean `rule`?" in capsys.readouterr().err
