"""A query tree as Sigma's detection: named selections and a condition.

AND of different keys is one map, OR of one key a list, OR of maps a list of maps, everything else is said in
the condition. What one test becomes is left to `_sigma_clause.py`, names to `_sigma_names.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Any, assert_never

from samefire.fields import FieldTypes
from samefire.query.ast import (
    And,
    AnyField,
    AtLeast,
    Fails,
    FieldPattern,
    FieldsCompare,
    Leaf,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Script,
    Wild,
)

from ._sigma_clause import (
    NEVER,
    Clause,
    Every,
    Item,
    Scalar,
    Some,
    Without,
    any_field,
    fields_compare,
    leaf,
    literal,
)
from ._sigma_losses import Losses
from ._sigma_names import Names
from ._sigma_script import rewrite_script

MOST_COMBINATIONS = 64
MANY_WANTED = 4
MANY_EXCLUDED = 3


# ---- query tree → clauses -------------------------------------------------------------------------------


def clauses(node: Node, fields: FieldTypes, losses: Losses) -> Clause:
    """The tree in Sigma's terms, simplified; what cannot be said is told to `losses`."""
    match node:
        case And(children=children):
            return every(clauses(child, fields, losses) for child in children)
        case Or(children=children):
            return some(clauses(child, fields, losses) for child in _unexpanded(node, children))
        case Not(child=child):
            return without(clauses(child, fields, losses))
        case AtLeast():
            return _at_least(node, fields, losses)
        case Leaf():
            return leaf(node, fields, losses)
        case AnyField():
            return any_field(node, losses)
        case FieldsCompare():
            return fields_compare(node, fields, losses)
        case Nested():
            return _nested(node, fields, losses)
        case Script():
            rewritten = rewrite_script(node, fields, losses)
            return clauses(rewritten, fields, losses) if rewritten is not None else NEVER
        case FieldPattern() | Fails():
            return _refused(node, fields, losses)
        case _:
            assert_never(node)


def _unexpanded(node: Or, children: tuple[Node, ...]) -> tuple[Node, ...]:
    """What one clause was before it was expanded over the fields of a mapping: a value anywhere, or a field
    name with wildcards (which fails where one of the fields makes the search fail)."""
    for kind in (AnyField, Fails, FieldPattern):
        found = next((c for c in children if isinstance(c, kind) and c.span == node.span), None)
        if found is not None:
            return (found,)
    return children


def _at_least(node: AtLeast, fields: FieldTypes, losses: Losses) -> Clause:
    """n of m as OR of ANDs, when there are few enough."""
    count, total = node.count, len(node.children)
    if 0 < count < total and comb(total, count) > MOST_COMBINATIONS:
        losses.refuse(
            "sigma-cannot-count-clauses", f"Sigma cannot say at least {count} of {total}", node.span
        )
        return NEVER
    children = [clauses(child, fields, losses) for child in node.children]
    return some(every(chosen) for chosen in combinations(children, max(count, 0)))


def _nested(node: Nested, fields: FieldTypes, losses: Losses) -> Clause:
    if not losses.approximations_wanted:
        losses.refuse(
            "sigma-cannot-nested",
            f"Sigma cannot say that one and the same object of `{node.path}` satisfies all of this",
            node.span,
            "--approximate lets different objects satisfy it",
        )
        return NEVER
    losses.approximate(
        "approximate-nested", f"different objects of `{node.path}` may satisfy the parts of this", node.span
    )
    return clauses(node.child, fields, losses)


def _refused(node: FieldPattern | Fails, fields: FieldTypes, losses: Losses) -> Clause:
    match node:
        case FieldPattern(pattern=pattern):
            name = "".join(piece if isinstance(piece, str) else piece.value for piece in pattern)
            parent = fields.get(name.removesuffix(".*"))
            message, hint = f"Sigma has no wildcard in a field's name (`{name}`)", "name the fields"
            if parent is not None and parent.type == "flattened":
                message = f"`{parent.name}` is an object of any keys, and Sigma cannot look into all of them"
                hint = f"name the key: `{parent.name}.…`"
            losses.refuse("sigma-cannot-field-pattern", message, node.span, hint)
        case Fails(reason=reason):
            losses.refuse(
                "sigma-cannot-fail",
                f"Elasticsearch refuses this search, Sigma would match: {reason}",
                node.span,
            )
        case _:
            assert_never(node)
    return NEVER


# ---- simplification -------------------------------------------------------------------------------------


def every(children: Iterable[Clause]) -> Clause:
    """AND, flat, without repetition; never, when a part is never."""
    flat: dict[Clause, None] = {}
    for child in children:
        parts = child.children if isinstance(child, Every) else (child,)
        flat.update(dict.fromkeys(parts))
    if NEVER in flat:
        return NEVER
    merged = _merge_all(list(flat))
    return merged[0] if len(merged) == 1 else Every(tuple(merged))


def some(children: Iterable[Clause]) -> Clause:
    """OR, flat, without repetition, values of one key in one list; always, when a part is always."""
    flat: dict[Clause, None] = {}
    for child in children:
        parts = child.children if isinstance(child, Some) else (child,)
        flat.update(dict.fromkeys(parts))
    if Every(()) in flat:
        return Every(())
    merged = _merge_any(list(flat))
    return merged[0] if len(merged) == 1 else Some(tuple(merged))


