"""JSON Schemas of every kind of file that people write here, for editors: rules, fixtures, settings, field types,
exceptions. Each is made from what the reader of that file checks by, so that the two cannot drift apart.

Draft 7, which Taplo (Even Better TOML) and the YAML and JSON language servers read. A schema says less than
`samefire check`, never more: what check accepts without an error is valid.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any

from samefire.exception_schema import FILE as EXCEPTIONS
from samefire.exception_schema import entry_tables
from samefire.fields.table import TYPES as FIELD_TYPES
from samefire.fields.toml import OPTIONS
from samefire.gate import policy
from samefire.harness.case import CASE_KEYS
from samefire.rule_schema import file_schema
from samefire.schema import json_schema
from samefire.settings import KEYS, LEVELS, Settings

Schema = dict[str, Any]
_DRAFT = "http://json-schema.org/draft-07/schema#"


def schema_of(name: str) -> Schema:
    """The schema of one kind of file (one of NAMES)."""
    title, make = _SCHEMAS[name]
    return {"$schema": _DRAFT, "title": title, **make()}


# ---- rules --------------------------------------------------------------------------------------------


def _rule() -> Schema:
    """An active rule, one alternative a type; or a deprecated one, whose `[rule]` was valid in its time."""
    whole = file_schema()
    parts = whole["properties"]
    metadata = parts["metadata"]
    active, deprecated = (
        _with_maturity(metadata, "deprecated", wanted=False),
        _with_maturity(metadata, "deprecated"),
    )
    rest = {"required": whole["required"], "additionalProperties": False}
    loose = {"type": "object", "required": ["name", "rule_id", "type"]}
    return {
        "type": "object",
        "oneOf": [
            {"properties": {**parts, "metadata": active}, **rest},
            {
                "title": "deprecated rule",
                "properties": {**parts, "metadata": deprecated, "rule": loose},
                **rest,
            },
        ],
    }


def _with_maturity(metadata: Schema, value: str, *, wanted: bool = True) -> Schema:
    """`[metadata]` with the maturity, or with any other."""
    properties = dict(metadata["properties"])
    choices = properties["maturity"]["enum"]
    properties["maturity"] = {"enum": [c for c in choices if (c == value) == wanted]}
    required = [*metadata["required"], *(["maturity"] if wanted else [])]
    return {**metadata, "properties": properties, "required": required}


# ---- fixtures -----------------------------------------------------------------------------------------

_EVENT: Schema = {
    "type": "object",
    "minProperties": 1,
    "description": "a document as Elasticsearch would hold it: nested or dotted keys, lists, ECS names",
}
_EVENTS: Schema = {"type": "array", "items": _EVENT, "minItems": 1}
_EARLIER: Schema = {"type": "array", "items": _EVENT}
_CASE: Mapping[str, Schema] = {
    "events": _EVENTS | {"description": "the events of the case, in order"},
    "description": {"type": "string", "description": "what the case shows"},
    "history": _EARLIER | {"description": "earlier events, for rules that look for new terms"},
    "indicators": _EARLIER | {"description": "documents of the indicator index, for indicator match"},
    "alerts": {
        "type": "integer",
        "minimum": 0,
        "description": "the exact number of alerts; else at least one for a positive case, none for a negative one",
    },
    "now": {"type": ["string", "integer"], "description": "the clock, such as 2026-01-31T12:00:00Z"},
    "forms": {
        "type": "object",
        "description": "forms that are known to judge the case in another way, and why",
        "properties": {"because": {"type": "string", "minLength": 1, "description": "why they differ"}},
        "additionalProperties": {"enum": ["fires", "silent"]},
    },
    "mapping": {
        "type": "object",
        "description": "types of fields that are not known elsewhere, or an Elasticsearch mapping",
    },
}


def _fixture() -> Schema:
    """An event, a list of events, or a case object."""
    case = {
        "title": "case",
        "type": "object",
        "properties": {key: _CASE[key] for key in CASE_KEYS},
        "required": ["events"],
        "additionalProperties": False,
    }
    event = {"title": "event", **_EVENT, "not": {"required": ["events"]}}
    return {"anyOf": [case, event, {"title": "scenario", **_EVENTS}]}


# ---- settings -----------------------------------------------------------------------------------------

_ABOUT: Mapping[str, str] = {
    "rules": "folders of rules",
    "fixtures": "the folder of fixtures, which mirrors the folders of rules",
    "exceptions": "the folder of exception lists",
    "connectors": "the folder of action connectors",
    "fields": "types of fields of your own: folders or files, *.toml, or an Elasticsearch mapping as *.json",
    "lock": "the file of locked versions",
    "lock_form": "the form whose export a version stands for",
    "forms": "forms that `test` and `bundle` take; none: all",
    "strict_fields": "refuse fields of unknown type",
    "lints": "levels of problem codes",
    "taxonomy": "field names in Sigma: `ecs` (exact) or `sigma`",
    "without_fixtures": "rules (id, path or file name) that may have no fixtures",
    "gate": "what must hold before a change may be merged",
    "base": "the revision that a change is compared with",
    "positive": "cases that must fire, at least",
    "negative": "cases that must stay silent, at least",
    "required": "forms that every rule must have, unless it is named in `refused`",
    "approximate": "rules that a form may say approximately",
    "refused": "rules that a form may not say at all",
    "version": "a changed export needs its next version",
    "updated_date": "a changed rule needs a new `updated_date`",
    "stable_id": "a rule keeps its id",
    "stable_type": "a rule keeps its type",
    "deprecate_first": "a rule is deprecated before it is deleted",
    "coverage": "share of a query's clauses (0 to 1) that the cases must reach",
    "proven": "share of a query's clauses (0 to 1) that the cases must prove, as samefire cover tells",
    "levels": "other levels for problem codes",
}


def _settings() -> Schema:
    tables = {"gate": _keys(policy.Policy, policy.KEYS, {}), "lints": _LEVELS}
    return _keys(Settings, KEYS, tables)


_LEVELS: Schema = {"type": "object", "additionalProperties": {"enum": list(LEVELS)}}


def _keys(record: type, keys: tuple[str, ...], tables: Mapping[str, Schema]) -> Schema:
    """The fields of a dataclass as keys, spelt with `_` or with `-`."""
    hints = typing.get_type_hints(record)
    properties: Schema = {}
    for key in keys:
        schema = {"description": _ABOUT[key], **(tables.get(key) or _type(hints[key]))}
        properties |= dict.fromkeys((key, key.replace("_", "-")), schema)
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _type(hint: Any) -> Schema:
    """A type of a settings field as a schema."""
    if hint in _TYPES:
        return _TYPES[hint]
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": {"type": "string"}}
    return _LEVELS


_TYPES: Mapping[Any, Schema] = {
    bool: {"type": "boolean"},
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0},
    float: {"type": "number", "minimum": 0, "maximum": 1},
}

# ---- field types --------------------------------------------------------------------------------------

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}


def _fields() -> Schema:
    """Names of fields and their types, or tables with options."""
    kind = {"enum": sorted(FIELD_TYPES), "description": "a type of Elasticsearch's mapping"}
    options = {name: {"type": [_JSON_TYPES[t] for t in types]} for name, (types, _) in OPTIONS.items()}
    properties = {**options, "type": kind}
    inner = {"type": "object", "properties": {"type": kind}, "required": ["type"]}
    properties["fields"] = {"type": "object", "additionalProperties": {"anyOf": [kind, inner]}}
    table = {"type": "object", "properties": properties, "required": ["type"], "additionalProperties": False}
    return {"type": "object", "additionalProperties": {"anyOf": [kind, table]}}


# ---- exceptions ---------------------------------------------------------------------------------------


def _exceptions() -> Schema:
    properties = {name: json_schema(shape) for name, shape in EXCEPTIONS.items()}
    items = properties["exceptions"]["items"]["properties"]["items"]["items"]
    items["properties"]["entries"] = {"type": "array", "minItems": 1, "items": _entries(inside=False)}
    return {
        "type": "object",
        "properties": properties,
        "required": list(EXCEPTIONS),
        "additionalProperties": False,
    }


def _entries(*, inside: bool) -> Schema:
    found = []
    for name, table in entry_tables(inside=inside).items():
        schema = json_schema(table)
        schema["properties"]["type"] = {"const": name}
        if name == "nested":
            schema["properties"]["entries"]["items"] = _entries(inside=True)
        if name == "list":
            schema["properties"]["list_vals"] = schema["properties"]["list"]
            schema["required"].remove("list")
        found.append({"title": f"{name} entry", **schema})
    return {"oneOf": found}


_SCHEMAS: Mapping[str, tuple[str, Callable[[], Schema]]] = {
    "rule": ("samefire rule", _rule),
    "fixture": ("samefire fixture", _fixture),
    "settings": ("samefire settings", _settings),
    "fields": ("samefire field types", _fields),
    "exceptions": ("samefire exception lists", _exceptions),
}
NAMES: tuple[str, ...] = tuple(_SCHEMAS)
