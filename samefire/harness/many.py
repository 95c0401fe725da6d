"""Judging many rules: several processes when it pays, and nothing twice that a cache already holds.

The result does not depend on either: the same reports in the same order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from samefire import cache as caches
from samefire.cache import Cache
from samefire.check import check_rule
from samefire.fields import FieldTypes
from samefire.forms import Converter, Options, form_named
from samefire.harness.record import Record, decode, encode
from samefire.harness.report import FormResult, RuleReport, Status
from samefire.harness.run import Subject, judge_rule
from samefire.problems import ProblemError
from samefire.workspace import Workspace, field_files, load_fields

WORTH = 100
"""Rules from which on a second process is worth its start (half a second against some milliseconds a rule)."""
UNREAD = 20
"""Rules that are only written (no case, nothing read back) which cost as much as one that is judged."""
CHUNK = 16
"""Rules that a process gets at a time."""


@dataclass(frozen=True)
class Job:
    """How to judge. `unread`: the exports of a rule without cases are written and not read back. `checked`:
    also what `samefire check` says of each rule. `processes`: at most that many (None: one for each core)."""

    forms: Sequence[Converter]
    options: Options = field(default_factory=Options)
    mapping: Path | None = None
    checked: bool = False
    unread: bool = False
    strict_fields: bool = False
    lints: Mapping[str, str] = field(default_factory=dict)
    cache: Cache | None = None
    processes: int | None = None
    progress: Callable[[int], None] = lambda done: None


class Fault(RuntimeError):
    """samefire failed on a rule; the message names it."""


def judge_all(workspace: Workspace, job: Job) -> list[RuleReport]:
    """The report of each rule of the workspace, in its order."""
    subjects = [Subject(r, workspace.cases(r), workspace.excused(r)) for r in workspace.rules]
    keys = _keys(workspace, subjects, job) if job.cache else []
    found: dict[int, RuleReport] = {}
    for number, key in enumerate(keys):
        known = _known(job.cache, key, subjects[number])
        if known is not None:
            found[number] = known
    missing = [n for n in range(len(subjects)) if n not in found]
    job.progress(len(found))
    for number, report, record in _judged(workspace, subjects, missing, job):
        found[number] = report
        job.progress(1)
        if job.cache:
            job.cache.put(keys[number], record())
    if job.cache and missing:
        job.cache.prune()
    return [found[number] for number in range(len(subjects))]


def _known(cache: Cache | None, key: str, subject: Subject) -> RuleReport | None:
    record = cache.get(key) if cache else None
    if record is None:
        return None
    try:
        return decode(record, subject.rule, subject.cases.cases)
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _keys(workspace: Workspace, subjects: Sequence[Subject], job: Job) -> list[str]:
    """A key for each subject: everything that its report follows from."""
    settings = [
        f"{f.name}={getattr(workspace.settings, f.name)!r}"
        for f in fields(workspace.settings)
        if f.name not in ("home", "source", "gate", "without_fixtures")
    ]
    files = [*field_files(workspace.settings), *([job.mapping] if job.mapping else [])]
    options = replace(job.options, versions={})
    shared = caches.key(
        [
            caches.tool(),
            *settings,
            *(part for path in files for part in (str(path), path.read_bytes())),
            *(part for path in _exceptions(workspace) for part in (str(path), path.read_bytes())),
            repr(options),
            *(form.name for form in job.forms),
            f"{job.checked} {job.strict_fields} {job.unread}",
        ]
    )
    return [_key(shared, subject, job) for subject in subjects]


def _exceptions(workspace: Workspace) -> list[Path]:
    folder = workspace.settings.path(workspace.settings.exceptions)
    return sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []


def _key(shared: str, subject: Subject, job: Job) -> str:
    rule, cases = subject.rule, subject.cases
    parts = [
        shared,
        rule.path,
        rule.source.text,
        str(subject.excused),
        str(job.options.versions.get(rule.id)),
    ]
    for case in cases.cases:
        parts += [case.path, case.source.text]
    for problem in cases.problems:
        source, span = problem.source.rooted(problem.span)
        parts += [problem.code, problem.message, source.path, source.text, str(span), str(problem.hint)]
    return caches.key(parts)


Judged = tuple[int, RuleReport, Callable[[], Record]]


def _judged(
    workspace: Workspace, subjects: Sequence[Subject], missing: Sequence[int], job: Job
) -> Iterator[Judged]:
    processes = min(job.processes or cores(), len(missing) // CHUNK or 1)
    light = sum(job.unread and not subjects[number].cases.cases for number in missing)
    weight = len(missing) - light + light // UNREAD
    if processes < 2 or (job.processes is None and weight < WORTH):
        for number in missing:
            report = judge_one(subjects[number], workspace.fields, job)
            yield number, report, lambda report=report: encode(report)  # type: ignore[misc]
        return
    from samefire.harness import workers

    chunks = [missing[at : at + CHUNK] for at in range(0, len(missing), CHUNK)]
    work = [[subjects[number] for number in chunk] for chunk in chunks]
    shared = (workspace.settings, replace(job, forms=(), cache=None, progress=_nothing), _names(job))
    with closing(workers.answers(work, _chunk, processes, begin=partial(_begin, *shared))) as answers:
        for chunk, records in zip(chunks, answers, strict=True):
            for number, record in zip(chunk, records, strict=True):
                subject = subjects[number]
                report = decode(record, subject.rule, subject.cases.cases)
                yield number, report, lambda record=record: record  # type: ignore[misc]


def _nothing(done: int) -> None:
    """Progress is told by the process that was asked."""


def _names(job: Job) -> list[str]:
    return [form.name for form in job.forms]


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def judge_one(subject: Subject, types: FieldTypes, job: Job) -> RuleReport:
    """One rule. Raises Fault, with the rule's path, when samefire itself fails on it."""
    try:
        if job.unread and not subject.cases.cases:
            return written(subject, types, job)
        report = judge_rule(subject, job.forms, types, job.options)
        if not job.checked:
            return report
        found = check_rule(subject.rule, types, strict_fields=job.strict_fields, lints=job.lints)
    except ProblemError as error:
        told = (*subject.rule.problems, *subject.cases.problems, *error.problems)
        return RuleReport(subject.rule, (), (), subject.cases.cases, tuple(dict.fromkeys(told)))
    except Exception as error:
        reason = str(error).split("\n")[0][:200]
        raise Fault(f"{subject.rule.path}: {type(error).__name__}: {reason}") from error
    return replace(report, problems=tuple(dict.fromkeys([*report.problems, *found])))


def written(subject: Subject, types: FieldTypes, job: Job) -> RuleReport:
    """The exports of a rule that has no case, as they are written."""
    results: list[FormResult] = []
    for form in job.forms:
        found = form.write(subject.rule, types, job.options)
        status = Status.APPROXIMATE if found.approximate else Status.EXACT
        status = Status.UNREADABLE if found.unread else status
        status = Status.REFUSED if found.refused else status
        results.append(FormResult(form.name, status, found.document, found.problems))
    problems = (*subject.rule.problems, *subject.cases.problems)
    return RuleReport(subject.rule, tuple(results), (), (), tuple(dict.fromkeys(problems)))


# What a worker process holds: set once when it starts.
_worker: dict[str, Any] = {}


def _begin(settings: Any, job: Job, names: Sequence[str]) -> None:
    forms = [one for name in names if (one := form_named(name)) is not None]
    _worker["job"] = replace(job, forms=forms)
    _worker["fields"] = load_fields(settings, job.mapping)


def _chunk(subjects: Sequence[Subject]) -> list[Record]:
    return [encode(judge_one(s, _worker["fields"], _worker["job"])) for s in subjects]
