"""What a bundle holds of the form `elastic`: one file for the import into Kibana, and Fleet's assets.

`rules.ndjson` has a line for each rule, then each exception list with its items, then connectors, and, when asked
for, the line of counts with which Kibana ends its own exports. Deprecated rules are not imported: Fleet's assets
say that they are gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from samefire.file_names import safe
from samefire.forms import Collected, Companions, Document
from samefire.json_text import pretty
from samefire.rule import Rule

IMPORT = "rules.ndjson"
ASSETS = "fleet/kibana/security_rule"


def collect(parts: Sequence[tuple[Rule, Document]], companions: Companions) -> Collected:
    """The files of the form, and the file that each rule is in."""
    rules: list[str] = []
    beside: dict[str, None] = {}
    files: dict[str, bytes] = {}
    places: dict[str, str] = {}
    for rule, document in parts:
        line, *others = document.text.splitlines()
        data = json.loads(line)
        name, asset = _asset(rule, data)
        files[name] = pretty(asset, indent=4)
        places[rule.path] = name if rule.deprecated else IMPORT
        if not rule.deprecated:
            rules.append(line)
            beside.update(dict.fromkeys(others))
    connectors = [json.dumps(one, sort_keys=True, default=str) for one in companions.connectors]
    lines = [*rules, *beside, *connectors]
    if companions.details:
        lines.append(
            json.dumps(_details(len(rules), [json.loads(b) for b in beside], len(connectors)), sort_keys=True)
        )
    files[IMPORT] = "".join(f"{line}\n" for line in lines).encode("ascii")
    return Collected(files, places)


def _asset(rule: Rule, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the saved object of a rule in Fleet's package."""
    version = int(data.get("version", 1))
    attributes = _retired(rule, version) if rule.deprecated else {**data, "version": version}
    identifier = f"{rule.id}_{version}"
    asset = {"id": identifier, "type": "security-rule", "attributes": attributes}
    return f"{ASSETS}/{safe(identifier)}.json", asset


def _retired(rule: Rule, version: int) -> dict[str, Any]:
    """What is left of a deprecated rule: its name, and that it is gone."""
    stub: dict[str, Any] = {"rule_id": rule.id, "version": version, "name": rule.name, "deprecated": True}
    reason = rule.metadata.get("deprecation_reason", rule.metadata.get("deprecated_reason"))
    return {**stub, "deprecated_reason": reason} if isinstance(reason, str) else stub


def _details(rules: int, beside: Sequence[Mapping[str, Any]], connectors: int) -> dict[str, Any]:
    """The line of counts at the end of an export of Kibana."""
    items = sum("item_id" in one for one in beside)
    lists = len(beside) - items
    return {
        "exported_count": rules + lists + items + connectors,
        "exported_rules_count": rules,
        "missing_rules": [],
        "missing_rules_count": 0,
        "exported_exception_list_count": lists,
        "exported_exception_list_item_count": items,
        "missing_exception_list_item_count": 0,
        "missing_exception_list_items": [],
        "missing_exception_lists": [],
        "missing_exception_lists_count": 0,
        "exported_action_connector_count": connectors,
        "missing_action_connection_count": 0,
        "missing_action_connections": [],
        "excluded_action_connection_count": 0,
        "excluded_action_connections": [],
    }
