"""`samefire fmt` as it is typed."""

from __future__ import annotations

import importlib
import io
import sys
from pathlib import Path

import pytest

from tests.conftest import HOME

run = importlib.import_module("samefire.cli").run

UNTIDY = "[rule]\nb = 1\na = 2\n"
TIDY = "[rule]\na = 2\nb = 1\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samefire.toml").write_text("")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/a.toml").write_text(UNTIDY)
    (tmp_path / "rules/b.toml").write_text(TIDY)
    (tmp_path / "rules/other.toml").write_text("b = 1\n\n\na = 2\n")
    return tmp_path


def test_formats(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt"]) == 0
    assert capsys.readouterr().out == "formatted rules/a.toml\n2 files: 1 formatted\n"
    assert (project / "rules/a.toml").read_text() == TIDY
    assert (project / "rules/other.toml").read_text() == "b = 1\n\n\na = 2\n"
    assert run(["fmt"]) == 0
    assert capsys.readouterr().out == "2 files: 0 formatted\n"


def test_check_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "--check"]) == 1
    assert capsys.readouterr().out == "would change rules/a.toml\n2 files: 1 would change\n"
    assert (project / "rules/a.toml").read_text() == UNTIDY
    assert run(["fmt", "--check", "rules/b.toml"]) == 0


def test_diff_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "--diff", "rules/a.toml"]) == 1
    assert capsys.readouterr().out == (
        "--- rules/a.toml\n+++ rules/a.toml (formatted)\n@@ -1,3 +1,3 @@\n"
        " [rule]\n+a = 2\n b = 1\n-a = 2\n1 file: 1 would change\n"
    )
    assert (project / "rules/a.toml").read_text() == UNTIDY


def test_a_file_that_is_named_is_formatted_whatever_it_is(project: Path) -> None:
    assert run(["fmt", "rules/other.toml"]) == 0
    assert (project / "rules/other.toml").read_text() == "b = 1\n\na = 2\n"


def test_a_broken_file_does_not_stop_the_others(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "rules/broken.toml").write_text("[rule]\na = \n")
    assert run(["fmt"]) == 1
    told = capsys.readouterr()
    assert told.out == "formatted rules/a.toml\n3 files: 1 formatted, 1 cannot be formatted\n"
    assert told.err == (
        "rules/broken.toml:2:5: error: expected a value here [toml-syntax]\n  2 | a =\n    |     ^\n"
    )


def test_nothing_to_format(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty").mkdir()
    assert run(["fmt", "empty"]) == 2
    assert "no rule or exception file found in empty" in capsys.readouterr().err


def test_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    give(UNTIDY)
    assert run(["fmt", "-"]) == 0
    assert capsys.readouterr().out == TIDY
    give(UNTIDY)
    assert run(["fmt", "-", "--check"]) == 1
    assert capsys.readouterr().out == "would change -\n"
    give(UNTIDY)
    assert run(["fmt", "-", "rules"]) == 2


def test_our_own_rules_are_formatted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(HOME)
    assert run(["fmt", "--check"]) == 0, capsys.readouterr().out
