"""Checks of files that are no rules: everything that is wrong with one is told at once."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

run = importlib.import_module("samefire.cli").run
RULE = """\
[metadata]
creation_date = "2026/01/05"
updated_date = "2026/01/05"
maturity = "production"

[rule]
author = ["Tests"]
description = "A printer driver starts a shell."
{language}license = "Apache-2.0"
name = "Shell Started by a Printer Driver"
query = '''
{query}
'''
risk_score = {score}
rule_id = "8a1c3d52-6f4b-4f0e-9c77-1f2b3c4d5e6f"
severity = "urgent"
type = "query"
"""
SEVERITY = """\
rules/x.toml:17:12: error: `severity` must be one of `low`, `medium`, `high`, `critical`, not the text "urgent" \
[rule-bad-value]
  17 | severity = "urgent"
     |            ^^^^^^^^
"""


def told(
    home: Path, capsys: pytest.CaptureFixture[str], query: str, language: str = '"kuery"', score: str = "47"
) -> str:
    (home / "rules").mkdir(exist_ok=True)
    said = f"language = {language}\n" if language else "\n"
    (home / "rules/x.toml").write_text(RULE.format(query=query, language=said, score=score))
    assert run(["check"]) == 1
    return capsys.readouterr().out


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_query_of_a_file_that_is_no_rule(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(home, capsys, 'process.name : "cmd.exe', score="-1") == (
        "rules/x.toml:13:16: error: unclosed quotation mark in the query [query-unclosed-string]\n"
        '  13 | process.name : "cmd.exe\n'
        "     |                ^\n"
        '  help: write \\" for a quotation mark inside the value\n'
        "rules/x.toml:15:14: error: `risk_score` must be a whole number from 0 to 100, not the number -1 "
        "[rule-bad-value]\n"
        "  15 | risk_score = -1\n"
        "     |              ^^\n"
        f"{SEVERITY}\n0 rules checked: 3 errors, 0 warnings\n"
    )


@pytest.mark.parametrize("language", ["", '"sql"', "3", '["kuery"]'])
def test_a_language_that_is_not_known(home: Path, capsys: pytest.CaptureFixture[str], language: str) -> None:
    out = told(home, capsys, 'process.name : "cmd.exe', language)
    assert "rule-bad-value" in out
    assert "query-unclosed-string" not in out


def test_what_the_query_means_is_not_asked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(home, capsys, "process.nmae : *") == f"{SEVERITY}\n0 rules checked: 1 error, 0 warnings\n"


def test_an_empty_query_is_told_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(home, capsys, "").count("query") == 3


def test_what_cannot_be_read_is_no_finding(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "nope.toml"]) == 3
    assert capsys.readouterr().out == (
        "nope.toml:1:1: error: there is no such file or folder [file-unreadable]\n"
        "\n0 rules checked: 1 error, 0 warnings\n"
    )
    for command in ("test", "convert", "bundle", "lock", "fmt", "import", "explain"):
        assert run([command, "nope.toml"]) == 3, command


BESIDE = """\
[metadata]
creation_date = "2026/01/05"
updated_date = "2026/01/05"

[rule]
author = ["Tests"]
description = "An address that a feed lists."
language = "kuery"
name = "A Listed Address"
query = "source.ip: *"
risk_score = 47
rule_id = "8a1c3d52-6f4b-4f0e-9c77-1f2b3c4d5e6f"
severity = "low"
threat_index = ["logs-ti_*"]
threat_language = "kuery"
threat_query = "event.kind: (enrichment"
type = "threat_match"

[[rule.threat_mapping]]
[[rule.threat_mapping.entries]]
field = "source.ip"
type = "mapping"
value = "threat.indicator.ip"

[[rule.filters]]
[rule.filters.query.match_phrases]
"host.name" = "a"

[[rule.threat_filters]]
[rule.threat_filters.query]
exists = "threat.feed.name"
"""


def test_what_a_rule_asks_beside_its_query(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Filters, and the query and filters of indicators: Kibana would refuse each of them."""
    (home / "rules").mkdir()
    (home / "rules/x.toml").write_text(BESIDE)
    assert run(["check"]) == 1
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if "error:" in line and line.startswith("rules/")] == [
        "rules/x.toml:16:29: error: `(` is never closed [query-unclosed-group]",
        "rules/x.toml:26:1: error: unknown query `match_phrases` [dsl-unknown-query]",
        'rules/x.toml:31:10: error: `exists` must be an object, not "threat.feed.name" [dsl-bad-value]',
    ]
