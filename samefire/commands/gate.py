"""`samefire gate`: what a change touches, judged, and whether it may be merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samefire.commands import Result
from samefire.commands.arguments import chosen_forms
from samefire.commands.reporting import Printing, reported
from samefire.commands.running import AS_USUAL, Running, job_of
from samefire.fields import FieldTypes
from samefire.forms import Options
from samefire.gate.decide import Asked, decide
from samefire.gate.policy import Policy, policy_of
from samefire.harness.report import Report
from samefire.problems import Problem, ProblemError, Severity
from samefire.revision import Repository
from samefire.settings import Settings, find
from samefire.source import Source
from samefire.workspace import Workspace


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
    settings = find(Path.cwd())
    policy = policy_of(settings)
    forms = chosen_forms(choices.forms, settings.forms)
    base, told = _base(choices, settings, policy)
    workspace = Workspace(settings, FieldTypes({}), ())
    job = job_of(running, workspace, forms, Options(taxonomy=settings.taxonomy))
    report = decide(settings, policy, job, Asked(base, choices.everything))
    return replace(report, problems=(*told, *report.problems))


def _base(choices: Choices, settings: Settings, policy: Policy) -> tuple[str | None, list[Problem]]:
    """The revision to compare with. With `--all` and no `--base` a missing one is told and done without."""
    base = choices.base or policy.base
    if choices.base is not None or not choices.everything:
        return base, []
    try:
        Repository.around(settings.home).merge_base(base)
    except ProblemError as error:
        first = error.problems[0]
        message = f"nothing was compared: {first.message}"
        return None, [Problem("gate-no-comparison", message, Source("git", ""), severity=Severity.WARNING)]
    return base, []
