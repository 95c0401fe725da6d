"""Changes that git, a link, a setting or a text hides from a gate that believes what it is shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from samefire.commands import Exit, WrongUse
from samefire.commands.failure import guarded
from samefire.commands.gate import Choices, gated, run
from samefire.commands.reporting import Printing
from samefire.commands.running import Running
from samefire.harness.report import Report
from samefire.problems import ProblemError, Severity, render
from samefire.reports.style import PLAIN
from samefire.reports.text import report_text
from tests.gate import test_good_changes as good_changes
from tests.gate.repository import CURL, FIXTURES, LOGINS, RULE, RULES, SETTINGS, SHELL, Repo, git
from tests.gate.test_bad_changes import MESSAGES, Found, errors, new_rule, relock

HIDDEN: list[tuple[Callable[[Repo], str | None], Found, Found]] = []
OTHER = SHELL[:-1] + "8"
WRONG: Found = {
    ("policy-updated-date", "rules/shell.toml:4:16"),
    ("policy-version", "rules/shell.toml:15:11"),
    ("verdict-wrong", "elastic fixtures/shell/positive/bash.json"),
    ("verdict-wrong", "sigma fixtures/shell/positive/bash.json"),
}


def hidden(
    *found: tuple[str, str], told: Iterable[tuple[str, str]] = ()
) -> Callable[[Callable[[Repo], str | None]], Callable[[Repo], str | None]]:
    """A change, and the (code, place) of every error and warning that it must give. The change may return the
    revision to compare with."""

    def keep(change: Callable[[Repo], str | None]) -> Callable[[Repo], str | None]:
        HIDDEN.append((change, set(found), set(told)))
        return change

    return keep


def warnings(report: Report) -> Found:
    return {
        (p.code, f"{p.location.path}:{p.location.line}:{p.location.column}")
        for p in report.all_problems()
        if p.severity is Severity.WARNING
    }


def begin(repo: Repo) -> None:
    """What stands now is what the change begins at."""
    repo.commit()
    git(repo.root, "branch", "-f", "main", "HEAD")


def narrow(repo: Repo, path: str = "rules/shell.toml") -> None:
    repo.edit(path, '("sh" or "bash")', '"sh"')


def copy_cases(repo: Repo, name: str) -> None:
    for path in [p for p in FIXTURES if "/shell/" in p]:
        repo.write(path.replace("shell", name), FIXTURES[path])


def another(repo: Repo, path: str) -> None:
    """Another rule, with an id and a name of its own."""
    repo.write(path, RULE.format(**{**RULES["rules/shell.toml"], "id": OTHER, "name": "Other"}))


# ---- what git does not show ---------------------------------------------------------------------------


@hidden(*WRONG)
def a_file_that_git_assumes_unchanged(repo: Repo) -> None:
    git(repo.root, "update-index", "--assume-unchanged", "rules/shell.toml")
    narrow(repo)


@hidden(*WRONG)
def a_file_that_git_skips_in_the_work_tree(repo: Repo) -> None:
    git(repo.root, "update-index", "--skip-worktree", "rules/shell.toml")
    narrow(repo)


@hidden(
    ("policy-cases", "rules/own/a.toml:13:8"),
    ("policy-version", "rules/own/a.toml:15:11"),
    told=[("gate-ignored-file", "rules/own/a.toml:1:1")],
)
def a_rule_that_git_ignores(repo: Repo) -> None:
    repo.write(".gitignore", "rules/own/\n")
    begin(repo)
    another(repo, "rules/own/a.toml")


@hidden(
    ("verdict-wrong", "elastic fixtures/shell/negative/own.json"),
    ("verdict-wrong", "sigma fixtures/shell/negative/own.json"),
    told=[("gate-ignored-file", "fixtures/shell/negative/own.json:1:1")],
)
def a_fixture_that_git_ignores(repo: Repo) -> None:
    repo.write(".gitignore", "own.json\n")
    begin(repo)
    repo.write("fixtures/shell/negative/own.json", FIXTURES["fixtures/shell/positive/sh.json"])


@hidden(told=[("gate-half-staged", "rules/shell.toml:1:1"), ("gate-no-comparison", "git:1:1")])
def a_change_that_is_staged_and_taken_back(repo: Repo) -> str:
    text = (repo.root / "rules/shell.toml").read_text()
    narrow(repo)
    git(repo.root, "add", "-A")
    repo.write("rules/shell.toml", text)
    return "HEAD"


@hidden(told=[("gate-half-staged", "rules/shell.toml:1:1")])
def a_deletion_that_is_staged_only(repo: Repo) -> str:
    git(repo.root, "rm", "-q", "--cached", "rules/shell.toml")
    return "HEAD"


@hidden(
    ("policy-version", "rules/shell.toml:15:11"),
    ("verdict-wrong", "elastic fixtures/shell/positive/bash.json"),
    ("verdict-wrong", "sigma fixtures/shell/positive/bash.json"),
)
def a_submodule_that_holds_the_rules(repo: Repo) -> None:
    module = repo.root.parent / "module"
    shutil.copytree(repo.root / "rules", module)
    git(module, "init", "-q", "-b", "main")
    Repo(module).commit()
    repo.remove("rules")
    git(repo.root, "add", "-A")
    git(repo.root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(module), "rules")
    repo.write(".gitmodules", (repo.root / ".gitmodules").read_text() + "\tignore = all\n")
    begin(repo)
    narrow(repo)
    Repo(repo.root / "rules").commit()
    repo.commit()


@hidden(("policy-cases", "rules/own/a.toml:13:8"), ("policy-version", "rules/own/a.toml:15:11"))
def a_repository_below_the_rules(repo: Repo) -> None:
    another(repo, "rules/own/a.toml")
    git(repo.root / "rules/own", "init", "-q")


@hidden(
    ("policy-deleted", "rules/she\nll.toml:1:1"), ("policy-fixtures-without-rule", "fixtures/she\nll:1:1")
)
def a_file_with_a_line_break_in_its_name_is_deleted(repo: Repo) -> None:
    repo.move("rules/shell.toml", "rules/she\nll.toml")
    repo.move("fixtures/shell", "fixtures/she\nll")
    begin(repo)
    repo.remove("rules/she\nll.toml")


@hidden(*WRONG)
def a_base_that_git_was_told_to_replace(repo: Repo) -> None:
    narrow(repo)
    repo.commit()
    git(repo.root, "replace", git(repo.root, "rev-parse", "main").strip(), "work")


# ---- links --------------------------------------------------------------------------------------------


@hidden(
    ("verdict-wrong", "elastic fixtures/shell/positive/sh.json"),
    ("verdict-wrong", "sigma fixtures/shell/positive/sh.json"),
)
def a_fixture_that_is_a_link_to_what_changes(repo: Repo) -> None:
    repo.write("shared/sh.json", FIXTURES["fixtures/shell/positive/sh.json"])
    repo.remove("fixtures/shell/positive/sh.json")
    (repo.root / "fixtures/shell/positive/sh.json").symlink_to("../../../shared/sh.json")
    begin(repo)
    repo.write("shared/sh.json", FIXTURES["fixtures/shell/negative/parent.json"])


@hidden(
    ("verdict-wrong", "elastic shared/shell/positive/sh.json"),
    ("verdict-wrong", "sigma shared/shell/positive/sh.json"),
)
def a_folder_of_fixtures_that_is_a_link(repo: Repo) -> None:
    repo.move("fixtures/shell", "shared/shell")
    (repo.root / "fixtures/shell").symlink_to("../shared/shell")
    begin(repo)
    repo.write("shared/shell/positive/sh.json", FIXTURES["fixtures/shell/negative/parent.json"])


@hidden(*WRONG)
def a_rule_that_is_a_link(repo: Repo) -> None:
    repo.move("rules/shell.toml", "lib/shell.toml")
    (repo.root / "rules/shell.toml").symlink_to("../lib/shell.toml")
    begin(repo)
    narrow(repo, "lib/shell.toml")


@hidden(("policy-deleted", "lib/net/curl.toml:1:1"))
def a_folder_of_rules_becomes_a_link(repo: Repo) -> None:
    repo.move("rules/net", "lib/net")
    (repo.root / "rules/net").symlink_to("../lib/net")


@hidden(("file-unreadable", "rules/x.toml:1:1"))
def a_link_that_leads_nowhere(repo: Repo) -> None:
    (repo.root / "rules/x.toml").symlink_to("nowhere")


@hidden(("file-unreadable", "rules/a.toml:1:1"), ("file-unreadable", "rules/b.toml:1:1"))
def links_that_lead_to_each_other(repo: Repo) -> None:
    (repo.root / "rules/a.toml").symlink_to("b.toml")
    (repo.root / "rules/b.toml").symlink_to("a.toml")


@hidden(("fixture-unreadable", "fixtures/shell/negative/pipe.json:1:1"))
def a_fixture_that_is_a_pipe(repo: Repo) -> None:
    os.mkfifo(repo.root / "fixtures/shell/negative/pipe.json")
    repo.edit("rules/shell.toml", "[rule]", "# reviewed\n[rule]")


# ---- settings -----------------------------------------------------------------------------------------


@hidden(
    ("policy-form-missing", "rules/shell.toml:21:9"),
    told=[("policy-changed", "samefire.toml:4:7")],
)
def a_broken_query_is_turned_off(repo: Repo) -> None:
    repo.settings(SETTINGS + '[gate.levels]\nquery-unclosed-group = "off"\n')
    repo.edit("rules/shell.toml", '("sh" or "bash")', '("sh" or "bash"')


@hidden(
    ("fixture-syntax", "fixtures/shell/negative/cut.json:1:15"),
    told=[("policy-changed", "samefire.toml:4:7")],
)
def a_broken_fixture_is_turned_off(repo: Repo) -> None:
    repo.settings(SETTINGS + '[gate.levels]\nfixture-syntax = "off"\n')
    repo.write("fixtures/shell/negative/cut.json", '{"process": {"')


@hidden(told=[("policy-changed", "samefire.toml:4:1"), ("policy-changed", "samefire.toml:5:7")])
def a_moved_policy_turns_its_own_warning_off(repo: Repo) -> None:
    repo.settings(SETTINGS + 'positive = 0\n[gate.levels]\npolicy-changed = "off"\n')


@hidden(("policy-changed", "samefire.toml:4:1"))
def a_policy_that_may_not_move_without_a_fight(repo: Repo) -> None:
    levels = '[gate.levels]\npolicy-changed = "error"\n'
    repo.settings(SETTINGS + levels)
    begin(repo)
    repo.settings(SETTINGS + "positive = 0\n" + levels)


@hidden(told=[("policy-changed", "samefire.toml:2:1"), ("policy-changed", "samefire.toml:3:1")])
def settings_where_there_were_none(repo: Repo) -> None:
    repo.remove("samefire.toml")
    begin(repo)
    repo.settings('[gate]\nbase = "main"\npositive = 0\n')


@hidden(told=[("policy-changed", "samefire.toml:1:1")])
def an_excuse_in_the_same_change(repo: Repo) -> None:
    repo.settings('without_fixtures = ["new"]\n' + SETTINGS)
    new_rule(repo)
    repo.lock()


@hidden(told=[("policy-changed", "samefire.toml:1:1")])
def a_form_less(repo: Repo) -> None:
    repo.settings(SETTINGS.replace('["elastic", "sigma"]', '["elastic"]'))


@hidden(
    *(("policy-deleted", f"rules/{name}.toml:1:1") for name in ("logins", "net/curl", "shell")),
    ("policy-fixtures-without-rule", "fixtures/logins:1:1"),
    told=[("policy-changed", "samefire.toml:1:1")],
)
def no_folder_of_rules_any_more(repo: Repo) -> None:
    repo.settings("rules = []\n" + SETTINGS)


@hidden(
    ("policy-deleted", "rules/logins.toml:1:1"),
    ("policy-deleted", "rules/shell.toml:1:1"),
    ("policy-cases", "rules/net/curl.toml:13:8"),
    ("policy-fixtures-without-rule", "fixtures/logins:1:1"),
    ("policy-fixtures-without-rule", "fixtures/net/curl:1:1"),
    ("policy-fixtures-without-rule", "fixtures/shell:1:1"),
    told=[("policy-changed", "samefire.toml:1:1")],
)
def a_narrower_folder_of_rules(repo: Repo) -> None:
    repo.settings('rules = ["rules/net"]\n' + SETTINGS)


@hidden(
    ("no-rules", "ruels:1:1"),
    ("settings-no-folder", "samefire.toml:1:11"),
    ("policy-fixtures-without-rule", "fixtures/shell:1:1"),
    ("policy-fixtures-without-rule", "fixtures/logins:1:1"),
    ("policy-fixtures-without-rule", "fixtures/net/curl:1:1"),
)
def a_folder_of_rules_that_is_misspelt(repo: Repo) -> None:
    repo.settings('rules = ["ruels"]\n' + SETTINGS)
    begin(repo)
    repo.edit("rules/shell.toml", "[rule]", "# reviewed\n[rule]")


@hidden(
    ("verdict-wrong", "elastic fixtures/shell/negative/sh.json"),
    ("verdict-wrong", "sigma fixtures/shell/negative/sh.json"),
)
def a_fixture_of_a_rule_that_settings_name_as_a_file(repo: Repo) -> None:
    repo.settings('rules = ["rules/shell.toml", "rules/logins.toml", "rules/net"]\n' + SETTINGS)
    repo.move("fixtures/net/curl", "fixtures/curl")
    begin(repo)
    repo.write("fixtures/shell/negative/sh.json", FIXTURES["fixtures/shell/positive/sh.json"])


@hidden(("settings-wrong-type", "samefire.toml:1:1"))
def a_form_of_the_lock_that_is_none(repo: Repo) -> None:
    repo.settings('lock_form = "elastik"\n' + SETTINGS)
    begin(repo)
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")


@hidden(("policy-updated-date", "rules/shell.toml:4:16"), ("policy-version", "rules/shell.toml:15:11"))
def a_form_of_the_lock_that_is_not_judged(repo: Repo) -> None:
    repo.settings('forms = ["sigma"]\n[gate]\nbase = "main"\nrequired = ["sigma"]\n')
    begin(repo)
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")


@hidden(
    told=[("policy-changed", "samefire.toml:1:1")],
)
def an_empty_file_that_hides_the_settings(repo: Repo) -> str:
    repo.remove("samefire.toml")
    table = SETTINGS.replace("[gate]", "[tool.samefire.gate]")
    repo.write("pyproject.toml", f"[tool.samefire]\n{table}positive = 3\n")
    begin(repo)
    repo.settings("")
    return "main"


@hidden(("connector-syntax", "connectors/a.toml:1:5"))
def a_broken_connector(repo: Repo) -> None:
    repo.write("connectors/a.toml", "x = ")


@hidden(("policy-version-back", "new.lock.json:2:3"), told=[("policy-changed", "samefire.toml:1:1")])
def a_lock_file_elsewhere_that_begins_anew(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.redate("rules/shell.toml")
    repo.lock()
    begin(repo)
    repo.settings('lock = "new.lock.json"\n' + SETTINGS)
    repo.lock()


@hidden(told=[("gate-no-comparison", "git:1:1")])
def a_policy_that_compares_a_commit_with_itself(repo: Repo) -> None:
    repo.settings(SETTINGS.replace('"main"', '"HEAD"'))
    narrow(repo)
    repo.commit()


# ---- ids, dates, versions -----------------------------------------------------------------------------


@hidden(("policy-id-changed", "rules/shell.toml:15:11"), ("policy-id-changed", "rules/two.toml:15:11"))
def two_rules_swap_their_ids(repo: Repo) -> None:
    another(repo, "rules/two.toml")
    repo.edit("rules/two.toml", '"nginx"', '"apache"')
    copy_cases(repo, "two")
    for file in (repo.root / "fixtures/two").rglob("*.json"):
        file.write_text(file.read_text().replace("nginx", "apache"))
    repo.lock()
    begin(repo)
    repo.edit("rules/two.toml", OTHER, SHELL)
    repo.edit("rules/shell.toml", SHELL, OTHER)
    repo.redate("rules/two.toml")
    repo.redate("rules/shell.toml")
    repo.lock()


@hidden(("policy-id-changed", "rules/shell.toml:15:11"))
def another_rule_takes_the_id(repo: Repo) -> None:
    another(repo, "rules/two.toml")
    repo.edit("rules/two.toml", OTHER, SHELL)
    repo.redate("rules/two.toml")
    copy_cases(repo, "two")
    repo.edit("rules/shell.toml", SHELL, OTHER)
    repo.lock()


@hidden(("policy-deleted", "rules/shell.toml:1:1"))
def a_deletion_behind_a_note_that_has_the_id(repo: Repo) -> None:
    repo.remove("rules/shell.toml")
    repo.remove("fixtures/shell")
    note = f'note = """\nrule_id = "{SHELL}"\n"""\ndescription = "Many'
    repo.edit("rules/logins.toml", 'description = "Many', note)
    repo.redate("rules/logins.toml")
    repo.lock()


@hidden(("rule-duplicate-id", "rules/a.toml:15:13"), ("policy-version", "rules/a.toml:15:13"))
def a_copy_that_writes_its_id_otherwise(repo: Repo) -> None:
    text = (repo.root / "rules/shell.toml").read_text()
    repo.write("rules/a.toml", text.replace("rule_id =", '"rule_id" =').replace("Shell of", "Sh of"))
    copy_cases(repo, "a")


@hidden(("policy-version", "rules/shell.toml:15:13"))
def a_lock_entry_of_an_id_that_is_written_otherwise(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "rule_id =", '"rule_id" =')
    begin(repo)
    relock(repo, SHELL, sha256="0" * 64, version=2)


@hidden(("policy-cases", "rules/a.toml:13:8"), ("policy-version", "rules/a.toml:15:13"))
def a_rule_whose_table_is_written_otherwise(repo: Repo) -> None:
    another(repo, "rules/a.toml")
    repo.edit("rules/a.toml", "[rule]", '["rule"]')
    repo.edit("rules/a.toml", "rule_id =", '"rule_id" =')


@hidden(("policy-deleted", "rules/shell.toml:1:1"))
def a_rule_that_nobody_could_read_is_deleted(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_skore = 47")
    begin(repo)
    repo.remove("rules/shell.toml")
    repo.remove("fixtures/shell")


@hidden(("policy-fixtures-without-rule", "fixtures/shell:1:1"))
def a_deprecated_rule_is_deleted_and_its_fixtures_stay(repo: Repo) -> None:
    good_changes.a_rule_is_deprecated(repo)
    begin(repo)
    repo.remove("rules/shell.toml")


@hidden(("policy-deleted", "rules/shell.toml:1:1"))
def a_rule_is_deprecated_and_deleted_in_one_change(repo: Repo) -> None:
    good_changes.a_rule_is_deprecated(repo)
    repo.commit()
    repo.remove("rules/shell.toml")
    repo.remove("fixtures/shell")


@hidden(told=[("policy-date-ahead", "rules/shell.toml:4:16")])
def a_date_that_lies_ahead(repo: Repo) -> None:
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.redate("rules/shell.toml", "2099/01/01")
    repo.lock()


@hidden(("lock-bad-entry", "samefire.lock.json:3:3"))
def a_lock_file_that_says_an_id_twice(repo: Repo) -> None:
    text = (repo.root / "samefire.lock.json").read_text()
    entry = {**json.loads(text)[SHELL], "version": 7}
    repo.write("samefire.lock.json", text.replace("{", f"{{\n  {json.dumps(SHELL)}: {json.dumps(entry)},", 1))


# ---- Sigma files --------------------------------------------------------------------------------------

SIGMA = f"""\
title: Shell of a Web Server
id: {OTHER}
taxonomy: ecs
logsource: {{category: process_creation}}
detection:
  selection:
    process.parent.name: nginx
    process.name: [sh, bash]
  condition: selection
