"""The decision: what changed, judged on just that, and held against the policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samefire.fields import FieldTypes
from samefire.files import read_source
from samefire.forms import Converter, Options
from samefire.gate.changed import Delta, Layout, delta
from samefire.gate.files import check_lock, check_names, check_orphans, check_policy_change
from samefire.gate.policy import Policy
from samefire.gate.rules import (
    REPEATED,
    Exports,
    check_change,
    check_coverage,
    check_gone,
    check_report,
    levelled,
    named,
    names_of,
)
from samefire.harness.coverage import coverage
from samefire.harness.many import Job, judge_all
from samefire.harness.report import Report, RuleReport
from samefire.harness.run import Prepared
from samefire.lock import Lock, digest, read, read_lock
from samefire.problems import Problem, ProblemError, Severity
from samefire.revision import Repository
from samefire.rule import Rule, load
from samefire.ruleset import looks_like_a_rule
from samefire.settings import Settings
from samefire.source import Source
from samefire.workspace import Workspace, load_fields, open_workspace, shown


@dataclass(frozen=True)
class Asked:
    """What to judge. `base`: the revision to compare with; None: no comparison, everything is judged.
    `everything`: all rules, whatever changed."""

    base: str | None
    everything: bool = False


@dataclass(frozen=True)
class Ground:
    """What the decision stands on. `texts`: every TOML file below the rules' folders with its text; `changed`:
    None without a comparison; `lock`: the lock file now, None when it cannot be read."""

    settings: Settings
    policy: Policy
    texts: Mapping[Path, str]
    changed: Delta | None
    layout: Layout
    lock: Lock | None


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
    rules = tuple(_held(report, ground, workspace, job.forms) for report in judged)
    loose = [
        *_loose(workspace, policy),
        *levelled([*_around(ground, workspace, job, len(chosen) == len(ground.texts))], policy),
    ]
    commit = ground.changed.commit if ground.changed else None
    skipped = _skipped(ground, chosen)
    return Report(rules, tuple(dict.fromkeys(loose)), skipped, scope, commit)


def _ground(settings: Settings, policy: Policy, asked: Asked) -> Ground:
    lock = _lock_now(settings)
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in rule_files(settings)}
    if asked.base is None:
        return Ground(settings, policy, texts, None, Layout.of(settings, settings.home), lock)
    repository = Repository.around(settings.home)
    commit = repository.merge_base(asked.base)
    layout = Layout.of(settings, repository.root)
    return Ground(settings, policy, texts, delta(repository, commit, layout), layout, lock)


def _lock_now(settings: Settings) -> Lock | None:
    """The lock file; a broken one is reported by `_around`."""
    try:
        return read_lock(settings.path(settings.lock))
    except ProblemError:
        return None


def rule_files(settings: Settings) -> list[Path]:
    """Every TOML file below the rules' folders, sorted; hidden ones aside."""
    found: set[Path] = set()
    for name in settings.rules:
        root = settings.path(name)
        below_root = root.rglob("*.toml") if root.is_dir() else [root] if root.is_file() else []
        found.update(p for p in below_root if not any(x.startswith(".") for x in p.relative_to(root).parts))
    return sorted(found)


def _opened(settings: Settings, chosen: Sequence[Path]) -> Workspace:
    """The chosen rules, loaded; no rule at all is fine when the change touches none."""
    if not chosen:
        return Workspace(settings, load_fields(settings), ())
    return open_workspace([shown(path) for path in chosen], settings)


def _chosen(ground: Ground, everything: bool) -> tuple[list[Path], str]:
    """The rule files to judge, and why these. A file that is no rule is left out unless it was one."""
    changed = ground.changed
    were = {changed.root / path for path in changed.were_rules} if changed else set()
    files = [p for p, text in ground.texts.items() if looks_like_a_rule(text) or p.resolve() in were]
    if everything or changed is None:
        return files, "all rules"
    if changed.everything:
        return files, f"all rules, because {changed.everything}"
    affected = {changed.root / path for path in changed.affected}
    ids = changed.affected_ids
    chosen = [f for f in files if f.resolve() in affected or (ids and _id(ground.texts[f]) in ids)]
    return chosen, f"{len(chosen)} of {len(files)} rules, those that the change touches"


def _skipped(ground: Ground, chosen: Sequence[Path]) -> dict[str, int]:
    """What was not judged, by reason."""
    told: dict[str, int] = {}
    rules = sum(looks_like_a_rule(text) for text in ground.texts.values())
    left = {
        "rules that the change does not touch": rules - len(chosen),
        "TOML files that hold no rule": len(ground.texts) - max(rules, len(chosen)),
        "rules not compared, because their old file cannot be read": len(ground.changed.unread)
        if ground.changed
        else 0,
    }
    told.update({reason: number for reason, number in left.items() if number > 0})
    return told


_RULE_ID = re.compile(r"""^\s*rule_id\s*=\s*["']([^"'\n]*)["']""", re.MULTILINE)


def _id(text: str) -> str | None:
    found = _RULE_ID.search(text)
    return found[1] if found else None


