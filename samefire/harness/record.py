"""What was judged of one rule as plain data, and back: for other processes and for the cache.

The rule and its cases are not in it: whoever reads a record has them. Texts of problems are kept as places in
the rule, in a case, or, for exported documents, as the text itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from samefire.forms import Document
from samefire.harness.case import Case
from samefire.harness.report import FormResult, Outcome, RuleReport, Status, Verdict
from samefire.problems import Problem, Severity
from samefire.rule import Rule
from samefire.source import Source, Span

Record = Mapping[str, Any]


def encode(report: RuleReport) -> Record:
    """The report as lists, dicts, strings and numbers."""
    sources = [report.rule.source, *(case.source for case in report.cases)]
    where = {id(source): number for number, source in enumerate(sources)}
    order = {id(case): number for number, case in enumerate(report.cases)}
    return {
        "forms": [_form(form, where) for form in report.forms],
        "verdicts": [
            [
                *(order[id(v.case)], v.form, v.expected, v.alerts, v.outcome.value),
                *(list(v.reason), v.explained, v.counted),
            ]
            for v in report.verdicts
        ],
        "problems": [_problem(p, where) for p in report.problems],
    }


def _form(form: FormResult, where: Mapping[int, int]) -> list[Any]:
    document = [form.document.name, form.document.text] if form.document else None
    problems = [_problem(p, where) for p in form.problems]
    return [form.form, form.status.value, document, problems, form.derived]


def _problem(problem: Problem, where: Mapping[int, int]) -> list[Any]:
    source, span = problem.source.rooted(problem.span)
    place: Any = where.get(id(source))
    if place is None:
        place = [source.path, source.text]
    return [problem.code, problem.message, place, list(span), problem.severity.value, problem.hint]


def decode(record: Record, rule: Rule, cases: Sequence[Case]) -> RuleReport:
    """The report of a record. Raises KeyError, IndexError, TypeError or ValueError when it is no record of
    this rule and these cases."""
    sources = [rule.source, *(case.source for case in cases)]
    return RuleReport(
        rule,
        tuple(_read_form(*form, sources=sources) for form in record["forms"]),
        tuple(
            Verdict(
                cases[number], form, expected, alerts, Outcome(outcome), tuple(reason), explained, counted
            )
            for number, form, expected, alerts, outcome, reason, explained, counted in record["verdicts"]
        ),
        tuple(cases),
        tuple(_read_problem(*p, sources=sources) for p in record["problems"]),
    )


def _read_form(
    form: str,
    status: str,
    document: list[str] | None,
    problems: list[Any],
    derived: bool,
    *,
    sources: Sequence[Source],
) -> FormResult:
    text = Document(*document) if document else None
    found = tuple(_read_problem(*p, sources=sources) for p in problems)
    return FormResult(form, Status(status), text, found, derived)


def _read_problem(
    code: str,
    message: str,
    place: int | list[str],
    span: list[int],
    severity: str,
    hint: str | None,
    *,
    sources: Sequence[Source],
) -> Problem:
    source = sources[place] if isinstance(place, int) else Source(*place)
    return Problem(code, message, source, Span(*span), Severity(severity), hint)
