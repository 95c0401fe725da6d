"""What is installed: one top-level name, and a command that works without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import HOME


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(HOME)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(target.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_one_name(wheel: Path) -> None:
    names = {n.split("/")[0] for n in zipfile.ZipFile(wheel).namelist()}
    assert {n for n in names if not n.endswith(".dist-info")} == {"samefire"}


@pytest.mark.slow
def test_the_wheel_runs_alone(wheel: Path, tmp_path: Path) -> None:
    """Unpacked where no checkout is near: forms are found, data is there, a rule is judged."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    rule = HOME / "rules/aws/execution_via_system_manager.toml"
    for folder, source in (("rules/aws", rule), ("fixtures/aws", HOME / "fixtures/aws" / rule.stem)):
        (tmp_path / "work" / folder).mkdir(parents=True)
        subprocess.run(["cp", "-r", str(source), str(tmp_path / "work" / folder)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "NO_COLOR": "1"}
    call = "['test', '--form', 'elastic', '--form', 'sigma', '-o', 'r.html']"
    code = f"import samefire, samefire.cli, sys; print(samefire.__file__); sys.exit(samefire.cli.run({call}))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path / "work",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert "1 rule, 28 verdicts: 28 as expected, 0 failed" in done.stdout
    assert (tmp_path / "work/r.html").read_text().startswith("<!DOCTYPE html>")
