"""`samefire check`: every problem of rules and fixtures that can be told without running them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samefire.check import check_rule
from samefire.commands import Exit, Result
from samefire.commands.arguments import check_format, terminal_style
from samefire.harness.checks import check_cases
from samefire.problems import Problem, Severity
from samefire.reports.json import dumps, problem_json
from samefire.reports.text import in_order, problems_text
from samefire.workspace import Workspace, open_workspace, without_rules

FORMATS = ("text", "json")


def run(paths: Sequence[str], *, format: str, mapping: Path | None, strict_fields: bool) -> Result:
    """Check the rules at `paths`."""
    check_format(format, FORMATS)
    workspace = without_rules(open_workspace(paths, mapping=mapping), paths)
    strict = strict_fields or workspace.settings.strict_fields
    problems = in_order(check(workspace, strict_fields=strict))
    failed = any(p.severity is Severity.ERROR for p in problems)
    code = Exit.FINDINGS if failed else Exit.FINE
    if format == "json":
        data = {"version": 1, "rules": len(workspace.rules), "problems": [problem_json(p) for p in problems]}
        return Result(code, dumps(data))
    return Result(code, _text(problems, len(workspace.rules)))


def check(workspace: Workspace, *, strict_fields: bool = False) -> list[Problem]:
    """Every problem of a workspace."""
    problems = list(workspace.problems)
    for rule in workspace.rules:
        problems.extend(rule.problems)
        problems.extend(check_rule(rule, workspace.fields, strict_fields=strict_fields))
        cases = workspace.cases(rule)
        problems.extend(cases.problems)
        problems.extend(check_cases(rule, cases, workspace.fields, excused=workspace.excused(rule)))
    return list(dict.fromkeys(problems))


def _text(problems: Sequence[Problem], rules: int) -> str:
    style = terminal_style()
    errors = sum(p.severity is Severity.ERROR for p in problems)
    warnings = sum(p.severity is Severity.WARNING for p in problems)
    line = f"{_count(rules, 'rule')} checked: {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    last = style.bad(line) if errors else style.good(line)
    return f"{problems_text(problems, style)}\n\n{last}" if problems else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
