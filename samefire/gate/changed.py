"""What a change touches: which rules have to be judged again, and which rules are gone."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from samefire.gate.past import moved, settings_then
from samefire.gate.unseen import Unseen, below, unseen
from samefire.languages.sigma_yaml import looks_like_sigma
from samefire.problems import ProblemError
from samefire.revision import Change, Repository
from samefire.rule import Rule, RuleError, load
from samefire.ruleset import SIGMA, TOML, looks_like_a_rule
from samefire.settings import FILES, Settings
from samefire.source import Source
from samefire.workspace import shown


@dataclass(frozen=True)
class Delta:
    """A change, from the gate's point of view. Paths are relative to the repository's root.

    `day`: when the commit was made, `YYYY/MM/DD`. `everything`: why all rules are judged (a settings change),
    or "". `affected`: rule files to judge, `affected_ids` rules whose exceptions or lock entries changed, and
    `affected_lists` the `list_id` of changed exception lists, which rules may refer to on their own;
    `before`: the touched rules as they were, by rule id; `were_rules`: touched files that held a rule then,
    `unread`: those of them that could not be read even then, and `drafts` what they said; `old_lock`: the lock
    file's text as it was; `old`: the settings as they were; `unseen`: what git's comparison does not show."""

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
    drafts: Mapping[str, Rule] = field(default_factory=dict)
    old_lock: str | None = None
    old: Settings = field(default_factory=Settings)
    unseen: Unseen = field(default_factory=Unseen)

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
            settings=tuple(map(inside, FILES)),
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

    def sorted_out(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that a verdict or a bundle follows from."""
        others = (self.fixtures, self.exceptions, self.connectors, *self.fields, self.lock, *self.settings)
        return [p for p in paths if self.is_rule(p) or any(below(p, other) for other in others)]

    def is_rule(self, path: str) -> bool:
        """Whether a path may be that of a rule, by its place and ending."""
        return path.endswith((TOML, *SIGMA)) and any(below(path, r) for r in self.rules)

    def rule_of_fixture(self, path: str) -> list[str]:
        """The rule files that a fixture file may belong to, without their endings."""
        if not below(path, self.fixtures):
            return []
        parts = PurePosixPath(path).relative_to(self.fixtures).parts
        sides = [i for i, part in enumerate(parts) if part in ("positive", "negative")]
        stem = PurePosixPath(*parts[: sides[-1]]) if sides and sides[-1] else PurePosixPath(*parts[:-1])
        found = [_rule_at(root, stem) for root in self.rules]
        return [path for path in found if path is not None]

    def fixtures_of(self, rule: str) -> list[str]:
        """The folders in which the fixtures of a rule file may lie."""
        stem = str(PurePosixPath(rule).with_suffix(""))
        roots = [r for r in self.rules if below(rule, r)]
        inside = [PurePosixPath(stem).name if rule == r else _from(stem, r) for r in roots]
        return [str(PurePosixPath(self.fixtures, name)) for name in inside]


def _rule_at(root: str, stem: PurePosixPath) -> str | None:
    """The rule that fixtures at `stem` belong to, without its ending, when its folder (or the file itself, as
    settings may name one) is `root`."""
    if root.endswith((TOML, *SIGMA)):
        own = PurePosixPath(root).with_suffix("")
        return str(own) if own.name == str(stem) else None
    return f"{root}/{stem}".removeprefix("./")


def _from(path: str, root: str) -> str:
    return path if root in ("", ".") else path[len(root) + 1 :]


