"""What a change touches: which rules have to be judged again, and which rules are gone."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from samefire.problems import ProblemError
from samefire.revision import Change, Repository
from samefire.rule import Rule, load
from samefire.ruleset import looks_like_a_rule
from samefire.settings import Settings
from samefire.source import Source
from samefire.workspace import shown


@dataclass(frozen=True)
class Delta:
    """A change, from the gate's point of view. Paths are relative to the repository's root.

    `day`: when the commit was made, `YYYY/MM/DD`. `everything`: why all rules are judged (a settings change),
    or "". `affected`: rule files to judge, `affected_ids` rules whose exceptions or lock entries changed, and
    `affected_lists` the `list_id` of changed exception lists, which rules may refer to on their own;
    `before`: the touched rules as they were, by rule id; `were_rules`: touched files that held a rule then,
    `unread`: those of them that could not be read even then; `old_lock`: the lock file's text as it was;
    `old_policy`: the gate's settings as they were, None when there were none."""

    root: Path
    commit: str
    day: str
    files: Mapping[str, Change]
    everything: str
    affected: frozenset[str]
    affected_ids: frozenset[str]
    affected_lists: frozenset[str]
    before: Mapping[str, Rule]
    were_rules: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    old_lock: str | None = None
    old_policy: Mapping[str, Any] | None = None

    def touches(self, rule: Rule) -> bool:
        """Whether the rule's own file or its entries elsewhere changed."""
        path = Path(rule.path).resolve()
        inside = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else ""
        return inside in self.files or rule.id in self.affected_ids or bool(self.affected_lists & lists(rule))


