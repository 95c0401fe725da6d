"""The pytest plugin: rules as tests, only when somebody asks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import HOME
from tests.gate.repository import fill

pytest_plugins = ["pytester"]


@pytest.fixture
def rules(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HOME), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    fill(pytester.path)
    (pytester.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return pytester


def run(rules: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return rules.runpytest_subprocess("-p", "samefire.pytest_plugin", "-p", "no:cacheprovider", *arguments)


def edit(rules: pytest.Pytester, path: str, old: str, new: str) -> None:
    file = rules.path / path
    file.write_text(file.read_text().replace(old, new))


def test_every_rule_form_and_case(rules: pytest.Pytester) -> None:
    result = run(rules, "rules", "--collect-only", "-q")
    ids = [line for line in result.outlines if "::" in line]
    assert ids == [
        "rules/logins.toml::check",
        "rules/logins.toml::elastic-negative/one",
        "rules/logins.toml::elastic-positive/two",
        "rules/logins.toml::sigma-negative/one",
        "rules/logins.toml::sigma-positive/two",
        "rules/net/curl.toml::check",
        "rules/net/curl.toml::elastic-negative/plain",
        "rules/net/curl.toml::elastic-positive/output",
        "rules/net/curl.toml::sigma-negative/plain",
        "rules/net/curl.toml::sigma-positive/output",
        "rules/shell.toml::check",
        "rules/shell.toml::elastic-negative/parent",
        "rules/shell.toml::elastic-positive/bash",
        "rules/shell.toml::elastic-positive/sh",
        "rules/shell.toml::sigma-negative/parent",
        "rules/shell.toml::sigma-positive/bash",
        "rules/shell.toml::sigma-positive/sh",
    ]
    run(rules, "rules").assert_outcomes(passed=17)


def test_a_wrong_verdict_is_explained(rules: pytest.Pytester) -> None:
    edit(rules, "rules/shell.toml", '("sh" or "bash")', '"sh"')
    result = run(rules, "rules", "-k", "elastic and shell")
    result.assert_outcomes(passed=2, failed=1, deselected=14)
    result.stdout.fnmatch_lines(
        [
            "*_ elastic-positive/bash _*",
            "fixtures/shell/positive/bash.json: elastic stayed silent, expected: fires",
            '  failed: process.name is "sh"; the event has "bash"',
        ]
    )


def test_a_broken_rule_fails_its_check(rules: pytest.Pytester) -> None:
    edit(rules, "rules/shell.toml", "risk_score", "risk_skore")
    result = run(rules, "rules/shell.toml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*rules/shell.toml:14:1: error: unknown key `risk_skore` in [[]rule[]]*"])


def test_broken_settings_fail_the_check(rules: pytest.Pytester) -> None:
    (rules.path / "samefire.toml").write_text("ruls = []\n")
    result = run(rules, "rules/shell.toml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unknown setting `ruls`*"])


def test_a_form_that_is_refused_is_skipped_with_its_reason(rules: pytest.Pytester) -> None:
    edit(rules, "samefire.toml", '"sigma"]', '"sigma:lucene"]')
    result = run(rules, "rules/shell.toml", "-rs")
    assert result.parseoutcomes()["skipped"] == 3
    result.stdout.fnmatch_lines(["SKIPPED * sigma:lucene refused: *"])


def test_one_test_by_its_id(rules: pytest.Pytester) -> None:
    run(rules, "rules/shell.toml::sigma-positive/sh").assert_outcomes(passed=1)


def test_stop_at_the_first(rules: pytest.Pytester) -> None:
    edit(rules, "rules/shell.toml", '("sh" or "bash")', '"sh"')
    result = run(rules, "rules", "-x")
    assert result.parseoutcomes()["failed"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_many_processes(rules: pytest.Pytester) -> None:
    result = run(rules, "-p", "xdist", "rules", "-n", "2")
    result.assert_outcomes(passed=17)


@pytest.mark.parametrize("arguments", [(), (".",), ("tests",)])
def test_inert_unless_asked(rules: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    (rules.path / "tests").mkdir()
    (rules.path / "tests/test_one.py").write_text("def test_one(): pass\n")
    run(rules, *arguments).assert_outcomes(passed=1)


def test_asked_by_flag_or_ini(rules: pytest.Pytester) -> None:
    run(rules, "--samefire").assert_outcomes(passed=17)
    (rules.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\nsamefire = true\n")
    run(rules).assert_outcomes(passed=17)


def test_a_working_folder_below_the_rules_is_not_asking(rules: pytest.Pytester) -> None:
    os.chdir(rules.path / "rules")
    assert run(rules).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_nothing_heavy_is_imported_when_inert(rules: pytest.Pytester) -> None:
    (rules.path / "test_lean.py").write_text(
        "import sys\n\ndef test_lean():\n    assert 'samefire.engine' not in sys.modules\n"
        "    assert 'samefire.settings' not in sys.modules\n"
    )
    run(rules, "test_lean.py").assert_outcomes(passed=1)


def test_hostile_values_are_shown_as_escapes(rules: pytest.Pytester) -> None:
    edit(rules, "rules/shell.toml", '("sh" or "bash")', '"sh"')
    edit(rules, "fixtures/shell/positive/bash.json", '"bash"', '"\\u001b[31mred\\u202e"')
    result = run(rules, "rules/shell.toml", "-k", "elastic")
    text = result.stdout.str()
    assert "\\u001b[31mred\\u202e" in text
    assert "\u202e" not in text
    assert Path(rules.path / "samefire.toml").exists()
