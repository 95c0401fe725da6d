"""Coverage: a clause is proven when it decides some event by being true, and some by being false."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samefire.cli import run

RULE = """\
[metadata]
creation_date = "2026/01/10"
maturity = "production"
updated_date = "2026/01/10"

[rule]
author = ["Tests"]
description = "For tests."
from = "now-9m"
index = ["logs-*"]
language = "kuery"
license = "Apache-2.0"
name = "Covered"
risk_score = 47
rule_id = "6b2f0a3e-0d7c-4f0e-9a51-5f5b8a1f4c11"
severity = "medium"
type = "query"

query = "event.action: (a or b) and not user.name: root"
"""
CASES = {
    "positive/a": {"event": {"action": "a"}},
    "negative/other": {"event": {"action": "c"}},
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samefire.toml").write_text('forms = ["elastic"]\n')
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/x.toml").write_text(RULE)
    for name, event in CASES.items():
        path = tmp_path / f"fixtures/x/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(event))
    return tmp_path


TOLD = """\
rules/x.toml  1/3 clauses
  never true where it decides: event.action is "b"
  never true where it decides: user.name is "root"

1 rule: cases prove 1 of 3 clauses (33%)
"""


def test_cover(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cover"]) == 0
    assert capsys.readouterr().out == TOLD
    assert run(["cover", "--least", "0.5"]) == 1


def test_test_with_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", "--coverage"]) == 0
    assert capsys.readouterr().err == TOLD


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cover", "--format", "json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["share"] == 0.3333
    assert told["clauses"][0] == {
        "clause": 'event.action is "a"',
        "true": True,
        "false": True,
        "reached": True,
    }


def test_generated_fixtures_prove_every_clause(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fixtures"]) == 0
    assert capsys.readouterr().out == (
        "rules/x.toml: 2 positive and 2 negative cases in fixtures/x: 4 written\n"
    )
    assert run(["cover", "--least", "1"]) == 0
    assert run(["test"]) == 0
    assert run(["fixtures"]) == 0
    assert capsys.readouterr().out.endswith("in fixtures/x: 0 written, 4 there already\n")


def test_a_case_that_differs_is_kept(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fixtures"]) == 0
    case = project / "fixtures/x/positive/event_action_is_a.json"
    case.write_text("{}")
    capsys.readouterr()
    assert run(["fixtures"]) == 0
    assert capsys.readouterr().out == (
        "rules/x.toml: 2 positive and 2 negative cases in fixtures/x: 0 written, 3 there already\n"
        "  kept fixtures/x/positive/event_action_is_a.json, which differs (--force writes it anew)\n"
    )
    assert run(["fixtures", "--force"]) == 0
    assert case.read_text() != "{}"


def test_dry_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fixtures", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "rules/x.toml: 2 positive and 2 negative cases (nothing written)"
    assert lines[1] == '  positive/event_action_is_a: Fires through: event.action is "a".'
    assert not (project / "fixtures/x/positive/event_action_is_a.json").exists()


def test_from_a_recorded_event(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = {"@timestamp": "2026-01-01T00:00:00Z", "event": {"action": "b"}, "host": {"name": "LT-JONES"}}
    (project / "seen.json").write_text(json.dumps(event))
    assert run(["fixtures", "rules/x.toml", "--from", "seen.json"]) == 0
    case = json.loads((project / "fixtures/x/positive/recorded_seen.json").read_text())
    assert case["description"] == "Recorded, redacted and trimmed."
    assert "JONES" not in str(case)
    (project / "other.json").write_text(json.dumps({"event": {"action": "z"}}))
    capsys.readouterr()
    assert run(["fixtures", "rules/x.toml", "--from", "other.json"]) == 0
    assert "  note: the rule does not fire on the recorded events\n" in capsys.readouterr().out
    assert (project / "fixtures/x/negative/recorded_other.json").exists()


def test_recorded_events_are_for_one_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "rules/y.toml").write_text(RULE.replace("4c11", "4c12").replace("Covered", "Other"))
    assert run(["fixtures", "--from", "seen.json"]) == 2
    assert capsys.readouterr().err == "samefire: --from is for one rule: give its file\n"
