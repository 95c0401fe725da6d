"""Changes that the gate must let through, and what it then says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from samefire.commands.gate import Choices, gated
from samefire.gate.policy import Policy
from samefire.gate.rules import levelled
from samefire.problems import Problem, Severity, render
from samefire.reports.style import PLAIN
from samefire.reports.text import report_text
from samefire.source import Source
from tests.gate.repository import FIXTURES, RULE, RULES, SETTINGS, Repo, git
from tests.gate.test_bad_changes import errors, new_rule

GOOD: list[tuple[Callable[[Repo], None], int]] = []


def good(judged: int) -> Callable[[Callable[[Repo], None]], Callable[[Repo], None]]:
    """A change, and how many rules it makes the gate judge."""

    def keep(change: Callable[[Repo], None]) -> Callable[[Repo], None]:
        GOOD.append((change, judged))
        return change

    return keep


@good(0)
def nothing(repo: Repo) -> None:
    pass


@good(0)
def a_file_that_is_none_of_ours(repo: Repo) -> None:
    repo.write("README.md", "# Rules\n")


@good(1)
def a_comment_in_a_rule(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "[rule]", "# reviewed\n[rule]")


@good(1)
def a_new_date_alone(repo: Repo) -> None:
    repo.redate("rules/shell.toml")


@good(1)
def a_new_severity_with_date_and_version(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.redate("rules/shell.toml")
    repo.lock()


@good(1)
def the_layout_of_a_file(repo: Repo) -> None:
    repo.edit("rules/shell.toml", 'tags = ["Domain: Endpoint"]', 'tags = [\n    "Domain: Endpoint",\n]')


@good(1)
def a_wider_query_with_a_case(repo: Repo) -> None:
    repo.edit("rules/shell.toml", '"bash")', '"bash" or "zsh")')
    event = json.loads(json.dumps(FIXTURES["fixtures/shell/positive/sh.json"]).replace('"sh"', '"zsh"'))
    repo.write("fixtures/shell/positive/zsh.json", event)
    repo.redate("rules/shell.toml")
    repo.lock()


@good(1)
def another_case(repo: Repo) -> None:
    repo.write("fixtures/net/curl/positive/again.json", FIXTURES["fixtures/net/curl/positive/output.json"])


@good(1)
def a_case_less(repo: Repo) -> None:
    repo.remove("fixtures/shell/positive/bash.json")


@good(1)
def a_case_in_yaml(repo: Repo) -> None:
    repo.write("fixtures/shell/negative/yaml.yml", "process:\n  name: zsh\n")


@good(1)
def a_new_rule_with_fixtures_and_version(repo: Repo) -> None:
    new_rule(repo)
    for path in [p for p in FIXTURES if "/shell/" in p]:
        repo.write(path.replace("shell", "new"), FIXTURES[path])
    repo.lock()


@good(1)
def a_rule_moves_with_its_fixtures(repo: Repo) -> None:
    repo.move("rules/shell.toml", "rules/web/shell.toml")
    repo.move("fixtures/shell", "fixtures/web/shell")


@good(1)
def a_rule_is_deprecated(repo: Repo) -> None:
    text = 'maturity = "deprecated"\ndeprecation_date = "2026/02/01"'
    repo.edit("rules/shell.toml", 'maturity = "production"', text)
    repo.redate("rules/shell.toml")
    repo.lock()


@good(0)
def a_deprecated_rule_is_deleted(repo: Repo) -> None:
    a_rule_is_deprecated(repo)
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")
    repo.remove("rules/shell.toml")
    repo.remove("fixtures/shell")


@good(0)
def a_deletion_that_the_policy_allows(repo: Repo) -> None:
    repo.settings(SETTINGS + "deprecate_first = false\n")
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")
    repo.remove("rules/shell.toml")
    repo.remove("fixtures/shell")


@good(1)
def a_new_rule_without_fixtures_that_is_excused(repo: Repo) -> None:
    repo.settings('without_fixtures = ["new"]\n' + SETTINGS)
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")
    new_rule(repo)
    repo.lock()


@good(3)
def the_policy_asks_less(repo: Repo) -> None:
    repo.settings(SETTINGS + "positive = 0\n")


@good(0)
def a_comment_in_the_settings(repo: Repo) -> None:
    repo.settings("# ours\n" + SETTINGS)


@good(0)
def another_tool_in_pyproject(repo: Repo) -> None:
    repo.write("pyproject.toml", "[tool.ruff]\nline-length = 100\n")


@good(3)
def a_field_type_that_changes_nothing(repo: Repo) -> None:
    repo.write("fields/own.json", {"properties": {"acme": {"type": "keyword"}}})


@good(1)
def the_lock_alone_catches_up(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.redate("rules/shell.toml")
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")
    repo.lock()


EXCEPTION = """
[metadata]
creation_date = "2026/01/05"
updated_date = "2026/01/05"
list_name = "Known shells"
rule_ids = ["RULE"]
rule_names = ["Shell"]

