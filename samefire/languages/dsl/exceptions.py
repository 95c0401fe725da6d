"""Items of Kibana's exception lists: which events they except.

An item becomes the Query DSL that Kibana sends: each entry a phrase, phrases, wildcard or `exists`, all of them
together, and beside them the operating systems of the item. See docs/decisions/0100.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages.dsl.clauses import Clauses
from samefire.languages.dsl.options import Notes, Place
from samefire.problems import ProblemError
from samefire.query import dates
from samefire.query.ast import And, Node
from samefire.source import Source

Json = Mapping[str, Any]
_OS_FIELDS = ("host.os.type", "host.os.name.caseless")
"""Where Kibana looks for the operating system: agents of different age use different fields."""


def lower_item(item: Json, fields: FieldTypes, source: Source, *, place: Place) -> Node:
    """What a (checked) exception item asks of an event; `place` says where a part of the item stands. Raises
    ProblemError."""
    notes = Notes(source, _entries_only(place))
    clauses = Clauses(fields, notes)
    parts = []
    if item.get("os_types"):
        parts.append(clauses.clause(_systems(item["os_types"]), ("os_types",), None))
    for number, entry in enumerate(item["entries"]):
        parts.append(clauses.clause(_entry(entry), ("entries", number), None))
    if notes.problems:
        raise ProblemError(notes.problems)
    return And(tuple(parts), place(()), f"exception `{item['name']}`")


def expiry(item: Json) -> int | None:
    """When the item stops to hold, in nanoseconds since the epoch; None: never."""
    text = item.get("expire_time")
    return dates.parse(text) if text else None


def _entries_only(place: Place) -> Place:
    """Clauses stand where the entry does that they are made of."""
    return lambda path: place(path[:2] if path[:1] == ("entries",) else path[:1])


def _systems(names: Sequence[str]) -> Json:
    return _any([_phrase(field, name) for field in _OS_FIELDS for name in names])


def _entry(entry: Json, around: str = "") -> Json:
    """One entry as a clause; `around` is the nested field that it stands in, with a dot."""
    field = around + entry["field"]
    match entry["type"]:
        case "nested":
            inner = [_entry(part, field + ".") for part in entry["entries"]]
            return {"nested": {"path": field, "query": {"bool": {"filter": inner}}, "score_mode": "none"}}
        case "match":
            clause = _phrase(field, entry["value"])
        case "match_any":
            clause = _any([_phrase(field, value) for value in entry["value"]])
        case "wildcard":
            clause = {"wildcard": {field: entry["value"]}}
        case "exists":
            clause = {"exists": {"field": field}}
        case kind:
            raise AssertionError(f"an entry of type {kind} was not refused")
    return {"bool": {"must_not": [clause]}} if entry["operator"] == "excluded" else clause


def _phrase(field: str, value: str) -> Json:
    return {"match_phrase": {field: value}}


def _any(clauses: Sequence[Json]) -> Json:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}
