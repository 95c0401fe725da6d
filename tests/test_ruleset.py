"""Sets of rules: which files a path names, and what rules of a set must not share."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from samefire.problems import render
from samefire.ruleset import load
from tests.conftest import HOME

RULE = (HOME / "tests/golden/rules/esql/rule.toml").read_text(encoding="utf-8")


def put(path: Path, number: int = 0, name: str = "A") -> Path:
    text = RULE.replace("8a1c3d52-6f4b", f"8a1c3d52-{number:04x}").replace(
        'name = "Esql"', f'name = "{name}"'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*paths: str) -> list[str]:
    return [rule.path for rule in load(paths).rules]


def test_files_folders_and_patterns(home: Path) -> None:
    put(home / "rules/b.toml", 1, "B")
    put(home / "rules/aws/a.toml", 2, "C")
    put(home / "rules/.hidden/c.toml", 3, "D")
    (home / "rules/notes.txt").write_text("no rule")
    assert names("rules") == ["rules/aws/a.toml", "rules/b.toml"]
    assert names("rules/b.toml", "rules") == ["rules/aws/a.toml", "rules/b.toml"]
    assert names("rules/**/*.toml") == ["rules/aws/a.toml", "rules/b.toml"]
    (home / "rules/notes.txt").unlink()
    assert names("rules/*") == ["rules/aws/a.toml", "rules/b.toml"]


def test_other_toml_files_of_a_folder_are_not_rules(home: Path) -> None:
    put(home / "a.toml")
    (home / "pyproject.toml").write_text('[project]\nname = "x"\n')
    found = load(["."])
    assert [rule.path for rule in found.rules] == ["a.toml"]
    assert not found.problems


def test_a_file_that_is_named_is_taken_for_a_rule(home: Path) -> None:
    (home / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert {p.code for p in load(["pyproject.toml"]).problems} == {"rule-unknown-table", "rule-missing-table"}


def test_error_nothing_there(home: Path) -> None:
    texts = [render(p) for p in load(["missing.toml", "none/*.toml"]).problems]
    assert texts == [
        "missing.toml:1:1: error: there is no such file or folder [file-unreadable]",
        "none/*.toml:1:1: error: no file matches [file-unreadable]",
    ]


def test_a_broken_file_leaves_the_others(home: Path) -> None:
    put(home / "a.toml")
    (home / "b.toml").write_text("[rule\n")
    (home / "c.toml").write_bytes(b"[rule]\nname = '\xff'\n")
    found = load(["."])
    assert [rule.path for rule in found.rules] == ["a.toml"]
    assert [(p.source.path, p.code) for p in found.problems] == [
        ("b.toml", "toml-syntax"),
        ("c.toml", "file-not-unicode"),
    ]


def test_error_same_id_and_name(home: Path) -> None:
    put(home / "a.toml")
    put(home / "b.toml")
    found = load(["."])
    assert len(found.rules) == 2
    assert [render(p) for p in found.problems] == [
        "b.toml:11:11: error: another rule has this `rule_id` already: a.toml:11 [ruleset-duplicate-id]\n"
        '  11 | rule_id = "8a1c3d52-0000-4f0e-9c77-1f2b3c4d5e20"\n'
        "     |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  help: give one of the two a fresh UUID",
        "b.toml:9:8: warning: another rule has this `name` already: a.toml:9 [ruleset-duplicate-name]\n"
        '  9 | name = "A"\n'
        "    |        ^^^\n"
        "  help: analysts tell rules apart by their names",
    ]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(RULE.encode())))
    assert names("-") == ["-"]


def test_odd_paths_are_problems(home: Path) -> None:
    assert [p.code for p in load(["\0", "x" * 5000, "["]).problems] == ["file-unreadable"] * 3


def test_the_corpus_loads_without_an_error(shared: Path) -> None:
    found = load([shared / "corpus" / "elastic"])
    assert len(found.rules) == 1756
    assert not found.problems
    assert {p.code for rule in found.rules for p in rule.problems} <= {"rule-window-gap"}
