"""Many nodes over many events at once.

An event becomes a tuple of bit masks, one a field, through a memo of each field's distinct values; verdicts
are remembered for each distinct tuple. Fields that many nodes require (event.category, host.os.type) split
the events first, so that only the fields and nodes of that part are looked at; a node runs only on a tuple
that has the bits that it needs. Leaves are shared over all nodes. One node on one event takes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import (
    Document,
    Events,
    Trie,
    all_text,
    flatten,
    has_value,
    is_present,
    leaves,
    objects_at,
    values_at,
)
from samefire.engine.glob import glob
from samefire.engine.joint import JointMasks
from samefire.engine.logic import (
    AnySlot,
    FieldSlot,
    Formula,
    JointSlot,
    NestedSlot,
    NullSlot,
    PatternSlot,
    PresentSlot,
    Slots,
    Verdict,
    breadth,
    formula,
)
from samefire.engine.masks import FieldMasks, Memo, key_of
from samefire.engine.values import Clock
from samefire.query import ast
from samefire.query.ast import Node

MAX_TUPLES = 50_000
"""Verdicts that one part of the events remembers."""
MAX_PARTS = 4_096
MANY_NODES = 16
"""From here on events are split by the fields that many nodes require."""
MAX_ROUTERS = 4
MAX_ROUTER_TESTS = 4_096


@dataclass(frozen=True, slots=True)
class Hits:
    """For each node the ordinals of the events that satisfy it, ascending, and why its search fails
    (None: it does not)."""

    ordinals: tuple[tuple[int, ...], ...]
    failures: tuple[str | None, ...]


Fill = Callable[[Document, list[int], list[list[Any]]], None]
"""Sets the mask of a slot that is no single field."""


def match(nodes: Sequence[Node], events: Events, context: Context | None = None) -> Hits:
    """The events that satisfy each node."""
    return Plan(nodes).run(events, context)


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


class Plan:
    """Nodes made ready to run together, again and again: what it learns of values is kept between runs."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._slots = Slots()
        self._formulas = [formula(node, self._slots) for node in nodes]
        self._timed = any(one.timed for one in self._formulas)
        self._now: int | None = None
        self._engine: _Engine | None = None

    def __len__(self) -> int:
        return len(self._formulas)

    def run(self, events: Events, context: Context | None = None) -> Hits:
        """The events that satisfy each node. Without `context.now` the clock is the newest event's time."""
        engine = self._ready(events, context)
        ordinals: list[list[int]] = [[] for _ in self._formulas]
        for ordinal, document in enumerate(events.documents):
            for number in engine.judge(document):
                ordinals[number].append(ordinal)
        failures = engine.failures()
        found = (() if why else tuple(list_) for list_, why in zip(ordinals, failures, strict=True))
        return Hits(tuple(found), failures)

    def _ready(self, events: Events, context: Context | None) -> _Engine:
        now = (context.now if context else None) if self._timed else 0
        if now is None:
            now = max((t for t in events.times() if t is not None), default=0)
        if self._engine is None or now != self._now:
            self._engine, self._now = _Engine(self._formulas, self._slots, now), now
        return self._engine


class _Source:
    """Masks of one slot, whatever its kind, and the requirements that nodes have of it."""

    def __init__(self, key: Any, groups: list[tuple[Any, ...]], now: int) -> None:
        self.key = key
        self.fields: FieldMasks | None = None
        self.joint: JointMasks | None = None
        self.nested: Plan | None = None
        match key:
            case FieldSlot() | NullSlot() | PresentSlot() | AnySlot() | PatternSlot():
                self.fields = FieldMasks(groups, Clock(now))
            case JointSlot(paths=paths):
                self.joint = JointMasks(paths, groups, now)
            case NestedSlot():
                self.nested = Plan([ast.Or(tuple(node.child for node in group)) for group in groups])
        self.now = now

    def nested_mask(self, document: Document) -> int:
        """The bits of the objects at this path, each judged alone."""
        assert self.nested is not None
        mask = 0
        for item in objects_at(document, self.key.path):
            events = Events([{self.key.path: item}])
            for number, ordinals in enumerate(self.nested.run(events, Context(now=self.now)).ordinals):
                if ordinals:
                    mask |= 1 << number
        return mask

    def failures(self) -> dict[int, str]:
        """Bits whose tests cannot be run, and why."""
        if self.fields is not None:
            return self.fields.failures
        if self.joint is not None:
            return self.joint.failures
        assert self.nested is not None
        now = self.nested.run(Events([]), Context(now=self.now)).failures
        return {bit: why for bit, why in enumerate(now) if why}


