"""MITRE tags of a rule's `threat` tables, as Sigma writes them: `attack.execution`, `attack.t1059.001`.

Takes names and ids as the rule states them; whether they exist is left to `samefire check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_NAMESPACES = {"MITRE ATT&CK": "attack", "MITRE ATLAS": "atlas"}


def tags(threat: Iterable[Mapping[str, Any]]) -> list[str]:
    """Tactics by name, techniques and sub-techniques by id, in the order of the rule, each once."""
    found: dict[str, None] = {}
    for entry in threat:
        namespace = _NAMESPACES.get(str(entry.get("framework", "")))
        if namespace is None:
            continue
        for name in _names(entry):
            found[f"{namespace}.{name}"] = None
    return list(found)


def _names(entry: Mapping[str, Any]) -> list[str]:
    tactic = _word(str(entry.get("tactic", {}).get("name", "")))
    names = [tactic] if tactic else []
    for technique in entry.get("technique", ()):
        names.append(str(technique.get("id", "")).lower())
        names += [str(sub.get("id", "")).lower() for sub in technique.get("subtechnique", ())]
    return [name for name in names if re.fullmatch(r"[a-z0-9._-]+", name)]


def _word(name: str) -> str:
    """`Command and Control` as `command-and-control`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
