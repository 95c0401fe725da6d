"""How soon the command line answers: what it does not import, and its time against that of importing Typer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

import pytest

from tests.conftest import HOME

HEAVY = {"sigma", "deepdiff", "tomlkit", "rich", "marko", "jsonschema", "yaml", "hypothesis", "pygls"} | (
    {"subprocess", "multiprocessing", "asyncio", "tempfile", "difflib", "decimal"}
)
TYPER = "import typer"
HELP = ["--help"]
CHECK = ["check", "rules/aws/execution_via_system_manager.toml"]
RUN = "from samefire.cli import run; assert run({}) == 0"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which modules are compiled once, as an installation has them."""
    outside = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**outside, "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}


def modules(code: str, environment: dict[str, str]) -> set[str]:
    """The top names of what a program has imported at its end."""
    told = f"{code}\nimport sys, json; print(json.dumps([*sys.modules]), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=HOME, env=environment, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr)}


@pytest.mark.parametrize("arguments", [HELP, CHECK], ids=["help", "check"])
def test_nothing_heavy_is_imported(arguments: list[str], compiled: dict[str, str]) -> None:
    assert modules(RUN.format(arguments), compiled) & (HEAVY - modules(TYPER, compiled)) == set()


def seconds(code: str, environment: dict[str, str]) -> float:
    """The processor time of a program."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code], cwd=HOME, env=environment, capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def ratios(code: str, environment: dict[str, str]) -> Iterator[float]:
    """A program's time in times of importing Typer, measured in turn."""
    for _ in range(7):
        yield seconds(code, environment) / seconds(TYPER, environment)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processor time of children here")
@pytest.mark.parametrize(("arguments", "bound"), [(HELP, 2.0), (CHECK, 4.5)], ids=["help", "check"])
def test_the_answer_is_soon(arguments: list[str], bound: float, compiled: dict[str, str]) -> None:
    code = RUN.format(arguments)
    seconds(code, compiled)  # compiles
    assert median(ratios(code, compiled)) < bound
