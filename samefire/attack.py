"""MITRE ATT&CK: tactics and techniques by id and by name, and what became of them.

The facts (enterprise, mobile, ICS) are `data/attack.json`, made by `scripts/update_attack.py`. How a rule
writes its threat mapping or its tags is up to the forms.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samefire import problems

SITE = "https://attack.mitre.org"


@dataclass(frozen=True, slots=True)
class Tactic:
    """`TA0006`, Credential Access, `credential-access`."""

    id: str
    name: str
    shortname: str
    domain: str

    @property
    def url(self) -> str:
        return f"{SITE}/tactics/{self.id}/"


@dataclass(frozen=True, slots=True)
class Technique:
    """`T1003.001`, LSASS Memory. `tactics` are shortnames; `revoked_by` is the id of its successor."""

    id: str
    name: str
    tactics: tuple[str, ...]
    domain: str
    deprecated: bool = False
    revoked: bool = False
    revoked_by: str | None = None

    @property
    def url(self) -> str:
        return f"{SITE}/techniques/{self.id.replace('.', '/')}/"

    @property
    def parent(self) -> str | None:
        """The id of the technique that a sub-technique belongs to."""
        base, dot, _ = self.id.partition(".")
        return base if dot else None

    @property
    def current(self) -> bool:
        """Whether the technique is neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)


def version() -> str:
    """The release of ATT&CK that is shipped (`18.1`)."""
    return str(_facts()["version"])


@cache
def tactics() -> tuple[Tactic, ...]:
    """All tactics in the order of the matrices, enterprise first."""
    table = _facts()["tactics"]
    return tuple(Tactic(key, t["name"], t["shortname"], t["domain"]) for key, t in table.items())


@cache
def techniques() -> tuple[Technique, ...]:
    """All techniques and sub-techniques, also those that were revoked."""
    return tuple(_technique(key, entry) for key, entry in _facts()["techniques"].items())


def technique(key: str) -> Technique | None:
    """The technique with this id; letters in either case."""
    entry = _facts()["techniques"].get(key.upper())
    return None if entry is None else _technique(key.upper(), entry)


def successor(key: str) -> Technique | None:
    """The current technique that took the place of a revoked one (following several steps)."""
    found, seen = technique(key), set[str]()
    while found is not None and found.revoked_by and found.id not in seen:
        seen.add(found.id)
        found = technique(found.revoked_by)
    return found if found is not None and found.current else None


def tactic(key: str) -> Tactic | None:
    """The tactic with this id, shortname or name (`TA0006`, `credential-access`, `Credential Access`); the
    enterprise one when several matrices have it."""
    wanted = key.casefold().replace("_", "-").replace(" ", "-")
    return _tactics_by_word().get(wanted)


def technique_named(name: str, *, parent: str | None = None) -> Technique | None:
    """The current technique of this name; `parent` chooses among sub-techniques of one name."""
    found = [t for t in _by_name().get(name.casefold(), ()) if parent is None or t.parent == parent]
    return next((t for t in found if t.current), found[0] if found else None)


def nearest_technique(word: str) -> Technique | None:
    """The technique that an unknown id or name was most likely meant to be."""
    name = problems.nearest(word.upper(), (t.id for t in techniques()))
    if name is not None:
        return technique(name)
    name = problems.nearest(word.casefold(), _by_name())
    return None if name is None else technique_named(name)


def nearest_tactic(word: str) -> Tactic | None:
    """The tactic that an unknown id or name was most likely meant to be."""
    name = problems.nearest(word.casefold().replace(" ", "-"), _tactics_by_word())
    return None if name is None else tactic(name)


@cache
def _facts() -> dict[str, Any]:
    path = Path(__file__).resolve().parent / "data" / "attack.json"
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts


def _technique(key: str, entry: dict[str, Any]) -> Technique:
    return Technique(
        key,
        entry["name"],
        tuple(entry["tactics"]),
        entry["domain"],
        entry.get("deprecated", False),
        entry.get("revoked", False),
        entry.get("revoked_by"),
    )


@cache
def _tactics_by_word() -> dict[str, Tactic]:
    words: dict[str, Tactic] = {}
    for found in tactics():
        for word in (found.id.casefold(), found.shortname, found.name.casefold().replace(" ", "-")):
            words.setdefault(word, found)
    return words


@cache
def _by_name() -> dict[str, tuple[Technique, ...]]:
    names: dict[str, tuple[Technique, ...]] = {}
    for found in techniques():
        names[found.name.casefold()] = (*names.get(found.name.casefold(), ()), found)
    return names
