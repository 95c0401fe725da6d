"""A query tree in Sigma's terms: clauses, simplified, with the values of one key in one list.

What one test becomes is left to `_sigma_clause.py`, scripts to `_sigma_script.py`, names and the condition to
`_sigma_detection.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import assert_never

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
    flattened,
    leaf,
)
from ._sigma_items import shape
from ._sigma_losses import Losses
from ._sigma_script import equal_fields, rewrite_script

MOST_COMBINATIONS = 64


def clauses(node: Node, fields: FieldTypes, losses: Losses) -> Clause:
    """The tree in Sigma's terms, simplified; what cannot be said is told to `losses`."""
    match node:
        case And(children=children):
            return every(clauses(child, fields, losses) for child in equal_fields(children))
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
            if parent is not None and parent.type == "flattened":
                return flattened(parent.name, node, losses)
            message = f"Sigma has no wildcard in a field's name (`{name}`)"
            losses.refuse("sigma-cannot-field-pattern", message, node.span, "name the fields")
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