class _Requirement:
    """Which nodes may still hold, given one slot's mask: those that need nothing of it or have what they
    need, and those to which it offers one of several ways."""

    def __init__(self, everyone: int) -> None:
        self._free = everyone
        self._masks: dict[int, list[int]] = {}
        self._by_bit: dict[int, list[int]] = {}
        self._offers: dict[int, int] = {}
        self._bits = 0
        self._offered_bits = 0
        self._allowed: dict[int, int] = {}
        self._offered: dict[int, int] = {}

    def add(self, number: int, mask: int) -> None:
        """Node `number` needs a bit of `mask`."""
        self._free &= ~(1 << number)
        self._bits |= mask
        known = self._masks.setdefault(number, [])
        if not known:
            for bit in bits(mask):
                self._by_bit.setdefault(bit, []).append(number)
        known.append(mask)

    def offer(self, number: int, mask: int) -> None:
        """A bit of `mask` is one of the ways in which node `number` may hold."""
        self._offered_bits |= mask
        for bit in bits(mask):
            self._offers[bit] = self._offers.get(bit, 0) | 1 << number

    def count(self) -> int:
        """How many nodes need something of the slot."""
        return len(self._masks)

    def allowed(self, mask: int) -> int:
        """The nodes (as bits) whose needs of this slot are met."""
        seen = mask & self._bits
        known = self._allowed.get(seen)
        if known is None:
            if len(self._allowed) >= MAX_TUPLES:
                self._allowed.clear()
            known = self._allowed[seen] = self._compute(seen)
        return known

    def _compute(self, seen: int) -> int:
        allowed = self._free
        for bit in bits(seen):
            for number in self._by_bit.get(bit, ()):
                if all(seen & mask for mask in self._masks[number]):
                    allowed |= 1 << number
        return allowed

    def offered(self, mask: int) -> int:
        """The nodes to which this slot offers a way."""
        seen = mask & self._offered_bits
        known = self._offered.get(seen)
        if known is None:
            if len(self._offered) >= MAX_TUPLES:
                self._offered.clear()
            known = 0
            for bit in bits(seen):
                known |= self._offers.get(bit, 0)
            self._offered[seen] = known
        return known


