"""The settings as they were when a change began: found, read and laid out as today's are."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from samefire.problems import ProblemError
from samefire.revision import Repository
from samefire.settings import FILES, Settings, holds, parsed
from samefire.source import Source


def settings_then(repository: Repository, commit: str, start: Path) -> Settings:
    """The settings that held for `start` at a commit: defaults when there were none, or none that can be read."""
    root = repository.root.resolve()
    here = start.resolve()
    homes = [home for home in (here, *here.parents) if home.is_relative_to(root)] or [root]
    texts = repository.read(commit, [_inside(home / name, root) for home in homes for name in FILES])
    for home in homes:
        for name, table in FILES.items():
            raw = texts.get(_inside(home / name, root))
            if raw is not None and holds(text := raw.decode("utf-8", "replace"), table):
                return _read(Source(name, text), table, home)
    return Settings(home=root)


def _inside(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _read(source: Source, keys: tuple[str, ...], home: Path) -> Settings:
    try:
        return parsed(source, keys, home)
    except ProblemError:
        return Settings(home=home, source=source)


def moved(old: Settings, new: Settings) -> dict[str, tuple[Any, Any]]:
    """The settings that are not what they were, by key: old and new. The gate's own table is not among them."""
    found = {}
    for one in fields(Settings):
        before, now = getattr(old, one.name), getattr(new, one.name)
        if one.name == "home":
            before, now = before.resolve(), now.resolve()
        if one.name not in ("source", "gate") and before != now:
            found[one.name] = (before, now)
    return found
