"""Elasticsearch mapping JSON as a table of field types.

Takes what people have at hand: a mapping, the answer of `GET index/_mapping`, an index or component template.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from samefire.fields.table import CONTAINERS, TYPES, FieldType, FieldTypes
from samefire.problems import Problem, ProblemError, did_you_mean
from samefire.source import NOWHERE, Source, Span

DEPTH_LIMIT = 50
SETTINGS = frozenset({"dynamic", "_meta", "dynamic_templates", "date_detection"})
"""Keys of a mapping that lists no field."""

EITHER = "[keyword|wildcard]"
"""How Elasticsearch's own test mappings write "the answer is the same with either type"."""


def read_json(source: Source, *, dynamic: bool | None) -> FieldTypes:
    """The table that a mapping file gives."""
    try:
        mapping = json.loads(source.text)
    except json.JSONDecodeError as error:
        span = Span(error.pos, error.pos + 1)
        message = f"the mapping is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise ProblemError([Problem("mapping-not-json", message, source, span)]) from None
    except RecursionError:
        raise ProblemError([_too_deep(source)]) from None
    return read_mapping(mapping, dynamic=dynamic, source=source)


def read_mapping(mapping: Any, *, dynamic: bool | None, source: Source | None) -> FieldTypes:
    """The table that a mapping gives; several indices are layered in their order."""
    reader = _Reader(source or Source("<mapping>", ""))
    said: list[Any] = []
    for body in reader.bodies(mapping, 0):
        said.append(body.get("dynamic", True))
        reader.properties(body.get("properties", {}), "", None, DEPTH_LIMIT)
        reader.properties(body.get("runtime", {}), "", None, DEPTH_LIMIT)
    reader.link()
    if reader.problems:
        raise ProblemError(reader.problems)
    if dynamic is None:
        dynamic = all(_open(value) for value in said)
    return FieldTypes(reader.table, dynamic=dynamic)


def _open(dynamic: Any) -> bool:
    """Whether a `dynamic` setting lets unlisted fields be searched."""
    return str(dynamic).lower() not in ("false", "strict")


def _too_deep(source: Source) -> Problem:
    return Problem("mapping-too-deep", f"the mapping is nested more than {DEPTH_LIMIT} levels deep", source)


class _Reader:
    """Collects types and problems while walking a mapping."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.table: dict[str, FieldType] = {}
        self.aliases: dict[str, str] = {}
        self.problems: list[Problem] = []

    def report(self, code: str, message: str, name: str = "", hint: str | None = None) -> None:
        at = self.source.text.find(f'"{name}"') if name else -1
        span = Span(at, at + len(name) + 2) if at >= 0 else NOWHERE
        self.problems.append(Problem(code, message, self.source, span, hint=hint))

    def bodies(self, mapping: Any, depth: int) -> Iterator[Mapping[str, Any]]:
        """The objects that hold `properties`, whatever wraps them."""
        if not isinstance(mapping, Mapping):
            self.report("mapping-not-object", f"a mapping is an object, not {_kind(mapping)}")
        elif mapping.keys() & {"properties", "runtime"} or mapping.keys() <= SETTINGS:
            yield mapping
        elif depth == 3:
            self.report(
                "mapping-without-properties",
                "no `properties` in the mapping",
                hint='write {"properties": {"process.name": {"type": "keyword"}}}',
            )
        elif inner := [mapping[key] for key in ("mappings", "template") if key in mapping]:
            yield from self.bodies(inner[0], depth + 1)
        else:
            for index in mapping.values():
                yield from self.bodies(index, depth + 1)

    def properties(self, properties: Any, prefix: str, nested: str | None, room: int) -> None:
        if not isinstance(properties, Mapping):
            self.report("mapping-not-object", f"`properties` is an object, not {_kind(properties)}")
        elif room == 0:
            self.problems.append(_too_deep(self.source))
        else:
            for key, field in properties.items():
                self.field(f"{prefix}{key}", field, nested, room)

    def field(self, name: str, field: Any, nested: str | None, room: int) -> None:
        """One entry of `properties`: a leaf, a container, an alias."""
        if not isinstance(field, Mapping):
            hint = f'write {{"type": "{field}"}}' if field in TYPES else None
            self.report("mapping-not-object", f"the entry of `{name}` is not an object", name, hint)
            return
        kind = field.get("type", "object")
        kind = "keyword" if kind == EITHER else kind
        if kind not in TYPES:
            text = f"`{name}` has the type `{kind}`, which Elasticsearch does not have"
            self.report("mapping-unknown-type", text, str(kind), did_you_mean(str(kind), sorted(TYPES)))
        elif kind == "alias":
            self.aliases[name] = str(field.get("path", ""))
        elif kind in CONTAINERS:
            self.container(name, kind, field, nested, room)
        else:
            self.leaf(name, kind, field, nested)

    def container(
        self, name: str, kind: str, field: Mapping[str, Any], nested: str | None, room: int
    ) -> None:
        enabled = str(field.get("enabled", True)).lower() != "false"
        closed = not enabled or not _open(field.get("dynamic", True))
        self.table[name] = FieldType(name, kind, nested=nested, index=enabled, closed=closed)
        if enabled:
            inside = name if kind == "nested" else nested
            self.properties(field.get("properties", {}), name + ".", inside, room - 1)

    def leaf(self, name: str, kind: str, field: Mapping[str, Any], nested: str | None) -> None:
        self.table[name] = _leaf(name, kind, field, nested, None)
        for key, part in (field.get("fields") or {}).items():
            if isinstance(part, Mapping) and part.get("type") in TYPES:
                full = f"{name}.{key}"
                self.table[full] = _leaf(full, part["type"], part, nested, name)
            else:
                self.report("mapping-unknown-type", f"the multi-field `{name}.{key}` has no known type", key)

    def link(self) -> None:
        """Give aliases the type of the field that they stand for."""
        for name, path in self.aliases.items():
            target = self.table.get(path)
            if target is None or target.type in CONTAINERS:
                self.report(
                    "mapping-alias-path", f"the alias `{name}` points to `{path}`, which is no field", name
                )
            else:
                column = target.column or target.name
                self.table[name] = dataclasses.replace(target, name=name, column=column)


def _leaf(
    name: str, kind: str, field: Mapping[str, Any], nested: str | None, column: str | None
) -> FieldType:
    limit = field.get("ignore_above")
    factor = field.get("scaling_factor")
    value = field.get("value")
    return FieldType(
        name,
        kind,
        int(limit) if limit is not None else None,
        field.get("null_value"),
        column,
        nested,
        scaling_factor=float(factor) if factor is not None else None,
        normalizer=field.get("normalizer"),
        value=str(value) if kind == "constant_keyword" and value is not None else None,
        index=_searchable(kind, field),
    )


def _searchable(kind: str, field: Mapping[str, Any]) -> bool:
    """Elasticsearch searches a field that is not indexed in its doc values, where the type has them."""
    indexed = str(field.get("index", True)).lower() != "false"
    values = str(field.get("doc_values", True)).lower() != "false"
    return indexed or (values and "text" not in kind)


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
