"""Values, shapes and key paths in words for people."""

from __future__ import annotations

import datetime
import re
from typing import Any, assert_never

from samefire.schema.shapes import Either, Flag, Free, ListOf, Map, Path, Shape, Table, Text, Whole


def name(path: Path) -> str:
    """A key path as people write it: `rule.threat[0].tactic.id`, `[rule]` for a table of the file."""
    if len(path) == 1:
        return f"[{path[0]}]"
    shown = path[1:] if path and path[0] == "rule" else path
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{_quoted(p)}" for p in shown)
    return f"`{text[1:]}`"


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_$-]+", key) else as_toml(key)


def describe(value: Any) -> str:
    """A value in words: `the text "x"`, `the number 47.9`, `a list`, `the date 2026-01-01`."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {as_toml(_short(value))}"
        case int() | float():
            return f"the number {_short(as_text(value))}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime.time():
            return f"the time {value.isoformat()}"
        case _:
            return f"the date {as_text(value)}"


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


def count(shape: ListOf) -> str:
    what = "values" if isinstance(shape.item, Text) else "entries"
    if shape.maximum is None:
        return f"at least {shape.minimum} of its {what}" if shape.minimum > 1 else "at least one value"
    return (
        f"{shape.minimum} to {shape.maximum} {what}" if shape.minimum else f"at most {shape.maximum} {what}"
    )


def scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 200:
        return f"{hex(value)[:20]}…"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def as_toml(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return as_text(value)
