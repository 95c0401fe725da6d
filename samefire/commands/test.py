"""`samefire test`: every form of every rule, judged on its fixtures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samefire.commands import Exit, Result
from samefire.commands.arguments import check_format, chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.harness.report import Report
from samefire.harness.run import Subject, judge
from samefire.reports.json import dumps, report_json
from samefire.reports.text import report_text
from samefire.workspace import open_workspace, without_rules

FORMATS = ("text", "json")


def run(
    paths: Sequence[str], choices: Choices, *, format: str, mapping: Path | None, verbose: bool
) -> Result:
    """Test the rules at `paths`."""
    check_format(format, FORMATS)
    report = tested(paths, choices, mapping)
    code = Exit.FINE if report.passed else Exit.FINDINGS
    if format == "json":
        return Result(code, dumps(report_json(report)))
    return Result(code, report_text(report, terminal_style(), verbose=verbose))


def tested(paths: Sequence[str], choices: Choices, mapping: Path | None) -> Report:
    """The report over the rules at `paths`."""
    workspace = without_rules(open_workspace(paths, mapping=mapping), paths)
    forms = chosen_forms(choices.forms, workspace.settings.forms)
    subjects = [Subject(r, workspace.cases(r), workspace.excused(r)) for r in workspace.rules]
    return judge(subjects, forms, workspace.fields, options(workspace, choices), workspace.problems)
