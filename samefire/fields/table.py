"""The table of field types: layers of facts, later ones first, and the questions asked of them.

Leaves reading mappings and files to its neighbours, and what a type means in a search to
`samefire.query.typed`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from samefire.problems import nearest
from samefire.source import Source

CONTAINERS = frozenset({"object", "nested", "group", "passthrough"})
"""Types that hold other fields and no value of their own (a `flattened` field does hold values)."""

TYPES = CONTAINERS.union(
    ["keyword", "wildcard", "constant_keyword", "counted_keyword", "version", "flattened", "boolean", "ip"],
    ["text", "match_only_text", "pattern_text", "search_as_you_type", "annotated_text", "semantic_text"],
    ["long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long"],
    ["date", "date_nanos", "integer_range", "float_range", "long_range", "double_range", "date_range"],
    ["ip_range", "alias", "binary", "geo_point", "geo_shape", "point", "shape", "completion", "percolator"],
    ["dense_vector", "sparse_vector", "rank_feature", "rank_features", "histogram", "token_count", "join"],
    ["aggregate_metric_double", "murmur3"],
)
"""The types that a mapping may give."""

DYNAMIC_LIMIT = 1024
"""`ignore_above` of a string that no mapping lists, as the templates of data streams map it."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """How one field is indexed. `type` is Elasticsearch's name (`keyword`, `long`, `match_only_text` …);
    `object` and `nested` are containers. `column` is the document field whose values it holds when that
    has another name (multi-fields, aliases). `nested` is the innermost nested path around the field.

    Two types are ours: `flattened-key` for a key below a flattened field, and `dynamic` (only from
    `resolve`) for a field that no layer lists and that takes the type of its values."""

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
    index: bool = True  # False: neither indexed nor in doc values, a search on it is refused
    array: bool = False  # ECS normalize: array
    closed: bool = False  # a container whose unlisted parts are not indexed (enabled or dynamic: false)


class FieldTypes:
    """An immutable table of field types; later layers win over earlier ones."""

    def __init__(self, table: Mapping[str, FieldType], *, dynamic: bool = True) -> None:
        """`dynamic`: an unlisted field takes the type of its values (strings as keyword), as data streams
        map them; False: an unlisted field is unmapped and matches nothing."""
        self._layers: tuple[Mapping[str, FieldType], ...] = (table,)
        self._found: dict[str, FieldType | None] = {}
        self.dynamic = dynamic

    # ---- where tables come from

    @classmethod
    def ecs(cls) -> FieldTypes:
        """The fields of the Elastic Common Schema (9.x) with their multi-fields."""
        from samefire.fields.shipped import ecs_types

        return ecs_types()

    @classmethod
    def known(cls) -> FieldTypes:
        """ECS, and below it the fields of well-known data sets (`winlog.*`, `aws.cloudtrail.*` …)."""
        from samefire.fields.shipped import known_types

        return known_types()

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], *, dynamic: bool | None = None, source: Source | None = None
    ) -> FieldTypes:
        """An Elasticsearch mapping: `{"properties": …}`, `{"mappings": …}`, `{index: {"mappings": …}}` or an
        index template. `dynamic` None: as the mapping says (true when it does not). Raises ProblemError."""
        from samefire.fields.mapping import read_mapping

        return read_mapping(mapping, dynamic=dynamic, source=source)

    @classmethod
    def from_json(cls, source: Source, *, dynamic: bool | None = None) -> FieldTypes:
        """As `from_mapping`, from the text of a file. Raises ProblemError."""
        from samefire.fields.mapping import read_json

        return read_json(source, dynamic=dynamic)

    @classmethod
    def from_toml(cls, source: Source) -> FieldTypes:
        """A project's own `fields/*.toml`; raises ProblemError with every problem of the file."""
        from samefire.fields.toml import read_toml

        return read_toml(source)

    def layered(self, *others: FieldTypes) -> FieldTypes:
        """This table with others on top; the last one says whether unlisted fields are dynamic."""
        result = FieldTypes({}, dynamic=others[-1].dynamic if others else self.dynamic)
        result._layers = self._layers + tuple(layer for other in others for layer in other._layers)
        return result

    def with_fields(self, types: Mapping[str, str | FieldType]) -> FieldTypes:
        """This table with these fields on top (`{"acme.user": "keyword"}`)."""
        told = {n: k if isinstance(k, FieldType) else _plain(n, k) for n, k in types.items()}
        table = self.layered(FieldTypes(told, dynamic=self.dynamic))
        placed = {
            name: kind
            if isinstance(types[name], FieldType)
            else replace(kind, nested=table.nested_path(name))
            for name, kind in told.items()
        }
        return self.layered(FieldTypes(placed, dynamic=self.dynamic))

    # ---- what is asked of one name

    def get(self, name: str) -> FieldType | None:
        """The type of `name`, or None when no layer lists it; a key below a flattened field counts as
        listed (`flattened-key`)."""
        try:
            return self._found[name]
        except KeyError:
            found = self._found[name] = self._listed(name) or self._flattened_key(name)
            return found

    def resolve(self, name: str) -> FieldType | None:
        """The type that a search uses: as `get`, else `object` when listed fields lie below, else `dynamic`;
        None when the field is not mapped (the table is not dynamic, or an ancestor is closed)."""
        found = self.get(name)
        if found is not None:
            return found
        if self.is_object(name):
            return FieldType(name, "object", nested=self.nested_path(name))
        if not self.dynamic or any(a.closed for a in self._ancestors(name)):
            return None
        return FieldType(name, "dynamic", DYNAMIC_LIMIT, nested=self.nested_path(name))

    def is_object(self, name: str) -> bool:
        """Whether `name` holds other fields (an object or nested container, listed or implied)."""
        listed = self._listed(name)
        if listed is not None:
            return listed.type in CONTAINERS
        return next(self._below(name), None) is not None

    def nested_path(self, name: str) -> str | None:
        """The innermost nested path around `name` (not `name` itself)."""
        return next((a.name for a in self._ancestors(name) if a.type == "nested"), None)

    def nearest(self, name: str) -> str | None:
        """The listed field that `name` was most likely meant to be."""
        names = self._names
        root = name.partition(".")[0]
        close = [n for n in names if n.startswith(root + ".")] if "." in name else []
        return nearest(name, close) or nearest(name, (n for n in names if abs(len(n) - len(name)) < 6))

    # ---- what is asked of many

    def names_like(self, pattern: str) -> list[str]:
        """Listed fields that hold values and whose name fits `pattern`; `*` is any run, the rest literal."""
        pieces = pattern.split("*")
        first, last = pieces[0], pieces[-1]
        if len(pieces) == 1:
            return [name for name in self._prefixed(pattern) if name == pattern and self._holds_values(name)]
        size = len(first) + len(last)
        return [
            name
            for name in self._prefixed(first)
            if len(name) >= size
            and name.endswith(last)
            and _in_order(name, pieces[1:-1], len(first), len(name) - len(last))
            and self._holds_values(name)
        ]

    def subfields(self, prefix: str) -> list[str]:
        """Listed fields below `prefix` that hold values of the document, without multi-fields."""
        return [name for name in self._below(prefix) if self._holds_values(name) and not self._copy(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted({name for layer in self._layers for name in layer}))

    def _listed(self, name: str) -> FieldType | None:
        for layer in reversed(self._layers):
            found = layer.get(name)
            if found is not None:
                return found
        return None

    def _ancestors(self, name: str) -> Iterator[FieldType]:
        """Listed types of the objects around `name`, innermost first."""
        at = name.rfind(".")
        while at > 0:
            found = self._listed(name[:at])
            if found is not None:
                yield found
            at = name.rfind(".", 0, at)

    def _flattened_key(self, name: str) -> FieldType | None:
        for parent in self._ancestors(name):
            if parent.type == "flattened":
                column = f"{parent.column}{name[len(parent.name) :]}" if parent.column else None
                return FieldType(
                    name, "flattened-key", parent.ignore_above, None, column, parent.nested, parent.ecs
                )
        return None

    def _prefixed(self, prefix: str) -> Iterator[str]:
        names = self._names
        for at in range(bisect_left(names, prefix), len(names)):
            if not names[at].startswith(prefix):
                return
            yield names[at]

    def _below(self, name: str) -> Iterator[str]:
        return self._prefixed(name + ".")

    def _holds_values(self, name: str) -> bool:
        found = self.get(name)
        return found is not None and found.type not in CONTAINERS

    def _copy(self, name: str) -> bool:
        found = self.get(name)
        return found is not None and found.column is not None and name.startswith(found.column + ".")


def _plain(name: str, kind: str) -> FieldType:
    return FieldType(name, kind, DYNAMIC_LIMIT if kind == "keyword" else None)


def _in_order(name: str, pieces: Iterable[str], start: int, stop: int) -> bool:
    """Whether the pieces occur in `name[start:stop]` one after the other."""
    for piece in pieces:
        at = name.find(piece, start, stop)
        if at < 0:
            return False
        start = at + len(piece)
    return True
