"""What is new since a lock: `CHANGELOG.md` of a bundle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from samefire.lock import Entry, Lock
from samefire.reports.markdown import escape


def changelog(old: Lock, new: Lock, present: Collection[str], deprecated: Collection[str]) -> str:
    """Rules that are new, changed, deprecated or gone, by name. `new` is the lock that the bundle's exports
    make of `old`; `present` and `deprecated` are ids of the bundle's rules."""
    sections = {
        "New": [i for i in present if i not in old and i not in deprecated],
        "Changed": [
            i for i in present if i in old and i not in deprecated and old[i].version < new[i].version
        ],
        "Deprecated": [i for i in deprecated if i not in old or old[i].version < new[i].version],
        "Gone": [i for i in old if i not in present],
    }
    lines = ["# Changes since the last lock", ""]
    for title, ids in sections.items():
        if ids:
            lines += [f"## {title}", "", *_rows(ids, old, new), ""]
    if len(lines) == 2:
        lines += ["Nothing changed.", ""]
    return "\n".join(lines)


def _rows(ids: Collection[str], old: Lock, new: Mapping[str, Entry]) -> Iterator[str]:
    for name, rule_id in sorted((new.get(i, old.get(i)).rule_name, i) for i in ids):  # type: ignore[union-attr]
        before, now = old.get(rule_id), new.get(rule_id)
        versions = [str(e.version) for e in (before, now) if e is not None]
        if before and now and before.version == now.version:
            versions = versions[:1]
        yield f"- {escape(name)} (version {' → '.join(versions)})"
