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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from samefire.fields.table import TYPES, FieldType, FieldTypes
from samefire.problems import Problem, ProblemError, did_you_mean
from samefire.source import NOWHERE, Source
from samefire.toml_places import Places, scan
from samefire.toml_text import tables

OPTIONS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "type": ((str,), "a string"),
    "path": ((str,), "a string"),
    "ignore_above": ((int,), "a whole number"),
    "null_value": ((str, int, float, bool), "a string, a number or a boolean"),
    "scaling_factor": ((int, float), "a number"),
    "normalizer": ((str,), "a string"),
    "value": ((str,), "a string"),
    "index": ((bool,), "true or false"),
    "enabled": ((bool,), "true or false"),
    "dynamic": ((bool,), "true or false"),
    "array": ((bool,), "true or false"),
    "fields": ((dict,), "a table of names and types"),
}
"""What a table may say; names and meaning are those of Elasticsearch's mapping (`array` is ours)."""


def read_toml(source: Source) -> FieldTypes:
    """The table that a file gives; raises ProblemError with every problem of it."""
    content, _ = tables(source)
    places = scan(source.text)
    problems: list[Problem] = []
    table: dict[str, FieldType] = {}
    for name, value in content.items():
        found = list(_problems(_Entry(source, places, name, value)))
        problems.extend(found)
        if not found:
            table.update(_types(name, value))
    problems.extend(_link(source, places, table, content))
    if problems:
        raise ProblemError(sorted(problems, key=lambda problem: problem.span))
    return FieldTypes(_nest(table))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the file: a name, and what is said of it."""

    source: Source
    places: Places
    name: str
    value: Any

    def problem(self, code: str, message: str, *path: str, hint: str | None = None) -> Problem:
        """A problem at a key below the entry."""
        span = self.places.key(self.name, *path) or self.places.key(self.name) or NOWHERE
        return Problem(code, message, self.source, span, hint=hint)

    @property
    def in_pieces(self) -> bool:
        """Whether the name is only the beginning of a dotted name that stands without quotes."""
        key, value = self.places.key(self.name), self.places.value(self.name)
        if key is None or value is None or not isinstance(self.value, dict):
            return False
        text = self.source.text
        head = text[value.start : value.end]
        return value.start == key.start or (
            head[0] == "[" and head.strip("[] \t") != text[key.start : key.end]
        )


def _problems(entry: _Entry) -> Iterator[Problem]:
    """What is wrong with one entry."""
    if entry.in_pieces:
        hint = f'write the whole name in quotes: "{entry.name}.…" = "keyword"'
        yield entry.problem("fields-unquoted-name", "a dotted name stands in quotes here", hint=hint)
    elif isinstance(entry.value, str):
        yield from _type_problems(entry, entry.name, entry.value)
    elif not isinstance(entry.value, dict):
        text = f"the type of `{entry.name}` is a string or a table"
        yield entry.problem("fields-not-a-type", text, hint=f'write "{entry.name}" = "keyword"')
    else:
        yield from _option_problems(entry)
        yield from _type_problems(entry, entry.name, entry.value.get("type"), "type")
        for part, kind in _parts(entry.value):
            yield from _type_problems(entry, f"{entry.name}.{part}", kind, "fields", part)


def _option_problems(entry: _Entry) -> Iterator[Problem]:
    for option, given in entry.value.items():
        expected = OPTIONS.get(option)
        if expected is None:
            text = f"`{option}` is no option of a field"
            hint = did_you_mean(option, OPTIONS) or f"options: {', '.join(OPTIONS)}"
            yield entry.problem("fields-unknown-option", text, option, hint=hint)
        elif not isinstance(given, expected[0]) or (isinstance(given, bool) and bool not in expected[0]):
            yield entry.problem("fields-option-type", f"`{option}` is {expected[1]}", option)


def _type_problems(entry: _Entry, name: str, kind: Any, *path: str) -> Iterator[Problem]:
    if kind is None:
        yield entry.problem("fields-no-type", f"`{name}` has no type", *path, hint='write type = "keyword"')
    elif kind not in TYPES:
        text = f"`{kind}` is no type of Elasticsearch"
        yield entry.problem("fields-unknown-type", text, *path, hint=did_you_mean(str(kind), sorted(TYPES)))


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


def _link(
    source: Source, places: Places, table: dict[str, FieldType], content: Mapping[str, Any]
) -> Iterator[Problem]:
    """Give aliases the type of the field that they stand for; it may be one that is shipped."""
    shipped: FieldTypes | None = None
    for name in [name for name, kind in table.items() if kind.type == "alias"]:
        path = content[name].get("path", "") if isinstance(content[name], dict) else ""
        shipped = shipped or FieldTypes.known()
        target = table.get(path) or shipped.get(path)
        if target is None or target.type == "alias":
            entry = _Entry(source, places, name, content[name])
            text = f"the alias `{name}` points to `{path}`, which is no field"
            yield entry.problem("fields-alias-path", text, "path", hint=did_you_mean(path, table))
        else:
            column = target.column or target.name
            table[name] = dataclasses.replace(target, name=name, column=column, ecs=False)


def _nest(table: dict[str, FieldType]) -> dict[str, FieldType]:
    """Say of each field which nested container is around it."""
    types = FieldTypes(table)
    return {
        name: dataclasses.replace(kind, nested=types.nested_path(name) or kind.nested)
        for name, kind in table.items()
    }
