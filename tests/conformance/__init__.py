"""Conformance suites: peers' and engines' own expectations, run through samefire's public API.

One file a suite (`kql_dsl.py` is `kql-dsl`), each with `run(root) -> Tally`. `root` is a folder laid out as
`corpus/elastic/`, `suites/<language>/`. A case that cannot be run counts as failed. A suite of many seconds takes
its cases through `sample`, so that the tests can run every n-th of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
_EVERY: ContextVar[int] = ContextVar("every", default=1)


def sample(cases: Iterable[T]) -> Iterator[T]:
    """All cases, or inside `sampled(n)` the first and every n-th after it."""
    every = _EVERY.get()
    return (case for number, case in enumerate(cases) if number % every == 0)


@contextmanager
def sampled(every: int) -> Iterator[None]:
    """Suites run here take every n-th of their cases."""
    token = _EVERY.set(every)
    try:
        yield
    finally:
        _EVERY.reset(token)


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
