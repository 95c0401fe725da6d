"""Reads the fields of one document as bit masks, in one walk over its keys.

A trie of the wanted paths carries each field's memo of masks. What masks mean is `masks.py`'s and `logic.py`'s.
"""

from __future__ import annotations

from typing import Any

from samefire.engine.events import Document, Trie, has_value, leaves
from samefire.engine.masks import Memo, key_of


class Probe(Trie):
    """A trie of the fields of one part of the events, with each field's memo of masks.

    `whole`: bits of an object that has any value; `covers`: the same for objects that a dotted key passes."""

    __slots__ = ("covers", "memo", "raw", "whole")

    def __init__(self) -> None:
        super().__init__()
        self.memo: Memo | None = None
        self.whole = 0
        self.raw = -1
        self.covers: tuple[tuple[int, int], ...] = ()

    def _descend(self, key: str) -> Trie | None:
        node: Probe | None = self
        covers: list[tuple[int, int]] = []
        for part in key.split("."):
            if node is not None and node is not self and node.whole:
                covers.append((node.slot, node.whole))
            node = dict.get(node, part) if node is not None else None  # type: ignore[assignment]
        if not covers:
            return node
        beside = Probe()
        if node is not None:
            beside.update(node)
            beside.slot, beside.memo, beside.whole, beside.raw = node.slot, node.memo, node.whole, node.raw
        beside.covers = tuple(covers)
        return beside


def probe(trie: Probe, document: Document, masks: list[int], raws: list[list[Any]]) -> None:
    """Add the bits of a document's values to `masks`, and values that are compared jointly to `raws`."""
    queue: list[tuple[Trie, Document]] = [(trie, document)]
    for node, obj in queue:
        for key, value in obj.items():
            child: Any = node[key]
            if child is None or value is None:
                continue
            if value.__class__ is str:
                if child.memo is not None:
                    masks[child.slot] |= child.memo[value]
                if child.raw >= 0:
                    raws[child.raw].append(value)
                if child.covers:
                    _cover(child, masks)
            elif value.__class__ is dict:
                if child:
                    queue.append((child, value))
                if (child.whole or child.covers) and has_value(value):
                    masks[child.slot] |= child.whole
                    _cover(child, masks)
            else:
                _probe_inside(child, value, masks, raws, queue)


def _probe_inside(
    child: Probe, value: Any, masks: list[int], raws: list[list[Any]], queue: list[tuple[Trie, Document]]
) -> None:
    for item in leaves(value):
        if isinstance(item, dict):
            if child:
                queue.append((child, item))
            if child.whole and has_value(item):
                masks[child.slot] |= child.whole
            continue
        if child.memo is not None:
            masks[child.slot] |= child.memo[key_of(item)]
        if child.raw >= 0:
            raws[child.raw].append(item)
    if child.covers and has_value(value):
        _cover(child, masks)


def _cover(child: Probe, masks: list[int]) -> None:
    for slot, whole in child.covers:
        masks[slot] |= whole
