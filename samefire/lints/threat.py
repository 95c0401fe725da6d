"""ATT&CK mappings that name what is not there: unknown, revoked or deprecated techniques, a wrong tactic, a wrong
name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from samefire.problems import Problem, Severity
from samefire.rule import Rule

UNKNOWN, REVOKED, DEPRECATED, TACTIC, NAME = (
    "lint-attack-unknown",
    "lint-attack-revoked",
    "lint-attack-deprecated",
    "lint-attack-tactic",
    "lint-attack-name",
)
Key = tuple[str | int, ...]


def check(rule: Rule) -> Iterator[Problem]:
    """Findings in `[[rule.threat]]`."""
    for i, entry in enumerate(rule.contents.get("threat") or ()):
        if isinstance(entry, dict) and entry.get("framework", "MITRE ATT&CK") == "MITRE ATT&CK":
            yield from _entry(rule, entry, ("rule", "threat", i))


def _entry(rule: Rule, entry: Mapping[str, Any], key: Key) -> Iterator[Problem]:
    from samefire import attack

    said = _table(entry, "tactic")
    tactic = attack.tactic(str(said.get("id", ""))) if said.get("id") else None
    if said.get("id") and tactic is None:
        near = attack.tactic(str(said.get("name", "")))
        hint = f"{near.name} is {near.id}" if near else None
        message = f"ATT&CK has no tactic {said['id']}"
        yield _problem(rule, UNKNOWN, message, (*key, "tactic", "id"), hint)
    elif tactic is not None and _other(said.get("name"), tactic.name):
        message = f"{tactic.id} is {tactic.name}, not {said['name']}"
        yield _problem(rule, NAME, message, (*key, "tactic", "name"), f'write "{tactic.name}"')
    shortname = tactic.shortname if tactic else None
    for j, technique in enumerate(_list(entry, "technique")):
        place = (*key, "technique", j)
        yield from _technique(rule, technique, place, shortname)
        for k, sub in enumerate(_list(technique, "subtechnique")):
            yield from _technique(rule, sub, (*place, "subtechnique", k), shortname)


def _technique(rule: Rule, said: Mapping[str, Any], key: Key, tactic: str | None) -> Iterator[Problem]:
    from samefire import attack

    name = said.get("id")
    if not isinstance(name, str):
        return
    found = attack.technique(name)
    if found is None:
        near = attack.technique_named(str(said.get("name", "")))
        hint = f"did you mean {near.id}, {near.name}?" if near else None
        message = f"ATT&CK {attack.version()} has no technique {name}"
        yield _problem(rule, UNKNOWN, message, (*key, "id"), hint)
    elif found.revoked:
        after = attack.successor(name)
        hint = f"write {after.id}, {after.name}" if after else "choose another technique"
        yield _problem(rule, REVOKED, f"{found.id} ({found.name}) was revoked", (*key, "id"), hint)
    elif found.deprecated:
        message, hint = f"{found.id} ({found.name}) is deprecated", "choose another technique"
        yield _problem(rule, DEPRECATED, message, (*key, "id"), hint)
    else:
        yield from _current(rule, said, found, key, tactic)


def _current(
    rule: Rule, said: Mapping[str, Any], found: Any, key: Key, tactic: str | None
) -> Iterator[Problem]:
    """Whether the tactic and the name are those of the technique."""
    from samefire import attack

    if tactic is not None and tactic not in found.tactics:
        known = [t for t in (attack.tactic(name) for name in found.tactics) if t]
        own = " and ".join(f"{t.name} ({t.id})" for t in known)
        message = f"{found.id} ({found.name}) does not belong to this tactic"
        yield _problem(rule, TACTIC, message, (*key, "id"), f"it belongs to {own}")
    if _other(said.get("name"), found.name):
        message = f"{found.id} is {found.name}, not {said['name']}"
        yield _problem(rule, NAME, message, (*key, "name"), f'write "{found.name}"')


def _other(said: object, name: str) -> bool:
    return isinstance(said, str) and said.split() != name.split() and said.casefold() != name.casefold()


def _table(entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = entry.get(key)
    return found if isinstance(found, dict) else {}


def _list(entry: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = entry.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _problem(rule: Rule, code: str, message: str, key: Key, hint: str | None) -> Problem:
    return Problem(code, message, rule.source, rule.value_span(*key), Severity.WARNING, hint)
