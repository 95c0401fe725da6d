"""Values → TOML in the layout of `samefire.fmt`: tables under headers, flat lists of tables on lines of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from samefire.fmt.document import Document, Entry, Item, Listing, Literal, Pairs, Table, Value
from samefire.fmt.order import kind_of
from samefire.fmt.writing import write

_ON_ONE_LINE = frozenset(("required_fields", "related_integrations"))
"""Lists of small tables that are easier to read without a header for each."""


class Unsayable(Exception):
    """A value that TOML has no way to say; `path` is where it stands, `what` what it is."""

    def __init__(self, path: tuple[str | int, ...], what: str) -> None:
        super().__init__(what)
        self.path, self.what = path, what


def toml_text(data: Mapping[str, Any]) -> str:
    """The tables as TOML; raises Unsayable for null and for numbers beyond 64 bits."""
    return write(Document(list(_tables(data, (), False, ()))), kind_of(data))


def _tables(
    data: Mapping[str, Any], path: tuple[str, ...], repeated: bool, place: tuple[str | int, ...]
) -> Iterator[Table]:
    """A table and, after it, those below it. `place` counts the items of lists, `path` does not."""
    table = Table(path, repeated)
    below: list[Table] = []
    for key, value in data.items():
        if isinstance(value, Mapping):
            below += _tables(value, (*path, key), False, (*place, key))
        elif _has_headers(key, value):
            for number, item in enumerate(value):
                below += _tables(item, (*path, key), True, (*place, key, number))
        else:
            table.entries.append(Entry((key,), _value(value, (*place, key))))
    if path or table.entries:
        yield table
    yield from below


def _has_headers(key: str, value: Any) -> bool:
    """Whether a list is written as `[[key]]` tables."""
    if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
        return False
    return key not in _ON_ONE_LINE or any(
        isinstance(v, list | Mapping) for item in value for v in item.values()
    )


def _scalar(value: bool | int | float) -> str:
    """A number or a flag, as the encoder of `toml` writes it."""
    from toml.encoder import TomlEncoder

    return str(TomlEncoder().dump_value(value))


def _value(value: Any, place: tuple[str | int, ...]) -> Value:
    match value:
        case str():
            return Literal("", value)
        case int() if not -(2**63) <= value < 2**63:
            raise Unsayable(place, f"the number {value} has more than 64 bits")
        case bool() | int() | float():
            return Literal(_scalar(value))
        case list():
            return Listing([Item(_value(item, (*place, i))) for i, item in enumerate(value)])
        case Mapping():
            return Pairs([((key,), _value(item, (*place, key))) for key, item in value.items()])
        case _:
            raise Unsayable(place, "TOML has no null")
