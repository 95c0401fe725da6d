"""`samefire bundle`: the exports of all rules as a folder, the same bytes on every run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samefire.bundle import build, convert_all, write
from samefire.commands import Exit, Result, WrongUse
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.problems import Severity
from samefire.reports.text import problems_text
from samefire.workspace import open_workspace, without_rules


def run(paths: Sequence[str], choices: Choices, output: Path, *, verbose: bool) -> Result:
    """Bundle the rules at `paths`. A rule that cannot be read ends in exit 1 and no bundle."""
    workspace = without_rules(open_workspace(paths), paths)
    if any(p.severity is Severity.ERROR for p in workspace.problems):
        return Result(Exit.FINDINGS, err=problems_text(workspace.problems, terminal_style()))
    forms = chosen_forms(choices.forms, workspace.settings.forms)
    entries = convert_all(workspace.rules, forms, workspace.fields, options(workspace, choices))
    bundle = build(entries, sources={r.path: _inside(r.path) for r in workspace.rules})
    try:
        write(bundle, output)
    except FileExistsError as error:
        raise WrongUse(str(error)) from error
    refused = sum(e.converted.refused for e in entries)
    approximate = sum(e.converted.approximate and not e.converted.refused for e in entries)
    told = [p for p in bundle.problems if verbose]
    line = f"{len(workspace.rules)} rules, {len(bundle.files)} files written to {output}"
    line += f": {len(entries) - refused - approximate} exact, {approximate} approximate, {refused} refused"
    return Result(Exit.FINE, line, problems_text(told, terminal_style()) if told else "")


def _inside(path: str) -> str:
    """A rule's path without what would tell one machine from another."""
    return path if not Path(path).is_absolute() else Path(path).name
