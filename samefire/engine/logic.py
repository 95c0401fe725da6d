"""A node as a Boolean function of masks: groups of tests as bits, the rest as a generated expression.

The generated text holds nothing of a rule but positions and bit masks. Trees of any depth are folded without
recursion; a very deep one becomes several steps, each a flat expression over masks and earlier steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, assert_never

from samefire.query import ast
from samefire.query.ast import Node

MAX_NESTING = 40
"""Brackets in one generated expression; Python's own limit is 200."""


@dataclass(frozen=True, slots=True)
class FieldSlot:
    """The values of one document field."""

    path: str


@dataclass(frozen=True, slots=True)
class NullSlot:
    """The values of one document field where a null counts as a value (of this type, written so)."""

    path: str
    type: str
    null: str | int | float | bool


@dataclass(frozen=True, slots=True)
class PresentSlot:
    """Whether a document holds the field at all, if only with null or []."""

    path: str


@dataclass(frozen=True, slots=True)
class AnySlot:
    """The values of every field but those named."""

    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class PatternSlot:
    """The values of every field whose name fits, but those named."""

    pattern: ast.Pattern
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class NestedSlot:
    """The objects at a path, one by one; its tests are nodes."""

    path: str


@dataclass(frozen=True, slots=True)
class JointSlot:
    """The values of several fields together; its tests are comparisons or scripts."""

    paths: tuple[str, ...]


SlotKey = FieldSlot | NullSlot | PresentSlot | AnySlot | PatternSlot | NestedSlot | JointSlot
GroupTest = ast.Test | ast.Node
Needs = list[dict[int, int]]
"""Clauses that must all hold: each a mask for some slots, and one of them must have one of its bits."""
Verdict = Callable[[Sequence[int]], Any]


class Slots:
    """Where masks come from, and which groups of tests are the bits of each."""

    def __init__(self) -> None:
        self.keys: list[SlotKey] = []
        self.groups: list[list[tuple[GroupTest, ...]]] = []
        self._index: dict[SlotKey, int] = {}
        self._fields: dict[str, int] = {}
        self._bits: list[dict[object, int]] = []

    def slot(self, key: SlotKey) -> int:
        """The number of a slot, made when absent."""
        number = self._index.get(key)
        if number is None:
            number = self._index[key] = len(self.keys)
            self.keys.append(key)
            self.groups.append([])
            self._bits.append({})
        return number

    def field(self, path: str) -> int:
        """The number of a field's slot, made when absent."""
        number = self._fields.get(path)
        if number is None:
            number = self._fields[path] = self.slot(FieldSlot(path))
        return number

    def bit(self, slot: int, tests: tuple[GroupTest, ...], identity: object) -> int:
        """The mask (one bit) of a group of tests, shared by all nodes that ask the same."""
        bits = self._bits[slot]
        bit = bits.get(identity)
        if bit is None:
            bit = bits[identity] = len(self.groups[slot])
            self.groups[slot].append(tests)
        return 1 << bit


@dataclass(frozen=True, slots=True)
class Group:
    """Tests on one slot, any of which may hold; not yet a bit, since an Or may widen it."""

    slot: int
    tests: tuple[GroupTest, ...]
    identity: object


@dataclass(frozen=True, slots=True)
class Settled:
    """An expression over masks `m`, how deep its brackets are, and what must hold for it to be true."""

    code: str
    depth: int
    needs: Needs


Folded = bool | Group | Settled


@dataclass(slots=True)
class Formula:
    """One node ready to run. `uses`: for each slot the bits it reads. `failure`: why it can never run.
    `timed`: it asks for the time of the run."""

    steps: list[str] = field(default_factory=list)
    uses: dict[int, int] = field(default_factory=dict)
    needs: Needs = field(default_factory=list)
    constant: bool | None = None
    failure: str | None = None
    timed: bool = False

    def compile(self) -> Verdict:
        """A function of the masks by slot."""
        functions = [eval(f"lambda m, r: {step}", {"__builtins__": {}}) for step in self.steps]
        if len(functions) == 1:
            only = functions[0]
            return lambda masks: only(masks, None)

        def run(masks: Sequence[int]) -> Any:
            results: list[Any] = []
            for function in functions:
                results.append(function(masks, results))
            return results[-1]

        return run