[[exceptions]]
container = { list_id = "known-shells", name = "Known shells", description = "", type = "detection" }

[[exceptions.items]]
list_id = "known-shells"
name = "The build server"
description = ""
type = "simple"
entries = [{ field = "host.name", operator = "included", type = "match", value = "build" }]
"""


@good(1)
def an_exception_list_of_a_rule(repo: Repo) -> None:
    rule_id = RULES["rules/shell.toml"]["id"]
    repo.write("exceptions/shell.toml", EXCEPTION.replace("RULE", rule_id))


@good(1)
def a_value_list_of_an_exception(repo: Repo) -> None:
    listed = 'type = "list", list = { id = "hosts", type = "keyword" } }'
    text = EXCEPTION.replace("RULE", RULES["rules/shell.toml"]["id"])
    repo.write("exceptions/lists/hosts", "build\n")
    repo.write("exceptions/shell.toml", text.replace('type = "match", value = "build" }', listed))
    repo.commit()
    repo.write("exceptions/lists/hosts", "build\ntest\n")


@good(1)
def a_known_difference_of_a_form(repo: Repo) -> None:
    event = {"event": {"category": "process"}, "process": {"name": "sh", "parent": {"name": ["nginx", "x"]}}}
    repo.write("fixtures/shell/positive/list.json", {"events": [event], "description": "two parents"})


@good(1)
def an_untracked_rule_is_judged_like_a_committed_one(repo: Repo) -> None:
    repo.edit("rules/logins.toml", "value = 2", "value = 1")
    repo.redate("rules/logins.toml")
    repo.remove("fixtures/logins/negative/one.json")
    repo.write("fixtures/logins/negative/none.json", {"event": {"outcome": "success"}})
    repo.lock()
    repo.commit()


@good(1)
def a_warning_that_the_policy_turns_off(repo: Repo) -> None:
    repo.settings(SETTINGS + '[gate.levels]\nruleset-duplicate-name = "off"\n')
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")
    repo.edit("rules/shell.toml", '"Shell of the Web Server"', '"Many Failed Logins"')
    repo.redate("rules/shell.toml")
    repo.lock()


@good(1)
def a_type_that_may_change(repo: Repo) -> None:
    repo.settings(SETTINGS + "stable_type = false\n")
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")
    repo.edit("rules/shell.toml", 'language = "kuery"', 'language = "eql"')
    repo.edit("rules/shell.toml", 'type = "query"', 'type = "eql"')
    eql = 'process where process.parent.name : "nginx" and process.name : ("sh", "bash")'
    repo.edit("rules/shell.toml", RULES["rules/shell.toml"]["query"], eql)
    repo.redate("rules/shell.toml")
    repo.lock()


@good(0)
def main_moved_on_meanwhile(repo: Repo) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 99")
    repo.commit()
    git(repo.root, "checkout", "-q", "work")


@pytest.mark.parametrize(("change", "judged"), GOOD, ids=[c.__name__ for c, _ in GOOD])
def test_passes(repo: Repo, change: Callable[[Repo], None], judged: int) -> None:
    change(repo)
    report = gated(Choices())
    assert errors(report) == set()
    assert report.passed
    assert len(report.rules) == judged
    untouched = report.skipped.get("rules that the change does not touch", 0)
    files = list((repo.root / "rules").rglob("*.toml"))
    assert judged + untouched == len(files)


def test_there_are_enough() -> None:
    assert len(GOOD) >= 25


def test_all_rules(repo: Repo) -> None:
    report = gated(Choices(everything=True))
    assert (len(report.rules), report.skipped, report.scope) == (3, {}, "all rules")


def test_text_of_a_change(repo: Repo) -> None:
    repo.redate("rules/shell.toml")
    base = git(repo.root, "rev-parse", "main").strip()
    assert report_text(gated(Choices()), PLAIN) == (
        "rules/shell.toml  Shell of the Web Server\n"
        "  elastic       2/2 fire, 1/1 silent\n"
        "  sigma         2/2 fire, 1/1 silent\n"
        "\n"
        "1 rule, 6 verdicts: 6 as expected, 0 failed\n"
        f"judged: 1 of 3 rules, those that the change touches, compared with {base[:12]}\n"
        "skipped: rules that the change does not touch: 2"
    )


def test_a_moved_policy_is_told(repo: Repo) -> None:
    repo.settings(SETTINGS + "positive = 0\n")
    told = [p for p in gated(Choices()).problems if p.severity is Severity.WARNING]
    assert [render(p) for p in told] == [
        "samefire.toml:4:1: warning: the change moves the policy it is judged by: `positive` was not set, is 0"
        " [policy-changed]\n"
        "  4 | positive = 0\n"
        "    | ^^^^^^^^\n"
        "  help: somebody who may change the policy should look at this"
    ]


def test_a_name_that_excuses_nobody_is_told(repo: Repo) -> None:
    repo.settings('without_fixtures = ["shel"]\n' + SETTINGS)
    told = [p for p in gated(Choices()).problems if p.code == "policy-unknown-name"]
    assert [render(p) for p in told] == [
        "samefire.toml:1:22: warning: `without_fixtures` names shel, which is no rule [policy-unknown-name]\n"
        '  1 | without_fixtures = ["shel"]\n'
        "    |                      ^^^^\n"
        "  help: did you mean `shell`?"
    ]


def test_a_name_that_an_untouched_rule_has_is_told(repo: Repo) -> None:
    repo.edit("rules/shell.toml", '"Shell of the Web Server"', '"Many Failed Logins"')
    told = [p for p in gated(Choices()).problems if p.code == "ruleset-duplicate-name"]
    assert [render(p) for p in told] == [
        "rules/shell.toml:13:8: warning: another rule has this `name` already: rules/logins.toml:13"
        " [ruleset-duplicate-name]\n"
        '  13 | name = "Many Failed Logins"\n'
        "     |        ^^^^^^^^^^^^^^^^^^^^\n"
        "  help: analysts tell rules apart by their names"
    ]


def test_a_changed_list_that_only_the_rule_names(repo: Repo) -> None:
    """The rule refers to the list, the list's file names no rule: the rule is judged all the same."""
    listed = EXCEPTION.replace('rule_ids = ["RULE"]', "rule_ids = []")
    assert "RULE" not in listed
    found = re.search(r'list_id = "([^"]+)"', listed)
    assert found is not None
    repo.write("exceptions/shell.toml", listed)
    text = (repo.root / "rules/shell.toml").read_text(encoding="utf-8")
    entry = f'\n[[rule.exceptions_list]]\nid = "x"\nlist_id = "{found[1]}"\n'
    repo.write("rules/shell.toml", text + entry + 'namespace_type = "single"\ntype = "detection"\n')
    repo.lock()
    repo.commit()
    git(repo.root, "branch", "-f", "other")
    repo.edit("exceptions/shell.toml", '"build"', '"test"')
    assert [r.rule.path for r in gated(Choices(base="other")).rules] == ["rules/shell.toml"]


