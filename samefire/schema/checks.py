"""The check of a value against its shape: every problem at once, each with its key path."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, assert_never

from samefire.problems import nearest
from samefire.schema.shapes import Either, Flag, Free, ListOf, Map, Path, Shape, Table, Text, Whole
from samefire.schema.words import as_text, as_toml, count, describe, name, scalar, wanted


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: at a key path, of the key (`on_key`) or the value there."""

    code: str
    path: Path
    message: str
    hint: str | None = None
    on_key: bool = False
    warning: bool = False


@dataclass(slots=True)
class Report:
    """What a check found, and the values to put in place of those that were written in another type."""

    findings: list[Finding] = field(default_factory=list)
    coerced: list[tuple[Any, Any, Any]] = field(default_factory=list)  # container, key, value

    def error(
        self, code: str, path: Path, message: str, hint: str | None = None, on_key: bool = False
    ) -> None:
        self.findings.append(Finding(code, path, message, hint, on_key))

    def warning(
        self, code: str, path: Path, message: str, hint: str | None = None, on_key: bool = False
    ) -> None:
        self.findings.append(Finding(code, path, message, hint, on_key, warning=True))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def check(shape: Shape, value: Any, path: Path, report: Report) -> None:
    """Add everything that is wrong with `value`, which stands at `path`, to `report`."""
    match shape:
        case Text():
            _text(shape, value, path, report)
        case Whole():
            _whole(shape, value, path, report)
        case Flag():
            _flag(value, path, report)
        case ListOf():
            _list(shape, value, path, report)
        case Table():
            _table(shape, value, path, report)
        case Map():
            _map(shape, value, path, report)
        case Free():
            _free(value, path, report)
        case Either():
            check(shape.many if isinstance(value, list) else shape.text, value, path, report)
        case _:
            assert_never(shape)


def _text(shape: Text, value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, str):
        quoted = f'put it in quotation marks: "{as_text(value)}"' if scalar(value) else None
        _wrong_type(shape, value, path, report, _suggestion(shape, value) or quoted)
    elif shape.choices:
        if value not in shape.choices:
            bad_choice(shape, value, path, report)
    elif shape.pattern is not None:
        if not _compiled(shape.pattern).fullmatch(value):
            _bad_value(shape, value, path, report, _suggestion(shape, value))
    elif not shape.empty and not value.strip():
        report.error("rule-bad-value", path, f"{name(path)} must not be empty")


def bad_choice(shape: Text, value: str, path: Path, report: Report) -> None:
    """The finding for a text that is none of the choices."""
    near = nearest(value, shape.choices)
    hint = f"did you mean `{near}`?" if near else _suggestion(shape, value)
    _bad_value(shape, value, path, report, hint)


def _suggestion(shape: Text, value: Any) -> str | None:
    return shape.suggest(value) if shape.suggest else None


def _whole(shape: Whole, value: Any, path: Path, report: Report) -> None:
    number = _number(value)
    if number is None:
        _wrong_type(shape, value, path, report)
    elif (shape.minimum is not None and number < shape.minimum) or (
        shape.maximum is not None and number > shape.maximum
    ):
        _bad_value(shape, value, path, report)


