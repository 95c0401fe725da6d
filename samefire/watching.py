"""Which files of a repository changed since the last look, and which rules that concerns.

Looks at sizes and times of files; what is done about a change is up to `commands/watch.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from samefire.harness.case import folder_of
from samefire.settings import FILES, Settings

Look = Mapping[str, tuple[int, int]]
"""The time of change (nanoseconds) and size of each file, by its path."""


def look(settings: Settings) -> Look:
    """Every file that a rule may depend on."""
    found: dict[str, tuple[int, int]] = {}
    for root in _roots(settings):
        for path in _files(root):
            try:
                told = path.stat()
            except OSError:
                continue
            found[str(path)] = (told.st_mtime_ns, told.st_size)
    return found


def _roots(settings: Settings) -> Iterator[Path]:
    names = [*settings.rules, settings.fixtures, settings.exceptions, *settings.fields]
    yield from (settings.path(name).resolve() for name in dict.fromkeys(names))
    yield from ((settings.home / name).resolve() for name in FILES)


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def changes(before: Look, now: Look) -> list[str]:
    """Files that came, went or changed, by path."""
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))


def affected(settings: Settings, changed: Iterable[str], now: Look) -> list[str] | None:
    """The rule files that changes concern; None: all of them."""
    rules = [settings.path(name).resolve() for name in settings.rules]
    fixtures = settings.path(settings.fixtures).resolve()
    files = [path for path in now if path.endswith(".toml") and any(_below(path, root) for root in rules)]
    folders = {str(folder_of(Path(path), rules, fixtures)): path for path in files}
    found: set[str] = set()
    for path in changed:
        if _below(path, fixtures):
            found |= {rule for folder, rule in folders.items() if path.startswith(f"{folder}{os.sep}")}
        elif any(_below(path, root) for root in rules):
            found |= {path} & set(files)
        else:
            return None
    return sorted(found)


def _below(path: str, root: Path) -> bool:
    return path.startswith(f"{root}{os.sep}")
