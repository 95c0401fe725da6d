"""What a change touches: which rules have to be judged again, and which rules are gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from samefire.problems import ProblemError
from samefire.revision import Change, Repository
from samefire.rule import Rule, load
from samefire.settings import Settings
from samefire.source import Source


@dataclass(frozen=True)
class Delta:
    """A change, from the gate's point of view. Paths are relative to the repository's root.

    `everything`: why all rules are judged (a settings change), or "". `affected`: rule files to judge;
    `before`: the rules as they were, by rule id; `deleted`: files of rules that are gone."""

    files: Mapping[str, Change]
    everything: str
    affected: frozenset[str]
    before: Mapping[str, Rule]
    deleted: tuple[str, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Where the settings put things, as paths from the repository's root."""

    rules: tuple[str, ...]
    fixtures: str
    exceptions: str
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
            fields=tuple(inside(f) for f in settings.fields),
            lock=inside(settings.lock),
            settings=(inside("samefire.toml"), inside("pyproject.toml")),
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


def delta(repository: Repository, commit: str, layout: Layout, settings_changed: bool) -> Delta:
    """What changed since `commit`. `settings_changed`: the settings say something else than they did."""
    files = repository.changes(commit)
    everything = _everything(files, layout, settings_changed)
    affected: set[str] = set()
    for path, change in files.items():
        if layout.is_rule(path) and change is not Change.DELETED:
            affected.add(path)
        affected.update(layout.rule_of_fixture(path))
    touched = [p for p in files if layout.is_rule(p)]
    before, deleted, unread = _before(repository, commit, touched, files)
    return Delta(files, everything, frozenset(affected), before, deleted, unread)


def _everything(files: Iterable[str], layout: Layout, settings_changed: bool) -> str:
    if settings_changed:
        return "the settings changed"
    for path in files:
        if any(below(path, f) for f in layout.fields):
            return f"field types changed ({path})"
    return ""


def _before(
    repository: Repository, commit: str, touched: Iterable[str], files: Mapping[str, Change]
) -> tuple[dict[str, Rule], tuple[str, ...], tuple[str, ...]]:
    """The changed rules as they were, which of them are gone, and which could not be read even then."""
    texts = repository.read(commit, [p for p in touched if files[p] is not Change.ADDED])
    before: dict[str, Rule] = {}
    unread: list[str] = []
    for path, raw in texts.items():
        try:
            rule = load(Source(path, raw.decode("utf-8", "replace")))
            before[rule.id] = rule
        except ProblemError:
            unread.append(path)
    deleted = tuple(sorted(p for p in texts if files[p] is Change.DELETED))
    return before, deleted, tuple(unread)
