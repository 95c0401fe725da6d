"""Fixtures and settings shared by all tests: where the shared data lies, how long properties search."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HOME = Path(__file__).resolve().parent.parent
SHARED = HOME.parent / "shared"

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "fuzz", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fuzz" if os.environ.get("SAMEFIRE_FUZZ") else "quick")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of other projects' rules and suites; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(
            f"no {SHARED.name}/ folder beside the checkout: peers' suites are not part of the project"
        )
    return SHARED
