"""`samefire init`: a rules repository that works as it is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from samefire.commands import Exit, Result, WrongUse, new
from samefire.commands import lock as locking
from samefire.commands import schema as schemas
from samefire.files import write_file
from samefire.starting.repository import FIRST, FIRST_PATH, files

SCHEMAS = ".vscode/schemas"
OURS = (
    "README.md",
    ".gitignore",
    ".vscode/settings.json",
    ".vscode/extensions.json",
    ".pre-commit-config.yaml",
)
"""Files that a folder may have already: they are left as they are, and told."""


def run(folder: Path) -> Result:
    """Write a new repository into a folder, which may hold other files. Nothing is overwritten."""
    texts = files()
    taken = [p for p in (*texts, FIRST_PATH, "samefire.lock.json") if (folder / p).exists() and p not in OURS]
    if taken:
        raise WrongUse(
            f"nothing was written: {', '.join(taken)} {'is' if len(taken) == 1 else 'are'} there already"
        )
    if _project_settings(folder):
        raise WrongUse("nothing was written: pyproject.toml holds settings of samefire already")
    kept = [path for path in texts if (folder / path).exists()]
    _write(folder, {path: text for path, text in texts.items() if path not in kept})
    with inside(folder):
        new.run(Path(FIRST_PATH), FIRST, asking=lambda: False)
        locking.run([], check=False)
        schemas.run(None, output=Path(SCHEMAS))
    return Result(Exit.FINE, "\n".join(_told(folder, kept)))


def _project_settings(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    return project.is_file() and "[tool.samefire" in project.read_text(encoding="utf-8", errors="replace")


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_file(folder / path, text.encode())


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _told(folder: Path, kept: list[str]) -> Iterator[str]:
    place = f"{folder}/" if str(folder) != "." else ""
    yield f"{place}samefire.toml               settings"
    yield f"{place}rules/, fixtures/           one rule and its cases"
    yield f"{place}.github/workflows/rules.yml checks every change"
    yield f"{place}.pre-commit-config.yaml     the same before a commit"
    yield f"{place}.taplo.toml, .vscode/       schemas for editors"
    yield from (f"kept {path}, which was there" for path in kept)
    yield f"next: {f'cd {folder} && ' if place else ''}samefire test"
