"""Every TOML file below the rules' folders, read once: what the gate asks of all rules it asks of their texts,
so that judging one rule does not cost loading a thousand."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from samefire.problems import ProblemError
from samefire.rule import Rule, load
from samefire.ruleset import looks_like_a_rule
from samefire.settings import Settings
from samefire.source import Source

_RULE_ID = re.compile(r"""^[ \t]*rule_id[ \t]*=[ \t]*["']([^"'\n]*)["']""", re.MULTILINE)


@dataclass(frozen=True)
class File:
    """One file: its real path, its path as people see it, and its text."""

    path: str
    shown: str
    text: str

    @cached_property
    def is_rule(self) -> bool:
        """Whether it is meant as a rule."""
        return looks_like_a_rule(self.text)

    @cached_property
    def rule_id(self) -> str | None:
        """The first `rule_id` that the text writes; cheap, and right for all but odd files."""
        found = _RULE_ID.search(self.text)
        return found[1] if found else None

    def rule(self) -> Rule | None:
        """The rule, when it can be read."""
        try:
            return load(Source(self.shown, self.text))
        except ProblemError:
            return None


def shelf(settings: Settings) -> list[File]:
    """The files in order of their paths; hidden files and folders aside. Raises OSError."""
    here = f"{os.path.realpath(Path.cwd())}{os.sep}"
    found: dict[str, File] = {}
    for name in settings.rules:
        root = os.path.realpath(settings.path(name))
        for path in _walk(root) if Path(root).is_dir() else [root] if Path(root).is_file() else []:
            shown = path.removeprefix(here).replace(os.sep, "/")
            found.setdefault(path, File(path, shown, _text(path)))
    return [found[path] for path in sorted(found)]


def _walk(root: str) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(".toml") and not name.startswith("."):
                yield os.path.join(folder, name)  # noqa: PTH118 - thousands of them


def _text(path: str) -> str:
    with open(path, "rb") as file:  # noqa: PTH123 - thousands of them
        return file.read().decode("utf-8", "replace")


def ids(files: Sequence[File]) -> set[str]:
    """Every rule id that some file writes."""
    return {file.rule_id for file in files if file.rule_id is not None}
