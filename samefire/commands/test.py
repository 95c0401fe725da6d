"""`samefire test`: every form of every rule, judged on its fixtures."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from samefire.commands import Result
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.commands.reporting import Printing, reported
from samefire.commands.running import AS_USUAL, Running, job_of
from samefire.harness.many import judge_all
from samefire.harness.report import Report
from samefire.workspace import open_workspace, without_rules


def run(
    paths: Sequence[str],
    choices: Choices,
    asked: Printing,
    mapping: Path | None = None,
    running: Running = AS_USUAL,
    coverage: bool = False,
) -> Result:
    """Test the rules at `paths`; with `coverage` tell on stderr which clauses their cases prove."""
    result = reported(tested(paths, choices, mapping, running), asked)
    if not coverage:
        return result
    from samefire.commands.cover import coverage_lines, covered

    workspace = open_workspace(paths, mapping=mapping)
    lines = "\n".join(coverage_lines(covered(workspace), terminal_style(sys.stderr)))
    return replace(result, err=f"{result.err}\n{lines}".lstrip("\n"))


def tested(
    paths: Sequence[str], choices: Choices, mapping: Path | None, running: Running = AS_USUAL
) -> Report:
    """The report over the rules at `paths`."""
    workspace = without_rules(open_workspace(paths, mapping=mapping, sigma=True), paths)
    forms = chosen_forms(choices.forms, workspace.settings.forms, derived=True)
    job = job_of(running, workspace, forms, options(workspace, choices), mapping)
    return Report(tuple(judge_all(workspace, job)), workspace.problems)