def without(child: Clause) -> Clause:
    """NOT; a missing field is said with `exists: false`."""
    match child:
        case Without(child=inner):
            return inner
        case Every(children=()):
            return NEVER
        case Some(children=()):
            return Every(())
        case Item(modifiers=("exists",), values=(truth,)):
            return replace(child, values=(not truth,))
        case _:
            return Without(child)


def _merge_any(children: list[Clause]) -> list[Clause]:
    """Items of one field and kind become one item with all values, where the first of them stood. Values without
    letters go with those of their field that have some."""
    groups: dict[tuple[object, ...], list[Item]] = {}
    order: list[Clause | tuple[object, ...]] = []
    for child in children:
        key = _list_key(child)
        if key is None:
            order.append(child)
        elif isinstance(child, Item):
            if key not in groups:
                order.append(key)
            groups.setdefault(key, []).append(child)
    _join_letterless(groups)
    return [
        _one_list(groups[c]) if isinstance(c, tuple) else c for c in order if c not in groups or groups[c]
    ]


def _list_key(child: Clause) -> tuple[object, ...] | None:
    """What items must share to stand in one list; `exists` and `fieldref` take one value, `all` means AND."""
    if not isinstance(child, Item) or {"exists", "fieldref", "all"} & set(child.modifiers):
        return None
    if {"lt", "lte", "gt", "gte"} & set(child.modifiers):
        return None
    return (child.field, child.modifiers, bool(child.patterns), _kind(child.values), child.cased)


def _kind(values: tuple[Scalar, ...]) -> str:
    return type(values[0]).__name__.replace("float", "int") if values else ""


def _join_letterless(groups: dict[tuple[object, ...], list[Item]]) -> None:
    """Move the items whose case does not matter to those of their field where it does, if there are any."""
    for key in list(groups):
        *rest, cased = key
        hosts = [host for host in ((*rest, True), (*rest, False)) if host in groups]
        if cased is None and groups[key][0].patterns and hosts:
            groups[hosts[0]] += groups[key]
            groups[key] = []


def _one_list(items: list[Item]) -> Item:
    """All values of the items; where case does not count, one of those that differ in it alone."""
    patterns = dict.fromkeys(pattern for item in items for pattern in item.patterns)
    if items[0].cased is False:
        spelled: dict[Pattern, Pattern] = {}
        for pattern in patterns:
            spelled.setdefault(_fold(pattern), pattern)
        patterns = dict.fromkeys(spelled.values())
    values = dict.fromkeys(value for item in items for value in item.values)
    return replace(items[0], patterns=tuple(patterns), values=tuple(values))


def _fold(pattern: Pattern) -> Pattern:
    return tuple(p.casefold() if isinstance(p, str) else p for p in pattern)


def _merge_all(children: list[Clause]) -> list[Clause]:
    """Several `contains` of one field become one `contains|all`."""
    groups: dict[tuple[str | None, bool], list[Item]] = {}
    for child in children:
        if isinstance(child, Item) and len(child.patterns) == 1 and shape(child.patterns) == "contains":
            groups.setdefault((child.field, child.cased is not False), []).append(child)
    joined = {id(item): group for group in groups.values() if len(group) > 1 for item in group}
    merged: list[Clause] = []
    for child in children:
        group = joined.get(id(child))
        if group is None:
            merged.append(child)
        elif child is group[0]:
            merged.append(_all_of(group))
    return merged


def _all_of(group: list[Item]) -> Item:
    cased = next((item.cased for item in group if item.cased is not None), None)
    patterns = tuple(pattern for item in group for pattern in item.patterns)
    return replace(group[0], modifiers=("all",), patterns=patterns, cased=cased)


# ---- items → keys and values ----------------------------------------------------------------------------


def shape(patterns: tuple[Pattern, ...]) -> str:
    """`contains`, `startswith` or `endswith` when all patterns have that form with a text inside, else ""."""
    shapes = {_shape(pattern) for pattern in patterns}
    return shapes.pop() if len(shapes) == 1 else ""


def _shape(pattern: Pattern) -> str:
    if not any(literal(piece) for piece in pattern):
        return ""
    match pattern[0] is Wild.MANY, pattern[-1] is Wild.MANY:
        case True, True:
            return "contains"
        case False, True:
            return "startswith"
        case True, False:
            return "endswith"
        case _:
            return ""


def entry(item: Item) -> tuple[str, Any]:
    """The key (`field|modifier…`) and the value or list of values of an item."""
    modifiers = [m for m in item.modifiers if m != "all"]
    values: list[Any] = list(item.values)
    if item.patterns:
        form = shape(item.patterns)
        values = [written(_bare(pattern, form)) for pattern in item.patterns]
        modifiers += [form] if form else []
        modifiers += ["all"] if "all" in item.modifiers else []
        modifiers += ["cased"] if item.cased else []
    key = "|".join([item.field or "", *modifiers])
    return key, values[0] if len(values) == 1 else values


def _bare(pattern: Pattern, form: str) -> Pattern:
    """The pattern without the wildcards that its modifier adds."""
    start = 1 if form in ("contains", "endswith") else 0
    stop = len(pattern) - (1 if form in ("contains", "startswith") else 0)
    return pattern[start:stop]


def written(pattern: Pattern) -> str:
    """A pattern in Sigma's notation: wildcards bare, literal `*`, `?` and every backslash escaped."""
    return "".join(p.value if isinstance(p, Wild) else _escaped(p) for p in pattern)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


# ---- clauses → selections and condition -----------------------------------------------------------------


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
    values = [written(_bare(p, _shape(p))) for p in item.patterns]
    return {"|all": values} if "all" in item.modifiers else values
