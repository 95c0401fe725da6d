"""Kibana's filters: a Query DSL clause in an envelope that may turn it round or switch it off.

What Kibana migrates before it sends a filter (a clause beside `meta`, the phrase type of an old `match`, a
nested field outside of its group, filters combined into one) is migrated here in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samefire.languages.dsl.clauses import MAX_DEPTH, Clauses, Json
from samefire.languages.dsl.options import Path
from samefire.query import typed
from samefire.query.ast import And, Nested, Node, Not, Or

_META = (
    "alias|controlledBy|disabled|field|formattedValue|group|index|isMultiIndex|key|negate|params|product|relation"
    "|removed|type|unit|value|policyID"
)
_META_KEYS = frozenset(_META.split("|"))
_ONE_FIELD = frozenset({"exists", "match_phrase", "range"})


def filter_node(clauses: Clauses, filter_: object, path: Path) -> Node:
    """The node of one filter; a disabled one is satisfied by every document."""
    if len(path) > MAX_DEPTH:
        clauses.notes.add("dsl-too-deep", "too many filters inside each other", path, "combine fewer filters")
        return typed.everything()
    if not isinstance(filter_, Mapping):
        clauses.notes.bad_value(path, "a filter object", filter_)
        return typed.everything()
    meta = filter_.get("meta", {})
    if not isinstance(meta, Mapping):
        clauses.notes.bad_value((*path, "meta"), "an object", meta)
        return typed.everything()
    for name in meta:
        if name not in _META_KEYS:
            clauses.notes.unknown("option", str(name), _META_KEYS, (*path, "meta", name))
    if _flag(clauses, meta, "disabled", path):
        return typed.everything(clauses.notes.place(path))
    node = (
        _combined(clauses, meta, path) if meta.get("type") == "combined" else _query(clauses, filter_, path)
    )
    return Not(node, clauses.notes.place(path)) if _flag(clauses, meta, "negate", path) else node


def _flag(clauses: Clauses, meta: Json, name: str, path: Path) -> bool:
    value = meta.get(name, False)
    if not isinstance(value, bool):
        clauses.notes.bad_value((*path, "meta", name), "true or false", value)
    return value is True


def _combined(clauses: Clauses, meta: Json, path: Path) -> Node:
    """Filters combined into one: all of them hold, or (in any relation but AND) one of them."""
    params = meta.get("params")
    if not isinstance(params, list):
        clauses.notes.bad_value((*path, "meta", "params"), "a list of filters", params)
        return typed.everything()
    parts = tuple(filter_node(clauses, part, (*path, "meta", "params", at)) for at, part in enumerate(params))
    span = clauses.notes.place(path)
    return And(parts, span) if meta.get("relation") == "AND" else Or(parts, span)


def _query(clauses: Clauses, filter_: Json, path: Path) -> Node:
    """The clause of a filter, under `query` or (as older Kibanas wrote it) beside `meta`."""
    beside = {name: body for name, body in filter_.items() if name not in ("meta", "query", "$state")}
    query = filter_.get("query")
    if query:
        for name in beside:
            clauses.notes.unknown("option", str(name), ("meta", "query", "$state"), (*path, name))
        clause, at = query, (*path, "query")
    elif beside:
        clause, at = beside, path
    else:
        clauses.notes.add("dsl-malformed", "the filter has no `query`", path)
        return typed.everything()
    return _migrated(clauses, clause, at)


def _migrated(clauses: Clauses, clause: Any, path: Path) -> Node:
    """The clause, the old phrase type of `match` understood, a nested field asked inside of its group."""
    if not isinstance(clause, Mapping) or len(clause) != 1:
        return clauses.clause(clause, path, None)
    name, body = next(iter(clause.items()))
    phrase = _old_phrase(body) if name == "match" else None
    if phrase is not None:
        name, body = "match_phrase", phrase
    nested = _nested_path(clauses, body) if name in _ONE_FIELD else None
    node = clauses.clause({name: body}, path, nested)
    return Nested(nested, node, clauses.notes.place(path)) if nested else node


def _old_phrase(body: object) -> Json | None:
    """`{field: {query, type: phrase}}` without its type, or None when it is no such thing."""
    if not isinstance(body, Mapping) or len(body) != 1:
        return None
    field, inner = next(iter(body.items()))
    if not isinstance(inner, Mapping) or inner.get("type") != "phrase":
        return None
    return {field: {name: value for name, value in inner.items() if name != "type"}}


def _nested_path(clauses: Clauses, body: object) -> str | None:
    """The nested path of the one field that a clause asks."""
    if not isinstance(body, Mapping) or not body:
        return None
    field = body["field"] if "field" in body else next(iter(body))
    listed = clauses.fields.get(field) if isinstance(field, str) else None
    return listed.nested if listed else None
