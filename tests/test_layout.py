"""The house rules: which room may import which, one top-level name, every decision listed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import HOME

# A room may import what stands to its right on its line, and itself.
ORDER = {
    "source": [],
    "problems": ["source"],
    "files": ["source", "problems"],
    "toml_literals": ["source"],
    "toml_places": ["toml_literals", "source", "problems"],
    "exception_list": ["toml_places", "source", "problems"],
    "exception_schema": ["rule_suggestions", "schema"],
    "exceptions": [
        "exception_list",
        "exception_schema",
        "rule",
        "schema",
        "toml_text",
        "toml_places",
        "source",
        "problems",
    ],
    "toml_text": ["toml_places", "source", "problems"],
    "json_places": ["source", "problems"],
    "schema": ["source", "problems"],
    "rule_suggestions": [],
    "rule_schema": ["rule_suggestions", "schema"],
    "rule_checks": ["rule_schema", "schema", "problems"],
    "rule": [
        "exception_list",
        "rule_checks",
        "schema",
        "toml_text",
        "toml_places",
        "files",
        "source",
        "problems",
    ],
    "sigma_rule": ["rule", "languages", "fields", "source", "problems"],
    "sigma_import": ["languages", "query", "fields", "attack", "source", "problems"],
    "ruleset": ["sigma_rule", "languages", "rule", "files", "source", "problems"],
    "rulequery": ["sigma_rule", "rule", "languages", "query", "fields", "source", "problems"],
    "fields": ["data", "toml_text", "toml_places", "source", "problems"],
    "attack": ["data", "source", "problems"],
    "query": ["fields", "source", "problems"],
    "languages": ["query", "fields", "source", "problems"],
    "engine": ["query", "fields", "source", "problems"],
}
FORBIDDEN_IN_CORE = ("samefire.converters", "converters", "cli", "samefire.cli")


def modules() -> list[Path]:
    return sorted((HOME / "samefire").rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def room(path: Path) -> str:
    first = path.relative_to(HOME / "samefire").parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(HOME)))
def test_imports_run_one_way(path: Path) -> None:
    names = imported(path)
    assert not names & set(FORBIDDEN_IN_CORE), f"{path} names a converter or the command line"
    here = room(path)
    if here in ORDER:
        rooms = {n.split(".")[1] for n in names if n.startswith("samefire.")}
        assert rooms <= {here, *ORDER[here]}, f"{here} may not import {sorted(rooms - {here, *ORDER[here]})}"


def test_nothing_is_called_utils() -> None:
    bad = {"utils", "helpers", "common", "misc", "manager"}
    assert not [p for p in modules() if p.stem in bad]
