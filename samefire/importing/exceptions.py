"""Exception lists and connectors of Kibana as files, one a list: `exceptions/*.toml` and `connectors/*.toml`,
in the form of elastic/detection-rules.

Keys that Kibana sets itself (ids of its own, who changed what) are left out of exception lists, and that is told.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samefire.exception_schema import CONTAINER, ITEM
from samefire.importing.export import Export, Record
from samefire.importing.rules import day, without_null
from samefire.problems import Problem, Severity

Tables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Beside:
    """A file beside the rules: its tables, the name that its stem is made of, and what is to be said."""

    key: str
    name: str
    tables: Tables
    problems: tuple[Problem, ...]


def lists(export: Export, today: str) -> list[Beside]:
    """A file for each exception list of an export; items whose list is not in it are told."""
    spaces = {_space(record.data) for record in export.lists}
    for item in export.items:
        if _space(item.data) not in spaces:
            message = (
                f"the exception list `{item.data.get('list_id')}` of this exception is not in the export"
            )
            hint = "export its rule together with its exceptions"
            export.problems.append(
                item.problem("import-no-list", message, ("list_id",), severity=Severity.ERROR, hint=hint)
            )
    return [_list(record, export, today) for record in export.lists]


def _space(data: Mapping[str, Any]) -> tuple[object, object]:
    return data.get("list_id"), data.get("namespace_type", "single")


def _list(record: Record, export: Export, today: str) -> Beside:
    problems: list[Problem] = []
    container = _part(record, CONTAINER.keys, problems)
    items = [
        _part(item, ITEM.keys, problems) for item in export.items if _space(item.data) == _space(record.data)
    ]
    name = str(container.get("name") or container.get("list_id"))
    metadata = _metadata(record.data, _users(export.rules, record.data), today) | {"list_name": name}
    tables = {"metadata": metadata, "exceptions": [{"container": container, "items": items}]}
    return Beside(str(record.data.get("list_id")), name, tables, tuple(problems))


def _part(record: Record, known: Iterable[str], problems: list[Problem]) -> Tables:
    """The keys of a list or item that files have; a null is as good as none."""
    data = copy.deepcopy(record.data)
    without_null(data)
    dropped = sorted(data.keys() - set(known))
    if dropped:
        message = f"left out, since Kibana sets them itself: {', '.join(f'`{key}`' for key in dropped)}"
        problems.append(record.problem("import-set-by-kibana", message, severity=Severity.NOTE))
    return {key: value for key, value in data.items() if key not in dropped}


def _users(rules: Sequence[Record], one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules of the export that name the list."""

    def names(rule: Mapping[str, Any]) -> bool:
        named = rule.get("exceptions_list")
        found = named if isinstance(named, list) else []
        return any(isinstance(reference, dict) and _space(reference) == _space(one) for reference in found)

    return [rule.data for rule in rules if names(rule.data)]


def _metadata(data: Mapping[str, Any], rules: Sequence[Mapping[str, Any]], today: str) -> Tables:
    created, updated = day(data.get("created_at")) or today, day(data.get("updated_at")) or today
    return {
        "creation_date": min(created, updated),
        "updated_date": updated,
        "rule_ids": [str(rule.get("rule_id")) for rule in rules],
        "rule_names": [str(rule.get("name")) for rule in rules],
    }


def connectors(export: Export, today: str) -> list[Beside]:
    """A file for each connector that the export holds, without its secrets."""
    return [_connector(record, export, today) for record in export.connectors]


def _connector(record: Record, export: Export, today: str) -> Beside:
    data = copy.deepcopy(record.data)
    without_null(data)
    key = str(data.get("id", ""))
    attributes = data.get("attributes")
    secrets = attributes.pop("secrets", None) if isinstance(attributes, dict) else None
    name = str((attributes if isinstance(attributes, dict) else data).get("name") or key)
    rules = [rule.data for rule in export.rules if _calls(rule.data, key)]
    metadata = _metadata(data, rules, today) | {"action_connector_name": name}
    problems: list[Problem] = []
    if secrets:
        message = f"the secrets of the connector `{name}` do not belong in a repository; they are left out"
        problems.append(record.problem("import-secrets", message, ("attributes", "secrets")))
    return Beside(key or name, name, {"metadata": metadata, "action_connectors": [data]}, tuple(problems))


def _calls(rule: Mapping[str, Any], connector: str) -> bool:
    actions = rule.get("actions")
    return any(
        isinstance(action, dict) and action.get("id") == connector
        for action in (actions if isinstance(actions, list) else [])
    )
