"""Every rule file below the rules' folders, read once: what the gate asks of all rules it asks of their texts,
so that judging one rule does not cost loading a thousand."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from samefire.files import MAX_BYTES
from samefire.gate.changed import rule_like, rule_of
from samefire.problems import ProblemError
from samefire.rule import Rule
from samefire.ruleset import SIGMA, TOML
from samefire.settings import Settings
from samefire.source import Source

_RULE_ID = re.compile(r"""^[ \t]*rule_id[ \t]*=[ \t]*["']([^"'\\\n]*)["'][ \t]*(?:#.*)?$""", re.MULTILINE)


@dataclass(frozen=True)
class File:
    """One file: its real path, its path as people see it, and its text (empty when it cannot be read)."""

    path: str
    shown: str
    text: str
    unread: bool = False

    @cached_property
    def is_rule(self) -> bool:
        """Whether it is meant as a rule; so is one that cannot be read."""
        return self.unread or rule_like(self.path, self.text)

    @property
    def sigma(self) -> bool:
        return self.path.endswith(SIGMA)

    @cached_property
    def rule_id(self) -> str | None:
        """The rule's id. Texts that name it once and plainly are not parsed for it."""
        if not self.sigma and self.text.count("rule_id") == 1:
            line = self.text.rfind("\n", 0, self.text.index("rule_id")) + 1
            plain = _RULE_ID.match(self.text, line)
            if plain is not None:
                return plain[1]
        rule = self.rule() if self.is_rule else None
        if rule is not None:
            return rule.id
        found = _RULE_ID.search(self.text)
        return found[1] if found else None

    def rule(self) -> Rule | None:
        """The rule, when it can be read."""
        try:
            return None if self.unread else rule_of(Source(self.shown, self.text))
        except ProblemError:
            return None


@dataclass(frozen=True)
class Shelf:
    """The files, in order of their paths. `nowhere`: what the settings name as folders of rules and nothing is
    there; `linked`: folders that are links, which are not followed; `cased`: files whose ending is ours but for its
    case; `hidden`: files whose name, or that of a folder around them, starts with a dot."""

    files: tuple[File, ...] = ()
    nowhere: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    cased: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def shelf(settings: Settings) -> Shelf:
    """The files in order of their paths; hidden files and folders aside."""
    here = f"{os.path.realpath(Path.cwd())}{os.sep}"
    walk = Walk()
    nowhere = []
    for name in settings.rules:
        root = os.path.realpath(settings.path(name))
        if Path(root).is_dir():
            walk.folder(root)
        elif Path(root).exists():
            walk.found.setdefault(root)
        else:
            nowhere.append(name)
    files = [_file(path, path.removeprefix(here).replace(os.sep, "/")) for path in sorted(walk.found)]
    return Shelf(tuple(files), tuple(nowhere), tuple(walk.linked), tuple(walk.cased), tuple(walk.hidden))


@dataclass(frozen=True)
class Walk:
    """What was found below folders."""

    found: dict[str, None] = field(default_factory=dict)
    linked: list[str] = field(default_factory=list)
    cased: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def folder(self, root: str) -> None:
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name != ".git"]
            links = (f"{folder}{os.sep}{name}" for name in folders)
            self.linked.extend(path for path in links if os.path.islink(path))  # noqa: PTH114 - thousands of them
            dotted = f"{os.sep}." in folder[len(root) :]
            for name in names:
                if name.lower().endswith((TOML, *SIGMA)):
                    self._file(f"{folder}{os.sep}{name}", hidden=dotted or name.startswith("."))

    def _file(self, path: str, *, hidden: bool) -> None:
        if hidden:
            self.hidden.append(path)
        elif path.endswith((TOML, *SIGMA)):
            self.found.setdefault(path)
        else:
            self.cased.append(path)


def _file(path: str, shown: str) -> File:
    """A file that cannot be read is judged as a rule, which tells why."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - thousands of them
            return File(path, shown, "", unread=True)
        with open(path, "rb") as file:  # noqa: PTH123
            raw = file.read(MAX_BYTES + 1)
    except OSError:
        return File(path, shown, "", unread=True)
    return File(path, shown, raw.decode("utf-8", "replace"))


def ids(files: Sequence[File]) -> set[str]:
    """Every rule id that some file writes."""
    return {file.rule_id for file in files if file.rule_id is not None}
