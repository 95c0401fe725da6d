"""Where reports go: stdout, files by their ending, the job summary; and what the flags refuse."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.gate.conftest import repo, template
from tests.gate.repository import Repo

__all__ = ["repo", "template"]

run = importlib.import_module("samefire.cli").run


def test_several_files_and_text(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["r.txt", "r.json", "r.xml", "r.sarif", "r.md", "r.html"]
    assert run(["gate", "--all", *(x for n in names for x in ("-o", n))]) == 0
    assert capsys.readouterr().out.startswith("rules/logins.toml  Many Failed Logins\n")
    starts = {n: Path(n).read_text()[:16] for n in names}
    assert starts["r.json"].startswith('{\n  "version": 1')
    assert starts["r.sarif"].startswith('{\n  "$schema"')
    assert starts["r.xml"].startswith("<?xml version=")
    assert starts["r.md"].startswith("### ✅ samefire")
    assert starts["r.html"].startswith("<!DOCTYPE html>")


def test_a_format_that_goes_to_a_file_does_not_go_to_stdout(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", "--format", "junit", "-o", "report.out"]) == 0
    assert Path("report.out").read_text().startswith("<?xml")
    assert capsys.readouterr().out.startswith("rules/logins.toml")
    assert run(["test", "--format", "github", "-o", "a.xml", "-o", "b.html"]) == 0
    assert capsys.readouterr().out.startswith("::notice title=samefire::3 rules")


@pytest.mark.parametrize("command", ["check", "test", "gate"])
@pytest.mark.parametrize("format", ["text", "json", "junit", "sarif", "github", "markdown", "html"])
def test_every_command_has_every_format(
    repo: Repo, command: str, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--format", format]) == 0
    assert capsys.readouterr().out.endswith("\n")


def test_summary(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    assert run(["gate", "--summary"]) == 0
    assert Path("summary.md").read_text().startswith("before\n### ✅ samefire: passed\n")


def test_a_report_is_whole_or_not_there(repo: Repo) -> None:
    Path("r.json").write_text("old")
    Path("r.json").chmod(0o600)
    assert run(["test", "-o", "r.json"]) == 0
    assert Path("r.json").stat().st_mode & 0o777 == 0o600
    assert run(["test", "-o", "/dev/null", "--format", "json"]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["test", "-o", "report.pdf"],
            "samefire: no format belongs to the ending of report.pdf; known endings: "
            "`.txt`, `.json`, `.xml`, `.sarif`, `.md`, `.html`",
        ),
        (["gate", "--format", "jsn"], "samefire: unknown format `jsn`; did you mean `json`?"),
        (
            ["gate", "--summary"],
            "samefire: --summary writes to the file that GITHUB_STEP_SUMMARY names, and it is not set",
        ),
        (
            ["gate", "--base", "nowhere"],
            "git:1:1: error: git knows no revision `nowhere` [git-unknown-revision]\n"
            "  help: fetch it first, or name another one with --base",
        ),
    ],
)
def test_error_wrong_use(
    repo: Repo, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err == f"{told}\n"


def test_a_folder_that_is_not_there_is_made(repo: Repo) -> None:
    assert run(["test", "-o", "new/folder/r.json"]) == 0
    assert Path("new/folder/r.json").is_file()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.txt/r.json", "samefire: a.txt is a file, not a folder"),
        ("b.json", "samefire: b.json is a folder, not a file"),
    ],
)
def test_a_report_that_cannot_be_written_does_not_hide_the_verdicts(
    repo: Repo, name: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.txt").write_text("")
    Path("b.json").mkdir()
    assert run(["test", "-o", name]) == 3
    said = capsys.readouterr()
    assert said.err == f"{told}\n"
    assert said.out.startswith("rules/logins.toml")


def test_all_without_git(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.remove(".git")
    assert run(["gate", "--all"]) == 0
    told = capsys.readouterr().out
    assert "warning: nothing was compared: " in told
    assert told.endswith("0 errors, 1 warning\njudged: all rules\n")
    assert run(["gate"]) == 2
