"""Clauses that add nothing beside another one: the same value twice, a value that a pattern covers, an
alternative that asks for more than one that is enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from samefire.lints.relations import Shape, covers, shape, shape_covers
from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.query import ast
from samefire.query.ast import And, Leaf, Node, Not, Or
from samefire.query.wording import wording
from samefire.source import Span

DUPLICATE, COVERED = "lint-duplicate", "lint-covered"
LIMIT = 60_000
"""Pairs of patterns and values of one list: a list that needs more is only searched for duplicates."""


@dataclass(frozen=True, slots=True)
class Item:
    """One of several leaves of which any will do."""

    leaf: Leaf
    shape: Shape | None

    @property
    def span(self) -> Span:
        return self.leaf.span


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every condition."""
    for condition in subject.conditions:
        yield from _visit(subject, condition)


def _visit(subject: Subject, node: Node) -> Iterator[Problem]:
    stack = [node]
    while stack:
        current = stack.pop()
        match current:
            case Or():
                parts = _flat(current)
                stack.extend(part for part in parts if not isinstance(part, Leaf))
                yield from _alternatives(subject, parts)
            case And():
                parts = _flat(current)
                stack.extend(part for part in parts if not isinstance(part, Leaf))
                yield from _together(subject, parts)
            case Not(child=child):
                stack.append(child)
            case ast.Nested(child=child):
                stack.append(child)
            case _:
                pass


def _flat(node: And | Or) -> list[Node]:
    """The children, with those of children of the same kind; a clause that was lowered to several stays
    one."""
    found: list[Node] = []
    for child in node.children:
        if type(child) is type(node) and not _one_clause(child):
            found.extend(_flat(child))
        else:
            found.append(child)
    return found


def _one_clause(node: Node) -> bool:
    """Whether the node is one written clause on several fields or tokens."""
    assert isinstance(node, And | Or)
    return not node.children or all(child.span == node.span for child in node.children)


# ---- any of several ----------------------------------------------------------------------------------


def _alternatives(subject: Subject, parts: Sequence[Node]) -> Iterator[Problem]:
    """The parts of an `or`."""
    if len(parts) > 1 and not all(part.span == parts[0].span for part in parts):
        yield from _same(subject, [p for p in parts if not isinstance(p, Leaf)], "or")
        leaves = [p for p in parts if isinstance(p, Leaf)]
        yield from _lists(subject, leaves)
        yield from _absorbed(subject, parts, leaves)


def _together(subject: Subject, parts: Sequence[Node]) -> Iterator[Problem]:
    """The parts of an `and`. What it denies in several places it could deny in one list."""
    if len(parts) < 2:
        return
    yield from _same(subject, [p for p in parts if not isinstance(p, Not)], "and")
    denied = [leaf for part in parts if isinstance(part, Not) for leaf in _leaves(part.child)]
    if sum(isinstance(part, Not) for part in parts) > 1:
        yield from _lists(subject, denied)


def _leaves(node: Node) -> list[Leaf]:
    parts = _flat(node) if isinstance(node, Or) and not _one_clause(node) else [node]
    return [part for part in parts if isinstance(part, Leaf)]


def _same(subject: Subject, parts: Sequence[Node], word: str) -> Iterator[Problem]:
    """Two parts that are equal."""
    seen: dict[Node, Node] = {}
    for part in parts:
        first = seen.setdefault(part, part)
        if first is not part and first.span != part.span:
            line = subject.line(first.span)
            message = f"the same clause stands on line {line}, joined with `{word}`"
            yield subject.problem(DUPLICATE, message, part.span, "take one of the two away")


def _lists(subject: Subject, leaves: Sequence[Leaf]) -> Iterator[Problem]:
    """Leaves of which any is enough, field by field."""
    by_field: dict[str, list[Item]] = {}
    for leaf in leaves:
        by_field.setdefault(leaf.field, []).append(Item(leaf, shape(leaf.test)))
    for items in by_field.values():
        if len(items) > 1:
            yield from _list(subject, items)


def _list(subject: Subject, items: Sequence[Item]) -> Iterator[Problem]:
    told: set[int] = set()
    for i, first in _duplicates(items):
        told.add(i)
        yield _duplicate(subject, items[i], first)
    wide = [i for i, item in enumerate(items) if item.shape is None or item.shape.wild]
    if len(wide) * len(items) > LIMIT:
        return
    for i, item in enumerate(items):
        if i in told:
            continue
        cover = next((items[w] for w in wide if w != i and w not in told and _covers(items[w], item)), None)
        if cover is not None:
            told.add(i)
            yield _covered(subject, item.leaf, cover.leaf)


def _duplicates(items: Sequence[Item]) -> Iterator[tuple[int, Item]]:
    """Items that an item before says too, and that item."""
    exact: dict[object, Item] = {}
    small: dict[tuple[bool, str], Item] = {}
    for i, item in enumerate(items):
        first = exact.setdefault(item.leaf.test, item)
        if first is item and item.shape is not None:
            key = (item.shape.wild, item.shape.small)
            near = small.setdefault(key, item)
            if near is not item and near.shape is not None and shape_covers(near.shape, item.shape):
                first = near
        if first is not item and first.span != item.span:
            yield i, first


def _covers(wide: Item, item: Item) -> bool:
    if wide.shape is not None and item.shape is not None:
        return shape_covers(wide.shape, item.shape)
    return covers(wide.leaf.test, item.leaf.test)


def _duplicate(subject: Subject, item: Item, first: Item) -> Problem:
    one, other = subject.text(first.span), subject.text(item.span)
    line = subject.line(first.span)
    if one == other or first.leaf.test == item.leaf.test:
        message = f"`{item.leaf.field}` is asked for the same value on line {line}"
    else:
        message = f"`{item.leaf.field}` is asked for the same value on line {line}: case does not count here"
    return subject.problem(DUPLICATE, message, item.span, "take one of the two away")


def _covered(subject: Subject, leaf: Leaf, cover: Leaf) -> Problem:
    line = subject.line(cover.span)
    message = f"`{wording(leaf)}` adds nothing: line {line} has `{wording(cover)}`"
    return subject.problem(COVERED, message, leaf.span, "take it away, or make the other one narrower")


# ---- an alternative that asks for more ---------------------------------------------------------------


def _absorbed(subject: Subject, parts: Sequence[Node], leaves: Sequence[Leaf]) -> Iterator[Problem]:
    """`a or (a and b)`: the second part adds nothing."""
    by_field: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        by_field.setdefault(leaf.field, []).append(leaf)
    others: set[Node] = {part for part in parts if not isinstance(part, Leaf | And)}
    for part in parts:
        if not isinstance(part, And) or _one_clause(part):
            continue
        cover = next(_enough(part, by_field, others), None)
        if cover is not None:
            line = subject.line(cover.span)
            message = f"this alternative adds nothing: `{wording(cover)}` on line {line} is enough"
            yield subject.problem(COVERED, message, part.span, "take it away, or make the other one narrower")


def _enough(part: And, by_field: dict[str, list[Leaf]], others: set[Node]) -> Iterator[Node]:
    for child in _flat(part):
        if child in others:
            yield child
        elif isinstance(child, Leaf):
            for leaf in by_field.get(child.field, ())[:50]:
                if covers(leaf.test, child.test):
                    yield leaf
