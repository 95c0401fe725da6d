"""Sigma files of somebody beside rule files: loaded, judged on their own fixtures, told about at their own places."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from samefire.commands import check as check_command
from samefire.commands import query as query_command
from samefire.commands.convert import Choices
from samefire.commands.explain import run as explain
from samefire.commands.reporting import Printing
from samefire.commands.running import Running
from samefire.commands.test import run as run_tests
from samefire.problems import ProblemError
from samefire.sigma_rule import load
from samefire.source import Source

RULE = """\
title: Shell Started
id: 8f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b11
logsource: {category: process_creation, product: windows}
detection:
  s: {Image|endswith: '\\cmd.exe'}
  condition: s
tags: [attack.t0000]
level: high
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files = {
        "samefire.toml": "",
        "rules/shell.yml": RULE,
        "rules/notes.yml": "a: 1\n",
        "fixtures/shell/positive/cmd.json": '{"Image": "C:\\\\CMD.exe"}',
        "fixtures/shell/negative/other.json": '{"Image": "C:\\\\x.exe"}',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def outcome_of(*paths: str) -> tuple[int, str]:
    result = run_tests(list(paths), Choices(), Printing(), None, Running(1, cache=False))
    return int(result.code), result.out


def test_it_is_judged_on_its_own_fixtures(project: Path) -> None:
    assert outcome_of() == (
        0,
        "rules/shell.yml  Shell Started\n"
        "  sigma         1/1 fire, 1/1 silent\n"
        "\n"
        "1 rule, 2 verdicts: 2 as expected, 0 failed",
    )


def test_a_fixture_stands_for_its_sigma_rule(project: Path) -> None:
    assert outcome_of("fixtures/shell/positive/cmd.json")[1].endswith(
        "1 rule, 2 verdicts: 2 as expected, 0 failed"
    )


def test_an_event_without_its_fields(project: Path) -> None:
    (project / "fixtures/shell/negative/other.json").write_text('{"Imge": "x"}')
    code, text = outcome_of()
    assert code == 1
    assert "other.json:1:1: error: event 1 has no field of the rule [fixture-foreign-event]" in text
    assert "help: the rule asks for `Image`" in text


def test_a_file_that_is_wrong_is_told(project: Path) -> None:
    (project / "rules/shell.yml").write_text(RULE.replace("condition: s\n", "condition: t\n"))
    code, text = outcome_of()
    assert code == 1
    assert "rules/shell.yml:6:14: error: there is no search identifier `t` [sigma-unknown-identifier]" in text


def test_two_rules_in_one_file() -> None:
    with pytest.raises(ProblemError) as caught:
        load(Source("x.yml", f"{RULE}---\n{RULE.replace('Shell', 'Other').replace('5b11', '5b12')}"))
    assert [p.message for p in caught.value.problems] == [
        "the file holds 2 rules of their own, and fixtures belong to one"
    ]


def test_it_is_explained_in_its_own_form(project: Path) -> None:
    result = explain(
        "rules/shell.yml", case="negative/other", events=None, form="elastic", format="text", mapping=None
    )
    assert 'Image fits "*\\cmd.exe" in any case' in result.out


def test_a_query_may_be_a_sigma_file(project: Path) -> None:
    (project / "e.ndjson").write_text('{"Image": "C:\\\\cmd.exe"}\n{"Image": "x"}\n')
    found = query_command.run(
        "rules/shell.yml", name="sigma", events="e.ndjson", mapping=None, format="json", dsl=False
    )
    assert '"matches": [\n    0\n  ]' in found.out
    with pytest.raises(ProblemError, match="cannot be read"):
        query_command.run("no.yml", name="sigma", events="e.ndjson", mapping=None, format="json", dsl=False)


def test_sigmas_validators_place_what_they_find(project: Path) -> None:
    result = check_command.run([], Printing(), mapping=None, strict_fields=False, sigma=Choices())
    assert result.out == (
        "rules/shell.yml:7:7: warning: ATT&CK has no `t0000` [sigma-attack-unknown]\n"
        "  7 | tags: [attack.t0000]\n"
        "    |       ^^^^^^^^^^^^^^\n"
        "\n"
        "1 rule checked: 0 errors, 1 warning"
    )


def test_validators_are_asked_only_on_demand(project: Path) -> None:
    result = check_command.run([], Printing(), mapping=None, strict_fields=False)
    assert result.out == "1 rule checked: 0 errors, 0 warnings"


def test_fixtures_and_cover_of_a_sigma_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Sigma file has no form but its own: its cases are generated and weighed by that one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samefire.toml").write_text("")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/x.yml").write_text(
        "title: Printer Starts a Shell\nid: 5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43\nstatus: test\n"
        "logsource:\n  product: windows\n  category: process_creation\n"
        "detection:\n  selection:\n    Image|endswith: '\\sh.exe'\n    User: kim\n  condition: selection\n"
        "level: high\n"
    )
    run = importlib.import_module("samefire.cli").run
    assert run(["fixtures"]) == 0
    assert capsys.readouterr().out.startswith(
        "rules/x.yml: 1 positive and 2 negative cases in fixtures/x: 3 written"
    )
    assert run(["test"]) == 0
    assert "  sigma         1/1 fire, 2/2 silent\n" in capsys.readouterr().out
    assert run(["cover"]) == 0
    assert "rules/x.yml  2/2 clauses\n" in capsys.readouterr().out