def formula(node: Node, slots: Slots) -> Formula:
    """Fold a node into a formula; new groups of tests are added to `slots`."""
    timed = False
    for part in ast.walk(node):
        if isinstance(part, ast.Fails):
            return Formula(failure=part.reason, constant=False)
        timed = timed or reads_clock(part)
    found = _Folder(slots).formula(node)
    found.timed = timed
    return found


def reads_clock(part: Node) -> bool:
    """Whether a node (not what is below it) asks for the time of the run."""
    match part:
        case (
            ast.Leaf(test=ast.DateRange(low=low, high=high))
            | ast.AnyField(test=ast.DateRange(low=low, high=high))
            | ast.FieldPattern(test=ast.DateRange(low=low, high=high))
        ):
            return any(bound is not None and bound.math is not None for bound in (low, high))
        case ast.Script(expression=expression):
            return any(call.function == "now" for call in calls(expression))
        case _:
            return False


def calls(expression: ast.Expression) -> Iterator[ast.Call]:
    """Every call of a function in an expression."""
    stack = [expression]
    while stack:
        current = stack.pop()
        if isinstance(current, ast.Call):
            yield current
            stack.extend(current.arguments)


class _Folder:
    """Folds one tree from its leaves up."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._steps: list[str] = []
        self._uses: dict[int, int] = {}

    def formula(self, node: Node) -> Formula:
        results: dict[int, Folded] = {}
        for part in _children_first(node):
            if id(part) not in results:
                results[id(part)] = self._fold(part, results)
        folded = results[id(node)]
        if isinstance(folded, bool):
            return Formula(constant=folded)
        settled = self._settle(folded)
        return Formula([*self._steps, settled.code], self._uses, settled.needs)

    def _fold(self, node: Node, results: dict[int, Folded]) -> Folded:
        match node:
            case ast.And(children=children):
                return self._and([results[id(c)] for c in children])
            case ast.Or(children=children):
                return self._or([results[id(c)] for c in children])
            case ast.AtLeast(count=count, children=children):
                return self._at_least(count, [results[id(c)] for c in children])
            case ast.Not(child=child):
                return self._not(results[id(child)])
            case ast.Fails():
                return False
            case _:
                return self._leaf(node)

    def _leaf(
        self,
        node: ast.Leaf | ast.AnyField | ast.FieldPattern | ast.FieldsCompare | ast.Nested | ast.Script,
    ) -> Group:
        match node:
            case ast.Leaf(test=ast.Exists(null=True) as test):
                return self._group(PresentSlot(node.reads), test)
            case ast.Leaf(test=test):
                null = node.null_value
                if null is None:
                    return Group(self._slots.field(node.column or node.field), (test,), (test,))
                return self._group(NullSlot(node.reads, type(null).__name__, null), test)
            case ast.AnyField(test=test, without=without):
                return self._group(AnySlot(without), test)
            case ast.FieldPattern(pattern=pattern, test=test, without=without):
                return self._group(PatternSlot(pattern, without), test)
            case ast.Nested(path=path):
                return self._group(NestedSlot(path), node, id(node))
            case ast.FieldsCompare(left=left, right=right):
                return self._group(JointSlot((left, right)), node)
            case ast.Script(expression=expression):
                paths = tuple(dict.fromkeys(f.reads for f in ast.expression_fields(expression)))
                return self._group(JointSlot(paths), node, id(node))
            case _:
                assert_never(node)

    def _group(self, key: SlotKey, test: GroupTest, identity: object = None) -> Group:
        tests = (test,)
        return Group(self._slots.slot(key), tests, identity if identity is not None else tests)

    def _settle(self, folded: Group | Settled) -> Settled:
        if isinstance(folded, Settled):
            return folded
        bit = self._slots.bit(folded.slot, folded.tests, folded.identity)
        self._uses[folded.slot] = self._uses.get(folded.slot, 0) | bit
        return Settled(f"m[{folded.slot}]&{bit:#x}", 0, [{folded.slot: bit}])

    def _joined(self, word: str, parts: Iterable[Settled], needs: Needs) -> Settled:
        parts = list(parts)
        code = word.join(f"({part.code})" for part in parts)
        return self._shallow(Settled(code, 1 + max(part.depth for part in parts), needs))

    def _shallow(self, settled: Settled) -> Settled:
        if settled.depth < MAX_NESTING:
            return settled
        self._steps.append(settled.code)
        return Settled(f"r[{len(self._steps) - 1}]", 0, settled.needs)

    def _and(self, parts: list[Folded]) -> Folded:
        if any(part is False for part in parts):
            return False
        rest = [part for part in parts if not isinstance(part, bool)]
        if not rest:
            return True
        if len(rest) == 1:
            return rest[0]
        settled = [self._settle(part) for part in rest]
        needs = [clause for part in settled for clause in part.needs]
        return self._joined(" and ", settled, needs)

    def _or(self, parts: list[Folded]) -> Folded:
        if any(part is True for part in parts):
            return True
        rest = _merged(part for part in parts if not isinstance(part, bool))
        if not rest:
            return False
        if len(rest) == 1:
            return rest[0]
        settled = [self._settle(part) for part in rest]
        return self._joined(" or ", settled, _common(settled))

    def _at_least(self, count: int, parts: list[Folded]) -> Folded:
        count -= sum(part is True for part in parts)
        rest = [part for part in parts if not isinstance(part, bool)]
        if count <= 0:
            return True
        if count > len(rest):
            return False
        if count == 1:
            return self._or(list(rest))
        if count == len(rest):
            return self._and(list(rest))
        settled = [self._settle(part) for part in rest]
        code = "+".join(f"(1 if {part.code} else 0)" for part in settled)
        depth = 2 + max(part.depth for part in settled)
        return self._shallow(Settled(f"({code})>={count}", depth, []))

    def _not(self, part: Folded) -> Folded:
        if isinstance(part, bool):
            return not part
        settled = self._settle(part)
        return self._shallow(Settled(f"not ({settled.code})", settled.depth + 1, []))


def _merged(parts: Iterable[Group | Settled]) -> list[Group | Settled]:
    """The parts of an Or, groups of one slot made one group."""
    out: list[Group | Settled] = []
    by_slot: dict[int, list[Group]] = {}
    for part in parts:
        if isinstance(part, Group):
            by_slot.setdefault(part.slot, []).append(part)
        else:
            out.append(part)
    for slot, groups in by_slot.items():
        if len(groups) == 1:
            out.append(groups[0])
            continue
        tests = tuple(test for group in groups for test in group.tests)
        plain = all(group.identity == group.tests for group in groups)
        out.append(Group(slot, tests, tests if plain else tuple(group.identity for group in groups)))
    return out


def _common(parts: list[Settled]) -> Needs:
    """What every part of an Or needs: of each slot that all of them need a bit of, one of those bits; where
    there is no such slot, one of the clauses that the parts need most narrowly."""
    if not all(part.needs for part in parts):
        return []
    alone = [
        {slot: mask for clause in part.needs if len(clause) == 1 for slot, mask in clause.items()}
        for part in parts
    ]
    shared = reduce(lambda known, one: known & one.keys(), alone[1:], set(alone[0]))
    if shared:
        return [{slot: reduce(int.__or__, (one[slot] for one in alone))} for slot in sorted(shared)]
    return [_united(min(part.needs, key=breadth) for part in parts)]


def breadth(clause: dict[int, int]) -> int:
    """How many bits a clause offers: the fewer, the more it excludes."""
    return sum(mask.bit_count() for mask in clause.values())


def _united(clauses: Iterable[dict[int, int]]) -> dict[int, int]:
    united: dict[int, int] = {}
    for clause in clauses:
        for slot, mask in clause.items():
            united[slot] = united.get(slot, 0) | mask
    return united


def _children_first(node: Node) -> Iterator[Node]:
    """The nodes of a tree, children before parents; what lies inside a Nested is its own tree."""
    order: list[Node] = []
    stack = [node]
    while stack:
        current = stack.pop()
        order.append(current)
        match current:
            case ast.And(children=children) | ast.Or(children=children) | ast.AtLeast(children=children):
                stack.extend(children)
            case ast.Not(child=child):
                stack.append(child)
            case _:
                pass
    return reversed(order)
