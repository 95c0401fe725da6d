"""What Sigma cannot say of a rule: refusals and approximations, each at its place in the rule.

Only collects; what is a loss is decided where a clause is translated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from samefire.problems import Problem, Severity
from samefire.source import NOWHERE, Source, Span


class Losses:
    """The problems of one conversion, in order of finding. `source` is the text whose clauses are told about:
    the query, or for a while (`reading`) the rule around it."""

    def __init__(self, source: Source, *, approximate: bool = False) -> None:
        self.source = source
        self.approximations_wanted = approximate
        self.problems: list[Problem] = []
        self._told: set[tuple[str, Source, Span]] = set()

    @contextmanager
    def reading(self, source: Source) -> Iterator[None]:
        """What is told inside has its place in this text."""
        before, self.source = self.source, source
        try:
            yield
        finally:
            self.source = before

    @property
    def refused(self) -> bool:
        return any(p.severity is Severity.ERROR for p in self.problems)

    def refuse(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        """No document will be made: `code` starts with `sigma-cannot-`."""
        self._add(Problem(code, message, self.source, span, Severity.ERROR, hint))

    def approximate(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        """The document differs from the rule as told: `code` starts with `approximate-`."""
        self._add(Problem(code, message, self.source, span, Severity.WARNING, hint))

    def note(self, code: str, message: str, span: Span) -> None:
        """The document differs only for events that the rule does not expect: `code` starts with `sigma-note-`."""
        self._add(Problem(code, message, self.source, span, Severity.NOTE))

    def _add(self, problem: Problem) -> None:
        """One problem of a kind a place: a clause may stand for many fields, a stage in several documents."""
        place = (problem.code, problem.source, problem.span)
        if problem.span == NOWHERE or place not in self._told:
            self._told.add(place)
            if problem not in self.problems:
                self.problems.append(problem)
