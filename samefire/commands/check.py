"""`samefire check`: every problem of rules and fixtures that can be told without running them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samefire.check import check_rule
from samefire.commands import Result
from samefire.commands.arguments import terminal_style
from samefire.commands.reporting import Printing, reported
from samefire.harness.checks import check_cases
from samefire.harness.report import Report, RuleReport
from samefire.problems import Problem, Severity
from samefire.reports.text import in_order, problems_text
from samefire.rule import Rule
from samefire.workspace import Workspace, open_workspace, without_rules


def run(paths: Sequence[str], asked: Printing, *, mapping: Path | None, strict_fields: bool) -> Result:
    """Check the rules at `paths`."""
    workspace = without_rules(open_workspace(paths, mapping=mapping, sigma=True), paths)
    strict = strict_fields or workspace.settings.strict_fields
    rules = tuple(checked(workspace, rule, strict_fields=strict) for rule in workspace.rules)
    report = Report(rules, workspace.problems)
    return reported(report, asked, _text(in_order(report.all_problems()), len(rules)))


def checked(workspace: Workspace, rule: Rule, *, strict_fields: bool = False) -> RuleReport:
    """One rule and its fixtures, not run."""
    cases = workspace.cases(rule)
    problems = [
        *rule.problems,
        *check_rule(rule, workspace.fields, strict_fields=strict_fields, lints=workspace.settings.lints),
        *cases.problems,
        *check_cases(rule, cases, workspace.fields, excused=workspace.excused(rule)),
    ]
    return RuleReport(rule, (), (), cases.cases, tuple(dict.fromkeys(problems)))


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
