"""`samefire convert`: one rule to stdout, many to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from samefire.commands import Exit, Result, WrongUse, ended
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.forms import Options
from samefire.problems import Problem, Severity
from samefire.reports.text import problems_text
from samefire.workspace import Workspace, open_workspace, without_rules

if TYPE_CHECKING:
    from samefire.bundle import Entry


@dataclass(frozen=True)
class Choices:
    """The flags of `convert` and `bundle` that change what is written; `taxonomy` "": as the settings say."""

    forms: tuple[str, ...] = ()
    caseless: bool = False
    approximate: bool = False
    taxonomy: str = ""
    profile: str = ""
    pipeline: str = ""


def options(workspace: Workspace, choices: Choices) -> Options:
    """Conversion options out of flags, settings and the lock file."""
    from samefire.lock import load_versions

    return Options(
        caseless=choices.caseless,
        approximate=choices.approximate,
        taxonomy=choices.taxonomy or workspace.settings.taxonomy,
        profile=choices.profile,
        extra={"pipeline": choices.pipeline} if choices.pipeline else {},
        versions=load_versions(workspace.settings.path(workspace.settings.lock)),
    )


def run(paths: Sequence[str], choices: Choices, output: Path | None, mapping: Path | None) -> Result:
    """Convert the rules at `paths`."""
    from samefire.bundle import convert_all

    workspace = without_rules(open_workspace(paths, mapping=mapping, sigma=True), paths)
    forms = chosen_forms(choices.forms)
    entries = convert_all(workspace.rules, forms, workspace.fields, options(workspace, choices))
    problems = [*workspace.problems, *(p for r in workspace.rules for p in r.problems)]
    problems += [p for e in entries for p in e.converted.problems]
    if output is None:
        return _to_stdout(entries, problems)
    return _to_folder(entries, problems, output)


def _outcome(problems: Sequence[Problem]) -> tuple[Exit, str]:
    found = list(dict.fromkeys(p for p in problems if p.severity is not Severity.NOTE))
    return ended(found), problems_text(found, terminal_style())


def _to_stdout(entries: Sequence[Entry], problems: Sequence[Problem]) -> Result:
    if len({e.rule.path for e in entries}) > 1:
        raise WrongUse("several rules: give a folder with --output")
    texts = [e.converted.document.text for e in entries if e.converted.document]
    code, told = _outcome(problems)
    return Result(code, "\n".join(t.rstrip("\n") + "\n" for t in texts), told)


def _to_folder(entries: Sequence[Entry], problems: Sequence[Problem], output: Path) -> Result:
    from samefire.file_names import free_name, safe

    taken: dict[str, set[str]] = {}  # names in lower case, by form
    for entry in entries:
        document = entry.converted.document
        if document is not None:
            folder = output / safe(entry.form)
            folder.mkdir(parents=True, exist_ok=True)
            name = free_name(taken.setdefault(entry.form, set()), safe(document.name), entry.rule.id)
            (folder / name).write_text(document.text, encoding="utf-8", newline="\n")
            taken[entry.form].add(name.lower())
    code, told = _outcome(problems)
    refused = sum(e.converted.refused for e in entries)
    summary = f"{sum(map(len, taken.values()))} files written to {output}" + (
        f", {refused} refused" if refused else ""
    )
    return Result(code, summary, told)
