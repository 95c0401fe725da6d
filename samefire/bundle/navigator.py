"""Layers for the ATT&CK Navigator: which techniques the rules name, and how many rules name each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from samefire.attack import tactics, technique
from samefire.json_text import pretty
from samefire.rule import Rule

LAYER = "4.5"
NAVIGATOR = "5.1.0"
COLOURS = ("#fde0c5", "#b4430f")


@dataclass(frozen=True, order=True)
class Use:
    """A rule that names a technique under a tactic."""

    domain: str
    technique: str
    tactic: str
    rule: str


def uses(rules: Iterable[Rule]) -> Iterator[Use]:
    """Every technique and sub-technique of every rule that is in force."""
    known = {tactic.id: tactic for tactic in tactics()}
    for rule in rules:
        for threat in () if rule.deprecated else rule.contents.get("threat") or ():
            tactic = known.get(str(threat.get("tactic", {}).get("id")))
            for one in threat.get("technique") or ():
                for item in (one, *(one.get("subtechnique") or ())):
                    found = technique(str(item.get("id")))
                    if tactic is not None and found is not None:
                        yield Use(tactic.domain, found.id, tactic.shortname, rule.name)


def layers(rules: Iterable[Rule]) -> dict[str, bytes]:
    """A layer for each matrix that some rule names, by its path in a bundle."""
    found = sorted(set(uses(rules)))
    domains = sorted({use.domain for use in found} | {"enterprise"})
    return {
        f"attack/navigator-{domain}.json": _text(layer(domain, [u for u in found if u.domain == domain]))
        for domain in domains
    }


def layer(domain: str, found: list[Use]) -> dict[str, Any]:
    """One layer; the score of a technique is the number of its rules."""
    by_place: dict[tuple[str, str], list[str]] = {}
    for use in found:
        by_place.setdefault((use.technique, use.tactic), []).append(use.rule)
    most = max((len(names) for names in by_place.values()), default=1)
    return {
        "name": "samefire",
        "description": "Techniques that the rules name; the score is how many do.",
        "domain": f"{domain}-attack",
        "versions": {"layer": LAYER, "navigator": NAVIGATOR},
        "sorting": 3,
        "hideDisabled": False,
        "gradient": {"colors": list(COLOURS), "minValue": 1, "maxValue": max(most, 2)},
        "techniques": [
            {
                "techniqueID": identifier,
                "tactic": tactic,
                "score": len(names),
                "enabled": True,
                "comment": "\n".join(names),
                "showSubtechniques": "." in identifier,
            }
            for (identifier, tactic), names in sorted(by_place.items())
        ],
    }


def _text(data: Any) -> bytes:
    return pretty(data)
