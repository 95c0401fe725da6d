"""Every message about a rule file, as a person sees it: `errors/<name>/rule.toml` gives `message.txt`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from samefire.problems import Problem, ProblemError, render
from samefire.rule import load_path

CASES = sorted(p.parent for p in Path(__file__).parent.glob("errors/*/rule.toml"))


def problems(path: Path) -> tuple[Problem, ...]:
    try:
        return load_path(path).problems
    except ProblemError as error:
        return error.problems


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_error_text(case: Path, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    golden(case / "message.txt", "".join(f"{render(p)}\n" for p in problems(Path("rule.toml"))))
