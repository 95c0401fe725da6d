"""What a condition says of single fields when it holds: claims, and when two of them contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from samefire.lints.relations import covers, disjoint
from samefire.query import ast
from samefire.query.ast import Leaf, Node
from samefire.source import Span


@dataclass(frozen=True, slots=True)
class Claim:
    """Some value of `field` passes one of the tests, or (`holds` False) no value passes any of them."""

    field: str
    leaves: tuple[Leaf, ...]
    holds: bool
    span: Span


def claims(node: Node) -> Iterator[Claim]:
    """What follows from a node, field by field."""
    match node:
        case Leaf(null_value=None):
            yield Claim(node.field, (node,), True, node.span)
        case ast.And(children=children):
            for child in children:
                yield from claims(child)
        case ast.Or():
            found = leaves_of(node)
            if found and len({leaf.field for leaf in found}) == 1:
                yield Claim(found[0].field, found, True, node.span)
        case ast.Not(child=child):
            yield from denials(child)
        case _:
            return


def denials(node: Node) -> Iterator[Claim]:
    """What follows when a node does not hold."""
    match node:
        case Leaf(null_value=None):
            yield Claim(node.field, (node,), False, node.span)
        case ast.Or(children=children):
            for child in children:
                yield from denials(child)
        case ast.Not(child=child):
            yield from claims(child)
        case _:
            return


def leaves_of(node: ast.Or) -> tuple[Leaf, ...]:
    """The leaves of an `or` that has nothing else; none when it has."""
    found: list[Leaf] = []
    for child in node.children:
        match child:
            case Leaf(null_value=None):
                found.append(child)
            case ast.Or():
                inner = leaves_of(child)
                if not inner:
                    return ()
                found.extend(inner)
            case _:
                return ()
    return tuple(found)


def contradict(one: Claim, other: Claim, *, single: bool) -> bool:
    """Whether the two claims (of the same field) cannot both be true. `single`: the field has one value."""
    if one.holds and other.holds:
        return single and all(disjoint(a.test, b.test) for a in one.leaves for b in other.leaves)
    if one.holds == other.holds:
        return False
    said, denied = (one, other) if one.holds else (other, one)
    return all(any(covers(d.test, s.test) for d in denied.leaves) for s in said.leaves)
