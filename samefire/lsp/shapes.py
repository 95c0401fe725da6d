"""The shape of a place in a rule or exception file: what its table may hold, what its value may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samefire.exception_schema import FILE as EXCEPTIONS
from samefire.exception_schema import entry_tables
from samefire.lsp.cursor import Statement
from samefire.rule_schema import METADATA, SIGMA, TRANSFORM, TYPES, table_of, table_of_any
from samefire.schema import Either, Key, ListOf, Map, Shape, Table

_NOT_SHOWN = 4
"""Tables deeper than this are not offered as headers."""


def top(text: str, statements: Sequence[Statement]) -> Table:
    """The tables that a file may have at its top."""
    if "[[exceptions" in text:
        return Table({name: Key(shape, required=True) for name, shape in EXCEPTIONS.items()})
    kind = rule_type(text, statements)
    rule = table_of(kind) if kind in TYPES else table_of_any()
    shapes = {"metadata": METADATA, "rule": rule, "transform": TRANSFORM, "sigma": SIGMA}
    return Table({name: Key(shape) for name, shape in shapes.items()})


def rule_type(text: str, statements: Sequence[Statement]) -> str:
    """The rule's `type` as it is written."""
    return said(text, statements, "type")


def said(text: str, statements: Sequence[Statement], key: str) -> str:
    """The short text that `[rule]` gives a key."""
    for one in statements:
        if one.path == ("rule",) and one.key == key:
            return text[one.value.start : one.value.end].strip("\"' \t\r")
    return ""


def shape_at(table: Table, path: Sequence[str]) -> Shape | None:
    """The shape of the table or value at a path; lists are passed through."""
    shape: Shape = table
    for name in path:
        shape = _item(shape)
        if isinstance(shape, Table) and name in shape.keys:
            shape = shape.keys[name].shape
        elif isinstance(shape, Map):
            shape = shape.item
        else:
            return None
    return _item(shape)


def _item(shape: Shape) -> Shape:
    while isinstance(shape, ListOf):
        shape = shape.item
    return shape.text if isinstance(shape, Either) else shape


def keys_at(table: Table, path: Sequence[str]) -> dict[str, Key]:
    """The keys that the table at a path may hold."""
    shape = shape_at(table, path)
    if path and path[-1] == "entries" and path[0] == "exceptions":
        return {name: Key(key.shape) for one in entry_tables().values() for name, key in one.keys.items()}
    return dict(shape.keys) if isinstance(shape, Table) else {}


def headers(table: Table, path: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    """The tables that a file may open, each with whether it is written `[[…]]`."""
    for name, key in table.keys.items():
        shape, repeated = key.shape, isinstance(key.shape, ListOf)
        inner = _item(shape)
        if isinstance(inner, Table | Map):
            yield ".".join((*path, name)), repeated
            if isinstance(inner, Table) and len(path) < _NOT_SHOWN:
                yield from headers(inner, (*path, name))
