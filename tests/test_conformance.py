"""The figures that were reached on other projects' suites: they may only rise (`conformance/reached.toml`)."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

from tests.conformance import Tally
from tests.conftest import HOME

REACHED: dict[str, int] = tomllib.loads((HOME / "tests/conformance/reached.toml").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("suite", sorted(REACHED))
def test_a_figure_never_falls(suite: str, shared: Path) -> None:
    module = importlib.import_module(f"tests.conformance.{suite.replace('-', '_')}")
    tally: Tally = module.run(shared)
    assert tally.total > 0
    assert tally.passed >= REACHED[suite], (
        f"{tally.passed}/{tally.total}; first failures: {tally.failures[:3]}"
    )


def test_every_suite_has_its_figure() -> None:
    suites = {p.stem.replace("_", "-") for p in (HOME / "tests/conformance").glob("[a-z]*.py")}
    assert suites == set(REACHED)
