"""Changes that the gate must refuse: each with its code and its place, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samefire.commands.gate import Choices, gated
from samefire.harness.report import Outcome, Report
from samefire.problems import ProblemError, Severity
from samefire.reports.style import PLAIN
from samefire.reports.text import report_text
from tests.gate.repository import CURL, FIXTURES, LOGINS, RULE, RULES, SETTINGS, SHELL, Repo, git

MESSAGES = Path(__file__).parent / "messages"

Found = set[tuple[str, str]]
BAD: list[tuple[Callable[[Repo], None], Found]] = []


def bad(*found: tuple[str, str]) -> Callable[[Callable[[Repo], None]], Callable[[Repo], None]]:
    """A change, and the (code, place) of every error that it must give."""

    def keep(change: Callable[[Repo], None]) -> Callable[[Repo], None]:
        BAD.append((change, set(found)))
        return change

    return keep


def errors(report: Report) -> Found:
    """(code, path:line:column) of every error and wrong verdict."""
    found = {
        (p.code, f"{p.location.path}:{p.location.line}:{p.location.column}")
        for p in report.all_problems()
        if p.severity is Severity.ERROR
    }
    wrong = [v for r in report.rules for v in r.verdicts if v.outcome is Outcome.FAIL]
    return found | {("verdict-wrong", f"{v.form} {v.case.path}") for v in wrong}


def new_rule(repo: Repo, **more: str) -> None:
    values = {
        **RULES["rules/shell.toml"],
        "id": "6f1c1f0e-6a51-4f3c-9b5e-0d1f5f2a0009",
        "name": "New",
        **more,
    }
    repo.write("rules/new.toml", RULE.format(**values))


@bad(("policy-cases", "rules/new.toml:13:8"))
def a_new_rule_without_fixtures(repo: Repo) -> None:
    new_rule(repo)
    repo.lock()


@bad(("policy-version", "rules/new.toml:15:11"))
def a_new_rule_that_is_not_locked(repo: Repo) -> None:
    new_rule(repo)
    for path in [p for p in FIXTURES if "/shell/" in p]:
        repo.write(path.replace("shell", "new"), FIXTURES[path])


@bad(("policy-cases", "rules/shell.toml:13:8"))
def the_last_negative_case_is_removed(repo: Repo) -> None:
    repo.remove("fixtures/shell/negative/parent.json")


@bad(("policy-cases", "rules/logins.toml:13:8"))
def all_fixtures_are_removed(repo: Repo) -> None:
    repo.remove("fixtures/logins")


@bad(
    ("verdict-wrong", "elastic fixtures/shell/positive/bash.json"),
    ("verdict-wrong", "sigma fixtures/shell/positive/bash.json"),
)
def the_query_loses_an_alternative(repo: Repo) -> None:
    repo.edit("rules/shell.toml", '("sh" or "bash")', '"sh"')
    repo.redate("rules/shell.toml")
    repo.lock()


@bad(
    ("verdict-wrong", "elastic fixtures/net/curl/negative/plain.json"),
    ("verdict-wrong", "sigma fixtures/net/curl/negative/plain.json"),
)
def the_query_loses_a_condition(repo: Repo) -> None:
    repo.edit("rules/net/curl.toml", ' and process.args : "-o"', "")
    repo.redate("rules/net/curl.toml")
    repo.lock()


@bad(
    ("verdict-wrong", "elastic fixtures/shell/negative/sh.json"),
    ("verdict-wrong", "sigma fixtures/shell/negative/sh.json"),
)
def a_case_that_is_on_the_wrong_side(repo: Repo) -> None:
    repo.write("fixtures/shell/negative/sh.json", FIXTURES["fixtures/shell/positive/sh.json"])


@bad(("verdict-wrong", "sigma fixtures/shell/positive/sh.json"))
def a_form_that_is_expected_to_differ_and_does_not(repo: Repo) -> None:
    event = FIXTURES["fixtures/shell/positive/sh.json"]
    forms = {"sigma": "silent", "because": "it was so once"}
    repo.write("fixtures/shell/positive/sh.json", {"events": [event], "forms": forms})


@bad(("policy-updated-date", "rules/shell.toml:4:16"))
def the_severity_moves_and_the_date_does_not(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.lock()


@bad(("policy-updated-date", "rules/shell.toml:4:16"))
def the_date_goes_back(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.redate("rules/shell.toml", "2026/01/09")
    repo.edit("rules/shell.toml", 'creation_date = "2026/01/10"', 'creation_date = "2026/01/08"')
    repo.lock()


@bad(("policy-version", "rules/shell.toml:15:11"))
def the_export_moves_and_the_lock_does_not(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.redate("rules/shell.toml")


def relock(repo: Repo, rule_id: str, **values: object) -> None:
    lock = json.loads((repo.root / "samefire.lock.json").read_text())
    if values:
        lock[rule_id].update(values)
    else:
        del lock[rule_id]
    repo.write("samefire.lock.json", json.dumps(lock, indent=2, sort_keys=True) + "\n")


@bad(("policy-version-back", "samefire.lock.json:2:3"))
def a_locked_version_goes_back(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.redate("rules/shell.toml")
    repo.lock()
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")
    relock(repo, SHELL, version=1)


@bad(("policy-lock-entry-gone", "samefire.lock.json:1:1"), ("policy-version", "rules/net/curl.toml:15:11"))
def a_lock_entry_is_removed(repo: Repo) -> None:
    relock(repo, CURL)


@bad(("policy-version", "rules/logins.toml:15:11"))
def a_lock_entry_is_edited_by_hand(repo: Repo) -> None:
    relock(repo, LOGINS, sha256="0" * 64, version=2)


@bad(("lock-syntax", "samefire.lock.json:2:1"))
def the_lock_file_holds_a_conflict(repo: Repo) -> None:
    repo.edit("samefire.lock.json", "{\n", "{\n<<<<<<< HEAD\n")


@bad(("policy-id-changed", "rules/shell.toml:15:11"))
def the_rule_id_changes(repo: Repo) -> None:
    repo.edit("rules/shell.toml", SHELL, "6f1c1f0e-6a51-4f3c-9b5e-0d1f5f2a0007")
    repo.lock()


@bad(("policy-type-changed", "rules/shell.toml:19:8"))
def the_type_changes(repo: Repo) -> None:
    repo.edit("rules/shell.toml", 'language = "kuery"', 'language = "eql"')
    repo.edit("rules/shell.toml", 'type = "query"', 'type = "eql"')
    eql = 'process where process.parent.name : "nginx" and process.name : ("sh", "bash")'
    repo.edit("rules/shell.toml", RULES["rules/shell.toml"]["query"], eql)
    repo.redate("rules/shell.toml")
    repo.lock()


@bad(("policy-deleted", "rules/logins.toml:1:1"))
def a_rule_is_deleted(repo: Repo) -> None:
    repo.remove("rules/logins.toml")
    repo.remove("fixtures/logins")


@bad(("policy-fixtures-without-rule", "fixtures/shell:1:1"), ("policy-cases", "rules/web/shell.toml:13:8"))
def a_rule_moves_and_its_fixtures_stay(repo: Repo) -> None:
    repo.move("rules/shell.toml", "rules/web/shell.toml")
    repo.write("fixtures/shell/negative/touched.json", FIXTURES["fixtures/shell/negative/parent.json"])


@bad(("rule-duplicate-id", "rules/shell2.toml:15:11"), ("policy-version", "rules/shell2.toml:15:11"))
def a_copy_keeps_the_id(repo: Repo) -> None:
    text = (repo.root / "rules/shell.toml").read_text().replace("Shell of", "Shells of")
    repo.write("rules/shell2.toml", text)
    for path in [p for p in FIXTURES if "/shell/" in p]:
        repo.write(path.replace("shell", "shell2"), FIXTURES[path])


@bad(("ruleset-duplicate-name", "rules/shell.toml:13:8"))
def two_rules_of_one_name_where_the_policy_minds(repo: Repo) -> None:
    repo.settings(SETTINGS + '[gate.levels]\nruleset-duplicate-name = "error"\n')
    repo.edit("rules/shell.toml", '"Shell of the Web Server"', '"Many Failed Logins"')
    repo.redate("rules/shell.toml")
    repo.lock()


@bad(("toml-syntax", "rules/shell.toml:13:1"))
def the_file_holds_a_conflict(repo: Repo) -> None:
    repo.edit("rules/shell.toml", 'name = "Shell', '<<<<<<< HEAD\nname = "Shell')


@bad(("rule-missing-table", "rules/shell.toml:1:1"))
def a_rule_file_is_emptied(repo: Repo) -> None:
    repo.write("rules/shell.toml", "")


@bad(("query-unclosed-group", "rules/shell.toml:22:79"))
def the_query_does_not_parse(repo: Repo) -> None:
    repo.edit("rules/shell.toml", '("sh" or "bash")', '("sh" or "bash"')


@bad(("rule-unknown-key", "rules/shell.toml:14:1"))
def a_key_is_misspelt(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_skore = 47")


@bad(("query-unknown-field", "rules/shell.toml:22:101"))
def a_field_is_misspelt_where_types_are_strict(repo: Repo) -> None:
    repo.settings("strict_fields = true\n" + SETTINGS)
    query = RULES["rules/shell.toml"]["query"]
    repo.edit("rules/shell.toml", query, f"({query}) or process.nam : nc")
    repo.redate("rules/shell.toml")
    repo.lock()


@bad(("fixture-unknown-key", "fixtures/shell/positive/sh.json:2:3"))
def a_fixture_key_is_misspelt(repo: Repo) -> None:
    repo.write("fixtures/shell/positive/sh.json", {"evnts": [FIXTURES["fixtures/shell/positive/sh.json"]]})


@bad(("fixture-foreign-event", "fixtures/shell/negative/other.json:1:1"))
def a_fixture_that_has_nothing_of_the_rule(repo: Repo) -> None:
    repo.write("fixtures/shell/negative/other.json", {"evnt": {"category": "process"}})


@bad(("fixture-syntax", "fixtures/shell/negative/cut.json:1:15"))
def a_fixture_is_cut_off(repo: Repo) -> None:
    repo.write("fixtures/shell/negative/cut.json", '{"process": {"')


@bad(("policy-cases", "rules/logins.toml:13:8"), ("policy-cases", "rules/net/curl.toml:13:8"))
def the_policy_asks_more_than_untouched_rules_have(repo: Repo) -> None:
    repo.settings(SETTINGS + "positive = 2\n")


@bad(("policy-coverage", "rules/shell.toml:21:9"))
def a_clause_that_no_case_reaches(repo: Repo) -> None:
    repo.settings(SETTINGS + "coverage = 1\n")
    repo.edit("rules/shell.toml", '"bash")', '"bash" or "zsh")')
    repo.redate("rules/shell.toml")
    repo.lock()


@bad(
    ("policy-proven", "rules/shell.toml:21:9"),
    ("policy-proven", "rules/logins.toml:21:9"),
    ("policy-proven", "rules/net/curl.toml:21:9"),
)
def a_clause_whose_loss_no_case_would_notice(repo: Repo) -> None:
    repo.settings(SETTINGS + "proven = 0.9\n")


@bad(("settings-unknown-key", "samefire.toml:5:1"))
def a_code_of_the_levels_is_misspelt(repo: Repo) -> None:
    repo.settings(SETTINGS + '[gate.levels]\nrule-window-gp = "error"\n')


@bad(("settings-unknown-key", "samefire.toml:4:1"))
def a_policy_key_is_misspelt(repo: Repo) -> None:
    repo.settings(SETTINGS + "postive = 2\n")


@bad(("policy-unknown-form", "samefire.toml:4:1"))
def the_policy_asks_for_a_form_that_is_not_judged(repo: Repo) -> None:
    repo.settings(SETTINGS + 'required = ["elastic", "sygma"]\n')


@bad(
    ("verdict-wrong", "elastic fixtures/shell/positive/bash.json"),
    ("verdict-wrong", "elastic fixtures/shell/positive/sh.json"),
    ("query-operand-type", "rules/net/curl.toml:22:41"),
)
def a_field_gets_a_type_that_silences_an_untouched_rule(repo: Repo) -> None:
    mapping = {"properties": {"process": {"properties": {"name": {"type": "long"}}}}}
    repo.write("fields/own.json", mapping)


@pytest.mark.parametrize(("change", "expected"), BAD, ids=[c.__name__ for c, _ in BAD])
def test_refused(
    repo: Repo, change: Callable[[Repo], None], expected: Found, golden: Callable[[Path, str], None]
) -> None:
    change(repo)
    try:
        report = gated(Choices())
    except ProblemError as error:
        report = Report((), error.problems)
    assert not report.passed
    assert errors(report) == expected
    told = report_text(report, PLAIN)
    base = report.base[:12] if report.base else "none"
    golden(MESSAGES / f"{change.__name__}.txt", told.replace(base, "(base)") + "\n")


def test_there_are_enough() -> None:
    assert len(BAD) >= 25
