"""`samefire init`: what it writes passes its own workflow, and nothing that was there is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from samefire.cli import run

from tests.conftest import HOME


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


TOLD = """\
mine/samefire.toml               settings
mine/rules/, fixtures/           one rule and its cases
mine/.github/workflows/rules.yml checks every change
mine/.pre-commit-config.yaml     the same before a commit
mine/.taplo.toml, .vscode/       schemas for editors
next: cd mine && samefire test
"""


def commands(folder: Path) -> list[str]:
    """What the workflow runs."""
    workflow = yaml.safe_load((folder / ".github/workflows/rules.yml").read_text())
    return [step["run"] for step in workflow["jobs"]["rules"]["steps"] if "run" in step]


def test_a_new_repository(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["init", "mine"]) == 0
    assert capsys.readouterr().out == TOLD
    monkeypatch.chdir(folder / "mine")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    subprocess.run(["git", "init", "-q", "-b", "main", "."], check=True)
    for command in commands(Path()):
        if command.startswith("samefire "):
            assert run(command.split()[1:]) == 0, (command, capsys.readouterr())
    for hook in yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]:
        assert run(hook["entry"].split()[1:]) == 0, hook
    assert run(["cover", "--least", "1"]) == 0


def test_what_editors_read_is_there(folder: Path) -> None:
    assert run(["init"]) == 0
    for rule in tomllib.loads(Path(".taplo.toml").read_text())["rule"]:
        assert json.loads(Path(rule["schema"]["path"]).read_text())["$schema"]
    json.loads(Path(".vscode/extensions.json").read_text())
    for schema in json.loads(Path(".vscode/settings.json").read_text())["json.schemas"]:
        assert Path(schema["url"]).is_file()


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("samefire.toml").write_text("# mine\n")
    assert run(["init"]) == 2
    assert capsys.readouterr().err == "samefire: nothing was written: samefire.toml is there already\n"
    assert [path.name for path in folder.iterdir()] == ["samefire.toml"]


def test_settings_in_pyproject_are_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text("[tool.samefire]\n")
    assert run(["init"]) == 2
    assert capsys.readouterr().err == (
        "samefire: nothing was written: pyproject.toml holds settings of samefire already\n"
    )


def test_files_of_an_existing_folder_are_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("README.md").write_text("mine")
    Path("notes.txt").write_text("mine")
    assert run(["init"]) == 0
    assert "\nkept README.md, which was there\n" in capsys.readouterr().out
    assert Path("README.md").read_text() == "mine"


@pytest.mark.slow
def test_the_workflow_in_a_clean_environment(folder: Path) -> None:
    """As the workflow does it: an environment of its own, samefire installed from a wheel, each command in turn."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", str(HOME)],
        check=True,
        capture_output=True,
    )
    wheel = next((folder / "dist").glob("*.whl"))
    subprocess.run([sys.executable, "-m", "venv", "env"], check=True)
    environment = {
        **{k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        "PATH": f"{folder}/env/bin:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }

    def typed(command: str, where: Path) -> None:
        done = subprocess.run(
            command, shell=True, cwd=where, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    install = f"pip install --disable-pip-version-check -q {wheel}"
    typed(install, folder)
    typed("samefire init mine", folder)
    typed("git init -q -b main .", folder / "mine")
    for command in commands(folder / "mine"):
        typed(install if command == "pip install samefire" else command, folder / "mine")
    assert "1 rule" in (folder / "summary.md").read_text()