def bits(mask: int) -> list[int]:
    """The positions of the bits of a mask, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


class _Engine:
    """A plan at one time on the clock."""

    def __init__(self, formulas: list[Formula], slots: Slots, now: int) -> None:
        self.formulas = formulas
        self.sources = [_Source(k, g, now) for k, g in zip(slots.keys, slots.groups, strict=True)]
        self.everyone = sum(1 << i for i, f in enumerate(formulas) if f.constant is not False)
        self.requirements: dict[int, _Requirement] = {}
        self._verdicts: list[Verdict | None] = [None] * len(formulas)
        self.unoffered = self.everyone
        for number, one in enumerate(formulas):
            self._require(number, one)
        self.routers = self._choose_routers(slots)
        self._router_trie = self._trie(self.routers, {})
        self._parts: dict[tuple[int, ...], _Part] = {}
        self._only = None if self.routers else _Part(self, ())

    def _require(self, number: int, one: Formula) -> None:
        """Note what a node needs: clauses about one slot, and the narrowest about several."""
        ways = [clause for clause in one.needs if len(clause) > 1]
        for clause in one.needs:
            if len(clause) == 1:
                for slot, mask in clause.items():
                    self._requirement(slot).add(number, mask)
        if ways:
            self.unoffered &= ~(1 << number)
            for slot, mask in min(ways, key=breadth).items():
                self._requirement(slot).offer(number, mask)

    def _requirement(self, slot: int) -> _Requirement:
        return self.requirements.setdefault(slot, _Requirement(self.everyone))

    def _choose_routers(self, slots: Slots) -> list[int]:
        """The fields that most nodes require with few different strings."""
        if len(self.formulas) < MANY_NODES:
            return []
        counts = {slot: requirement.count() for slot, requirement in self.requirements.items()}
        fit = [s for s, n in counts.items() if n * 20 >= len(self.formulas) and _plain(slots, s)]
        return sorted(fit, key=lambda slot: -counts[slot])[:MAX_ROUTERS]

    def _trie(self, slots: Sequence[int], relevant: dict[int, int]) -> Probe:
        """A trie over field slots; `relevant` bits are kept of each (all: not in the table)."""
        root = Probe()
        for local, slot in enumerate(slots):
            source = self.sources[slot]
            if source.fields is None or not isinstance(source.key, FieldSlot):
                continue
            node = root.add(source.key.path)
            keep = relevant.get(slot, -1)
            node.slot = local
            node.memo = _kept(source.fields.memo, keep)
            node.whole = source.fields.objects & keep
        return root

    def judge(self, document: Document) -> tuple[int, ...]:
        """The nodes that a document satisfies, ascending."""
        part = self._only
        if part is None:
            row = [0] * len(self.routers)
            probe(self._router_trie, document, row, [])
            key = tuple(row)
            part = self._parts.get(key)
            if part is None:
                if len(self._parts) >= MAX_PARTS:
                    self._parts.clear()
                part = self._parts[key] = _Part(self, key)
        return part.judge(document)

    def verdict(self, number: int) -> Verdict:
        """The compiled function of a node, made when first asked for."""
        known = self._verdicts[number]
        if known is None:
            one = self.formulas[number]
            known = one.compile() if one.constant is None else (lambda _: True)
            self._verdicts[number] = known
        return known

    def failures(self) -> tuple[str | None, ...]:
        """For each node why its search fails, or None."""
        failed = {slot: found for slot, s in enumerate(self.sources) if (found := s.failures())}
        return tuple(f.failure or _failure(f, failed) for f in self.formulas)


def _failure(one: Formula, failed: dict[int, dict[int, str]]) -> str | None:
    for slot, found in failed.items():
        for bit, why in found.items():
            if one.uses.get(slot, 0) >> bit & 1:
                return why
    return None


def _plain(slots: Slots, slot: int) -> bool:
    """Whether a slot is a field that is only compared with a few strings."""
    tests = [test for group in slots.groups[slot] for test in group]
    return (
        isinstance(slots.keys[slot], FieldSlot)
        and len(tests) <= MAX_ROUTER_TESTS
        and all(isinstance(test, ast.Term | ast.NumberIs | ast.BooleanIs | ast.Exists) for test in tests)
    )


def _kept(memo: Memo, keep: int) -> Memo:
    return memo if keep == -1 else Memo(lambda key: memo[key] & keep)


class _Part:
    """The events that agree on the routing fields: which nodes are left, and which fields those read."""

    def __init__(self, engine: _Engine, routed: tuple[int, ...]) -> None:
        self._engine = engine
        self._masks = [0] * len(engine.sources)
        self.nodes = engine.everyone
        self._offered = engine.unoffered
        for slot, mask in zip(engine.routers, routed, strict=True):
            self._masks[slot] = mask
            self.nodes &= engine.requirements[slot].allowed(mask)
            self._offered |= engine.requirements[slot].offered(mask)
        relevant = self._relevant(set(engine.routers))
        self._slots = sorted(relevant)
        self._trie = engine._trie(self._slots, relevant)
        self._verdicts: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._raws: list[str] = []
        self._fill: list[Fill] = []
        for local, slot in enumerate(self._slots):
            self._prepare(local, engine.sources[slot], relevant[slot])
        self._needed = [
            (i, engine.requirements[s]) for i, s in enumerate(self._slots) if s in engine.requirements
        ]

    def _relevant(self, known: set[int]) -> dict[int, int]:
        """For each slot that the nodes left read, the bits they read."""
        relevant: dict[int, int] = {}
        for number in bits(self.nodes):
            for slot, mask in self._engine.formulas[number].uses.items():
                if slot not in known:
                    relevant[slot] = relevant.get(slot, 0) | mask
        return relevant

    def _prepare(self, local: int, source: _Source, keep: int) -> None:
        """Arrange how a slot that is no single field gets its mask."""
        match source.key:
            case JointSlot(paths=paths):
                joint = source.joint
                assert joint is not None
                places = [self._raw(path) for path in paths]

                def fill(_: Document, masks: list[int], raws: list[list[Any]]) -> None:
                    masks[local] = joint.mask([raws[place] for place in places]) & keep

                self._fill.append(fill)
            case NestedSlot():

                def fill_nested(document: Document, masks: list[int], _: list[list[Any]]) -> None:
                    masks[local] = source.nested_mask(document) & keep

                self._fill.append(fill_nested)
            case AnySlot():
                self._fill.append(_any_filler(local, source, keep))
            case PatternSlot():
                self._fill.append(_pattern_filler(local, source, keep))
            case NullSlot():
                self._fill.append(_null_filler(local, source, keep))
            case PresentSlot(path=path):

                def fill_present(document: Document, masks: list[int], _: list[list[Any]]) -> None:
                    masks[local] = keep if is_present(document, path) else 0

                self._fill.append(fill_present)
            case FieldSlot():
                pass

    def _raw(self, path: str) -> int:
        node = self._trie.add(path)
        if node.raw < 0:
            node.raw = len(self._raws)
            self._raws.append(path)
        return node.raw

    def judge(self, document: Document) -> tuple[int, ...]:
        """The nodes that a document of this part satisfies."""
        if not self.nodes:
            return ()
        masks = [0] * len(self._slots)
        raws: list[list[Any]] = [[] for _ in self._raws]
        probe(self._trie, document, masks, raws)
        for fill in self._fill:
            fill(document, masks, raws)
        key = tuple(masks)
        known = self._verdicts.get(key)
        if known is None:
            if len(self._verdicts) >= MAX_TUPLES:
                self._verdicts.clear()
            known = self._verdicts[key] = self._decide(key)
        return known

    def _decide(self, key: tuple[int, ...]) -> tuple[int, ...]:
        nodes, offered = self.nodes, self._offered
        for local, requirement in self._needed:
            nodes &= requirement.allowed(key[local])
            offered |= requirement.offered(key[local])
        nodes &= offered
        if not nodes:
            return ()
        masks = self._masks.copy()
        for slot, mask in zip(self._slots, key, strict=True):
            masks[slot] = mask
        return tuple(number for number in bits(nodes) if self._engine.verdict(number)(masks))


def _any_filler(local: int, source: _Source, keep: int) -> Fill:
    """The mask of every field. Most events hold none of the literals that are looked for, and are left after
    one look at all their values together."""
    assert source.fields is not None
    memo, without = source.fields.memo, source.key.without
    may_match = source.fields.prefilter()

    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        if may_match is None or may_match(all_text(document)):
            mask = 0
            for name, value in flatten(document):
                if name not in without:
                    mask |= memo[key_of(value)]
            masks[local] = mask & keep

    return fill


def _pattern_filler(local: int, source: _Source, keep: int) -> Fill:
    """The mask of every field whose name fits a pattern."""
    assert source.fields is not None
    memo, without, fits = source.fields.memo, source.key.without, glob(source.key.pattern)

    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        mask = 0
        for name, value in flatten(document):
            if fits(name) and name not in without:
                mask |= memo[key_of(value)]
        masks[local] = mask & keep

    return fill


def _null_filler(local: int, source: _Source, keep: int) -> Fill:
    """The mask of a field whose mapping gives null a value."""
    assert source.fields is not None
    memo, path, null = source.fields.memo, source.key.path, source.key.null

    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        mask = 0
        for value in values_at(document, path):
            mask |= memo[key_of(null if value is None else value)]
        masks[local] = mask & keep

    return fill
