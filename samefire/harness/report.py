"""The results of a run as values: what each form became, each verdict, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from samefire.forms import KNOWN, Document
from samefire.harness.case import Case
from samefire.problems import Problem, Severity
from samefire.rule import Rule


class Status(StrEnum):
    """What a form became of a rule."""

    EXACT = "exact"  # says what the rule says
    APPROXIMATE = "approximate"  # differs, and says how
    REFUSED = "refused"  # the form cannot say it, and says why
    UNREADABLE = "unreadable"  # the exported text could not be read back, or cannot be run here


class Outcome(StrEnum):
    """How a verdict stands to what was expected."""

    PASS = "pass"
    FAIL = "fail"
    DIFFERS = "differs"  # a known, explained difference, or the over-firing of an approximate form


@dataclass(frozen=True)
class FormResult:
    """One form of one rule: the exported text and what was said while writing and reading it. `derived`: another
    program made it of a form."""

    form: str
    status: Status
    document: Document | None
    problems: tuple[Problem, ...] = ()
    derived: bool = False

    @property
    def why(self) -> str:
        """The first reason why the form is not exact, as one sentence."""
        wanted = [p for p in self.problems if p.severity is not Severity.NOTE]
        refusals = [p for p in wanted if p.severity is Severity.ERROR]
        return (refusals or wanted)[0].message if wanted else ""

    @property
    def faults(self) -> tuple[str, ...]:
        """The known faults of the program that made the text, a sentence each."""
        return tuple(p.message for p in self.problems if p.code.startswith(KNOWN))


@dataclass(frozen=True)
class Verdict:
    """One case judged against one form. `reason` are lines that tell why it is wrong, `explained` the same
    clause by clause, as plain data; `counted` is the number of alerts that was not met."""

    case: Case
    form: str
    expected: str
    alerts: int
    outcome: Outcome
    reason: tuple[str, ...] = ()
    explained: Any = None
    counted: int | None = None

    @property
    def fired(self) -> bool:
        return self.alerts > 0


@dataclass(frozen=True)
class RuleReport:
    """All that a run says of one rule."""

    rule: Rule
    forms: tuple[FormResult, ...]
    verdicts: tuple[Verdict, ...]
    cases: tuple[Case, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> bool:
        wrong = any(v.outcome is Outcome.FAIL for v in self.verdicts)
        return wrong or any(p.severity is Severity.ERROR for p in self.problems)

    def of(self, form: str) -> list[Verdict]:
        return [v for v in self.verdicts if v.form == form]


@dataclass(frozen=True)
class Report:
    """A whole run. `problems` are those that belong to no loaded rule (unreadable files, settings); `skipped`
    counts what was not run, by reason. A gate says in `scope` what it judged and in `base` the commit that it
    compared with."""

    rules: tuple[RuleReport, ...]
    problems: tuple[Problem, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    scope: str = ""
    base: str | None = None

    @property
    def passed(self) -> bool:
        return not any(r.failed for r in self.rules) and not _errors(self.problems)

    def all_problems(self) -> list[Problem]:
        return [*self.problems, *(p for r in self.rules for p in r.problems)]

    def outcomes(self) -> Counter[Outcome]:
        return Counter(v.outcome for r in self.rules for v in r.verdicts)

    def statuses(self) -> Counter[tuple[str, Status]]:
        return Counter((f.form, f.status) for r in self.rules for f in r.forms)


def _errors(problems: Iterable[Problem]) -> bool:
    return any(p.severity is Severity.ERROR for p in problems)
