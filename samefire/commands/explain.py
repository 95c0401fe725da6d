"""`samefire explain`: a rule on one event, clause by clause."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samefire.commands import Exit, Result, WrongUse
from samefire.commands.arguments import check_format, chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.events_file import read_events
from samefire.harness.case import Case
from samefire.harness.run import Prepared, context_of
from samefire.problems import ProblemError, did_you_mean
from samefire.source import Source
from samefire.workspace import Workspace, open_workspace

FORMATS = ("text", "json")


def run(
    path: str, *, case: str | None, events: str | None, form: str, format: str, mapping: Path | None
) -> Result:
    """Explain one rule on a case of its own or on events of a file."""
    check_format(format, FORMATS)
    workspace = open_workspace([path], mapping=mapping, sigma=True)
    if workspace.problems or len(workspace.rules) != 1:
        raise (ProblemError(workspace.problems) if workspace.problems else WrongUse("give one rule file"))
    chosen = _cases(workspace, case, events)
    rule = workspace.rules[0]
    chosen_form = chosen_forms([form])[0]
    if not rule.takes(form, derived=chosen_form.derived):
        chosen_form = chosen_forms(["sigma"])[0]
    prepared = Prepared(chosen_form, rule, workspace.fields, options(workspace, Choices()))
    if prepared.detection is None:
        raise ProblemError(prepared.result.problems)
    from samefire.harness.explaining import explained_json, explained_text

    if format == "json":
        from samefire.reports.json import dumps

        return Result(
            Exit.FINE, dumps([explained_json(prepared.detection, c, context_of(c)) for c in chosen])
        )
    style = terminal_style()
    texts = [explained_text(prepared.detection, c, context_of(c), style) for c in chosen]
    return Result(Exit.FINE, "\n\n".join(texts))


def _cases(workspace: Workspace, name: str | None, events: str | None) -> Sequence[Case]:
    if events is not None:
        return [Case(events, Source(events, ""), True, tuple(read_events(events)))]
    cases = workspace.cases(workspace.rules[0])
    if cases.problems and not cases.cases:
        raise ProblemError(cases.problems)
    if name is None:
        if not cases.cases:
            raise WrongUse("the rule has no fixtures: give events with --events FILE")
        return cases.cases
    found = [c for c in cases.cases if name in (c.name, c.name.split("/")[1], c.path)]
    if not found:
        known = [c.name for c in cases.cases]
        raise WrongUse(f"no case `{name}`; {did_you_mean(name, known) or 'known: ' + ', '.join(known)}")
    return found
