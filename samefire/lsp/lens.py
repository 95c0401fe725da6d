"""Above a rule: run its fixtures; and how the last run of this very text went."""

from __future__ import annotations

import re
from pathlib import Path

from lsprotocol import types

from samefire.harness.report import Outcome, RuleReport
from samefire.lsp.places import range_of
from samefire.lsp.project import Project
from samefire.source import Source, Span

COMMAND = "samefire.test"
_RULE = re.compile(r"^\[rule\]", re.MULTILINE)


def lenses(
    project: Project, path: Path, source: Source, uri: str, last: RuleReport | None
) -> list[types.CodeLens]:
    """The line above `[rule]`."""
    match = _RULE.search(source.text)
    if match is None:
        return []
    cases = project.cases(path).cases
    title = outcome(last) if last is not None else f"run {_counted(len(cases))}"
    if not cases:
        title = "no fixtures"
    place = range_of(source, Span(*match.span()))
    return [types.CodeLens(place, types.Command(title, COMMAND if cases else "", arguments=[uri]))]


def _counted(count: int) -> str:
    return f"{count} fixture{'' if count == 1 else 's'}"


def outcome(report: RuleReport) -> str:
    """A run in a line: `✓ elastic 9/9, ✗ sigma 8/9, esql refused`."""
    parts = []
    for form in report.forms:
        verdicts = report.of(form.form)
        right = sum(v.outcome is not Outcome.FAIL for v in verdicts)
        if not verdicts:
            parts.append(f"{form.form} {form.status.value}")
        else:
            parts.append(f"{'✓' if right == len(verdicts) else '✗'} {form.form} {right}/{len(verdicts)}")
    return ", ".join(parts)
