"""What an imported rule says otherwise than the Sigma rule, and why one cannot be said at all."""

from __future__ import annotations

from dataclasses import dataclass, field

from samefire.problems import Problem, Severity
from samefire.source import NOWHERE, Source, Span


class Unsayable(Exception):
    """A part that no rule can say: a code, what it is, what to do instead."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class NeedsLucene(Exception):
    """EQL has no word for a part of the query, and Lucene has."""


@dataclass
class Losses:
    """Named losses of one rule, each once. `span` is where the rule stands in the Sigma text."""

    source: Source
    span: Span = NOWHERE
    found: dict[str, Problem] = field(default_factory=dict)

    def name(self, code: str, message: str, hint: str | None = None) -> None:
        """A loss: the rule is imported, and differs as told."""
        self.found.setdefault(message, Problem(code, message, self.source, self.span, Severity.WARNING, hint))

    def refused(self, error: Unsayable) -> Problem:
        """Why there is no rule."""
        return Problem(error.code, error.message, self.source, self.span, Severity.ERROR, error.hint)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self.found.values())
