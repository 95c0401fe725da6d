"""`samefire new`: a rule from a few answers, and its first fixtures from its query."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from samefire.commands import Exit, Result, WrongUse
from samefire.commands.fixtures import detection_of, fixture_folder
from samefire.fields import FieldTypes
from samefire.files import write_file
from samefire.generate.drafts import Drafts, drafts
from samefire.generate.files import write_cases
from samefire.importing.names import stem as file_stem
from samefire.languages import language
from samefire.problems import Problem, ProblemError, Severity
from samefire.reports.text import problems_text
from samefire.rule import Rule, load
from samefire.settings import Settings, find
from samefire.source import Source
from samefire.starting.answers import Answers, BadAnswer, language_of, rule_text, spoken
from samefire.starting.questions import complete, missing, on_terminal
from samefire.workspace import Workspace, load_fields, shown


def run(path: Path | None, answers: Answers, *, asking: Callable[[], bool] = on_terminal) -> Result:
    """Write a new rule and its first cases; ask for what is missing when somebody is there."""
    try:
        return _made(path, _answered(answers, asking()))
    except BadAnswer as error:
        raise WrongUse(str(error)) from None


def _answered(answers: Answers, asking: bool) -> Answers:
    answers = spoken(answers)
    if asking:
        answers = complete(answers, faults=_faults)
    elif flags := missing(answers):
        them = "them" if len(flags) > 1 else "it"
        raise WrongUse(f"a rule needs {' and '.join(flags)}; on a terminal samefire asks for {them}")
    return replace(answers, type=answers.type or "query", severity=answers.severity or "medium")


def _faults(answers: Answers) -> str:
    """What is wrong with a query that was just typed."""
    try:
        language(language_of(answers)).lower_text(Source("query", answers.query), FieldTypes.known())
    except ProblemError as error:
        return problems_text(error.problems)
    return ""


def _place(path: Path | None, settings: Settings, stem: str) -> Path:
    """The file: the one that was asked for, or one named after the rule. Raises WrongUse."""
    if path is None or path.is_dir():
        path = (path or settings.path(settings.rules[0])) / f"{stem}.toml"
    if path.suffix != ".toml":
        raise WrongUse(f"{shown(path)}: the name of a rule file ends in .toml")
    if path.exists():
        raise WrongUse(f"{shown(path)} is there already; give another PATH or --name")
    return path


def _made(path: Path | None, answers: Answers) -> Result:
    settings = find(path.parent if path and path.parent.is_dir() else Path.cwd())
    rule_id = uuid.uuid4()
    path = _place(path, settings, file_stem(answers.name, f"rule_{str(rule_id)[:8]}"))
    source = Source(shown(path), rule_text(answers, datetime.datetime.now(datetime.UTC).date(), rule_id))
    workspace = Workspace(settings, load_fields(settings), (rule := load(source),))
    warnings = [*rule.problems, *_checked(rule, workspace)]
    found = cases_of(workspace, rule)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, source.text.encode())
    folder = fixture_folder(workspace, rule)
    write_cases(folder, found.cases)
    told = "\n".join(_told(path, folder, found, settings))
    return Result(Exit.FINE, told, problems_text(warnings) if warnings else "")


def _checked(rule: Rule, workspace: Workspace) -> list[Problem]:
    """What `samefire check` says; raises ProblemError when the rule is not right."""
    from samefire.check import check_rule

    settings = workspace.settings
    found = check_rule(rule, workspace.fields, strict_fields=settings.strict_fields, lints=settings.lints)
    if any(problem.severity is Severity.ERROR for problem in found):
        raise ProblemError(found)
    return list(found)


def cases_of(workspace: Workspace, rule: Rule) -> Drafts:
    """The first cases of a rule: each alternative of its query, and every near miss."""
    detection = detection_of(workspace, rule)
    if detection is None:
        return Drafts((), ("the rule cannot be run here",))
    return drafts(detection, workspace.fields)


def _told(path: Path, folder: Path, found: Drafts, settings: Settings) -> Iterator[str]:
    yield f"wrote {shown(path)}"
    good, bad = len(found.of(True)), len(found.of(False))
    if found.cases:
        yield f"wrote {good} positive and {bad} negative case{'' if bad == 1 else 's'} to {shown(folder)}"
    yield from (f"  note: {note}" for note in found.notes)
    yield f"next: samefire test {shown(path)}"
