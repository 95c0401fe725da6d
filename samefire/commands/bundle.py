"""`samefire bundle`: the exports of all rules as a folder or zip file, the same bytes on every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from samefire.bundle import Bundle, Content, Entry, build
from samefire.bundle.changelog import changelog
from samefire.bundle.connectors import load_folder, used
from samefire.bundle.manifest import MANIFEST, status
from samefire.bundle.navigator import layers
from samefire.bundle.reading import check, compare, compare_manifest, read
from samefire.bundle.store import write
from samefire.commands import Exit, Result, WrongUse, ended
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.commands.running import AS_USUAL, Running, job_of
from samefire.forms import Companions, Converted, Converter
from samefire.gate.changed import Layout
from samefire.gate.unseen import below
from samefire.harness.many import Job, judge_all
from samefire.harness.report import FormResult, Report, RuleReport, Status
from samefire.lock import Lock, read_lock, updated
from samefire.lock import read as read_lock_text
from samefire.problems import Problem, ProblemError, Severity
from samefire.reports.text import problems_text, report_text
from samefire.revision import Repository
from samefire.rule import Rule
from samefire.settings import Settings
from samefire.source import Source
from samefire.workspace import Workspace, open_workspace, without_rules


@dataclass(frozen=True)
class Wanted:
    """The flags of `bundle`. `tested`: a rule whose cases are judged wrong keeps the bundle from being written;
    `since`: the revision whose lock file the changes are told against (None: the lock file as it is)."""

    choices: Choices = field(default_factory=Choices)
    details: bool = False
    tested: bool = True
    since: str | None = None


def run(
    paths: Sequence[str], wanted: Wanted, output: Path, *, verbose: bool = False, running: Running = AS_USUAL
) -> Result:
    """Bundle the rules at `paths`. A rule that cannot be read, or a wrong verdict, ends in exit 1 and no
    bundle. Raises ProblemError, OSError, WrongUse."""
    made = bundled(paths, wanted, running)
    if isinstance(made, Result):
        return made
    bundle, entries = made
    try:
        write(bundle.files, output)
    except FileExistsError as error:
        raise WrongUse(str(error)) from error
    told = [p for p in bundle.problems if verbose]
    line = f"{len({e.rule.path for e in entries})} rules, {len(bundle.files)} files written to {output}"
    return Result(Exit.FINE, "\n".join([line, *_counts(entries)]), problems_text(told, terminal_style()))


def _counts(entries: Sequence[Entry]) -> list[str]:
    """A line for each form: how many rules it says exactly, approximately, not at all."""
    lines = []
    for form in dict.fromkeys(entry.form for entry in entries):
        counts = Counter(status(entry) for entry in entries if entry.form == form)
        parts = [
            f"{counts[word]} {word}" for word in ("exact", "approximate", "refused", "unread") if counts[word]
        ]
        lines.append(f"{form}: {', '.join(parts)}")
    gone = sum(rule.deprecated for rule in {e.rule.path: e.rule for e in entries}.values())
    return [*lines, *([f"deprecated, in no file for import: {gone}"] if gone else [])]


def bundled(paths: Sequence[str], wanted: Wanted, running: Running) -> tuple[Bundle, list[Entry]] | Result:
    """The bundle in memory, or what keeps it from being one."""
    workspace = without_rules(open_workspace(paths), paths)
    if any(p.severity is Severity.ERROR for p in workspace.problems):
        return Result(ended(workspace.problems), err=problems_text(workspace.problems, terminal_style()))
    job = _job(workspace, wanted, running)
    lock = read_lock(workspace.settings.path(workspace.settings.lock))
    reports = judge_all(_untested(workspace) if not wanted.tested else workspace, job)
    report = Report(tuple(r for r in reports if r.failed and r.verdicts))
    if report.rules and wanted.tested:
        text = report_text(report, terminal_style())
        return Result(Exit.FINDINGS, err=f"{text}\nno bundle was written: see above, or give --no-test")
    fresh = _locked(workspace, job, reports, lock)
    reports = _versioned(workspace, job, reports, lock, fresh)
    entries = [e for r in sorted(reports, key=lambda r: (r.rule.id, r.rule.path)) for e in _entries(r, job)]
    return build(entries, _content(workspace, wanted, job, (_since(workspace, wanted, lock), fresh))), entries


def _job(workspace: Workspace, wanted: Wanted, running: Running) -> Job:
    forms = chosen_forms(wanted.choices.forms, workspace.settings.forms)
    given = options(workspace, wanted.choices)
    versions = {**dict.fromkeys((rule.id for rule in workspace.rules), 1), **given.versions}
    return replace(job_of(running, workspace, forms, replace(given, versions=versions)), unread=True)


@dataclass(frozen=True)
class _Untested(Workspace):
    """A workspace whose rules have no cases."""

    def cases(self, rule: Rule) -> Any:
        from samefire.harness.case import Cases

        return Cases()


def _untested(workspace: Workspace) -> Workspace:
    return _Untested(workspace.settings, workspace.fields, workspace.rules, workspace.problems)


def _locked(workspace: Workspace, job: Job, reports: Sequence[RuleReport], lock: Lock) -> Lock:
    """The lock that these rules make, exported as `samefire lock` does."""
    name = workspace.settings.lock_form
    form = chosen_forms([name])[0]
    asked = options(workspace, Choices())
    usual = replace(job.options, versions=asked.versions) == asked
    known = usual and any(f.name == name for f in job.forms)
    exports = {
        r.rule: next(f.document for f in r.forms if f.form == name)
        if known
        else form.write(r.rule, workspace.fields, asked).document
        for r in reports
    }
    return updated(lock, exports)


def _versioned(
    workspace: Workspace, job: Job, reports: Sequence[RuleReport], old: Lock, new: Lock
) -> list[RuleReport]:
    """The reports with the versions that the next lock gives: rules whose export changed are written again."""
    moved = {i for i, entry in new.items() if i in old and old[i].version != entry.version}
    stale = [r for r in reports if r.rule.id in moved]
    if not stale:
        return list(reports)
    versions = {i: entry.version for i, entry in new.items()}
    again = replace(job, options=replace(job.options, versions=versions))
    rules = tuple(r.rule for r in stale)
    fresh = judge_all(replace(workspace, rules=rules), again)
    by_path = {r.rule.path: r for r in fresh}
    return [by_path.get(r.rule.path, r) for r in reports]


def _entries(report: RuleReport, job: Job) -> list[Entry]:
    by_form = {f.form: f for f in report.forms}
    return [_entry(report, form, by_form[form.name]) for form in job.forms if form.name in by_form]


def _entry(report: RuleReport, form: Converter, result: FormResult) -> Entry:
    verdicts = tuple(report.of(form.name)) if report.cases else None
    converted = Converted(result.document, result.problems)
    return Entry(report.rule, form, converted, result.status is Status.UNREADABLE, verdicts)


def _since(workspace: Workspace, wanted: Wanted, lock: Lock) -> Lock:
    """The lock that the changelog tells changes against."""
    if wanted.since is None:
        return lock
    settings = workspace.settings
    repository = Repository.around(settings.home)
    path = settings.path(settings.lock).resolve().relative_to(repository.root.resolve()).as_posix()
    raw = repository.read(repository.commit(wanted.since), [path]).get(path, b"{}")
    return read_lock_text(Source(f"{wanted.since}:{path}", raw.decode("utf-8", "replace")))


def _content(workspace: Workspace, wanted: Wanted, job: Job, locks: tuple[Lock, Lock]) -> Content:
    settings = workspace.settings
    connectors = used(load_folder(settings.path(settings.connectors)), workspace.rules)
    rules = {rule.id: rule for rule in workspace.rules}
    retired = [i for i, rule in rules.items() if rule.deprecated]
    text = changelog(*locks, list(rules), retired)
    home = settings.home.resolve()
    return Content(
        sources={r.path: _inside(r.path, home) for r in workspace.rules},
        versions={i: entry.version for i, entry in locks[1].items()},
        companions=Companions(connectors, wanted.details),
        about={"revision": revision(settings), "options": _told(wanted, job)},
        files={"CHANGELOG.md": text.encode("utf-8", "backslashreplace"), **layers(workspace.rules)},
    )


def _inside(path: str, home: Path) -> str:
    """A rule's path without what would tell one machine from another."""
    real = Path(path).resolve()
    return real.relative_to(home).as_posix() if real.is_relative_to(home) else real.name


