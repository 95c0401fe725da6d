"""Events as rows: the values of each column as Elasticsearch stores and ES|QL reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from samefire.engine.events import Document, Events, date_nanos, flatten, objects_at, values_at
from samefire.engine.rows.operators import loose_key
from samefire.engine.rows.points import read_point
from samefire.engine.rows.table import Table, Value, packed
from samefire.engine.scope import index_of
from samefire.engine.values import address, boolean, ignored, number, text, version_key
from samefire.query.ast import Fold, Pattern
from samefire.query.dates import MILLI
from samefire.query.pipeline import Load, Source
from samefire.query.values import fits

_AS_WRITTEN = frozenset(("text", "match_only_text", "pattern_text", "annotated_text", "search_as_you_type"))
"""Types whose values come out of the source: in their order, with repetitions."""
_NUMBERS = {
    "integer": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127),
    "long": (-(2**63), 2**63 - 1),
    "unsigned_long": (0, 2**64 - 1),
}


def load(command: Load, events: Events, ordinals: Sequence[int], *, rest: bool) -> Table:
    """The rows of these events. With `rest`, the columns that no command names too, by name; metadata last."""
    sources = {source.name: source for source in command.columns}
    if rest and command.rest is not None:
        for name in _further(command, events, ordinals, command.rest):
            if name not in sources and (found := _listed(command, name)) is not None:
                sources[name] = found
    plain = sorted(name for name, source in sources.items() if source.reads is not None)
    names = [*plain, *(name for name, source in sources.items() if source.reads is None)]
    columns = {name: column(sources[name], events, ordinals) for name in names}
    types = {name: sources[name].type for name in names}
    return Table(columns, types, [(ordinal,) for ordinal in ordinals])


def _further(command: Load, events: Events, ordinals: Sequence[int], rest: tuple[Pattern, ...]) -> list[str]:
    """The columns beside the named ones: all that are mapped, or what the events have when that is open."""
    names: Iterable[str]
    if command.fields.dynamic:
        names = {name for ordinal in ordinals for name, _ in flatten(events.documents[ordinal])}
        names = (name for name in names if not name.startswith("_"))
    else:
        names = command.fields.names_like("*")
    return sorted(name for name in names if any(fits(pattern, name, Fold.NONE) for pattern in rest))


def _listed(command: Load, name: str) -> Source | None:
    """Where a column lies that no command names; None for what ES|QL does not show."""
    found = command.fields.resolve(name)
    if found is None or found.nested or found.type in ("object", "nested"):
        return None
    kind = command.kinds.get(found.type, f"unsupported:{found.type}")
    limit = found.ignore_above if kind in ("keyword", "dynamic") else None
    reads = found.column or found.name
    return Source(name, kind, found.type, reads, limit, found.null_value, found.value)


def column(source: Source, events: Events, ordinals: Sequence[int]) -> list[Value]:
    """The values of one column, row by row."""
    if source.constant is not None:
        return [source.constant] * len(ordinals)
    if source.reads is None:
        return [_METADATA.get(source.name, _nothing)(events.documents[o], o) for o in ordinals]
    if source.type.startswith("unsupported"):
        return [None] * len(ordinals)
    if source.type == "geo_point":
        return [_points(events.documents[o], source.reads) for o in ordinals]
    stored = _storage(source)
    if source.null_value is not None:
        filled = source.null_value
        raw: Iterable[Sequence[Any]] = (
            [filled if v is None else v for v in values_at(events.documents[o], source.reads)]
            for o in ordinals
        )
        return [stored(values) for values in raw]
    whole = events.column(source.reads)
    return [stored(whole[o]) for o in ordinals]


def _storage(source: Source) -> Callable[[Sequence[Any]], Value]:
    """How the values of a document become the value of a row."""
    read = _reader(source)
    arranged = _ARRANGED.get(source.type, _sorted)
    if source.kind in _AS_WRITTEN:
        arranged = list

    def stored(values: Sequence[Any]) -> Value:
        if not values:
            return None
        if len(values) == 1:
            return read(values[0])
        return packed(arranged([v for raw in values if (v := read(raw)) is not None]))

    return stored


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values)


def _distinct(values: list[Any]) -> list[Any]:
    return sorted(set(values))


_ARRANGED: dict[str, Callable[[list[Any]], list[Any]]] = {
    "keyword": _distinct,
    "ip": _distinct,
    "version": lambda values: sorted(set(values), key=version_key),
    "dynamic": lambda values: sorted(dict.fromkeys(values), key=loose_key),
}


def _reader(source: Source) -> Callable[[Any], Value]:
    """One value of a document as the type stores it; None: it would not be indexed."""
    limit = source.ignore_above
    match source.type:
        case "keyword" if limit is not None:
            return lambda value: None if ignored(written := text(value), limit) else written
        case "keyword" | "text" | "version":
            return text
        case "dynamic":
            return lambda value: None if isinstance(value, str) and ignored(value, limit) else value
        case "integer" | "long" | "unsigned_long":
            low, high = _NUMBERS.get(source.kind, _NUMBERS["long"])
            return lambda value: _whole(value, low, high)
        case "double":
            return _double
        case "boolean":
            return boolean
        case "date":
            return lambda value: None if (n := date_nanos(value)) is None else n // MILLI * MILLI
        case "date_nanos":
            return date_nanos
        case "ip":
            return address
        case _:
            return lambda value: value


def _whole(value: Any, low: int, high: int) -> int | None:
    found = number(value)
    try:
        cut = None if found is None else int(found)
    except (OverflowError, ValueError):
        return None
    return cut if cut is not None and low <= cut <= high else None


def _double(value: Any) -> float | None:
    found = number(value)
    try:
        return None if found is None else float(found)
    except OverflowError:
        return None


def _points(document: Document, path: str) -> Value:
    """Points as objects, as texts, or as a pair of numbers."""
    raw: list[Any] = [o for o in objects_at(document, path) if "lat" in o and "lon" in o]
    plain = [v for v in values_at(document, path) if v is not None]
    if len(plain) == 2 and all(isinstance(v, int | float) for v in plain):
        raw.append((float(plain[0]), float(plain[1])))
    else:
        raw.extend(plain)
    if not raw:
        flat = [
            next((v for v in values_at(document, f"{path}.{p}") if v is not None), None)
            for p in ("lon", "lat")
        ]
        if None not in flat:
            raw.append({"lon": flat[0], "lat": flat[1]})
    found = []
    for one in raw:
        try:
            found.append(read_point(one))
        except (ValueError, TypeError, KeyError):
            continue
    return packed(found)


# ---- metadata -------------------------------------------------------------------------------------------


def _text_of(document: Document, key: str) -> str | None:
    found = document.get(key)
    return found if isinstance(found, str) else None


def _id(document: Document, ordinal: int) -> Value:
    """The document's own `_id`; without one, each event has another."""
    return _text_of(document, "_id") or f"event-{ordinal}"


def _version(document: Document, ordinal: int) -> Value:
    found = document.get("_version")
    return found if isinstance(found, int) and not isinstance(found, bool) else 1


def _nothing(document: Document, ordinal: int) -> Value:
    return None


_METADATA: dict[str, Callable[[Document, int], Value]] = {
    "_id": _id,
    "_index": lambda document, _: _text_of(document, "_index") or index_of(document),
    "_index_mode": lambda document, _: "standard",
    "_score": lambda document, _: 0.0,
    "_source": lambda document, _: document,
    "_version": _version,
}
