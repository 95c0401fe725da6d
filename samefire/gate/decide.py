"""The decision: what changed, judged on just that, and held against the policy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samefire.check import check_rule
from samefire.fields import FieldTypes
from samefire.forms import Converter, Options
from samefire.gate.changed import Delta, Layout, delta
from samefire.gate.policy import Policy
from samefire.gate.rules import check_change, check_gone, check_report, levelled
from samefire.harness.report import Report, RuleReport
from samefire.harness.run import Subject, judge
from samefire.lock import Lock, digest, read, read_lock
from samefire.problems import Problem, ProblemError
from samefire.revision import Repository
from samefire.rule import Rule
from samefire.settings import Settings
from samefire.source import Source, Span
from samefire.workspace import Workspace, open_workspace, shown


@dataclass(frozen=True)
class Decision:
    """What the gate says. `base` is the commit compared with (None: everything, no comparison); `scope` says
    in words what was judged."""

    report: Report
    base: str | None
    scope: str

    @property
    def passed(self) -> bool:
        return self.report.passed


def decide(
    settings: Settings, policy: Policy, forms: Sequence[Converter], *, base: str | None, everything: bool
) -> Decision:
    """Judge the change since `base` (everything: all rules; base None: no comparison). Raises ProblemError."""
    files = rule_files(settings)
    changed = _delta(settings, base) if base is not None else None
    chosen, scope = _chosen(files, settings, changed, everything)
    workspace = open_workspace([shown(p) for p in chosen], settings) if chosen else _empty(settings)
    subjects = [Subject(r, workspace.cases(r), workspace.excused(r)) for r in workspace.rules]
    report = judge(subjects, forms, workspace.fields, Options())
    by_path = _policy_problems(workspace, report, policy, forms, changed)
    rules = tuple(_with_problems(r, by_path.pop(r.rule.path, []), policy) for r in report.rules)
    loose = [*workspace.problems, *duplicates(files), *(p for found in by_path.values() for p in found)]
    if changed is not None:
        now = {r.id: r for r in workspace.rules}
        loose.extend(check_gone(_renamed(changed, files), now, policy))
    skipped = (
        {"rules that the change does not touch": len(files) - len(chosen)} if len(files) > len(chosen) else {}
    )
    problems = tuple(dict.fromkeys(levelled(loose, policy)))
    return Decision(Report(rules, problems, skipped), changed.commit if changed else None, scope)


def _empty(settings: Settings) -> Workspace:
    return Workspace(settings, FieldTypes({}), ())


def rule_files(settings: Settings) -> list[Path]:
    """Every TOML file below the rules' folders, sorted."""
    found: set[Path] = set()
    for name in settings.rules:
        root = settings.path(name)
        found.update(root.rglob("*.toml") if root.is_dir() else [root] if root.is_file() else [])
    return sorted(found)


def _delta(settings: Settings, base: str) -> Delta:
    repository = Repository.around(settings.home)
    commit = repository.merge_base(base)
    layout = Layout.of(settings, repository.root)
    return delta(repository, commit, layout, _settings_changed(repository, commit, layout))


def _settings_changed(repository: Repository, commit: str, layout: Layout) -> bool:
    """Whether the settings say something else than they did; comments and other tables do not count."""
    old = repository.read(commit, layout.settings)
    for path, table in zip(layout.settings, ((), ("tool", "samefire")), strict=True):
        file = repository.root / path
        new = file.read_bytes() if file.is_file() else b""
        if _table(old.get(path, b""), table) != _table(new, table):
            return True
    return False


def _table(raw: bytes, keys: tuple[str, ...]) -> Any:
    try:
        data: Any = tomllib.loads(raw.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return raw
    for key in keys:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return data


def _chosen(
    files: Sequence[Path], settings: Settings, changed: Delta | None, everything: bool
) -> tuple[list[Path], str]:
    """The rule files to judge, and why these."""
    if everything or changed is None:
        return list(files), "all rules"
    if changed.everything:
        return list(files), f"all rules, because {changed.everything}"
    affected = {changed.root / path for path in changed.affected}
    ids = changed.affected_ids
    chosen = [f for f in files if f.resolve() in affected or (ids and _id_of(f) in ids)]
    return chosen, f"{len(chosen)} of {len(files)} rules, those that the change touches"


_RULE_ID = re.compile(r"""^\s*rule_id\s*=\s*["']([^"']*)["']""", re.MULTILINE)


def _id_of(file: Path) -> str | None:
    found = _RULE_ID.search(file.read_text(encoding="utf-8", errors="replace"))
    return found[1] if found else None


def duplicates(files: Iterable[Path]) -> Iterator[Problem]:
    """Rule ids that two files have; read off the text, so that all files can be asked at once."""
    first: dict[str, str] = {}
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        found = _RULE_ID.search(text)
        if found is None:
            continue
        other = first.setdefault(found[1], shown(file))
        if other != shown(file):
            span = Span(found.start(1), found.end(1))
            message = f"`rule_id` {found[1]} is already that of {other}"
            hint = "every rule needs an id of its own"
            yield Problem("rule-duplicate-id", message, Source(shown(file), text), span, hint=hint)


def _renamed(changed: Delta, files: Iterable[Path]) -> Mapping[str, Rule]:
    """The rules as they were, without those whose id still stands in some file (a moved rule is not gone)."""
    standing = {_id_of(f) for f in files} if changed.deleted else set()
    return {i: r for i, r in changed.before.items() if i not in standing}


def _with_problems(report: RuleReport, found: Sequence[Problem], policy: Policy) -> RuleReport:
    problems = dict.fromkeys([*report.problems, *found])
    return replace(report, problems=tuple(levelled(list(problems), policy)))


def _policy_problems(
    workspace: Workspace, report: Report, policy: Policy, forms: Sequence[Converter], changed: Delta | None
) -> dict[str, list[Problem]]:
    """What checks and policy say of each judged rule, by its path."""
    locks = _locks(workspace.settings, changed)
    found: dict[str, list[Problem]] = {}
    for judged in report.rules:
        rule = judged.rule
        problems = [
            *check_rule(rule, workspace.fields, strict_fields=workspace.settings.strict_fields),
            *check_report(judged, policy, workspace.excused(rule)),
        ]
        if changed is not None:
            problems.extend(_change(rule, changed, workspace, forms, locks, policy))
        found[rule.path] = problems
    return found


def _locks(settings: Settings, changed: Delta | None) -> tuple[Lock, Lock]:
    """The lock as it was, and as it is."""
    now = read_lock(settings.path(settings.lock))
    if changed is None or changed.old_lock is None:
        return {}, now
    try:
        return read(Source(settings.lock, changed.old_lock)), now
    except ProblemError:
        return {}, now


def _change(
    rule: Rule,
    changed: Delta,
    workspace: Workspace,
    forms: Sequence[Converter],
    locks: tuple[Lock, Lock],
    policy: Policy,
) -> Iterator[Problem]:
    old = changed.before.get(rule.id)
    form = next((f for f in forms if f.name == workspace.settings.lock_form), None)
    if old is None or form is None:
        return
    exports = (_digest(old, form, workspace.fields), _digest(rule, form, workspace.fields))
    locked = locks[1].get(rule.id)
    before = locks[0].get(rule.id)
    versions = (before.version if before else 0, locked.version if locked else 0)
    yield from check_change(rule, old, exports, versions, policy)


def _digest(rule: Rule, form: Converter, fields: FieldTypes) -> str | None:
    document = form.write(rule, fields, Options()).document
    return digest(rule, document) if document else None
