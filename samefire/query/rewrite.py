"""Rewriting a tree without changing what it means: one normal form for comparing queries."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from samefire.query.ast import And, AtLeast, Nested, Node, Not, Or

Children = tuple[Node, ...]


def normal(node: Node) -> Node:
    """The same meaning with `and`/`or` flattened, without repeats, children in a fixed order, double `not`
    gone, one-child groups opened. Two trees with equal normal forms mean the same; unequal ones may still."""
    match node:
        case And(children=children):
            return _group(node, And, children)
        case Or(children=children):
            return _group(node, Or, children)
        case Not(child=child):
            inner = normal(child)
            return inner.child if isinstance(inner, Not) else replace(node, child=inner)
        case AtLeast(children=children):
            return replace(node, children=tuple(sorted((normal(c) for c in children), key=repr_of)))
        case Nested(child=child):
            return replace(node, child=normal(child))
        case _:
            return node


def _group(node: And | Or, kind: type[And] | type[Or], children: Children) -> Node:
    flat: dict[Node, None] = {}
    for child in children:
        inner = normal(child)
        parts = inner.children if isinstance(inner, And | Or) and type(inner) is kind else (inner,)
        flat.update(dict.fromkeys(parts))
    if len(flat) == 1:
        return next(iter(flat))
    return replace(node, children=tuple(sorted(flat, key=repr_of)))


def repr_of(value: Any) -> str:
    """A text of a node by what is compared, so that spans do not move it."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = ",".join(repr_of(getattr(value, f.name)) for f in fields(value) if f.compare)
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        return "(" + ",".join(repr_of(v) for v in value) + ")"
    return repr(value)


def normal_body(value: Any) -> Any:
    """A detection body (or any value that holds nodes) with every node in normal form."""
    if isinstance(value, And | Or | Not | AtLeast | Nested):
        return normal(value)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(normal_body(v) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: normal_body(getattr(value, f.name)) for f in fields(value) if f.compare and f.init}
        return replace(value, **changed)
    return value
