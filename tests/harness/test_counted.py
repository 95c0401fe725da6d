"""A wrong number of alerts is told alike whether the verdict was made now, in another process or long ago."""

from __future__ import annotations

from pathlib import Path

import pytest

from samefire.commands.gate import Choices, gated
from samefire.commands.running import Running
from samefire.reports.style import PLAIN
from samefire.reports.text import report_text
from tests.gate.conftest import repo, template
from tests.gate.repository import FIXTURES, Repo

__all__ = ["repo", "template"]


def test_from_the_cache(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEFIRE_CACHE", str(tmp_path / "kept"))
    event = FIXTURES["fixtures/shell/positive/sh.json"]
    repo.write("fixtures/shell/positive/sh.json", {"events": [event], "alerts": 2})
    first, second = (report_text(gated(Choices(), Running(1)), PLAIN) for _ in range(2))
    assert "FAIL fixtures/shell/positive/sh.json: fired, expected 2 alerts" in first
    assert first == second
