"""GitHub Actions: workflow commands that annotate the changed lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.harness.report import Outcome, Report, Verdict
from samefire.problems import Problem, Severity, visible
from samefire.reports.text import in_order, summary

WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def report_github(report: Report) -> str:
    """One workflow command a line; nothing from a rule can end a command or start another."""
    return "\n".join(_commands(report))


def _commands(report: Report) -> Iterator[str]:
    for problem in in_order(report.all_problems()):
        yield annotation(problem)
    for rule in report.rules:
        for verdict in rule.verdicts:
            if verdict.outcome is Outcome.FAIL:
                yield _verdict(verdict)
    told = "\n".join(summary(report))
    yield f"::notice title=samefire::{_data(told)}"


def annotation(problem: Problem) -> str:
    """The workflow command of one problem."""
    at = problem.location
    text = problem.message + (f"\n{problem.hint}" if problem.hint else "")
    place = f"file={_property(at.path)},line={at.line},endLine={at.end_line},col={at.column}"
    return f"::{WORDS[problem.severity]} {place},title={_property(problem.code)}::{_data(text)}"


def _verdict(verdict: Verdict) -> str:
    did = "fired" if verdict.fired else "stayed silent"
    text = "\n".join([f"{verdict.form} {did}, expected: {verdict.expected}", *verdict.reason])
    return f"::error file={_property(verdict.case.path)},line=1,title=verdict-wrong::{_data(text)}"


def _data(text: str) -> str:
    shown = "\n".join(visible(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
