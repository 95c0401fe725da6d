"""Conformance suites: peers' and engines' own expectations, run through samefire's public API.

One file a suite (`kql_dsl.py` is `kql-dsl`), each with `run(root) -> Tally`. `root` is a folder laid out as
`corpus/elastic/`, `suites/<language>/`. A case that cannot be run counts as failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Cases that passed, of how many, and what failed (JSON-able, one record a case)."""

    passed: int = 0
    total: int = 0
    failures: list[Any] = field(default_factory=list)

    def check(self, case: Any, test: Callable[[], Any]) -> bool:
        """Count one case. `test` returns a truthy value to pass, or a `Failed` / raises to fail."""
        self.total += 1
        try:
            outcome = test()
        except Exception as error:  # a case that breaks is a failed case, whatever broke
            self.failures.append({"case": case, "error": f"{type(error).__name__}: {error}"[:2000]})
            return False
        if isinstance(outcome, Failed) or not outcome:
            self.failures.append({"case": case, "failed": getattr(outcome, "detail", None)})
            return False
        self.passed += 1
        return True


@dataclass(frozen=True)
class Failed:
    """Why a case failed, for the failures file."""

    detail: Any

    def __bool__(self) -> bool:
        return False
