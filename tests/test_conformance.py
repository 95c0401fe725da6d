"""The figures that were reached on other projects' suites: they may only rise (`conformance/reached.toml`).

Suites that take more than some ten seconds run whole in `make fuzz`; here, every n-th case of them.
"""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import Tally, sampled
from tests.conftest import FUZZ, HOME

FIGURES: dict[str, Any] = tomllib.loads((HOME / "tests/conformance/reached.toml").read_text(encoding="utf-8"))
SAMPLED: dict[str, dict[str, int]] = FIGURES.pop("sampled")
WHOLE: dict[str, int] = FIGURES


@pytest.mark.slow
@pytest.mark.parametrize("suite", sorted(WHOLE))
def test_a_figure_never_falls(suite: str, shared: Path) -> None:
    module = importlib.import_module(f"tests.conformance.{suite.replace('-', '_')}")
    whole = suite not in SAMPLED or FUZZ
    with sampled(1 if whole else SAMPLED[suite]["every"]):
        tally: Tally = module.run(shared)
    assert tally.total > 0
    assert tally.passed >= (WHOLE[suite] if whole else SAMPLED[suite]["passed"]), (
        f"{tally.passed}/{tally.total}; first failures: {tally.failures[:3]}"
    )


def test_every_suite_has_its_figure() -> None:
    suites = {p.stem.replace("_", "-") for p in (HOME / "tests/conformance").glob("[a-z]*.py")}
    assert suites == set(WHOLE)
    assert set(SAMPLED) <= suites
