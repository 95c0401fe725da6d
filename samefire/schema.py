"""Shapes of values: what a table may hold, as data, and the check of a value against them.

One model, three readers: `check` (every problem of a value at once), `json_schema` (for editors), and the
documentation. The shapes of rule files are in `rule_schema.py`; what this file knows is types.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, assert_never

from samefire.problems import nearest

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A string. `what` names it for people ("a date such as 2026/01/31"); `pattern` holds for all of it;
    `empty` False: it must hold more than white space. `suggest` gives what a wrong value was meant to be."""

    what: str = ""
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    empty: bool = True
    suggest: Callable[[Any], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; also one written as text or with a fraction, as the exporter of Elastic's rules takes
    it, with a warning."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false; also words and numbers that Elastic's exporter takes so, with a warning."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one shape."""

    item: Shape
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the keys that are named, no other. `strangers` says of a key that is refused why."""

    keys: Mapping[str, Key]
    strangers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Map:
    """A table with any keys, all values of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Free:
    """Anything that JSON can say."""


@dataclass(frozen=True, slots=True)
class Either:
    """A string, or a list of strings."""

    text: Text
    many: ListOf


Shape = Text | Whole | Flag | ListOf | Table | Map | Free | Either


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table; `about` explains it to editors."""

    shape: Shape
    required: bool = False
    about: str = ""


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


_compiled = cache(re.compile)


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
        quoted = f'put it in quotation marks: "{_as_text(value)}"' if _scalar(value) else None
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
        hint = f"write [{_as_toml(value)}]" if isinstance(value, str) and len(value) < 60 else None
        _wrong_type(shape, value, path, report, hint)
        return
    if len(value) < shape.minimum or (shape.maximum is not None and len(value) > shape.maximum):
        report.error("rule-bad-value", path, f"{name(path)} must hold {_count(shape)}, not {len(value)}")
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
            said = _as_toml(right)
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
        hint = f'write it as text: "{_as_text(value)}"'
        report.error(
            "rule-not-json", path, f"{name(path)} is {describe(value)}, which JSON cannot say", hint
        )


# ---- words ------------------------------------------------------------------------------------------


def name(path: Path) -> str:
    """A key path as people write it: `rule.threat[0].tactic.id`, `[rule]` for a table of the file."""
    if len(path) == 1:
        return f"[{path[0]}]"
    shown = path[1:] if path and path[0] == "rule" else path
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{_quoted(p)}" for p in shown)
    return f"`{text[1:]}`"


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_$-]+", key) else _as_toml(key)


def describe(value: Any) -> str:
    """A value in words: `the text "x"`, `the number 47.9`, `a list`, `the date 2026-01-01`."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {_as_toml(_short(value))}"
        case int() | float():
            return f"the number {_short(_as_text(value))}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime.time():
            return f"the time {value.isoformat()}"
        case _:
            return f"the date {_as_text(value)}"


def wanted(shape: Shape) -> str:
    """A shape in words: `a whole number from 0 to 100`, `one of `low`, `high``, `a list of texts`."""
    match shape:
        case Text():
            if shape.choices:
                return (
                    "one of " + ", ".join(f"`{c}`" for c in shape.choices)
                    if len(shape.choices) > 1
                    else (f"`{shape.choices[0]}`")
                )
            return shape.what or "a text"
        case Whole():
            return _whole_words(shape)
        case Flag():
            return "true or false"
        case ListOf():
            return f"a list of {_plural(shape.item)}"
        case Table() | Map():
            return "a table"
        case Free():
            return "a value"
        case Either():
            return f"{wanted(shape.text)} or {wanted(shape.many)}"
        case _:
            assert_never(shape)


def _whole_words(shape: Whole) -> str:
    if shape.maximum is not None:
        return f"a whole number from {shape.minimum or 0} to {shape.maximum}"
    if shape.minimum is not None:
        return f"a whole number of at least {shape.minimum}"
    return "a whole number"


def _plural(shape: Shape) -> str:
    match shape:
        case Text():
            return "texts"
        case Table() | Map():
            return "tables"
        case ListOf():
            return "lists"
        case _:
            return "values"


def _count(shape: ListOf) -> str:
    what = "values" if isinstance(shape.item, Text) else "entries"
    if shape.maximum is None:
        return f"at least {shape.minimum} of its {what}" if shape.minimum > 1 else "at least one value"
    return (
        f"{shape.minimum} to {shape.maximum} {what}" if shape.minimum else f"at most {shape.maximum} {what}"
    )


def _wrong_type(shape: Shape, value: Any, path: Path, report: Report, hint: str | None = None) -> None:
    report.error(
        "rule-wrong-type", path, f"{name(path)} must be {wanted(shape)}, not {describe(value)}", hint
    )


def _bad_value(shape: Shape, value: Any, path: Path, report: Report, hint: str | None = None) -> None:
    report.error("rule-bad-value", path, f"{name(path)} must be {wanted(shape)}, not {describe(value)}", hint)


def _scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 200:
        return f"{hex(value)[:20]}…"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _as_toml(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return _as_text(value)


# ---- JSON Schema ------------------------------------------------------------------------------------


def json_schema(shape: Shape) -> dict[str, Any]:
    """The shape as JSON Schema (draft 2020-12), for editors."""
    match shape:
        case Text():
            return _text_schema(shape)
        case Whole():
            bounds = {"minimum": shape.minimum, "maximum": shape.maximum}
            return {"type": "integer"} | {k: v for k, v in bounds.items() if v is not None}
        case Flag():
            return {"type": "boolean"}
        case ListOf():
            bounds = {"minItems": shape.minimum or None, "maxItems": shape.maximum}
            bounded = {k: v for k, v in bounds.items() if v is not None}
            return {"type": "array", "items": json_schema(shape.item)} | bounded
        case Table():
            return _table_schema(shape)
        case Map():
            return {"type": "object", "additionalProperties": json_schema(shape.item)}
        case Free():
            return {}
        case Either():
            return {"anyOf": [json_schema(shape.text), json_schema(shape.many)]}
        case _:
            assert_never(shape)


def _text_schema(shape: Text) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if shape.choices:
        schema["enum"] = list(shape.choices)
    elif shape.pattern is not None:
        schema["pattern"] = f"^(?:{shape.pattern})$"
    elif not shape.empty:
        schema["minLength"] = 1
    return schema


def _table_schema(shape: Table) -> dict[str, Any]:
    properties = {
        key: json_schema(known.shape) | ({"description": known.about} if known.about else {})
        for key, known in shape.keys.items()
    }
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [key for key, known in shape.keys.items() if known.required]
    return schema | ({"required": required} if required else {})


def paths(shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
    """Every key path of a shape with the shape there (list items as 0), parents first."""
    yield path, shape
    match shape:
        case Table(keys=keys):
            for key, known in keys.items():
                yield from paths(known.shape, (*path, key))
        case ListOf(item=item):
            yield from paths(item, (*path, 0))
        case _:
            return
