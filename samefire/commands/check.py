"""`samefire check`: every problem of rules and fixtures that can be told without running them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from samefire.check import check_rule
from samefire.commands import Result, WrongUse
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.commands.reporting import Printing, reported
from samefire.harness.checks import check_cases
from samefire.harness.report import Report, RuleReport
from samefire.problems import Problem, Severity
from samefire.reports.text import in_order, problems_text
from samefire.rule import Rule
from samefire.workspace import Workspace, open_workspace, without_rules


def run(
    paths: Sequence[str],
    asked: Printing,
    *,
    mapping: Path | None,
    strict_fields: bool,
    sigma: Choices | None = None,
) -> Result:
    """Check the rules at `paths`. `sigma`: how their Sigma is written that Sigma's validators look at."""
    workspace = without_rules(open_workspace(paths, mapping=mapping, sigma=True), paths)
    rules = tuple(checked(workspace, rule, strict_fields=strict_fields) for rule in workspace.rules)
    if sigma is not None:
        rules = tuple(_sigma_checked(workspace, report, sigma) for report in rules)
    report = Report(rules, workspace.problems)
    return reported(report, asked, _text(in_order(report.all_problems()), len(rules)))


def checked(workspace: Workspace, rule: Rule, *, strict_fields: bool = False) -> RuleReport:
    """One rule and its fixtures, not run. Fields of unknown type are errors when that is asked for, or settled."""
    settings, cases = workspace.settings, workspace.cases(rule)
    strict = strict_fields or settings.strict_fields
    problems = [
        *rule.problems,
        *check_rule(rule, workspace.fields, strict_fields=strict, lints=settings.lints),
        *cases.problems,
        *check_cases(rule, cases, workspace.fields, excused=workspace.excused(rule)),
    ]
    return RuleReport(rule, (), (), cases.cases, tuple(dict.fromkeys(problems)))


def _sigma_checked(workspace: Workspace, report: RuleReport, choices: Choices) -> RuleReport:
    """The report, with what Sigma's validators have against the rule's Sigma. Raises WrongUse."""
    from samefire import sigma_checks

    house = choices.profile == "sigmahq"
    if house and not sigma_checks.installed():
        raise WrongUse(
            "SigmaHQ's validators are not installed; `pip install 'samefire[validators]'` brings them"
        )
    (form,) = chosen_forms(["sigma"])
    document = form.write(report.rule, workspace.fields, options(workspace, choices)).document
    found = sigma_checks.sigma_problems(report.rule, document.text, house=house) if document else []
    return replace(report, problems=(*report.problems, *found))


def check(workspace: Workspace, *, strict_fields: bool = False) -> list[Problem]:
    """Every problem of a workspace."""
    found = list(workspace.problems)
    for rule in workspace.rules:
        found.extend(checked(workspace, rule, strict_fields=strict_fields).problems)
    return list(dict.fromkeys(found))


def _text(problems: Sequence[Problem], rules: int) -> str:
    style = terminal_style()
    errors = sum(p.severity is Severity.ERROR for p in problems)
    warnings = sum(p.severity is Severity.WARNING for p in problems)
    line = f"{_count(rules, 'rule')} checked: {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    last = style.bad(line) if errors else style.good(line)
    return f"{problems_text(problems, style)}\n\n{last}" if problems else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