def duplicates(texts: Mapping[Path, str]) -> Iterator[Problem]:
    """Rule ids that two files have: looked for in the texts of all, told only of files that are rules."""
    first: dict[str, Path] = {}
    for path, text in texts.items():
        found = _RULE_ID.search(text)
        other = first.setdefault(found[1], path) if found else path
        if other == path or not found:
            continue
        here, there = (_loaded(p, texts[p]) for p in (path, other))
        if here and there and here.id == there.id:
            message = f"`rule_id` {found[1]} is already that of {shown(other)}"
            hint = "every rule needs an id of its own"
            span = here.value_span("rule", "rule_id")
            yield Problem("rule-duplicate-id", message, here.source, span, hint=hint)


def same_names(rules: Sequence[Rule], texts: Mapping[Path, str]) -> Iterator[Problem]:
    """Names of judged rules that a rule which is not judged has too."""
    judged = {rule.path for rule in rules}
    for path, text in texts.items():
        if shown(path) in judged or not any(rule.name in text for rule in rules):
            continue
        other = _loaded(path, text)
        for rule in rules:
            if other is not None and other.name == rule.name:
                line = other.source.locate(other.value_span("rule", "name")).line
                message = f"another rule has this `name` already: {other.path}:{line}"
                hint = "analysts tell rules apart by their names"
                span = rule.value_span("rule", "name")
                yield Problem("ruleset-duplicate-name", message, rule.source, span, Severity.WARNING, hint)


def _loaded(path: Path, text: str) -> Rule | None:
    try:
        return load(Source(shown(path), text))
    except ProblemError:
        return None


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
    settings, changed, texts = ground.settings, ground.changed, ground.texts
    yield from duplicates(texts)
    if not whole:
        yield from same_names(workspace.rules, texts)
    known = {n for p, t in texts.items() for n in names_of(_id(t), shown(p), settings.home)}
    yield from check_names(settings, ground.policy, known, [form.name for form in job.forms])
    yield from _lock_problems(ground)
    root = changed.root if changed else settings.home.resolve()
    fixtures = _fixtures(ground, root) if whole or changed is None else changed.files
    yield from check_orphans(fixtures, ground.layout, root)
    if changed is not None:
        ids = {i for i in map(_id, texts.values()) if i is not None}
        now = {rule.path: rule for rule in workspace.rules}
        yield from check_gone(changed.before, ids, {shown(p) for p in texts}, now, ground.policy)
        yield from check_policy_change(settings, changed.old_policy)


def _fixtures(ground: Ground, root: Path) -> list[str]:
    folder = root / ground.layout.fixtures
    return [p.relative_to(root).as_posix() for p in folder.rglob("*")] if folder.is_dir() else []


def _lock_problems(ground: Ground) -> Iterator[Problem]:
    path = ground.settings.path(ground.settings.lock)
    try:
        source = read_source(path) if path.exists() else Source(shown(path), "")
        now = read(replace(source, path=shown(path))) if source.text else {}
    except ProblemError as error:
        yield from error.problems
        return
    if ground.policy.version:
        yield from check_lock(_old_lock(ground), now, Source(shown(path), source.text))


def _old_lock(ground: Ground) -> Lock:
    text = ground.changed.old_lock if ground.changed else None
    return _lock(Source(ground.settings.lock, text)) if text else {}


def _lock(source: Source) -> Lock:
    try:
        return read(source)
    except ProblemError:
        return {}


def _held(judged: RuleReport, ground: Ground, workspace: Workspace, forms: Sequence[Converter]) -> RuleReport:
    """The report of a rule with what the policy says of it."""
    rule, policy, home = judged.rule, ground.policy, ground.settings.home
    excused = named(rule, ground.settings.without_fixtures, home)
    found = list(check_report(judged, policy, excused=excused, home=home))
    if any(p.code == "policy-cases" for p in found):
        judged = replace(judged, problems=tuple(p for p in judged.problems if p.code not in REPEATED))
    form = next((f for f in forms if f.name == ground.settings.lock_form), None)
    if form is not None:
        if policy.coverage and not excused:
            prepared = Prepared(form, rule, workspace.fields, Options())
            found.extend(check_coverage(rule, coverage(prepared, judged.cases), policy))
        found.extend(_change(judged, ground, workspace, form))
    problems = dict.fromkeys([*judged.problems, *found])
    return replace(judged, problems=tuple(levelled(list(problems), policy)))


def _change(judged: RuleReport, ground: Ground, workspace: Workspace, form: Converter) -> Iterator[Problem]:
    """What the policy says of how the rule changed; of one that did not, whether the lock file knows it."""
    rule, changed, lock = judged.rule, ground.changed, ground.lock
    if lock is None:
        return
    now = next((f.document for f in judged.forms if f.form == form.name), None)
    was, entry = _old_lock(ground).get(rule.id), lock.get(rule.id)
    old = changed.before.get(rule.id) if changed else None
    exports = Exports(
        before=_digest(old, form, workspace.fields) if old else None,
        now=digest(rule, now) if now else None,
        version_before=was.version if was else 0,
        version_now=entry.version if entry else 0,
        locked=entry.sha256 if entry else None,
    )
    if (changed is not None and changed.touches(rule)) or lock:
        yield from check_change(rule, old, exports, ground.policy)


def _digest(rule: Rule, form: Converter, fields: FieldTypes) -> str | None:
    document = form.write(rule, fields, Options()).document
    return digest(rule, document) if document else None
