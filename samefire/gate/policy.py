"""A team's policy for rule changes: the `gate` table of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from samefire.problem_codes import entries, entry
from samefire.problems import Problem, ProblemError, did_you_mean
from samefire.settings import LEVELS, Settings, key_span
from samefire.source import Source


@dataclass(frozen=True, slots=True)
class Policy:
    """What must hold before a change may be merged.

    `approximate` and `refused` name rules (id, path or file stem) that a form may say approximately or not at
    all; `required` are the forms that every rule must have unless it is named. `levels` gives a problem
    code another level. `coverage` is the share of a query's clauses (0 to 1) that the cases must reach,
    `proven` the share of those that they must prove (`harness/coverage.py`)."""

    base: str = "origin/main"
    positive: int = 1
    negative: int = 1
    required: tuple[str, ...] = ("elastic",)
    approximate: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    version: bool = True
    updated_date: bool = True
    stable_id: bool = True
    stable_type: bool = True
    deprecate_first: bool = True
    coverage: float = 0.0
    proven: float = 0.0
    levels: Mapping[str, str] = field(default_factory=dict)


_NUMBERS = ("positive", "negative")
_LISTS = ("required", "approximate", "refused")
_FLAGS = ("version", "updated_date", "stable_id", "stable_type", "deprecate_first")
KEYS = ("base", *_NUMBERS, *_LISTS, *_FLAGS, "coverage", "proven", "levels")


def policy_of(settings: Settings) -> Policy:
    """The policy in the settings; raises ProblemError with every wrong key and value."""
    source = settings.source or Source("samefire.toml", "")
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for key, value in settings.gate.items():
        name = key.replace("-", "_")
        wrong = _wrong(name, value) if name in KEYS else None
        if name not in KEYS:
            hint = did_you_mean(key, KEYS) or f"known keys: {', '.join(KEYS)}"
            message = f"unknown key `{key}` in the gate's policy"
            problems.append(
                Problem("settings-unknown-key", message, source, key_span(source, key), hint=hint)
            )
        elif wrong:
            message = f"`gate.{key}` must be {wrong}"
            problems.append(Problem("settings-wrong-type", message, source, key_span(source, key)))
        else:
            values[name] = tuple(value) if name in _LISTS else value
    problems.extend(_unknown_codes(values.get("levels", {}), source))
    if problems:
        raise ProblemError(problems)
    return replace(Policy(), **values)


def _unknown_codes(levels: Mapping[str, str], source: Source) -> Iterator[Problem]:
    """Codes that no problem has: their levels would silently do nothing."""
    for code in levels:
        if entry(code) is None:
            hint = did_you_mean(code, entries()) or "`docs/problems.md` names them all"
            span = key_span(source, code, "levels")
            yield Problem(
                "settings-unknown-key", f"no problem has the code `{code}`", source, span, hint=hint
            )


def _wrong(name: str, value: Any) -> str | None:
    """What a value should have been, or None when it is right."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in _NUMBERS:
        return None if whole and value >= 0 else "a number, 0 or more"
    if name in _LISTS:
        good = isinstance(value, list) and all(isinstance(v, str) for v in value)
        return None if good else "a list of strings"
    if name in _FLAGS:
        return None if isinstance(value, bool) else "true or false"
    if name in ("coverage", "proven"):
        return None if (whole or isinstance(value, float)) and 0 <= value <= 1 else "a share from 0 to 1"
    if name == "levels":
        good = isinstance(value, dict) and all(v in LEVELS for v in value.values())
        return None if good else f"a table of problem codes and levels ({', '.join(LEVELS)})"
    return None if isinstance(value, str) and value else "the name of a revision"