level: medium
"""


def sigma(repo: Repo, text: str = SIGMA) -> None:
    repo.write("rules/web.yml", text)
    copy_cases(repo, "web")


@hidden(("policy-cases", "rules/web.yml:1:8"))
def a_sigma_file_without_fixtures(repo: Repo) -> None:
    repo.write("rules/web.yml", SIGMA)


@hidden(("verdict-wrong", "sigma fixtures/web/positive/bash.json"))
def a_sigma_file_that_loses_a_value(repo: Repo) -> None:
    sigma(repo)
    begin(repo)
    repo.edit("rules/web.yml", "[sh, bash]", "[sh]")


@hidden(("verdict-wrong", "sigma fixtures/web/negative/sh.json"))
def a_fixture_of_a_sigma_file(repo: Repo) -> None:
    sigma(repo)
    begin(repo)
    repo.write("fixtures/web/negative/sh.json", FIXTURES["fixtures/shell/positive/sh.json"])


@hidden(("sigma-condition", "rules/web.yml:9:27"))
def a_sigma_file_that_does_not_parse(repo: Repo) -> None:
    sigma(repo, SIGMA.replace("condition: selection", "condition: selection and"))


@hidden(("sigma-no-rule", "rules/web.yml:1:1"))
def a_sigma_file_is_emptied(repo: Repo) -> None:
    sigma(repo)
    begin(repo)
    repo.write("rules/web.yml", "")


@hidden(("policy-deleted", "rules/web.yml:1:1"), ("policy-fixtures-without-rule", "fixtures/web:1:1"))
def a_sigma_file_is_deleted(repo: Repo) -> None:
    sigma(repo)
    begin(repo)
    repo.remove("rules/web.yml")


@hidden(("policy-id-changed", "rules/web.yml:2:5"))
def the_id_of_a_sigma_file_changes(repo: Repo) -> None:
    sigma(repo)
    begin(repo)
    repo.edit("rules/web.yml", OTHER, SHELL[:-1] + "7")


@hidden(("rule-duplicate-id", "rules/web.yml:2:5"))
def a_sigma_file_with_the_id_of_a_rule(repo: Repo) -> None:
    sigma(repo, SIGMA.replace(OTHER, SHELL))


@hidden(("policy-form-missing", "rules/web.yml:6:3"))
def a_sigma_file_where_sigma_is_not_judged(repo: Repo) -> None:
    repo.settings(SETTINGS.replace('["elastic", "sigma"]', '["elastic"]'))
    begin(repo)
    sigma(repo)


@pytest.mark.parametrize(("change", "expected", "told"), HIDDEN, ids=[c.__name__ for c, _, _ in HIDDEN])
def test_seen(
    repo: Repo,
    change: Callable[[Repo], str | None],
    expected: Found,
    told: Found,
    golden: Callable[[Path, str], None],
) -> None:
    base = change(repo)
    try:
        report = gated(Choices(base=base), Running(1, cache=False))
    except ProblemError as error:
        report = Report((), error.problems)
    assert errors(report) == expected
    assert warnings(report) == told
    assert report.passed == (not expected)
    text = report_text(report, PLAIN)
    commit = report.base[:12] if report.base else "none"
    golden(MESSAGES / f"{change.__name__}.txt", text.replace(commit, "(base)") + "\n")


# ---- what must pass all the same ----------------------------------------------------------------------


def passes(repo: Repo, judged: int, base: str | None = None) -> Report:
    report = gated(Choices(base=base), Running(1, cache=False))
    assert errors(report) == set()
    assert len(report.rules) == judged
    return report


def test_settings_move_to_the_other_file(repo: Repo) -> None:
    repo.remove("samefire.toml")
    text = "[tool.samefire]\n" + SETTINGS.replace("[gate]", "[tool.samefire.gate]")
    repo.write("pyproject.toml", text)
    assert warnings(passes(repo, 0)) == set()


def test_two_rules_swap_their_files(repo: Repo) -> None:
    for one, other in (("rules/shell.toml", "rules/logins.toml"), ("fixtures/shell", "fixtures/logins")):
        repo.move(one, "aside")
        repo.move(other, one)
        repo.move("aside", other)
    passes(repo, 2)


@pytest.mark.parametrize("name", ['a "b" é', "a\tb", "-rf", "日本", ":(glob)x", "she\nll", "*", "[ab]"])
def test_a_rule_gets_an_odd_name(repo: Repo, name: str) -> None:
    repo.move("rules/shell.toml", f"rules/{name}.toml")
    repo.move("fixtures/shell", f"fixtures/{name}")
    assert passes(repo, 1).rules[0].cases


def test_a_sigma_file_with_its_fixtures(repo: Repo) -> None:
    sigma(repo)
    (judged,) = passes(repo, 1).rules
    assert [(v.form, v.fired) for v in judged.verdicts] == [
        ("sigma", True),
        ("sigma", True),
        ("sigma", False),
    ][::-1]


def test_a_deprecated_sigma_file_is_deleted(repo: Repo) -> None:
    sigma(repo, SIGMA + "status: deprecated\n")
    begin(repo)
    repo.remove("rules/web.yml")
    repo.remove("fixtures/web")
    passes(repo, 0)


def test_the_environment_of_a_hook_does_not_count(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """git runs hooks with variables that name a repository: that of the hook, which may be another one."""
    other = repo.root.parent / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "main")
    git(other, "commit", "-q", "--allow-empty", "-m", "first")
    narrow(repo)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    assert errors(gated(Choices())) == WRONG


def test_what_is_not_judged_is_counted(repo: Repo) -> None:
    repo.write("rules/.old/a.toml", "[rule]\n")
    repo.write("rules/.b.toml", "[rule]\n")
    repo.write("rules/B.TOML", "[rule]\n")
    repo.write("rules/x.yml", "a: 1\n")
    repo.write("rules/x.toml", "a = 1\n")
    (repo.root / "rules/more").symlink_to("..")
    git(repo.root, "update-index", "--skip-worktree", "rules/logins.toml")
    repo.remove("rules/logins.toml")
    assert passes(repo, 0).skipped == {
        "rules that the change does not touch": 2,
        "TOML files that hold no rule": 1,
        "YAML files that hold no rule": 1,
        "folders below the rules that are links, which are not followed": 1,
        "files whose ending is not written `.toml`, `.yml` or `.yaml` in lower case": 1,
        "hidden files below the rules": 2,
        "files that the sparse checkout leaves out": 1,
    }


def test_verdicts_that_a_change_brings_with_it_do_not_count(repo: Repo) -> None:
    narrow(repo)
    assert not gated(Choices()).passed
    for file in (repo.root / ".samefire/cache").glob("??/*"):
        file.write_text("forged")
    git(repo.root, "add", "--force", ".samefire")
    report = gated(Choices())
    assert errors(report) == WRONG
    assert [render(p) for p in report.problems] == [
        ".samefire/cache:1:1: warning: git keeps files of the cache: they may say anything, and every rule was"
        " judged anew [gate-cache-in-git]\n"
        "  help: remove the folder from git"
    ]


def test_error_an_empty_revision(repo: Repo) -> None:
    with pytest.raises(WrongUse) as caught:
        gated(Choices(base=""))
    assert str(caught.value) == "--base needs the name of a revision, and got an empty one"


def test_error_git_is_not_there(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    result = guarded(lambda: run(Choices(), Printing()))
    assert result.code is Exit.UNREACHABLE
    told = "git:1:1: error: git cannot be run: No such file or directory [git-failed]"
    assert told in (result.err, result.out.split("\n\n")[0])


def test_no_program_of_the_repository_runs(repo: Repo) -> None:
    mark = repo.root.parent / "ran"
    hook = repo.root / ".git/hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    git(repo.root, "config", "core.fsmonitor", f"touch {mark}")
    git(repo.root, "config", "diff.external", f"touch {mark}")
    repo.write(".gitattributes", "*.toml diff=own\n")
    git(repo.root, "config", "diff.own.textconv", f"touch {mark}; cat")
    git(repo.root, "config", "diff.own.command", f"touch {mark}")
    mark.unlink(missing_ok=True)
    narrow(repo)
    gated(Choices())
    assert not mark.exists()


def test_there_are_enough() -> None:
    assert len(HIDDEN) >= 50
    assert len({CURL, LOGINS, SHELL, OTHER}) == 4
    assert subprocess.run(["git", "--version"], check=True, capture_output=True).stdout
