"""What a Sigma document says of itself → `[metadata]`, `[rule]` and `[sigma]`, nothing lost.

What a rule file has no key for (or where it would not come back as it was) is kept under `[sigma]`, which the Sigma
form reads.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from samefire import attack
from samefire.languages.sigma_header import KEYS
from samefire.sigma_import.losses import Losses

NAMESPACE = uuid.UUID("0f9b2f6e-9f3c-5b1e-8d2a-7369676d6121")
_RISK = {"informational": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
_MATURITY = {
    "stable": "production",
    "test": "beta",
    "experimental": "experimental",
    "deprecated": "deprecated",
    "unsupported": "development",
}
_KNOWN = frozenset((*KEYS, "action"))
Json = dict[str, Any]


def tables(data: Mapping[str, Any], logsource: Mapping[str, Any] | None, today: str, losses: Losses) -> Json:
    """`metadata`, `rule` (without its query) and `sigma` of one document; `today` is YYYY/MM/DD."""
    level = _text(data.get("level"), "medium").lower()
    created = _date(data.get("date")) or today
    status = _text(data.get("status"), "experimental").lower()
    threat, tags = threats(_texts(data.get("tags")))
    title = str(data["title"]).strip()
    rule = {
        "author": _authors(data.get("author")),
        "description": _text(data.get("description"), title).strip(),
        "false_positives": _texts(data.get("falsepositives")),
        "license": data.get("license"),
        "name": title,
        "references": _texts(data.get("references")),
        "risk_score": _RISK[level],
        "rule_id": _rule_id(data, losses),
        "severity": "low" if level == "informational" else level,
        "threat": threat,
    }
    metadata = {
        "creation_date": created,
        "updated_date": max(_date(data.get("modified")) or created, created),
        "maturity": _MATURITY[status],
    }
    if metadata["maturity"] == "deprecated":
        metadata["deprecation_date"] = metadata["updated_date"]
    sigma = {
        "name": data.get("name"),
        "status": status,
        "level": level if level == "informational" else None,
        "author": data.get("author") if isinstance(data.get("author"), str) else None,
        "taxonomy": _text(data.get("taxonomy"), "sigma"),
        "tags": tags,
        "fields": _texts(data.get("fields")),
        "scope": _texts(data.get("scope")),
        "related": _related(data.get("related"), losses),
        "logsource": {k: str(v) for k, v in (logsource or {}).items() if k in _ORIGIN and v is not None},
        "custom": {k: _plain(v) for k, v in data.items() if k not in _KNOWN and v is not None},
    }
    return {"metadata": metadata, "rule": _present(rule), "sigma": _present(sigma)}


_ORIGIN = ("category", "product", "service", "definition")


def _rule_id(data: Mapping[str, Any], losses: Losses) -> str:
    """The id, where it is a UUID, otherwise one that is always the same for it."""
    try:
        return str(uuid.UUID(str(data["id"])))
    except (KeyError, ValueError):
        if "id" in data:
            losses.name(
                "sigma-import-id", f"the id `{data['id']}` is no UUID, and another one takes its place"
            )
        return str(uuid.uuid5(NAMESPACE, str(data.get("id") or data.get("name") or data["title"])))


def threats(tags: Iterable[str]) -> tuple[list[Json], list[str]]:
    """ATT&CK tags as `threat` tables, and the tags that those would not give back. A technique goes below the
    first of the named tactics that it serves, or else its own first one."""
    kept: list[str] = []
    tactics: dict[str, attack.Tactic] = {}
    techniques: list[attack.Technique] = []
    for tag in tags:
        word = tag.lower().removeprefix("attack.")
        tactic = attack.tactic(word) if tag.lower().startswith("attack.") else None
        technique = attack.technique(word) if re.match(r"attack\.t\d{4}", tag.lower()) else None
        if tactic is not None:
            tactics.setdefault(tactic.id, tactic)
        elif technique is not None and technique.current:
            techniques.append(technique)
        else:
            kept.append(tag)
    return _threats(tactics, techniques), kept


def _threats(tactics: dict[str, attack.Tactic], techniques: list[attack.Technique]) -> list[Json]:
    below: dict[str, list[attack.Technique]] = {key: [] for key in tactics}
    for technique in techniques:
        served = [found for word in technique.tactics if (found := attack.tactic(word)) is not None]
        home = next((t for t in served if t.id in tactics), served[0] if served else None)
        if home is not None:
            below.setdefault(home.id, []).append(technique)
            tactics.setdefault(home.id, home)
    return [_threat(tactics[key], found) for key, found in below.items()]


def _threat(tactic: attack.Tactic, techniques: Iterable[attack.Technique]) -> Json:
    found: dict[str, Json] = {}
    for technique in techniques:
        parent = attack.technique(technique.parent) if technique.parent else technique
        assert parent is not None
        entry = found.setdefault(parent.id, _entry(parent))
        if parent is not technique:
            entry.setdefault("subtechnique", []).append(_entry(technique))
    table: Json = {"framework": "MITRE ATT&CK", "tactic": _entry(tactic)}
    return table | ({"technique": list(found.values())} if found else {})


def _entry(one: attack.Tactic | attack.Technique) -> Json:
    return {"id": one.id, "name": one.name, "reference": one.url}


def _authors(value: Any) -> list[str]:
    """The names of Sigma's one text; commas between brackets part none."""
    text = _text(value, "")
    return [name.strip() for name in re.split(r",(?![^(]*\))", text) if name.strip()] or ["Unknown"]


def _date(value: Any) -> str | None:
    if isinstance(value, datetime.date):
        return f"{value:%Y/%m/%d}"
    found = re.match(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", str(value or ""))
    return f"{found[1]}/{int(found[2]):02}/{int(found[3]):02}" if found else None


def _related(value: Any, losses: Losses) -> list[Json]:
    """Related rules; one whose id is no UUID or whose type is unknown is named as lost."""
    types = ("derived", "obsolete", "merged", "renamed", "similar")
    out = []
    for entry in value if isinstance(value, list) else ():
        try:
            kind = {"obsoletes": "obsolete"}.get(str(entry["type"]), str(entry["type"]))
            key = str(uuid.UUID(str(entry["id"])))
        except (KeyError, TypeError, ValueError):
            kind = ""
        if kind in types:
            out.append({"id": key, "type": kind})
        else:
            losses.name(
                "sigma-import-related", "an entry of `related` is left out: it has no UUID or no known type"
            )
    return out


def _text(value: Any, default: str) -> str:
    return value if isinstance(value, str) and value.strip() else default


def _texts(value: Any) -> list[str]:
    entries = value if isinstance(value, list) else [] if value is None else [value]
    return list(dict.fromkeys(str(entry) for entry in entries if entry is not None))


def _plain(value: Any) -> Any:
    """A value of a key of somebody's own as TOML can hold it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(below) for key, below in value.items() if below is not None}
    if isinstance(value, list):
        return [_plain(below) for below in value if below is not None]
    return value if isinstance(value, str | int | float | bool) else str(value)


def _present(table: Mapping[str, Any]) -> Json:
    return {key: value for key, value in table.items() if value not in (None, "", [], {})}
