"""Reads the fields of one document as bit masks, in one walk over its keys.

A trie of the wanted paths carries each field's memo of masks. What masks mean is `masks.py`'s and `logic.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
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


_SCALARS = frozenset({str, int, float, bool})


class Router:
    """Reads a few fields of a document without walking over its other keys."""

    def __init__(self, paths: Sequence[str], trie: Probe) -> None:
        self._trie = trie
        self._nodes = [trie.add(path) for path in paths]
        memos = [node.memo for node in self._nodes]
        self._plain = [(m, _ways(p)) for m, p in zip(memos, paths, strict=True) if m is not None]

    def masks(self, document: Document) -> tuple[int, ...]:
        """The mask of each path."""
        row = [0] * len(self._nodes)
        for place, (memo, ways) in enumerate(self._plain):
            for way in ways:
                value: Any = document
                for key in way:
                    if value.__class__ is not dict:
                        if value.__class__ is list:
                            return self._walked(document)
                        value = None
                        break
                    value = value.get(key)
                if value.__class__ is str:
                    row[place] |= memo[value]
                elif value is not None:
                    items = value if value.__class__ is list else (value,)
                    if not _SCALARS.issuperset(map(type, items)):
                        return self._walked(document)
                    for item in items:
                        row[place] |= memo[key_of(item)]
        return tuple(row)

    def _walked(self, document: Document) -> tuple[int, ...]:
        """The same for a document that is not plain: objects in lists, or as values."""
        row = [0] * len(self._nodes)
        probe(self._trie, document, row, [])
        return tuple(row)


def _ways(path: str) -> list[tuple[str, ...]]:
    """The ways in which a path may be written as nested keys: `a.b` as one key, or `b` inside `a`."""
    parts = path.split(".")
    found = []
    for cuts in range(1 << (len(parts) - 1)):
        keys = [parts[0]]
        for place, part in enumerate(parts[1:]):
            if cuts >> place & 1:
                keys.append(part)
            else:
                keys[-1] += "." + part
        found.append(tuple(keys))
    return found
