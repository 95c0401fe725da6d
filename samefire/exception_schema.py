"""What an exception file may hold: the schema of elastic/detection-rules, and what Kibana's API takes beyond it.

Only facts about keys, for files and for the objects of an export; reading them is left to `exceptions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samefire.rule_suggestions import UUID, as_date, as_uuid
from samefire.schema import Free, Key, ListOf, Map, Report, Shape, Table, Text, check
from samefire.schema.shapes import Path

_text = Text()
_filled = Text(empty=False)
_texts = ListOf(_text)
_date = Text('a date such as "2026/01/31"', r"\d{4}/\d{2}/\d{2}", suggest=as_date)
_moment = Text(
    'a time such as "2026-01-31T00:00:00Z"',
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?",
)
_uuid = Text("a lower-case UUID", UUID, suggest=as_uuid)
_namespace = Text(choices=("single", "agnostic"))
_os_types = ListOf(Text(choices=("windows", "linux", "macos")))
_tables = ListOf(Map(Free()))


def _need(shape: Shape, about: str = "") -> Key:
    return Key(shape, required=True, about=about)


METADATA = Table(
    {
        "creation_date": _need(_date),
        "updated_date": _need(_date),
        "list_name": _need(_filled),
        "rule_ids": _need(ListOf(_uuid), "the rules that the lists belong to"),
        "rule_names": _need(_texts, "their names, for people"),
        "deprecation_date": Key(_date),
        "comments": Key(_text),
        "maturity": Key(Text(choices=("development", "experimental", "beta", "production", "deprecated"))),
    }
)

_CONTAINER: Mapping[str, Key] = {
    "list_id": _need(_filled, "what rules and items refer to"),
    "name": _need(_filled),
    "description": _need(_text),
    "type": _need(Text(choices=("detection", "endpoint", "rule_default"))),
    "namespace_type": Key(_namespace),
    "tags": Key(_texts),
    "os_types": Key(_os_types),
    "meta": Key(Map(Free())),
}
_ITEM: Mapping[str, Key] = {
    "list_id": _need(_filled),
    "item_id": Key(_filled),
    "name": _need(_filled),
    "description": _need(_text),
    "type": _need(Text(choices=("simple",))),
    "entries": _need(ListOf(Map(Free()), 1)),
    "namespace_type": Key(_namespace),
    "os_types": Key(_os_types),
    "expire_time": Key(_moment, about="from then on the exception holds no longer"),
    "comments": Key(_tables),
    "tags": Key(_texts),
    "_tags": Key(_texts),
    "meta": Key(Map(Free())),
}
_SET_BY_KIBANA: Mapping[str, Key] = {
    name: Key(Free())
    for name in (
        *(
            "_version",
            "id",
            "created_at",
            "created_by",
            "immutable",
            "tie_breaker_id",
            "updated_at",
            "updated_by",
        ),
        "version",
    )
}
CONTAINER, ITEM = Table(_CONTAINER), Table(_ITEM)
EXPORTED_CONTAINER, EXPORTED_ITEM = (
    Table({**_CONTAINER, **_SET_BY_KIBANA}),
    Table({**_ITEM, **_SET_BY_KIBANA}),
)
LISTS = ListOf(Table({"container": _need(CONTAINER), "items": Key(ListOf(ITEM))}), 1)
FILE: Mapping[str, Shape] = {"metadata": METADATA, "exceptions": LISTS}

# ---- entries ------------------------------------------------------------------------------------------

_operator = _need(Text(choices=("included", "excluded")))
_value_list = Table({"id": _need(_filled), "type": _need(_filled)})
_VALUES: Mapping[str, Mapping[str, Key]] = {
    "match": {"operator": _operator, "value": _need(_filled)},
    "match_any": {"operator": _operator, "value": _need(ListOf(_filled, 1))},
    "wildcard": {"operator": _operator, "value": _need(_filled)},
    "exists": {"operator": _operator},
    "list": {"operator": _operator, "list": _need(_value_list)},
    "nested": {"entries": _need(ListOf(Map(Free()), 1))},
}
_INSIDE = ("match", "match_any", "exists")
"""What Kibana takes inside of a nested entry."""


def entry_tables(*, inside: bool = False) -> Mapping[str, Table]:
    """The table of each type of entry, of an item or of a nested entry."""
    kinds = _INSIDE if inside else tuple(_VALUES)
    head = {"field": _need(_filled), "type": _need(Text(choices=kinds))}
    return {kind: Table({**head, **_VALUES[kind]}) for kind in kinds}


def check_entries(entries: Any, path: Path, report: Report, *, inside: bool = False) -> None:
    """Add what is wrong with the entries of an item, or of a nested entry (`inside`)."""
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            _check_entry(entry, (*path, number), report, inside=inside)


def _check_entry(entry: dict[str, Any], path: Path, report: Report, *, inside: bool) -> None:
    kinds = _INSIDE if inside else tuple(_VALUES)
    own = _VALUES.get(entry["type"], {}) if isinstance(entry.get("type"), str) else {}
    keys = {"field": _need(_filled), "type": _need(Text(choices=kinds)), **own}
    if not own:  # the type is missing or unknown: that alone is told
        keys |= {name: Key(Free()) for table in _VALUES.values() for name in table}
    check(Table(keys, _strangers(entry)), entry, path, report)
    if entry.get("type") == "nested" and not inside:
        check_entries(entry.get("entries"), (*path, "entries"), report, inside=True)


def _strangers(entry: Mapping[str, Any]) -> dict[str, str]:
    """Why a key of another type of entry has no place in this one."""
    if entry.get("type") == "nested":
        return {"operator": "a nested entry has none; its inner entries have one each"}
    return {
        name: f"an entry of type `{entry.get('type')}` has none"
        for table in _VALUES.values()
        for name in table
    }
