"""Fixtures and settings shared by all tests: where the shared data lies, how long properties search."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HOME = Path(__file__).resolve().parent.parent
SHARED = HOME.parent / "shared"

FUZZ = "SAMEFIRE_FUZZ" in os.environ
"""Whether everything is asked (`make fuzz`), where the tests of every day ask a part."""

if os.environ.pop(
    "PYTHONDONTWRITEBYTECODE", None
):  # what tests start many times is compiled once all the same
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(HOME / ".cache" / "compiled"))

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "fuzz", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fuzz" if FUZZ else "quick")


def examples(count: int) -> settings:
    """How many inputs a property tries: `count`, in `make fuzz` twenty times as many."""
    return settings(max_examples=20 * count if FUZZ else count)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of other projects' rules and suites; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(
            f"no {SHARED.name}/ folder beside the checkout: peers' suites are not part of the project"
        )
    return SHARED


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew; never in CI")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """`golden(path, text)`: the text is, byte for byte, what the file holds."""
    update = bool(request.config.getoption("--update-golden"))
    assert not (update and os.environ.get("CI")), "golden files are never written in CI"

    def check(path: Path, text: str) -> None:
        if update:
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.read_bytes().decode("utf-8") == text, f"{path} differs; look, then --update-golden"

    return check
