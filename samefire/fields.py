"""Types of fields: what a mapping says of each name, from ECS, a mapping file, or a rule's own facts.

Knows Elasticsearch's types; knows no query language. `data/` holds the shipped ECS table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldType:
    """How one field is indexed. `type` is Elasticsearch's name (`keyword`, `long`, `match_only_text` …);
    `object` and `nested` are containers. `column` is the document field whose values it holds when that
    has another name (multi-fields, aliases). `nested` is the innermost nested path around the field."""

    name: str
    type: str
    ignore_above: int | None = None
    null_value: Any = None
    column: str | None = None
    nested: str | None = None
    ecs: bool = False
    scaling_factor: float | None = None
    normalizer: str | None = None
    value: str | None = None  # constant_keyword: the one value, when the mapping gives it
    index: bool = True
    array: bool = False  # ECS normalize: array


class FieldTypes:
    """An immutable table of field types; later layers win over earlier ones."""

    def __init__(self, table: Mapping[str, FieldType], *, dynamic: bool = True) -> None:
        """`dynamic`: an unlisted field takes the type of its values (strings as keyword), as data streams
        map them; False: an unlisted field is unmapped and matches nothing."""
        self._table = dict(table)
        self.dynamic = dynamic

    def get(self, name: str) -> FieldType | None:
        """The type of `name`, or None when no layer lists it."""
        return self._table.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
