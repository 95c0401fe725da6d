"""Many nodes over many events at once.

An event becomes a tuple of bit masks, one a field, through a memo of each field's distinct values; verdicts
are remembered for each distinct tuple. Fields that many nodes require (event.category, host.os.type) split
the events first, so that only the fields and nodes of that part are looked at; a node runs only on a tuple
that has the bits that it needs. Leaves are shared over all nodes. One node on one event takes the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import Document, Events, objects_at
from samefire.engine.joint import JointMasks
from samefire.engine.logic import (
    FieldSlot,
    Formula,
    GroupTest,
    JointSlot,
    NestedSlot,
    SlotKey,
    Slots,
    Verdict,
    breadth,
    formula,
)
from samefire.engine.masks import FieldMasks, Memo
from samefire.engine.probe import Probe, Router, probe
from samefire.engine.requirements import Requirement, bits
from samefire.engine.sources import Fill, Flat, Source, filler
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
MAX_ROUTER_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Hits:
    """For each node the ordinals of the events that satisfy it, ascending, and why its search fails
    (None: it does not)."""

    ordinals: tuple[tuple[int, ...], ...]
    failures: tuple[str | None, ...]


def match(nodes: Sequence[Node], events: Events, context: Context | None = None) -> Hits:
    """The events that satisfy each node."""
    return Plan(nodes).run(events, context)


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
        engine.flat.forget()
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


def _source(key: SlotKey, groups: Sequence[tuple[GroupTest, ...]], now: int) -> Source:
    """What makes the masks of a slot."""
    given: Any = groups  # logic.py puts only tests on fields, and only nodes on objects and joint slots
    match key:
        case JointSlot(paths=paths):
            return Source(key, JointMasks(paths, given, now))
        case NestedSlot(path=path):
            return Source(
                key, _Objects(path, [ast.Or(tuple(n.child for n in group)) for group in given], now)
            )
        case _:
            return Source(key, FieldMasks(given, Clock(now)))


class _Objects:
    """Masks of the objects at a nested path, each judged as a document of its own."""

    def __init__(self, path: str, nodes: Sequence[Node], now: int) -> None:
        self._path = path
        self._plan = Plan(nodes)
        self._context = Context(now=now)
        self._reasons = self._plan.run(Events([]), self._context).failures

    @property
    def failures(self) -> Mapping[int, str]:
        return {bit: why for bit, why in enumerate(self._reasons) if why}

    def mask(self, document: Document) -> int:
        objects = Events([{self._path: item} for item in objects_at(document, self._path)])
        if not len(objects):
            return 0
        hits = self._plan.run(objects, self._context)
        self._reasons = hits.failures
        return sum(1 << bit for bit, ordinals in enumerate(hits.ordinals) if ordinals)


class _Engine:
    """A plan at one time on the clock."""

    def __init__(self, formulas: list[Formula], slots: Slots, now: int) -> None:
        self.formulas = formulas
        self.sources = [_source(k, g, now) for k, g in zip(slots.keys, slots.groups, strict=True)]
        self.everyone = sum(1 << i for i, f in enumerate(formulas) if f.constant is not False)
        self.requirements: dict[int, Requirement] = {}
        self._verdicts: list[Verdict | None] = [None] * len(formulas)
        self.unoffered = self.everyone
        self.flat = Flat()
        for number, one in enumerate(formulas):
            self._require(number, one)
        self.routers = self._choose_routers(slots)
        paths = [key.path for slot in self.routers if isinstance(key := slots.keys[slot], FieldSlot)]
        self._router = Router(paths, self._trie(self.routers, {}))
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

    def _requirement(self, slot: int) -> Requirement:
        return self.requirements.setdefault(slot, Requirement(self.everyone))

    def _choose_routers(self, slots: Slots) -> list[int]:
        """The fields that most nodes require with few different strings."""
        if len(self.formulas) < MANY_NODES:
            return []
        counts = {slot: requirement.count() for slot, requirement in self.requirements.items()}
        fit = [s for s, n in counts.items() if n * 20 >= len(self.formulas) and _is_router(slots, s)]
        return sorted(fit, key=lambda slot: -counts[slot])[:MAX_ROUTERS]

    def _trie(self, slots: Sequence[int], relevant: dict[int, int]) -> Probe:
        """A trie over field slots; `relevant` bits are kept of each (all: not in the table)."""
        root = Probe()
        for local, slot in enumerate(slots):
            source = self.sources[slot]
            masks, keep = source.field, relevant.get(slot, -1)
            if masks is not None and isinstance(source.key, FieldSlot):
                node = root.add(source.key.path)
                node.slot = local
                node.memo = _kept(masks.memo, keep)
                node.whole = masks.objects & keep
        return root

    def judge(self, document: Document) -> tuple[int, ...]:
        """The nodes that a document satisfies, ascending."""
        part = self._only
        if part is None:
            key = self._router.masks(document)
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
        failed = {slot: found for slot, s in enumerate(self.sources) if (found := s.masks.failures)}
        return tuple(f.failure or _failure(f, failed) for f in self.formulas)


def _failure(one: Formula, failed: Mapping[int, Mapping[int, str]]) -> str | None:
    for slot, found in failed.items():
        for bit, why in found.items():
            if one.uses.get(slot, 0) >> bit & 1:
                return why
    return None


def _is_router(slots: Slots, slot: int) -> bool:
    """Whether a slot is a field, not too deep, that is only compared with single values (that it exists can
    hang on keys that the direct look does not see)."""
    key = slots.keys[slot]
    tests = [test for group in slots.groups[slot] for test in group]
    return (
        isinstance(key, FieldSlot)
        and key.path.count(".") < MAX_ROUTER_DEPTH
        and len(tests) <= MAX_ROUTER_TESTS
        and all(isinstance(test, ast.Term | ast.NumberIs | ast.BooleanIs) for test in tests)
    )


def _kept(memo: Memo, keep: int) -> Memo:
    return memo if keep == -1 else Memo(lambda key: memo[key] & keep)


@dataclass(frozen=True, slots=True)
class _First:
    """What the fields that are read in one walk say: the verdict, or which other slots it hangs on."""

    verdict: tuple[int, ...] | None
    fills: tuple[Fill, ...]


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
        self._first: dict[tuple[int, ...], _First] = {}
        self._raws: list[str] = []
        self._fill: dict[int, Fill] = {}
        for local, slot in enumerate(self._slots):
            fill = filler(local, engine.sources[slot], relevant[slot], self._raw, engine.flat)
            if fill is not None:
                self._fill[local] = fill
        self._needed = [
            (i, engine.requirements[s]) for i, s in enumerate(self._slots) if s in engine.requirements
        ]
        self._read = [(i, requirement) for i, requirement in self._needed if i not in self._fill]
        for i, requirement in self._needed:
            if i in self._fill:  # not known before it is filled: it may offer a way
                self._offered |= requirement.offered(-1)

    def _relevant(self, known: set[int]) -> dict[int, int]:
        """For each slot that the nodes left read, the bits they read."""
        relevant: dict[int, int] = {}
        for number in bits(self.nodes):
            for slot, mask in self._engine.formulas[number].uses.items():
                if slot not in known:
                    relevant[slot] = relevant.get(slot, 0) | mask
        return relevant

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
        key = tuple(masks)
        if self._fill:
            first = self._first.get(key)
            if first is None:
                if len(self._first) >= MAX_TUPLES:
                    self._first.clear()
                first = self._first[key] = self._look(key)
            if first.verdict is not None:
                return first.verdict
            for fill in first.fills:
                fill(document, masks, raws)
            key = tuple(masks)
        known = self._verdicts.get(key)
        if known is None:
            if len(self._verdicts) >= MAX_TUPLES:
                self._verdicts.clear()
            known = self._verdicts[key] = self._decide(key)
        return known

    def _look(self, key: tuple[int, ...]) -> _First:
        """What the fields that were read leave open: the verdict, or what must be filled before it."""
        nodes, offered = self.nodes, self._offered
        for local, requirement in self._read:
            nodes &= requirement.allowed(key[local])
            offered |= requirement.offered(key[local])
        used = self._relevant_of(nodes & offered)
        fills = tuple(fill for local, fill in self._fill.items() if self._slots[local] in used)
        return _First(None, fills) if fills else _First(self._run(nodes & offered, key), ())

    def _relevant_of(self, nodes: int) -> set[int]:
        return {slot for number in bits(nodes) for slot in self._engine.formulas[number].uses}

    def _decide(self, key: tuple[int, ...]) -> tuple[int, ...]:
        nodes, offered = self.nodes, self._offered
        for local, requirement in self._needed:
            nodes &= requirement.allowed(key[local])
            offered |= requirement.offered(key[local])
        return self._run(nodes & offered, key)

    def _run(self, nodes: int, key: tuple[int, ...]) -> tuple[int, ...]:
        if not nodes:
            return ()
        masks = self._masks.copy()
        for slot, mask in zip(self._slots, key, strict=True):
            masks[slot] = mask
        return tuple(number for number in bits(nodes) if self._engine.verdict(number)(masks))
