"""Settings hold for every command: what one honours, none may pass over."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from samefire.commands.check import checked
from samefire.commands.cover import covered
from samefire.commands.gate import Choices as GateChoices
from samefire.commands.gate import gated
from samefire.commands.test import tested as judged_by_test
from samefire.commands.watch import screen
from samefire.harness.report import Report, Status
from samefire.lsp.project import Projects
from samefire.reports.style import PLAIN
from samefire.settings import find
from samefire.watching import look
from samefire.workspace import open_workspace
from tests.conftest import HOME
from tests.gate.conftest import repo, template
from tests.gate.repository import RULES, SETTINGS, SHELL, Repo

__all__ = ["repo", "template"]

run = importlib.import_module("samefire.cli").run
commands = importlib.import_module("samefire.commands.convert")
PATH = "rules/shell.toml"


def settle(repo: Repo, text: str) -> None:
    repo.write("samefire.toml", text + SETTINGS)


def sigma_of(report: Report) -> Status:
    (rule,) = [rule for rule in report.rules if rule.rule.id == SHELL]
    (form,) = [form for form in rule.forms if form.form == "sigma"]
    return form.status


def test_taxonomy(repo: Repo) -> None:
    """A text in Sigma's own names cannot be run on events of ECS, and is called so wherever it would be judged."""
    settle(repo, 'taxonomy = "sigma"\n')
    judged = judged_by_test([], commands.Choices(), None)
    assert sigma_of(judged) is sigma_of(gated(GateChoices(everything=True))) is Status.UNREADABLE
    project = Projects().of(repo.root / PATH)
    report = project.run(repo.root / PATH, (repo.root / PATH).read_text())
    assert [form.status for form in report.forms if form.form == "sigma"] == [Status.UNREADABLE]
    assert "not run: the fields have Sigma's own names" in screen(
        find(repo.root), [], None, look(find(repo.root)), PLAIN
    )


def test_a_bundle_ships_what_nothing_here_can_run(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    settle(repo, 'taxonomy = "sigma"\n')
    assert run(["bundle", "-o", "made"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["elastic: 3 exact", "sigma: 3 unread"]


def test_taxonomy_that_a_flag_asks_for(repo: Repo) -> None:
    settle(repo, 'taxonomy = "sigma"\n')
    workspace = open_workspace([])
    assert commands.options(workspace, commands.Choices(taxonomy="ecs")).taxonomy == "ecs"
    assert commands.options(workspace, commands.Choices()).taxonomy == "sigma"


UNKNOWN = "acme.unheard"


def test_strict_fields(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    settle(repo, "strict_fields = true\n")
    repo.edit(PATH, "event.category", UNKNOWN)
    workspace = open_workspace([PATH])
    assert "query-unknown-field" in [p.code for p in checked(workspace, workspace.rules[0]).problems]
    assert UNKNOWN in screen(find(repo.root), [], None, look(find(repo.root)), PLAIN)
    flags = ["--name", "New", "--description", "New", "--query", f"{UNKNOWN}: 1"]
    assert run(["new", "rules/new.toml", *flags]) != 0
    assert f"the type of `{UNKNOWN}` is not known" in capsys.readouterr().err
    assert not (repo.root / "rules/new.toml").exists()


def test_strict_fields_as_tests(repo: Repo) -> None:
    settle(repo, "strict_fields = true\n")
    repo.edit(PATH, "event.category", UNKNOWN)
    flags = ["-q", "-p", "no:cacheprovider", "-p", "samefire.pytest_plugin", "--samefire", PATH]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(HOME)}
    command = [sys.executable, "-m", "pytest", *flags]
    done = subprocess.run(command, cwd=repo.root, env=alone, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert f"the type of `{UNKNOWN}` is not known" in done.stdout


@pytest.mark.parametrize("name", ["rules/shell.toml", "shell", SHELL])
def test_rules_without_fixtures_are_excused_from_any_folder(
    repo: Repo, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(repo, f'without_fixtures = ["{name}"]\n')
    for path in list(repo.root.glob("fixtures/shell/*/*")):
        path.unlink()
    monkeypatch.chdir(repo.root / "rules")
    for paths in ([], ["shell.toml"], [str(repo.root / PATH)]):
        workspace = open_workspace(paths)
        (rule,) = [rule for rule in workspace.rules if rule.id == SHELL]
        assert workspace.excused(rule)
    assert Projects().of(repo.root / PATH).balance(rule, repo.root / PATH) == []


def test_a_file_elsewhere_has_the_settings_of_its_own_repository(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(repo, "strict_fields = true\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    for path in (repo.root / PATH, repo.root / "rules"):
        workspace = open_workspace([os.path.relpath(path)])
        assert workspace.settings.strict_fields and workspace.cases(workspace.rules[0]).cases


def test_versions_may_be_locked_by_another_form(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    """The digest is that of the form's text as all of lock, gate and bundle write it."""
    settle(repo, 'lock_form = "sigma"\ntaxonomy = "sigma"\n')
    assert run(["lock"]) == 0 and run(["lock", "--check"]) == 0
    repo.commit()
    report = gated(GateChoices(everything=True))
    assert not [p for p in report.all_problems() if p.code == "policy-version"]
    assert run(["bundle", "-o", "made", "--caseless", "--approximate"]) == 0
    versions = {one["version"] for one in json.loads((repo.root / "made/manifest.json").read_text())["rules"]}
    assert versions == {2}
    assert run(["diff", "main"]) == 0 and covered(open_workspace([PATH]))
    repo.edit(PATH, RULES[PATH]["query"], "process.name : zsh")
    capsys.readouterr()
    assert run(["lock", "--check"]) == 1
    assert capsys.readouterr().out == "Shell of the Web Server: version 2 to 3\n"