def _told(wanted: Wanted, job: Job) -> dict[str, Any]:
    """The choices that another run needs to make the same bundle."""
    return {
        "forms": [form.name for form in job.forms],
        "approximate": wanted.choices.approximate,
        "caseless": wanted.choices.caseless,
        "taxonomy": job.options.taxonomy,
        "profile": wanted.choices.profile,
        "export_details": wanted.details,
        "tested": wanted.tested,
        "since": wanted.since,
    }


def revision(settings: Settings) -> dict[str, Any] | None:
    """The commit that the sources are at, and whether they differ from it; None outside git."""
    try:
        repository = Repository.around(settings.home)
        commit = repository.commit("HEAD")
        files = repository.changes(commit)
    except ProblemError:
        return None
    sources = Layout.of(settings, repository.root).sources
    return {"commit": commit, "changed": any(below(file, source) for file in files for source in sources)}


def verify(paths: Sequence[str], target: Path, *, running: Running = AS_USUAL) -> Result:
    """Whether a bundle is what its manifest says, and what the sources at `paths` make of themselves now."""
    opened = read(target)
    problems = list(check(opened))
    made = bundled(paths, _wanted(opened.manifest.get("options")), running)
    if isinstance(made, Result):
        return made
    fresh = dict(made[0].files)
    problems += [p for p in compare(opened, fresh) if p.location.path not in _paths(problems)]
    if not problems:
        problems += compare_manifest(opened, fresh[MANIFEST])
    if problems:
        return Result(Exit.FINDINGS, problems_text(problems, terminal_style()))
    number = len(opened.names)
    return Result(Exit.FINE, f"{target}: {number} files, as the manifest says and as the sources make them")


def _paths(problems: Sequence[Problem]) -> set[str]:
    return {p.location.path for p in problems}


def _wanted(told: Any) -> Wanted:
    """The choices that the manifest tells."""
    given: Mapping[str, Any] = told if isinstance(told, dict) else {}
    choices = Choices(
        tuple(map(str, given.get("forms") or ())),
        caseless=given.get("caseless") is True,
        approximate=given.get("approximate") is True,
        taxonomy=str(given.get("taxonomy", "")),
        profile=str(given.get("profile", "")),
    )
    since = given.get("since")
    return Wanted(
        choices,
        details=given.get("export_details") is True,
        tested=given.get("tested") is not False,
        since=str(since) if since is not None else None,
    )
