"""The decision: what changed, judged on just that, and held against the policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from samefire.bundle.connectors import load_folder as load_connectors
from samefire.exceptions import unknown_rules
from samefire.fields import FieldTypes
from samefire.files import read_source
from samefire.forms import Converter, Options, form_named
from samefire.gate.changed import Delta, Layout, delta, lists
from samefire.gate.files import check_folders, check_forms, check_lock, check_names, check_orphans
from samefire.gate.moved import check_policy_change
from samefire.gate.policy import Policy
from samefire.gate.rules import (
    REPEATED,
    Exports,
    check_change,
    check_coverage,
    check_gone,
    check_proven,
    check_report,
    check_type,
    check_unread,
    levelled,
)
from samefire.gate.shelf import File, Shelf, ids, shelf
from samefire.gate.unseen import told
from samefire.harness.coverage import coverage
from samefire.harness.many import Job, judge_all
from samefire.harness.report import Report, RuleReport
from samefire.harness.run import Prepared
from samefire.lock import Lock, digest, read
from samefire.problems import Problem, ProblemError, Severity
from samefire.revision import Change, Repository
from samefire.rule import Rule
from samefire.settings import Settings
from samefire.source import Source
from samefire.workspace import (
    Workspace,
    load_exceptions,
    load_fields,
    named,
    names_of,
    open_workspace,
    shown,
)


@dataclass(frozen=True)
class Asked:
    """What to judge. `base`: the revision to compare with; None: no comparison, everything is judged.
    `everything`: all rules, whatever changed. `start`: the folder that the settings were looked for from; `today`:
    `YYYY/MM/DD`, or "" when nobody knows."""

    base: str | None
    everything: bool = False
    start: Path = field(default_factory=Path)
    today: str = ""


@dataclass(frozen=True)
class Ground:
    """What the decision stands on. `shelf`: every file below the rules' folders; `changed`: None without a
    comparison, `root` that of its paths; `lock`: the lock file now, None when it cannot be read, `old_lock` as it
    was."""

    settings: Settings
    policy: Policy
    shelf: Shelf
    changed: Delta | None
    root: Path
    layout: Layout
    lock: Lock | None
    lock_source: Source
    lock_problems: tuple[Problem, ...] = ()
    old_lock: Lock = field(default_factory=dict)
    today: str = ""

    @property
    def files(self) -> Sequence[File]:
        return self.shelf.files


def decide(settings: Settings, policy: Policy, job: Job, asked: Asked) -> Report:
    """Judge the change since `asked.base`. Raises ProblemError."""
    ground = _ground(settings, policy, asked)
    chosen, scope = _chosen(ground, asked.everything)
    workspace = _opened(settings, chosen)
    versions = {rule_id: entry.version for rule_id, entry in (ground.lock or {}).items()}
    options = replace(job.options, versions=versions)
    strict, lints = settings.strict_fields, settings.lints
    job = replace(job, checked=True, strict_fields=strict, lints=lints, options=options)
    judged = judge_all(workspace, job)
    rules = tuple(_held(report, ground, workspace, job) for report in judged)
    loose = [
        *_nothing(ground, asked),
        *_loose(workspace, policy),
        *_settings(ground),
        *levelled([*_around(ground, workspace, job, len(chosen) == len(ground.files))], policy),
    ]
    commit = ground.changed.commit if ground.changed else None
    skipped = _skipped(ground, chosen)
    return Report(rules, tuple(dict.fromkeys(loose)), skipped, scope, commit)


def _ground(settings: Settings, policy: Policy, asked: Asked) -> Ground:
    files = shelf(settings)
    source, lock, problems = _lock_now(settings)
    if asked.base is None:
        root = settings.home.resolve()
        layout = Layout.of(settings, root)
        return Ground(settings, policy, files, None, root, layout, lock, source, problems, today=asked.today)
    repository = Repository.around(settings.home)
    commit = repository.merge_base(asked.base)
    changed = delta(repository, commit, settings, asked.start)
    layout = Layout.of(settings, repository.root)
    old = lock or {}
    if changed.old_lock != source.text:
        old = _lock_then(Source(settings.lock, changed.old_lock or ""))
    return Ground(
        settings, policy, files, changed, changed.root, layout, lock, source, problems, old, asked.today
    )


def _lock_now(settings: Settings) -> tuple[Source, Lock | None, tuple[Problem, ...]]:
    """The lock file: its text, its entries, and what keeps it from being read."""
    path = settings.path(settings.lock)
    source = Source(shown(path), "")
    try:
        if not path.exists():
            return source, {}, ()
        source = Source(shown(path), read_source(path).text)
        return source, read(source), ()
    except ProblemError as error:
        return source, None, error.problems


def _lock_then(source: Source) -> Lock:
    """The lock file as it was; one that could not be read said nothing."""
    try:
        return read(source) if source.text else {}
    except ProblemError:
        return {}


def _opened(settings: Settings, chosen: Sequence[File]) -> Workspace:
    """The chosen rules, loaded; no rule at all is fine when the change touches none. Exception files are read
    in any case: one that is broken names no rule that could be judged."""
    if not chosen:
        return Workspace(settings, load_fields(settings), (), tuple(load_exceptions(settings)[1]))
    return open_workspace([file.shown for file in chosen], settings, sigma=True)


def _chosen(ground: Ground, everything: bool) -> tuple[list[File], str]:
    """The rule files to judge, and why these. A file that is no rule is left out unless it was one."""
    changed = ground.changed
    were = {str(changed.root / path) for path in changed.were_rules} if changed else set()
    files = [file for file in ground.files if file.is_rule or file.path in were]
    if everything or changed is None:
        return files, "all rules"
    if changed.everything:
        return files, f"all rules, because {changed.everything}"
    affected = {str(changed.root / path) for path in changed.affected}
    chosen = [
        f
        for f in files
        if f.path in affected or f.rule_id in changed.affected_ids or _refers(f, changed.affected_lists)
    ]
    return chosen, f"{len(chosen)} of {len(files)} rules, those that the change touches"


def _refers(file: File, list_ids: frozenset[str]) -> bool:
    """Whether a rule refers to one of the exception lists: asked of its text first, which is cheap."""
    escaped = "\\" in file.text
    if "exceptions_list" not in file.text or not any(escaped or one in file.text for one in list_ids):
        return False
    rule = file.rule()
    return rule is None or bool(list_ids & lists(rule))


def _skipped(ground: Ground, chosen: Sequence[File]) -> dict[str, int]:
    """What was not judged, by reason."""
    rules = sum(file.is_rule for file in ground.files)
    judged = sum(file.is_rule for file in chosen)
    odd = [file for file in ground.files if not file.is_rule and file not in chosen]
    changed = ground.changed
    left = {
        "rules that the change does not touch": rules - judged,
        "TOML files that hold no rule": sum(not file.sigma for file in odd),
        "YAML files that hold no rule": sum(file.sigma for file in odd),
        "folders below the rules that are links, which are not followed": len(ground.shelf.linked),
        "files whose ending is not written `.toml`, `.yml` or `.yaml` in lower case": len(ground.shelf.cased),
        "hidden files below the rules": len(ground.shelf.hidden),
        "rules not compared, because their old file cannot be read": len(changed.unread) if changed else 0,
        "repositories inside of this one, not compared": len(changed.unseen.modules) if changed else 0,
        "files that the sparse checkout leaves out": len(changed.unseen.absent) if changed else 0,
    }
    return {reason: number for reason, number in left.items() if number > 0}


def duplicates(files: Sequence[File]) -> Iterator[Problem]:
    """Rule ids that two files have: looked for in the texts of all, told only of files that are rules."""
    first: dict[str, File] = {}
    for file in files:
        other = first.setdefault(file.rule_id, file) if file.rule_id else file
        if other is file:
            continue
        here, there = file.rule(), other.rule()
        if here and there and here.id == there.id:
            message = f"`rule_id` {here.id} is already that of {other.shown}"
            hint = "every rule needs an id of its own"
            span = here.value_span("rule", "rule_id")
            yield Problem("rule-duplicate-id", message, here.source, span, hint=hint)


def same_names(rules: Sequence[Rule], files: Sequence[File]) -> Iterator[Problem]:
    """Names of judged rules that a rule which is not judged has too."""
    judged = {rule.path for rule in rules}
    for file in files:
        if file.shown in judged or not any(rule.name in file.text for rule in rules):
            continue
        other = file.rule()
        for rule in rules:
            if other is not None and other.name == rule.name:
                line = other.source.locate(other.value_span("rule", "name")).line
                message = f"another rule has this `name` already: {other.path}:{line}"
                hint = "analysts tell rules apart by their names"
                span = rule.value_span("rule", "name")
                yield Problem("ruleset-duplicate-name", message, rule.source, span, Severity.WARNING, hint)


def _loose(workspace: Workspace, policy: Policy) -> list[Problem]:
    """Problems outside rules. What kept a file from being read stays an error at every level."""
    read_files = {rule.path for rule in workspace.rules}
    found: list[Problem] = []
    for problem in workspace.problems:
        if problem.code == "ruleset-duplicate-id":
            continue  # told over all files by `duplicates`
        fixed = problem.severity is Severity.ERROR and problem.location.path not in read_files
        found.extend([problem] if fixed else levelled([problem], policy))
    return found


def _nothing(ground: Ground, asked: Asked) -> Iterator[Problem]:
    """That there was nothing to compare: the work tree is the very commit that it is compared with."""
    changed = ground.changed
    if changed is not None and not changed.files and not asked.everything:
        message = f"nothing was compared: the work tree is what `{asked.base}` is"
        hint = "name the revision that the change began at with --base, or judge all rules with --all"
        yield Problem("gate-no-comparison", message, Source("git", ""), severity=Severity.WARNING, hint=hint)


def _settings(ground: Ground) -> Iterator[Problem]:
    """What is said of the settings that were moved, at the level that the settings gave it before they were; and of
    folders that are not there, at every level."""
    if ground.changed is not None:
        levels = ground.changed.old.gate.get("levels", {})
        then = Policy(levels=levels if isinstance(levels, dict) else {})
        yield from levelled([*check_policy_change(ground.settings, ground.changed.old)], then)
    gone = ground.changed is not None and bool(ground.changed.before)
    yield from check_folders(ground.settings, ground.shelf, rules_went=gone)


def _around(ground: Ground, workspace: Workspace, job: Job, whole: bool) -> Iterator[Problem]:
    """What the policy says beyond single rules. `whole`: all rules are judged."""
    settings, changed, files = ground.settings, ground.changed, ground.files
    touched = {str(changed.root / path) for path in changed.files} if changed else set()
    known_ids = ids(files)
    yield from duplicates(sorted(files, key=lambda file: file.path in touched))
    yield from unknown_rules(known_ids, load_exceptions(settings)[0])
    if not whole:
        yield from same_names(workspace.rules, files)
    if names := {*settings.without_fixtures, *ground.policy.approximate, *ground.policy.refused}:
        known = {n for f in files for n in names_of(f.rule_id, f.shown, f.path, settings.home)}
        yield from check_names(settings, ground.policy, known if names - known else names)
    yield from check_forms(settings, ground.policy, [form.name for form in job.forms])
    yield from ground.lock_problems
    if ground.policy.version and ground.lock is not None:
        yield from check_lock(ground.old_lock, ground.lock, ground.lock_source)
    yield from check_orphans(_fixtures(ground, whole=whole), ground.layout, ground.root)
    yield from _connectors(settings)
    if changed is not None:
        yield from told(changed.unseen, ground.root, ground.layout.sorted_out(changed.unseen.ignored))
        standing = {file.shown for file in files}
        now = {rule.path: rule for rule in workspace.rules}
        yield from check_gone(changed.before, known_ids, standing, now, ground.policy)
        yield from check_unread(changed.drafts, known_ids, standing, ground.policy)


def _connectors(settings: Settings) -> Sequence[Problem]:
    """What is wrong with the files of connectors."""
    try:
        load_connectors(settings.path(settings.connectors))
    except ProblemError as error:
        return error.problems
    return ()


def _fixtures(ground: Ground, *, whole: bool) -> list[str]:
    """Fixtures whose rules must be there: all, or those that the change touches and those of rules that it takes
    away."""
    root, layout, changed = ground.root, ground.layout, ground.changed
    if whole or changed is None:
        return _files_below(root, layout.fixtures)
    gone = [p for p, change in changed.files.items() if change is Change.DELETED and layout.is_rule(p)]
    left = [
        file for path in gone for folder in layout.fixtures_of(path) for file in _files_below(root, folder)
    ]
    return [*(path for path in changed.files if path not in changed.unseen.real), *left]


def _files_below(root: Path, folder: str) -> list[str]:
    top = root / folder
    return [p.relative_to(root).as_posix() for p in top.rglob("*")] if top.is_dir() else []


def _held(judged: RuleReport, ground: Ground, workspace: Workspace, job: Job) -> RuleReport:
    """The report of a rule with what the policy says of it."""
    rule, policy, home = judged.rule, ground.policy, ground.settings.home
    excused = named(rule, ground.settings.without_fixtures, home)
    told = _levelled(judged, judged.problems, policy)
    found = list(check_report(replace(judged, problems=tuple(told)), policy, excused=excused, home=home))
    if any(p.code == "policy-cases" for p in found):
        judged = replace(judged, problems=tuple(p for p in judged.problems if p.code not in REPEATED))
    form = form_named(ground.settings.lock_form)
    assert form is not None, "checked before"
    if (policy.coverage or policy.proven) and not excused:
        own = form if rule.takes(form.name, derived=form.derived) else job.forms[0]
        covered = coverage(Prepared(own, rule, workspace.fields, job.options), judged.cases)
        found.extend([*check_coverage(rule, covered, policy), *check_proven(rule, covered, policy)])
    found.extend(_change(judged, ground, workspace.fields, (form, job.options)))
    problems = dict.fromkeys([*judged.problems, *found])
    return replace(judged, problems=tuple(_levelled(judged, list(problems), policy)))


def _levelled(judged: RuleReport, problems: Sequence[Problem], policy: Policy) -> list[Problem]:
    """The problems at their levels. What kept a fixture from being read is an error at every level; that a file
    is none is not."""
    known = {judged.rule.path, *(case.path for case in judged.cases)}
    found: list[Problem] = []
    for problem in problems:
        fixed = problem.severity is Severity.ERROR and problem.code != "fixture-stray"
        fixed = fixed and problem.location.path not in known
        found.extend([problem] if fixed else levelled([problem], policy))
    return found


def _change(
    judged: RuleReport, ground: Ground, fields: FieldTypes, by: tuple[Converter, Options]
) -> Iterator[Problem]:
    """What the policy says of how the rule changed; of one that did not, whether the lock file knows it."""
    rule, changed, lock = judged.rule, ground.changed, ground.lock
    if lock is None:
        return
    form = by[0]
    old = changed.before.get(rule.id) if changed else None
    old = replace(old, exceptions=rule.exceptions) if old else None
    if not rule.takes(form.name, derived=form.derived):
        yield from check_type(rule, old, ground.policy)
        return
    was, entry = ground.old_lock.get(rule.id), lock.get(rule.id)
    exports = Exports(
        before=_digest(old, by, fields) if old else None,
        now=_now(judged, by, fields),
        version_before=was.version if was else 0,
        version_now=entry.version if entry else 0,
        locked=entry.sha256 if entry else None,
        day=changed.day if changed else "",
        today=ground.today,
    )
    if (changed is not None and changed.touches(rule)) or lock:
        yield from check_change(rule, old, exports, ground.policy)


def _now(judged: RuleReport, by: tuple[Converter, Options], fields: FieldTypes) -> str | None:
    """The digest of the export that the lock file is about, whether that form is judged or not."""
    for one in judged.forms:
        if one.form == by[0].name:
            return digest(judged.rule, one.document) if one.document else None
    return _digest(judged.rule, by, fields)


def _digest(rule: Rule, by: tuple[Converter, Options], fields: FieldTypes) -> str | None:
    form, options = by
    if not rule.takes(form.name, derived=form.derived):
        return None
    document = form.write(rule, fields, options).document
    return digest(rule, document) if document else None
