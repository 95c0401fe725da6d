"""Settings of a rules repository: `samefire.toml`, or `[tool.samefire]` in `pyproject.toml`.

Finds the file, reads it, checks every key. Flags of a command win over what stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from samefire.problems import Problem, ProblemError, did_you_mean
from samefire.source import NOWHERE, Source, Span
from samefire.toml_text import tables

KIBANA = "elastic"
"""The form whose text is the rule's own data: what imports are proved by, and differences are told of."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things lie, relative to `home`, and how commands behave when no flag says otherwise."""

    home: Path = Path()
    source: Source | None = None
    rules: tuple[str, ...] = ("rules",)
    fixtures: str = "fixtures"
    exceptions: str = "exceptions"
    connectors: str = "connectors"
    fields: tuple[str, ...] = ("fields",)
    lock: str = "samefire.lock.json"
    lock_form: str = KIBANA
    forms: tuple[str, ...] = ()
    strict_fields: bool = False
    lints: Mapping[str, str] = field(default_factory=dict)
    taxonomy: str = "ecs"
    without_fixtures: tuple[str, ...] = ()
    gate: Mapping[str, Any] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """A setting's path, resolved against the folder of the settings file."""
        return self.home / name


_LISTS = ("rules", "fields", "forms", "without_fixtures")
_STRINGS = ("fixtures", "exceptions", "connectors", "lock", "lock_form", "taxonomy")
_FLAGS = ("strict_fields",)
_TABLES = ("gate", "lints")
LEVELS = ("error", "warning", "off")
"""Levels that a problem's code may be given."""
KEYS = (*_LISTS, *_STRINGS, *_FLAGS, *_TABLES)


FILES: Mapping[str, tuple[str, ...]] = {"samefire.toml": (), "pyproject.toml": ("tool", "samefire")}
"""The files that settings are in, the first before the second, and the table in each."""


def find(start: Path) -> Settings:
    """The settings that hold for `start`: the nearest `samefire.toml` or `[tool.samefire]` going up to the
    root of the repository; defaults when there is none. Raises ProblemError."""
    folder = start.resolve()
    for home in (folder, *folder.parents):
        for name, table in FILES.items():
            path = home / name
            if path.is_file() and holds(text := _text(path), table):
                return parsed(Source(_shown(path), text), table, home)
        if (home / ".git").exists():
            return Settings(home=home)
    return Settings(home=folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        source = Source(str(path), "")
        message = f"the settings cannot be read: {error.strerror or error}"
        raise ProblemError([Problem("settings-unreadable", message, source)]) from error


def holds(text: str, table: tuple[str, ...]) -> bool:
    """Whether a file of FILES has settings: one of our own always, another's when it has our table."""
    return not table or f"[{'.'.join(table)}" in text


def parsed(source: Source, table: tuple[str, ...], home: Path) -> Settings:
    """Settings in a table of a TOML file; raises ProblemError with every problem."""
    try:
        data: Any = tables(source)[0]
    except ProblemError as error:
        raise ProblemError([replace(p, code="settings-syntax") for p in error.problems]) from None
    for key in table:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return read(data, source, home)


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read(data: Mapping[str, Any], source: Source, home: Path) -> Settings:
    """Settings out of a parsed table; raises ProblemError with every wrong key and value."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for key, value in data.items():
        name = key.replace("-", "_")
        if name not in KEYS:
            hint = did_you_mean(key, KEYS) or f"known keys: {', '.join(KEYS)}"
            problems.append(_problem(source, key, "settings-unknown-key", f"unknown setting `{key}`", hint))
            continue
        wanted = _mismatch(name, value)
        if wanted:
            message = f"`{key}` must be {wanted}, not {_kind(value)}"
            problems.append(_problem(source, key, "settings-wrong-type", message, None))
            continue
        if name == "lints":
            problems.extend(_lints(value, source))
        values[name] = tuple(value) if name in _LISTS else value
    if problems:
        raise ProblemError(problems)
    return replace(Settings(home=home, source=source), **values)


def _lints(levels: Mapping[str, Any], source: Source) -> Iterator[Problem]:
    """What is wrong with the levels of lints."""
    from samefire.lints import CODES

    for code, level in levels.items():
        span = key_span(source, code, "lints")
        if code not in CODES:
            hint = did_you_mean(code, CODES) or "`docs/lints.md` names them all"
            yield Problem("settings-unknown-key", f"there is no lint `{code}`", source, span, hint=hint)
        elif level not in LEVELS:
            message = f"the level of `{code}` must be one of {', '.join(LEVELS)}"
            yield Problem("settings-wrong-type", message, source, span)


def _mismatch(name: str, value: Any) -> str | None:
    """What `value` should have been, or None when it is right."""
    if name in _LISTS:
        good = isinstance(value, list) and all(isinstance(v, str) for v in value)
        return None if good else "a list of strings"
    if name in _STRINGS:
        return None if isinstance(value, str) else "a string"
    if name in _FLAGS:
        return None if isinstance(value, bool) else "true or false"
    return None if isinstance(value, dict) else "a table"


def _kind(value: Any) -> str:
    names: dict[type, str] = {str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "a table" if isinstance(value, dict) else "a list")


def _problem(source: Source, key: str, code: str, message: str, hint: str | None) -> Problem:
    return Problem(code, message, source, key_span(source, key), hint=hint)


def key_span(source: Source, key: str, table: str = "") -> Span:
    """Where a settings key stands: the first line that begins with it, or with the table that it is in."""
    offset = 0
    for line in source.text.split("\n"):
        name = line.split("=")[0].strip().strip("[]\"'").rsplit(".", 1)[-1]
        if name == key:
            start = offset + line.index(key)
            return Span(start, start + len(key))
        offset += len(line) + 1
    return key_span(source, table) if table else NOWHERE


assert set(KEYS) <= {f.name for f in fields(Settings)}