def _number(value: Any) -> int | None:
    """The whole number that `value` says, in the ways that are accepted."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


_TRUE = frozenset(("t", "T", "true", "True", "TRUE", "on", "On", "ON", "y", "Y", "yes", "Yes", "YES", "1"))
_FALSE = frozenset(
    ("f", "F", "false", "False", "FALSE", "off", "Off", "OFF", "n", "N", "no", "No", "NO", "0")
)


def _truth(value: Any) -> bool | None:
    """true or false as `value` says it, in the ways that are accepted."""
    if isinstance(value, str):
        return True if value in _TRUE else False if value in _FALSE else None
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    return None


def _flag(value: Any, path: Path, report: Report) -> None:
    if _truth(value) is None:
        _wrong_type(Flag(), value, path, report)


def _list(shape: ListOf, value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, list):
        hint = f"write [{as_toml(value)}]" if isinstance(value, str) and len(value) < 60 else None
        _wrong_type(shape, value, path, report, hint)
        return
    if len(value) < shape.minimum or (shape.maximum is not None and len(value) > shape.maximum):
        report.error("rule-bad-value", path, f"{name(path)} must hold {count(shape)}, not {len(value)}")
    if (
        type(shape.item) is Text
        and not shape.item.choices
        and shape.item.pattern is None
        and shape.item.empty
    ):
        for i, item in enumerate(value):  # the usual list, without a call for each
            if type(item) is not str:
                _text(shape.item, item, (*path, i), report)
        return
    for i, item in enumerate(value):
        _entry(shape.item, value, i, item, (*path, i), report)


def _entry(shape: Shape, container: Any, key: Any, value: Any, path: Path, report: Report) -> None:
    """One item of a list or table; numbers and flags of another type are noted for replacement."""
    known = len(report.findings)
    check(shape, value, path, report)
    if type(shape) is Whole or type(shape) is Flag:
        wanted: type = int if type(shape) is Whole else bool
        if type(value) is not wanted and len(report.findings) == known:
            right = _number(value) if wanted is int else _truth(value)
            report.coerced.append((container, key, right))
            said = as_toml(right)
            report.warning(
                "rule-coerced",
                path,
                f"{name(path)} is {describe(value)} and is read as {said}",
                f"write {said}",
            )


def _table(shape: Table, value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, dict):
        hint = f"write {name(path)}" if isinstance(value, list) and len(path) == 1 else None
        _wrong_type(shape, value, path, report, hint)
        return
    keys = shape.keys
    for key, item in value.items():
        known = keys.get(key)
        if known is None:
            unknown_key(key, path, shape, report)
        else:
            _entry(known.shape, value, key, item, (*path, key), report)
    for key, known in keys.items():
        if known.required and key not in value:
            missing_key(key, path, report, set(value) - set(keys))


def unknown_key(key: str, path: Path, shape: Table, report: Report) -> None:
    """The finding for a key that a table does not know."""
    near = None if key in shape.strangers else nearest(key, shape.keys)
    hint = f"did you mean `{near}`?" if near else shape.strangers.get(key)
    if not hint and len(shape.keys) <= 12:
        hint = "known here: " + ", ".join(f"`{k}`" for k in shape.keys)
    report.error("rule-unknown-key", (*path, key), f"unknown key `{key}` in {name(path)}", hint, on_key=True)


def missing_key(key: str, path: Path, report: Report, others: set[str] | None = None) -> None:
    """The finding for a key that a table lacks; silent when a misspelt one stands there."""
    if any(nearest(other, (key,)) for other in others or ()):
        return
    report.error("rule-missing-key", path, f"{name(path)} has no `{key}`", f"add `{key} = …`", on_key=True)


def _map(shape: Map, value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, dict):
        _wrong_type(shape, value, path, report)
        return
    for key, item in value.items():
        _entry(shape.item, value, key, item, (*path, key), report)


def _free(value: Any, path: Path, report: Report) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _free(item, (*path, key), report)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _free(item, (*path, i), report)
    elif (
        value is not None
        and not isinstance(value, str | bool | int)
        and not (isinstance(value, float) and math.isfinite(value))
    ):
        hint = f'write it as text: "{as_text(value)}"'
        report.error("rule-not-json", path, f"{name(path)} is {describe(value)}, which JSON cannot say", hint)


def _wrong_type(shape: Shape, value: Any, path: Path, report: Report, hint: str | None = None) -> None:
    report.error(
        "rule-wrong-type", path, f"{name(path)} must be {wanted(shape)}, not {describe(value)}", hint
    )


def _bad_value(shape: Shape, value: Any, path: Path, report: Report, hint: str | None = None) -> None:
    report.error("rule-bad-value", path, f"{name(path)} must be {wanted(shape)}, not {describe(value)}", hint)
