"""`samefire gate`: what a change touches, judged, and whether it may be merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from samefire.commands import Result, WrongUse
from samefire.commands.arguments import chosen_forms
from samefire.commands.reporting import Printing, reported
from samefire.commands.running import AS_USUAL, Running, cache_of, job_of
from samefire.fields import FieldTypes
from samefire.forms import Options, form_named
from samefire.gate.decide import Asked, decide
from samefire.gate.policy import Policy, policy_of
from samefire.harness.report import Report
from samefire.problems import Problem, ProblemError, Severity, did_you_mean
from samefire.revision import Repository
from samefire.settings import Settings, find, key_span
from samefire.source import Source
from samefire.workspace import Workspace, shown


@dataclass(frozen=True)
class Choices:
    """The flags that say what is judged. `base` None: as the policy says."""

    base: str | None = None
    everything: bool = False
    forms: Sequence[str] = ()


def run(choices: Choices, asked: Printing, running: Running = AS_USUAL) -> Result:
    """Judge the change of the work tree that the command runs in."""
    return reported(gated(choices, running), asked)


def gated(choices: Choices, running: Running = AS_USUAL) -> Report:
    """The report of the gate. Raises ProblemError when settings or git do not tell what to compare."""
    if choices.base == "":
        raise WrongUse("--base needs the name of a revision, and got an empty one")
    settings = find(Path.cwd())
    policy = policy_of(settings)
    _check_lock_form(settings)
    forms = chosen_forms(choices.forms, settings.forms)
    base, told = _base(choices, settings, policy)
    workspace = Workspace(settings, FieldTypes({}), ())
    kept, poisoned = _cache(running, settings)
    job = job_of(kept, workspace, forms, Options(taxonomy=settings.taxonomy))
    today = datetime.now(UTC).strftime("%Y/%m/%d")
    report = decide(settings, policy, job, Asked(base, choices.everything, Path.cwd(), today))
    return replace(report, problems=(*told, *poisoned, *report.problems))


def _check_lock_form(settings: Settings) -> None:
    """Raises ProblemError when the form that versions are about is none."""
    name = settings.lock_form
    found = form_named(name)
    if found is None or found.derived:
        known = [one.name for one in chosen_forms(())]
        source = settings.source or Source("samefire.toml", "")
        hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
        message = f"`lock_form` names {name}, which is no form"
        raise ProblemError(
            [Problem("settings-wrong-type", message, source, key_span(source, "lock_form"), hint=hint)]
        )


def _cache(running: Running, settings: Settings) -> tuple[Running, list[Problem]]:
    """How to run, without the cache when git brings one: whoever may write a change could write verdicts."""
    folder = cache_of(Workspace(settings, FieldTypes({}), ())).folder
    try:
        repository = Repository.around(settings.home)
        brought = repository.holds(folder)
    except ProblemError:
        brought = False
    if not brought or not running.cache:
        return running, []
    message = "git keeps files of the cache: they may say anything, and every rule was judged anew"
    hint = "remove the folder from git"
    told = Problem(
        "gate-cache-in-git", message, Source(shown(folder), ""), severity=Severity.WARNING, hint=hint
    )
    return replace(running, cache=False), [told]


def _base(choices: Choices, settings: Settings, policy: Policy) -> tuple[str | None, list[Problem]]:
    """The revision to compare with. With `--all` and no `--base` a missing one is told and done without."""
    base = policy.base if choices.base is None else choices.base
    if choices.base is not None or not choices.everything:
        return base, []
    try:
        Repository.around(settings.home).merge_base(base)
    except ProblemError as error:
        first = error.problems[0]
        message = f"nothing was compared: {first.message}"
        return None, [Problem("gate-no-comparison", message, Source("git", ""), severity=Severity.WARNING)]
    return base, []
