"""A project's own field types, `fields/*.toml`.

    "acme.audit.user" = "keyword"
    "acme.audit.size" = { type = "scaled_float", scaling_factor = 100 }
    "acme.audit.note" = { type = "keyword", ignore_above = 256, fields = { text = "match_only_text" } }
    "acme.audit.who"  = { type = "alias", path = "acme.audit.user" }
    "acme.audit.hits" = { type = "nested" }

A key is the whole name of a field, in quotes; a value is its type, or a table with `type` and what the
mapping says besides. Names without quotes would be nested tables to TOML (`event.type = "keyword"` is a
table `event` with a `type`), so they are refused.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from samefire.fields.table import TYPES, FieldType, FieldTypes
from samefire.problems import Problem, ProblemError, did_you_mean
from samefire.source import NOWHERE, Source, Span

OPTIONS: Mapping[str, type | tuple[type, ...]] = {
    "type": str,
    "path": str,
    "ignore_above": int,
    "null_value": (str, int, float, bool),
    "scaling_factor": (int, float),
    "normalizer": str,
    "value": str,
    "index": bool,
    "enabled": bool,
    "dynamic": bool,
    "array": bool,
    "fields": dict,
}
"""What a table may say; names and meaning are those of Elasticsearch's mapping (`array` is ours)."""


def read_toml(source: Source) -> FieldTypes:
    """The table that a file gives; raises ProblemError with every problem of it."""
    try:
        content = tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProblemError([_syntax(source, str(error))]) from None
    problems: list[Problem] = []
    table: dict[str, FieldType] = {}
    for name, value in content.items():
        found = list(_problems(source, name, value))
        problems.extend(found)
        if not found:
            table.update(_types(name, value))
    problems.extend(_link(source, table, content))
    if problems:
        raise ProblemError(problems)
    return FieldTypes(_nest(table))


def _syntax(source: Source, text: str) -> Problem:
    """tomllib's message with its place, which it only tells as text."""
    message, _, place = text.partition(" (at ")
    line, column = (int(n) for n in re.findall(r"\d+", place)) if "line" in place else (0, 0)
    at = source.line_starts[line - 1] + column - 1 if line else len(source.text)
    return Problem("toml-syntax", message[:1].lower() + message[1:], source, Span(at, at + 1))


def _key(source: Source, name: str) -> tuple[Span, bool]:
    """Where a key of the file's root stands, and whether it is written as part of a dotted name."""
    quoted = re.escape(name)
    pattern = rf"""(?m)^[ \t]*\[*[ \t]*("{quoted}"|'{quoted}'|{quoted})[ \t]*([.=\]])"""
    found = re.search(pattern, source.text)
    if found is None:
        return NOWHERE, False
    return Span(*found.span(1)), found[2] == "."


def _problems(source: Source, name: str, value: Any) -> Iterator[Problem]:
    """What is wrong with one entry."""
    span, dotted = _key(source, name)
    if dotted:
        hint = f'write the whole name in quotes: "{name}.…" = "keyword"'
        yield Problem("fields-unquoted-name", "a field's name stands in quotes here", source, span, hint=hint)
        return
    if isinstance(value, str):
        value = {"type": value}
    if not isinstance(value, Mapping):
        text = f"the type of `{name}` is a string or a table"
        yield Problem("fields-not-a-type", text, source, span, hint=f'write "{name}" = "keyword"')
        return
    yield from _option_problems(source, span, name, value)
    yield from _type_problems(source, span, name, value.get("type"))
    for part, kind in _parts(value):
        yield from _type_problems(source, span, f"{name}.{part}", kind)


def _option_problems(source: Source, span: Span, name: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    for option, given in value.items():
        expected = OPTIONS.get(option)
        if expected is None:
            text = f"`{option}` is no option of a field (`{name}`)"
            hint = did_you_mean(option, OPTIONS) or f"options: {', '.join(OPTIONS)}"
            yield Problem("fields-unknown-option", text, source, span, hint=hint)
        elif not isinstance(given, expected) or (expected is int and isinstance(given, bool)):
            text = f"`{option}` of `{name}` has the wrong type"
            yield Problem("fields-option-type", text, source, span)


def _type_problems(source: Source, span: Span, name: str, kind: Any) -> Iterator[Problem]:
    if kind is None:
        text = f"`{name}` has no `type`"
        yield Problem("fields-no-type", text, source, span, hint='write type = "keyword"')
    elif kind not in TYPES:
        text = f"`{kind}` is no type of Elasticsearch (`{name}`)"
        hint = did_you_mean(str(kind), sorted(TYPES))
        yield Problem("fields-unknown-type", text, source, span, hint=hint)


def _parts(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    fields = value.get("fields")
    for part, given in (fields if isinstance(fields, dict) else {}).items():
        yield part, given.get("type") if isinstance(given, Mapping) else given


def _types(name: str, value: Any) -> dict[str, FieldType]:
    """The field and its multi-fields."""
    said: Mapping[str, Any] = {"type": value} if isinstance(value, str) else value
    types = {name: _type(name, said, None)}
    for part, given in said.get("fields", {}).items():
        inner = {"type": given} if isinstance(given, str) else given
        types[f"{name}.{part}"] = _type(f"{name}.{part}", inner, name)
    return types


def _type(name: str, said: Mapping[str, Any], column: str | None) -> FieldType:
    factor = said.get("scaling_factor")
    enabled = said.get("enabled", True)
    return FieldType(
        name,
        said["type"],
        said.get("ignore_above", 1024 if said["type"] == "keyword" else None),
        said.get("null_value"),
        column,
        scaling_factor=float(factor) if factor is not None else None,
        normalizer=said.get("normalizer"),
        value=said.get("value"),
        index=said.get("index", True) and enabled,
        array=said.get("array", False),
        closed=not enabled or not said.get("dynamic", True),
    )


def _link(source: Source, table: dict[str, FieldType], content: Mapping[str, Any]) -> Iterator[Problem]:
    """Give aliases the type of the field that they stand for; it may be one that another layer lists."""
    known: FieldTypes | None = None
    for name in [name for name, kind in table.items() if kind.type == "alias"]:
        path = content[name].get("path", "") if isinstance(content[name], Mapping) else ""
        known = known or FieldTypes.known()
        target = table.get(path) or known.get(path)
        if target is None or target.type == "alias":
            text = f"the alias `{name}` points to `{path}`, which is no field"
            hint = did_you_mean(path, table)
            yield Problem("fields-alias-path", text, source, _key(source, name)[0], hint=hint)
        else:
            table[name] = dataclasses.replace(target, name=name, column=target.column or target.name)


def _nest(table: dict[str, FieldType]) -> dict[str, FieldType]:
    """Say of each field which nested container is around it."""
    types = FieldTypes(table)
    return {
        name: dataclasses.replace(kind, nested=types.nested_path(name) or kind.nested)
        for name, kind in table.items()
    }
