"""Looser, more usual Sigma: without `|cased` (`--caseless`), and what that changes.

Works on clauses; a comparison that loses its case fires on more events, and below a `not` on fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from ._sigma_clause import Clause, Every, Item, Some, Without
from ._sigma_losses import Losses
from ._sigma_tree import every, some, without


def caseless(clause: Clause, losses: Losses) -> Clause:
    """The clause without `|cased`; tells which fields now match more, and which exclude more."""
    wider, narrower = (_fields(clause, negated) for negated in (False, True))
    if wider:
        losses.approximate(
            "approximate-caseless",
            f"without `|cased` it also fires where only the case of {_list(wider)} differs",
            next(item.span for item, negated in _cased(clause, False) if not negated),
        )
    if narrower:
        losses.approximate(
            "approximate-caseless",
            f"without `|cased` it also excludes events where only the case of {_list(narrower)} differs",
            next(item.span for item, negated in _cased(clause, False) if negated),
        )
    return _dropped(clause)


def _cased(clause: Clause, negated: bool) -> Iterator[tuple[Item, bool]]:
    match clause:
        case Item():
            if clause.cased:
                yield clause, negated
        case Every(children=children) | Some(children=children):
            for child in children:
                yield from _cased(child, negated)
        case Without(child=child):
            yield from _cased(child, not negated)
        case _:
            assert_never(clause)


def _fields(clause: Clause, negated: bool) -> list[str]:
    return list(dict.fromkeys(item.field or "" for item, below in _cased(clause, False) if below is negated))


def _list(fields: list[str]) -> str:
    shown = [f"`{field}`" for field in fields[:4]]
    if len(fields) > len(shown):
        return f"{', '.join(shown)} and {len(fields) - len(shown)} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _dropped(clause: Clause) -> Clause:
    match clause:
        case Item():
            return replace(clause, cased=False) if clause.cased else clause
        case Every(children=children):
            return every(_dropped(child) for child in children)
        case Some(children=children):
            return some(_dropped(child) for child in children)
        case Without(child=child):
            return without(_dropped(child))
        case _:
            assert_never(clause)