@dataclass(frozen=True)
class Layout:
    """Where the settings put things, as paths from the repository's root."""

    rules: tuple[str, ...]
    fixtures: str
    exceptions: str
    connectors: str
    fields: tuple[str, ...]
    lock: str
    settings: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, root: Path) -> Layout:
        def inside(name: str) -> str:
            path = settings.path(name).resolve()
            return (
                path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root.resolve()) else name
            )

        return cls(
            rules=tuple(inside(r) for r in settings.rules),
            fixtures=inside(settings.fixtures),
            exceptions=inside(settings.exceptions),
            connectors=inside(settings.connectors),
            fields=tuple(inside(f) for f in settings.fields),
            lock=inside(settings.lock),
            settings=(inside("samefire.toml"), inside("pyproject.toml")),
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Every file and folder that a bundle follows from."""
        return (
            *self.rules,
            self.fixtures,
            self.exceptions,
            self.connectors,
            *self.fields,
            self.lock,
            *self.settings,
        )

    def is_rule(self, path: str) -> bool:
        return path.endswith(".toml") and any(below(path, r) for r in self.rules)

    def rule_of_fixture(self, path: str) -> list[str]:
        """The rule files that a fixture file may belong to."""
        if not below(path, self.fixtures):
            return []
        parts = PurePosixPath(path).relative_to(self.fixtures).parts
        sides = [i for i, part in enumerate(parts) if part in ("positive", "negative")]
        stem = PurePosixPath(*parts[: sides[-1]]) if sides and sides[-1] else PurePosixPath(*parts[:-1])
        return [f"{root}/{stem}.toml".removeprefix("./") for root in self.rules]


def below(path: str, folder: str) -> bool:
    """Whether `path` lies in `folder` (`.` is the root), or is it."""
    return folder in ("", ".") or path == folder or path.startswith(folder.rstrip("/") + "/")


def delta(repository: Repository, commit: str, layout: Layout) -> Delta:
    """What changed since `commit`."""
    files = repository.changes(commit)
    affected: set[str] = set()
    for path, change in files.items():
        if layout.is_rule(path) and change is not Change.DELETED:
            affected.add(path)
        affected.update(layout.rule_of_fixture(path))
    touched = [p for p in files if layout.is_rule(p) and files[p] is not Change.ADDED]
    before, were, unread = _before(repository, commit, touched)
    old_lock = repository.read(commit, [layout.lock]).get(layout.lock)
    settings = _settings(repository, commit, layout)
    exceptions = _exceptions(repository, commit, layout, files)
    return Delta(
        root=repository.root.resolve(),
        commit=commit,
        day=repository.day(commit),
        files=files,
        everything=_everything(files, layout, settings[0] != settings[1]),
        affected=frozenset(affected),
        affected_ids=frozenset([*_rule_ids(exceptions), *_locked_ids(repository, layout, files, old_lock)]),
        affected_lists=frozenset(_list_ids(exceptions)),
        before=before,
        were_rules=tuple(were),
        unread=tuple(unread),
        old_lock=old_lock.decode("utf-8", "replace") if old_lock is not None else None,
        old_policy=_policy(settings[0]),
    )


def _everything(files: Iterable[str], layout: Layout, settings_changed: bool) -> str:
    if settings_changed:
        return "the settings changed"
    for path in files:
        if any(below(path, f) for f in layout.fields):
            return f"field types changed ({path})"
    return ""


def _settings(repository: Repository, commit: str, layout: Layout) -> tuple[list[Any], list[Any]]:
    """What the settings say, as it was and as it is; comments and other tools' tables do not count."""
    old = repository.read(commit, layout.settings)
    before: list[Any] = []
    now: list[Any] = []
    for path, table in zip(layout.settings, ((), ("tool", "samefire")), strict=True):
        file = repository.root / path
        before.append(_table(old.get(path, b""), table))
        now.append(_table(file.read_bytes() if file.is_file() else b"", table))
    return before, now


def _table(raw: bytes, keys: tuple[str, ...]) -> Any:
    try:
        data: Any = tomllib.loads(raw.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return raw
    for key in keys:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return data


def _policy(settings: Iterable[Any]) -> Mapping[str, Any] | None:
    """The gate's table in settings, None when there are no settings."""
    for table in settings:
        if isinstance(table, dict) and table:
            gate = table.get("gate", {})
            return gate if isinstance(gate, dict) else {}
    return None


def _before(
    repository: Repository, commit: str, paths: Iterable[str]
) -> tuple[dict[str, Rule], list[str], list[str]]:
    """The touched rules as they were, by id; the files that held a rule; those that could not be read."""
    before: dict[str, Rule] = {}
    were: list[str] = []
    unread: list[str] = []
    for path, raw in repository.read(commit, list(paths)).items():
        text = raw.decode("utf-8", "replace")
        if not looks_like_a_rule(text):
            continue
        were.append(path)
        try:
            rule = load(Source(shown(repository.root / path), text))
            before[rule.id] = rule
        except ProblemError:
            unread.append(path)
    return before, were, unread


def _exceptions(
    repository: Repository, commit: str, layout: Layout, files: Mapping[str, Change]
) -> list[Mapping[str, Any]]:
    """The changed exception files, as they were and as they are; a value list may belong to any of them."""
    touched = [p for p in files if below(p, layout.exceptions)]
    paths = [p for p in touched if p.endswith(".toml")]
    if len(paths) < len(touched):
        folder = repository.root / layout.exceptions
        paths = sorted({*paths, *(p.relative_to(repository.root).as_posix() for p in folder.rglob("*.toml"))})
    old = repository.read(commit, paths)
    raws = [old.get(path, b"") for path in paths]
    raws += [(repository.root / path).read_bytes() for path in paths if (repository.root / path).is_file()]
    return [table for raw in raws if isinstance(table := _table(raw, ()), dict)]


def _rule_ids(files: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The rules that exception files name."""
    for file in files:
        metadata = file.get("metadata")
        listed = metadata.get("rule_ids") if isinstance(metadata, dict) else None
        yield from (i for i in listed if isinstance(i, str)) if isinstance(listed, list) else ()


def _list_ids(files: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The lists that exception files hold."""
    for file in files:
        held = file.get("exceptions")
        for one in held if isinstance(held, list) else ():
            container = one.get("container") if isinstance(one, dict) else None
            list_id = container.get("list_id") if isinstance(container, dict) else None
            if isinstance(list_id, str):
                yield list_id


def lists(rule: Rule) -> set[str]:
    """The `list_id` of every exception list that a rule refers to itself."""
    listed = rule.contents.get("exceptions_list")
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    return {e["list_id"] for e in entries if isinstance(e.get("list_id"), str)}


def _locked_ids(
    repository: Repository, layout: Layout, files: Mapping[str, Change], old_lock: bytes | None
) -> Iterator[str]:
    """Rules whose lock entries changed."""
    if layout.lock in files:
        file = repository.root / layout.lock
        before, now = (_entries(raw) for raw in (old_lock, file.read_bytes() if file.is_file() else None))
        yield from (i for i in before.keys() | now.keys() if before.get(i) != now.get(i))


def _entries(raw: bytes | None) -> Mapping[str, Any]:
    try:
        data = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
