"""The `sigmahq` profile: the conventions of the SigmaHQ rule repository, on documents that are already written.

Changes how a rule looks, never what it matches: title, status, references, false positives, file name, names of
filters, modifiers in place of wildcards. What SigmaHQ's checks would still want is theirs to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, assert_never

from ._sigma_clause import Clause, Every, Item, Some, Without
from ._sigma_items import shape
from ._sigma_names import slug
from ._sigma_tree import every, without
from ._sigma_yaml import Prose

FILTER = "filter_main"
LONGEST_TITLE = 120
LONGEST_FILE = 90
SHORTEST_DESCRIPTION = 16

_SMALL = frozenset({"a", "an", "and", "as", "at", "by", "for", "from", "in", "new", "of", "on", "or"}) | {
    "over",
    "the",
    "through",
    "to",
    "via",
    "with",
    "without",
}
_ELSEWHERE = ("attack.mitre.org", "/blob/main/", "/blob/master/", "/tree/main/", "/tree/master/")
_BANNED = ("none", "n/a", "pentest", "penetration", "red team")
_LEFT_OUT = ("samefire", "fields", "license", "scope")
_SYSTEMS = {"windows": "win", "linux": "lnx", "macos": "macos"}
_OF_SYSTEM = {
    "process_creation": "proc_creation",
    "network_connection": "net_connection",
    "dns_query": "dns_query",
    "driver_load": "driver_load",
    "file_change": "file_change",
    "file_delete": "file_delete",
    "file_event": "file_event",
    "file_rename": "file_rename",
    "process_access": "proc_access",
    "create_remote_thread": "create_remote_thread",
}
_OF_CATEGORY = {
    "create_stream_hash": "create_stream_hash",
    "dns": "net_dns",
    "firewall": "net_firewall",
    "image_load": "image_load",
    "ps_script": "posh_ps",
    "registry_add": "registry_add",
    "registry_delete": "registry_delete",
    "registry_event": "registry_event",
    "registry_set": "registry_set",
    "webserver": "web",
}


def modifiers_for_wildcards(clause: Clause) -> Clause:
    """A list of mixed patterns as one item for each form: `contains`, `startswith`, `endswith`, whole value."""
    match clause:
        case Item(patterns=patterns, modifiers=modifiers) if len(patterns) > 1 and "all" not in modifiers:
            forms: dict[str, list[Any]] = {}
            for pattern in patterns:
                forms.setdefault(shape((pattern,)), []).append(pattern)
            items = tuple(replace(clause, patterns=tuple(found)) for found in forms.values())
            return items[0] if len(items) == 1 else Some(items)
        case Item():
            return clause
        case Every(children=children):
            return every(modifiers_for_wildcards(child) for child in children)
        case Some(children=children):
            split = [modifiers_for_wildcards(child) for child in children]
            parts = tuple(c for part in split for c in (part.children if isinstance(part, Some) else (part,)))
            return parts[0] if len(parts) == 1 else Some(parts)
        case Without(child=child):
            return without(modifiers_for_wildcards(child))
        case _:
            assert_never(clause)


def in_house_style(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The documents of a rule as SigmaHQ asks for them; the order of their keys stays."""
    first, *parts = documents
    main = _main({key: value for key, value in first.items() if key not in _LEFT_OUT})
    return [main, *(_part(part, main) for part in parts)]


def _main(document: dict[str, Any]) -> dict[str, Any]:
    document["title"] = title(document["title"])
    document["status"] = "deprecated" if document["status"] == "deprecated" else "experimental"
    document["description"] = description(document.get("description", ""), document["title"])
    references = [link for link in document.get("references", ()) if not any(e in link for e in _ELSEWHERE)]
    document = {**document, "references": references} if references else _without(document, "references")
    if document.get("modified") == document.get("date"):
        document = _without(document, "modified")
    return _with_positives(document)


def _part(document: dict[str, Any], main: Mapping[str, Any]) -> dict[str, Any]:
    """An event rule with what every rule of the repository must say; alone it alerts nobody."""
    about = description("", document["title"])
    known = {key: main[key] for key in ("status", "references", "author", "date") if key in main}
    body = {key: document[key] for key in ("logsource", "detection")}
    head = {key: value for key, value in document.items() if key not in body}
    told = {"status": known.pop("status"), "description": about, **known}
    rest = {"falsepositives": ["Unknown"], "level": "informational"}
    return {**head, "title": title(document["title"]), **told, **body, **rest}


def _without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def _with_positives(document: dict[str, Any]) -> dict[str, Any]:
    """`falsepositives` with a capital first, `Unknown` where the rule says nothing; before `level`."""
    given = document.get("falsepositives", ())
    told = [text for text in given if not any(word in text.lower() for word in _BANNED)]
    positives = [Prose(text[:1].upper() + text[1:]) for text in told or ["Unknown"]]
    level = document["level"]
    rest = _without(_without(document, "falsepositives"), "level")
    return {**rest, "falsepositives": positives, "level": level}


def title(text: str) -> str:
    """Title case, no `Detects`, no final dot, at most 120 characters."""
    bare = re.sub(r"^Detects? ", "", text).rstrip(".")
    words = [
        word if word.lower() in _SMALL and at else _capital(word) for at, word in enumerate(bare.split(" "))
    ]
    whole = " ".join(words)
    return whole if len(whole) <= LONGEST_TITLE else whole[:LONGEST_TITLE].rsplit(" ", 1)[0]


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:] if word.islower() and not re.search(r"[./_0-9]", word) else word


def description(text: str, name: str) -> Prose:
    """Without links, at least 16 characters."""
    bare = re.sub(r"\s*https?://\S+", "", text).strip()
    return Prose(bare if len(bare) >= SHORTEST_DESCRIPTION else f"Detects {name}. {bare}".strip())


def file_name(stem: str, documents: list[dict[str, Any]]) -> str:
    """`proc_creation_win_…`, `aws_cloudtrail_…`, `correlation_…`: 10 to 90 lower-case characters."""
    start = "correlation" if "correlation" in documents[0] else _prefix(documents[0]["logsource"])
    name = slug(stem)
    whole = name if not start or name.startswith(f"{start}_") else f"{start}_{name}"
    whole = whole if "_" in whole else f"rule_{whole}"
    return whole[: LONGEST_FILE - 4].strip("_").ljust(6, "_")


def _prefix(logsource: Mapping[str, str]) -> str:
    category, service = logsource.get("category", ""), logsource.get("service", "")
    system = _SYSTEMS.get(logsource.get("product", ""), "")
    if category in _OF_SYSTEM:
        return "_".join(part for part in (_OF_SYSTEM[category], system) if part)
    if category in _OF_CATEGORY:
        return _OF_CATEGORY[category]
    first = system or {"m365": "microsoft365"}.get(logsource.get("product", ""), logsource.get("product", ""))
    parts = [first] if service in (first, "") or (not system and service == "audit") else [first, service]
    return slug("_".join(parts))