def delta(repository: Repository, commit: str, settings: Settings, start: Path) -> Delta:
    """What changed since `commit`. `start`: the folder that the settings were looked for from."""
    layout = Layout.of(settings, repository.root)
    old = settings_then(repository, commit, start)
    before_layout = Layout.of(old, repository.root)
    said = repository.changes(commit)
    more = unseen(repository, commit, said, list({*layout.sources, *before_layout.sources}))
    files = {**more.files, **said}
    affected: set[str] = set()
    for path, change in files.items():
        if layout.is_rule(path) and change is not Change.DELETED:
            affected.add(path)
        for rule in layout.rule_of_fixture(path):
            affected.update(rule + ending for ending in (TOML, *SIGMA))
    touched = [
        p
        for p in files
        if (layout.is_rule(p) or before_layout.is_rule(p))
        and (files[p] is not Change.ADDED or p in more.real)
    ]
    touched += _out_of_sight(repository, commit, before_layout, layout)
    before, were, unread, drafts = _before(repository, commit, list(dict.fromkeys(touched)), more.real)
    old_lock = repository.read(commit, [before_layout.lock]).get(before_layout.lock)
    exceptions = _exceptions(repository, commit, layout, files)
    return Delta(
        root=repository.root.resolve(),
        commit=commit,
        day=repository.day(commit),
        files=files,
        everything=_everything(files, layout, bool(moved(old, settings)) or old.gate != settings.gate, more),
        affected=frozenset(affected),
        affected_ids=frozenset([*_rule_ids(exceptions), *_locked_ids(repository, layout, files, old_lock)]),
        affected_lists=frozenset(_list_ids(exceptions)),
        before=before,
        were_rules=tuple(were),
        unread=tuple(unread),
        drafts=drafts,
        old_lock=old_lock.decode("utf-8", "replace") if old_lock is not None else None,
        old=old,
        unseen=more,
    )


def _everything(files: Iterable[str], layout: Layout, settings_changed: bool, more: Unseen) -> str:
    if settings_changed:
        return "the settings changed"
    for path in files:
        if any(below(path, f) for f in layout.fields):
            return f"field types changed ({path})"
    if more.modules:
        return f"git does not look into {more.modules[0].rstrip('/')}, a repository of its own that changed"
    outside = [s for s in layout.sources if s.startswith(("/", "../")) or s == ".."]
    return f"git does not look into {outside[0]}, which lies outside of the repository" if outside else ""


def _out_of_sight(repository: Repository, commit: str, before: Layout, now: Layout) -> list[str]:
    """Files that could be rules when the settings named other folders, and could be none now."""
    if before.rules == now.rules:
        return []
    return [p for p in repository.files(commit) if before.is_rule(p) and not now.is_rule(p)]


def _before(
    repository: Repository, commit: str, paths: Sequence[str], real: Mapping[str, str]
) -> tuple[dict[str, Rule], list[str], list[str], dict[str, Rule]]:
    """The touched rules as they were, by id; the files that held a rule; those that could not be read, and what
    these say of a rule all the same."""
    before: dict[str, Rule] = {}
    drafts: dict[str, Rule] = {}
    were: list[str] = []
    unread: list[str] = []
    texts = repository.read(commit, [*paths, *(real[path] for path in paths if path in real)])
    for path in paths:
        raws = [texts[name] for name in (path, real.get(path, path)) if name in texts]
        text = next((t for raw in raws if rule_like(path, t := raw.decode("utf-8", "replace"))), None)
        if text is None:
            continue
        were.append(path)
        try:
            rule = rule_of(Source(shown(repository.root / path), text))
            before[rule.id] = rule
        except ProblemError as error:
            unread.append(path)
            if isinstance(error, RuleError) and _named(error.draft):
                drafts[error.draft.id] = error.draft
    return before, were, unread, drafts


def rule_like(path: str, text: str) -> bool:
    """Whether a file is meant as a rule, by its ending a Sigma rule or one of ours."""
    return looks_like_sigma(text) if path.endswith(SIGMA) else looks_like_a_rule(text)


def _named(draft: Rule) -> bool:
    """Whether a draft says which rule it is."""
    named = all(isinstance(draft.contents.get(key), str) for key in ("rule_id", "name"))
    return named and isinstance(draft.metadata, dict)


def rule_of(source: Source) -> Rule:
    """The rule in a file, by its ending a Sigma rule or one of ours; raises ProblemError."""
    if not source.path.endswith(SIGMA):
        return load(source)
    from samefire.sigma_rule import load as load_sigma

    return load_sigma(source)


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
    return [table for raw in raws if (table := _table(raw)) is not None]


def _table(raw: bytes) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(raw.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


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
