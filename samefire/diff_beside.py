"""What changed of a rule that a comparison of two exports does not show: what its file says beside `[rule]`, its
exceptions, links of its techniques, and the order of lists where order counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from samefire.rule import Rule

Change = tuple[str, str, Any, Any]
"""An area, a place, and the values then and now (None: absent)."""
_DATES = ("creation_date", "updated_date")
_RELEASE = ("maturity", "min_stack_version")
_COMMENTS = ("comments", "description", "name")
ORDERED = (
    ("query", ("index",)),
    ("threshold", ("threat_index",)),
    ("threshold", ("threshold", "cardinality")),
)
"""Lists whose order Kibana minds: of index patterns, when some take names out again, and of what is counted, of which
the first alone is asked."""


def beside(old: Rule, new: Rule) -> Iterator[Change]:
    """What a team decides about a rule beside its export: `[metadata]`, but for its dates, and `[sigma]`."""
    for key in dict.fromkeys((*_RELEASE, *sorted({*old.metadata, *new.metadata}))):
        before, now = old.metadata.get(key), new.metadata.get(key)
        if before != now and key not in _DATES:
            release = key in _RELEASE
            yield "release" if release else "other", key if release else f"metadata.{key}", before, now
    for key in sorted({*old.sigma, *new.sigma}):
        if old.sigma.get(key) != new.sigma.get(key):
            yield "sigma", f"sigma.{key}", old.sigma.get(key), new.sigma.get(key)


def exceptions(old: Rule, new: Rule) -> Iterator[Change]:
    """Items of the rule's exception lists, by list and name, as far as they decide which alerts there are."""
    before, now = _items(old), _items(new)
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            yield "alerts", f"exceptions.{name}", before.get(name), now.get(name)


def same_exceptions(old: Rule, new: Rule) -> bool:
    """Whether nothing is excepted otherwise."""
    return _items(old) == _items(new)


def _items(rule: Rule) -> dict[str, str]:
    return {
        f"{one.list_id}.{item.get('item_id') or item.get('name')}": json.dumps(
            {key: value for key, value in item.items() if key not in _COMMENTS}, sort_keys=True, default=str
        )
        for one in rule.exceptions
        for item in one.items
    }


def order(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    """Lists of two exports that hold the same in an order that means something else."""
    for area, path in ORDERED:
        old, new = _at(before, path), _at(now, path)
        if not isinstance(old, list) or not isinstance(new, list) or old == new:
            continue
        counts = path[-1] == "cardinality" or any(str(part).startswith("-") for part in old)
        if counts and sorted(map(_text, old)) == sorted(map(_text, new)):
            yield area, ".".join(path), old, new


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def links(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    """Links of tactics and techniques that both versions have."""
    old, new = _links(before), _links(now)
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield "attack", f"threat.{name}.reference", old[name], new[name]


def _links(export: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for threat in export.get("threat") or []:
        techniques = threat.get("technique") or []
        below = [sub for technique in techniques for sub in technique.get("subtechnique") or []]
        for item in (threat.get("tactic", {}), *techniques, *below):
            found[str(item.get("id"))] = str(item.get("reference"))
    return found
