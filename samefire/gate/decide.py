"""The decision: what changed, judged on just that, and held against the policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from samefire.exceptions import unknown_rules
from samefire.fields import FieldTypes
from samefire.files import read_source
from samefire.forms import Converter, Options
from samefire.gate.changed import Delta, Layout, delta, lists
from samefire.gate.files import check_forms, check_lock, check_names, check_orphans, check_policy_change
from samefire.gate.policy import Policy
from samefire.gate.rules import (
    REPEATED,
    Exports,
    check_change,
    check_coverage,
    check_gone,
    check_proven,
    check_report,
    levelled,
)
from samefire.gate.shelf import File, ids, shelf
from samefire.harness.coverage import coverage
from samefire.harness.many import Job, judge_all
from samefire.harness.report import Report, RuleReport
from samefire.harness.run import Prepared
from samefire.lock import Lock, digest, read
from samefire.problems import Problem, ProblemError, Severity
from samefire.revision import Repository
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
    `everything`: all rules, whatever changed."""

    base: str | None
    everything: bool = False


@dataclass(frozen=True)
class Ground:
    """What the decision stands on. `files`: every TOML file below the rules' folders; `changed`:
    None without a comparison; `lock`: the lock file now, None when it cannot be read, `old_lock` as it was."""

    settings: Settings
    policy: Policy
    files: Sequence[File]
    changed: Delta | None
    layout: Layout
    lock: Lock | None
    lock_source: Source
    lock_problems: tuple[Problem, ...] = ()
    old_lock: Lock = field(default_factory=dict)


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
        *_loose(workspace, policy),
        *levelled([*_around(ground, workspace, job, len(chosen) == len(ground.files))], policy),
    ]
    commit = ground.changed.commit if ground.changed else None
    skipped = _skipped(ground, chosen)
    return Report(rules, tuple(dict.fromkeys(loose)), skipped, scope, commit)


def _ground(settings: Settings, policy: Policy, asked: Asked) -> Ground:
    files = shelf(settings)
    source, lock, problems = _lock_now(settings)
    if asked.base is None:
        layout = Layout.of(settings, settings.home)
        return Ground(settings, policy, files, None, layout, lock, source, problems)
    repository = Repository.around(settings.home)
    commit = repository.merge_base(asked.base)
    layout = Layout.of(settings, repository.root)
    changed = delta(repository, commit, layout)
    old = lock or {}
    if changed.old_lock != source.text:
        old = _lock_then(Source(settings.lock, changed.old_lock or ""))
    return Ground(settings, policy, files, changed, layout, lock, source, problems, old)


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
    return open_workspace([file.shown for file in chosen], settings)


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
    left = {
        "rules that the change does not touch": rules - judged,
        "TOML files that hold no rule": len(ground.files) - rules - (len(chosen) - judged),
        "rules not compared, because their old file cannot be read": len(ground.changed.unread)
        if ground.changed
        else 0,
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


def _around(ground: Ground, workspace: Workspace, job: Job, whole: bool) -> Iterator[Problem]:
    """What the policy says beyond single rules. `whole`: all rules are judged."""
    settings, changed, files = ground.settings, ground.changed, ground.files
    yield from duplicates(files)
    yield from unknown_rules(ids(files), load_exceptions(settings)[0])
    if not whole:
        yield from same_names(workspace.rules, files)
    if names := {*settings.without_fixtures, *ground.policy.approximate, *ground.policy.refused}:
        known = {n for f in files for n in names_of(f.rule_id, f.shown, f.path, settings.home)}
        yield from check_names(settings, ground.policy, known if names - known else names)
    yield from check_forms(settings, ground.policy, [form.name for form in job.forms])
    yield from ground.lock_problems
    if ground.policy.version and ground.lock is not None:
        yield from check_lock(ground.old_lock, ground.lock, ground.lock_source)
    root = changed.root if changed else settings.home.resolve()
    fixtures = _fixtures(ground, root) if whole or changed is None else changed.files
    yield from check_orphans(fixtures, ground.layout, root)
    if changed is not None:
        standing = {file.shown for file in files}
        now = {rule.path: rule for rule in workspace.rules}
        yield from check_gone(changed.before, ids(files), standing, now, ground.policy)
        yield from check_policy_change(settings, changed.old_policy)


def _fixtures(ground: Ground, root: Path) -> list[str]:
    folder = root / ground.layout.fixtures
    return [p.relative_to(root).as_posix() for p in folder.rglob("*")] if folder.is_dir() else []


def _held(judged: RuleReport, ground: Ground, workspace: Workspace, job: Job) -> RuleReport:
    """The report of a rule with what the policy says of it."""
    rule, policy, home = judged.rule, ground.policy, ground.settings.home
    excused = named(rule, ground.settings.without_fixtures, home)
    found = list(check_report(judged, policy, excused=excused, home=home))
    if any(p.code == "policy-cases" for p in found):
        judged = replace(judged, problems=tuple(p for p in judged.problems if p.code not in REPEATED))
    form = next((f for f in job.forms if f.name == ground.settings.lock_form), None)
    if form is not None:
        if (policy.coverage or policy.proven) and not excused:
            prepared = Prepared(form, rule, workspace.fields, job.options)
            covered = coverage(prepared, judged.cases)
            found.extend([*check_coverage(rule, covered, policy), *check_proven(rule, covered, policy)])
        found.extend(_change(judged, ground, workspace.fields, (form, job.options)))
    problems = dict.fromkeys([*judged.problems, *found])
    return replace(judged, problems=tuple(levelled(list(problems), policy)))


def _change(
    judged: RuleReport, ground: Ground, fields: FieldTypes, by: tuple[Converter, Options]
) -> Iterator[Problem]:
    """What the policy says of how the rule changed; of one that did not, whether the lock file knows it."""
    rule, changed, lock = judged.rule, ground.changed, ground.lock
    if lock is None:
        return
    now = next((f.document for f in judged.forms if f.form == by[0].name), None)
    was, entry = ground.old_lock.get(rule.id), lock.get(rule.id)
    old = changed.before.get(rule.id) if changed else None
    old = replace(old, exceptions=rule.exceptions) if old else None
    exports = Exports(
        before=_digest(old, by, fields) if old else None,
        now=digest(rule, now) if now else None,
        version_before=was.version if was else 0,
        version_now=entry.version if entry else 0,
        locked=entry.sha256 if entry else None,
        day=changed.day if changed else "",
    )
    if (changed is not None and changed.touches(rule)) or lock:
        yield from check_change(rule, old, exports, ground.policy)


def _digest(rule: Rule, by: tuple[Converter, Options], fields: FieldTypes) -> str | None:
    form, options = by
    document = form.write(rule, fields, options).document
    return digest(rule, document) if document else None
