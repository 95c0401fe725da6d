"""Clauses as Sigma's detection: named selections and a condition.

AND of different keys is one map, OR of one key a list, OR of maps a list of maps, everything else is said in
the condition. Where clauses come from is left to `_sigma_tree.py`, names to `_sigma_names.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from ._sigma_clause import NEVER, Clause, Every, Item, Some, Without
from ._sigma_items import bare, entry, form, written
from ._sigma_names import Names

MANY_WANTED = 4
MANY_EXCLUDED = 3


def detection(clause: Clause, filters: str = "filter") -> dict[str, Any]:
    """The `detection` section: selections by name in order of the condition, the condition last. `filters` is how
    the names of exclusions begin."""
    builder = _Builder(filters)
    condition = builder.condition(clause)
    return {**builder.selections, "condition": condition}


OR, AND, NOT, NAME = range(4)


class _Builder:
    """Gives names to selections while it writes the condition."""

    def __init__(self, filters: str) -> None:
        self.selections: dict[str, Any] = {}
        self.names = Names()
        self.filters = filters

    def condition(self, clause: Clause) -> str:
        if clause in (NEVER, Every(())):
            return self.constant(clause != NEVER)
        text, _ = self.expression(clause, "selection", top=True)
        return text

    def constant(self, truth: bool) -> str:
        """Always or never: a selection or its opposite, both or one of the two."""
        name = "any_event" if truth else "no_event"
        self.selections[name] = {"@timestamp|exists": True}
        return f"{name} {'or' if truth else 'and'} not {name}"

    def expression(self, clause: Clause, role: str, *, top: bool = False) -> tuple[str, int]:
        """The condition of a clause and how tightly it binds."""
        maps = as_maps(clause)
        if maps is not None:
            return self.select(maps, role, top), NAME
        match clause:
            case Without(child=child):
                return f"not {self.tight(child, self.other(role), NOT)}", NOT
            case Every(children=children):
                return self.conjunction(children, role, top)
            case Some(children=children):
                return self.disjunction(children, role)
            case Item():
                raise AssertionError("an item is a map")
            case _:
                assert_never(clause)

    def other(self, role: str) -> str:
        return self.filters if role == "selection" else "selection"

    def tight(self, clause: Clause, role: str, least: int) -> str:
        text, binding = self.expression(clause, role)
        return text if binding > least else f"({text})"

    def conjunction(self, children: tuple[Clause, ...], role: str, top: bool) -> tuple[str, int]:
        """The items as maps, the rest one by one; `1 of` and `all of` where a whole family is meant."""
        parts = [self.select([group], role, top and not at) for at, group in enumerate(pack(children))]
        rest = [c for c in children if not (isinstance(c, Item) and c.field is not None)]
        parts += [self.tight(c, role, AND) for c in rest if not isinstance(c, Without)]
        parts += [self.expression(c, role)[0] for c in rest if isinstance(c, Without)]
        parts = self.families(parts) if top else parts
        return " and ".join(parts), AND if len(parts) > 1 else NAME

    def families(self, parts: list[str]) -> list[str]:
        """`all of selection*` and `not 1 of filter_*` where that says the same as many names."""
        wanted = [part for part in parts if part in self.selections]
        excluded = [
            part for part in parts if part.removeprefix("not ") in self.selections and part not in wanted
        ]
        rest = [part for part in parts if part not in wanted and part not in excluded]
        if len(wanted) >= MANY_WANTED and wanted == [n for n in self.selections if n.startswith("selection")]:
            wanted = ["all of selection*"]
        named = [part.removeprefix("not ") for part in excluded]
        if len(excluded) >= MANY_EXCLUDED and named == [
            n for n in self.selections if n.startswith(f"{self.filters}_")
        ]:
            excluded = [f"not 1 of {self.filters}_*"]
        return [*wanted, *rest, *excluded]

    def disjunction(self, children: tuple[Clause, ...], role: str) -> tuple[str, int]:
        """What can be maps as one list of maps, the rest one by one."""
        listed = [maps for child in children if (maps := as_maps(child)) is not None]
        maps = [m for found in listed if _plain(found) for m in found]
        parts = [self.select(maps, role, False)] if maps else []
        parts += [self.tight(c, role, AND) for c in children if not _plain(as_maps(c))]
        return " or ".join(parts), OR if len(parts) > 1 else NAME

    def select(self, maps: list[list[Item]], role: str, main: bool) -> str:
        name = self.names.name(maps, role, main=main)
        self.selections[name] = _selection(maps)
        return name


def _plain(maps: list[list[Item]] | None) -> bool:
    """Maps of fields; keywords stand alone."""
    return maps is not None and all(item.field is not None for m in maps for item in m)


def as_maps(clause: Clause) -> list[list[Item]] | None:
    """The clause as OR of maps of different keys, when it has that form. Keywords never stand beside fields."""
    match clause:
        case Item():
            return [[clause]]
        case Every(children=children):
            groups = pack(children)
            fits = len(groups) == 1 and len(groups[0]) == len(children)
            return groups if fits else None
        case Some(children=children):
            found = [as_maps(child) for child in children]
            if not all(_plain(maps) for maps in found):
                return None
            return [m for maps in found if maps is not None for m in maps]
        case Without():
            return None
        case _:
            assert_never(clause)


def pack(children: Iterable[Clause]) -> list[list[Item]]:
    """The items with a field, in as few maps as their keys allow, in order."""
    maps: list[dict[str, Item]] = []
    for child in children:
        if not isinstance(child, Item) or child.field is None:
            continue
        key = entry(child)[0]
        home = next((m for m in maps if key not in m), None)
        if home is None:
            home = {}
            maps.append(home)
        home[key] = child
    return [list(m.values()) for m in maps]


def _selection(maps: list[list[Item]]) -> Any:
    """A map, a list of maps, or (without a field) a list of keywords."""
    if maps[0][0].field is None:
        return _keywords(maps[0][0])
    written_maps = [dict(entry(item) for item in items) for items in maps]
    return written_maps[0] if len(written_maps) == 1 else written_maps


def _keywords(item: Item) -> Any:
    """Keywords are looked for anywhere: the surrounding wildcards are not written."""
    if "re" in item.modifiers:
        return {"|" + "|".join(item.modifiers): list(item.values)}
    values = [written(bare(p, form(p))) for p in item.patterns]
    modifiers = [m for m, is_on in (("all", "all" in item.modifiers), ("cased", item.cased)) if is_on]
    return {"|" + "|".join(modifiers): values} if modifiers else values
