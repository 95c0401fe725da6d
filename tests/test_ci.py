"""The hooks, the action and the documented jobs: real files, tried as far as one can without GitHub."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from samefire.gate.policy import KEYS, Policy
from samefire.reports.formats import ENDINGS, FORMATS
from tests.conftest import HOME
from tests.gate.conftest import repo, template
from tests.gate.repository import Repo, git

__all__ = ["repo", "template"]


def read(name: str) -> Any:
    return yaml.safe_load((HOME / name).read_text(encoding="utf-8"))


def program(folder: Path) -> dict[str, str]:
    """An environment in which `samefire` and `python` are this checkout's."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, line in (("samefire", "-m samefire.cli "), ("python", "")):
        file = tools / name
        file.write_text(f'#!/bin/sh\nexec "{sys.executable}" {line}"$@"\n')
        file.chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(HOME)}


HOOKS = {hook["id"]: hook for hook in read(".pre-commit-hooks.yaml")}


def hook(repo: Repo, name: str, *files: str) -> subprocess.CompletedProcess[str]:
    """What pre-commit does with a hook: its entry with the files that its pattern takes."""
    one = HOOKS[name]
    taken = [f for f in files if one.get("pass_filenames", True) and re.search(one["files"], f)]
    command = [*one["entry"].split(), *taken]
    assert command[0] == "samefire"
    return subprocess.run(
        command, cwd=repo.root, env=program(repo.root.parent), capture_output=True, text=True, check=False
    )


def test_the_check_hook(repo: Repo) -> None:
    assert hook(repo, "samefire-check", "rules/shell.toml", "README.md").returncode == 0
    repo.edit("rules/shell.toml", "risk_score", "risk_skore")
    assert hook(repo, "samefire-check", "rules/shell.toml").returncode == 1


def test_the_fmt_hook(repo: Repo) -> None:
    repo.edit("rules/shell.toml", 'tags = ["Domain: Endpoint"]', 'tags    =   ["Domain: Endpoint"]')
    hook(repo, "samefire-fmt", "rules/shell.toml")
    assert "tags    =" not in (repo.root / "rules/shell.toml").read_text()


def test_the_test_hook_takes_fixtures_for_their_rules(repo: Repo) -> None:
    event = (repo.root / "fixtures/shell/positive/sh.json").read_text()
    repo.write("fixtures/shell/negative/sh.json", event)
    result = hook(repo, "samefire-test", "fixtures/shell/negative/sh.json")
    assert result.returncode == 1
    assert result.stdout.startswith("rules/shell.toml  Shell of the Web Server\n")
    assert "rules/logins.toml" not in result.stdout


def test_a_fixture_without_a_rule_is_told(repo: Repo) -> None:
    repo.write("fixtures/shel/positive/sh.json", "{}")
    result = hook(repo, "samefire-check", "fixtures/shel/positive/sh.json")
    assert result.returncode == 1
    assert result.stdout.startswith(
        "fixtures/shel/positive/sh.json:1:1: error: no rule belongs to this fixture [fixture-without-rule]\n"
        "  help: fixtures lie where their rule does, in a folder named after its file\n"
    )


def test_the_gate_hook(repo: Repo) -> None:
    assert hook(repo, "samefire-gate").returncode == 0
    repo.remove("fixtures/shell")
    assert hook(repo, "samefire-gate").returncode == 1


ACTION = read("action.yml")


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ACTION["runs"]["steps"]
    return found


def test_the_action_is_composite_and_each_step_has_a_shell() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert all("uses" in step or step["shell"] == "bash" for step in steps())


def test_no_input_reaches_a_shell_as_code() -> None:
    assert not [step["name"] for step in steps() if "${{" in step.get("run", "")]


@pytest.mark.parametrize("broken", [False, True])
def test_the_steps_of_the_action_in_a_clean_clone(repo: Repo, tmp_path: Path, broken: bool) -> None:
    if broken:
        repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
        repo.commit()
    git(tmp_path, "clone", "-q", "--branch", "work", "--depth=1", repo.root.as_uri(), "clone")
    clone = tmp_path / "clone"
    base = git(repo.root, "rev-parse", "main").strip()
    values = {name: str(given["default"]) for name, given in ACTION["inputs"].items()} | {"base": base}
    environment = {**program(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    code, out = 0, ""
    for step in steps():
        if step.get("name") in ("Fetch what the change is compared with", "samefire gate"):
            given = {
                k: re.sub(r"\${{ inputs\.([\w-]+) }}", lambda m: values[m[1]], v)
                for k, v in step["env"].items()
            }
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", step["run"]],
                cwd=clone,
                env={**environment, **given},
                capture_output=True,
                text=True,
                check=False,
            )
            code, out = done.returncode, done.stdout + done.stderr
            assert code == 0 or step["name"] == "samefire gate", out
    assert code == (1 if broken else 0), out
    assert ("::error file=rules/shell.toml,line=4" in out) == broken
    assert (clone / "samefire-report.html").read_text().startswith("<!DOCTYPE html>")
    assert (clone / "samefire.sarif").exists()
    assert (tmp_path / "summary.md").read_text().startswith("### ❌" if broken else "### ✅")


DOCS = (HOME / "docs/ci.md").read_text(encoding="utf-8")


def test_every_documented_policy_key_is_real_and_the_other_way_round() -> None:
    block = DOCS.split("[gate]\n")[1].split("[gate.levels]")[0]
    written = dict(re.findall(r"^(\w+) = (.+?)\s*(?:#.*)?$", block, re.MULTILINE))
    assert written.keys() == set(KEYS) - {"levels"}
    for key, text in written.items():
        default = getattr(Policy(), key)
        assert yaml.safe_load(text) == (list(default) if isinstance(default, tuple) else default)


def test_every_documented_format_is_real() -> None:
    assert f"({', '.join(FORMATS)})" in DOCS
    assert f"(`{' '.join(ENDINGS)}`)" in DOCS


def test_every_policy_code_is_documented() -> None:
    code = "\n".join(p.read_text(encoding="utf-8") for p in (HOME / "samefire/gate").glob("*.py"))
    for name in set(re.findall(r'"(policy-[a-z-]+)"', code)):
        assert f"`{name}`" in DOCS, name


def test_the_documented_jobs_are_yaml_and_call_us() -> None:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)]
    assert len(blocks) == 3
    gitlab = next(block for block in blocks if "rules:gate" in block)
    assert gitlab["rules:gate"]["script"][0].startswith("samefire gate --base ")
    hooks = next(block for block in blocks if "repos" in block)["repos"][0]["hooks"]
    assert {one["id"] for one in hooks} <= set(HOOKS)