def test_a_second_change_on_one_day(repo: Repo) -> None:
    """A date cannot move past today: one that is not before the day of the base commit is new enough."""
    far = "2099/01/01"
    repo.redate("rules/shell.toml", far)
    repo.lock()
    repo.commit()
    git(repo.root, "branch", "-f", "other")
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.lock()
    assert gated(Choices(base="other")).passed


def test_files_that_hold_no_rule_are_counted(repo: Repo) -> None:
    repo.write("rules/notes.toml", 'title = "not a rule"\n')
    report = gated(Choices())
    assert report.passed
    assert report.skipped == {
        "TOML files that hold no rule": 1,
        "rules that the change does not touch": 3,
    }


def test_a_broken_rule_cannot_be_turned_off(repo: Repo) -> None:
    repo.settings(SETTINGS + '[gate.levels]\nrule-unknown-key = "off"\n')
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_skore = 47")
    assert ("rule-unknown-key", "rules/shell.toml:14:1") in errors(gated(Choices()))


def test_new_rules_from_a_template_have_the_places_the_tests_say() -> None:
    lines = RULE.format(**RULES["rules/shell.toml"]).split("\n")
    assert [lines[n - 1].split(" ")[0] for n in (4, 13, 15, 19)] == [
        "updated_date",
        "name",
        "rule_id",
        "type",
    ]


def test_a_level_of_a_group_of_codes() -> None:
    """A group that `docs/problems.md` names has one level for all its codes; a code's own level comes first."""
    told = [
        Problem(code, "told", Source("a.toml", "")) for code in ("known-fault-or-not", "known-fault-quote")
    ]
    policy = Policy(levels={"known-fault-*": "off", "known-fault-quote": "warning"})
    assert [(p.code, p.severity) for p in levelled(told, policy)] == [("known-fault-quote", Severity.WARNING)]
