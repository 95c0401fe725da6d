"""A plain evaluator, one node on one event, written without any of the engine's short cuts.

It says what `samefire.engine.match` must say. It shares nothing with it but the test of one value, and scripts.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from samefire.engine import script
from samefire.engine.joint import compare
from samefire.engine.values import Clock, predicate
from samefire.query import ast
from samefire.query.ast import Node, Pattern, Wild


def parts(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """(path, scalar or None) of everything in a document, objects in lists flattened."""
    found: list[tuple[str, Any]] = []

    def visit(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, below in value.items():
                visit(f"{name}.{key}" if name else key, below)
        elif isinstance(value, list):
            for item in value:
                visit(name, item)
        else:
            found.append((name, value))

    visit("", document)
    return found


def names(document: Mapping[str, Any]) -> list[str]:
    """The path of every key in a document, whatever stands there."""
    found: list[str] = []

    def visit(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, below in value.items():
                found.append(f"{name}.{key}" if name else key)
                visit(found[-1], below)
        elif isinstance(value, list):
            for item in value:
                visit(name, item)

    visit("", document)
    return found


def holds(node: Node, document: Mapping[str, Any], now: int = 0) -> bool:
    """Whether a document satisfies a node ."""
    every = parts(document)
    clock = Clock(now)
    match node:
        case ast.And(children=children):
            return all(holds(c, document, now) for c in children)
        case ast.Or(children=children):
            return any(holds(c, document, now) for c in children)
        case ast.AtLeast(count=count, children=children):
            return sum(holds(c, document, now) for c in children) >= count
        case ast.Not(child=child):
            return not holds(child, document, now)
        case ast.Leaf(test=ast.Exists(null=True)):
            name = node.reads
            return any(n == name or n.startswith(name + ".") for n in names(document))
        case ast.Leaf(test=ast.Exists(ignore_above=None), null_value=null):
            name = node.reads
            return any(
                (n == name or n.startswith(name + "."))
                and (v is not None or (null is not None and n == name))
                for n, v in every
            )
        case ast.Leaf(test=test, null_value=null):
            values = [null if v is None else v for n, v in every if n == node.reads]
            return any(v is not None and predicate(test, clock)(v) for v in values)
        case ast.AnyField(test=test, without=without):
            return any(v is not None and n not in without and predicate(test, clock)(v) for n, v in every)
        case ast.FieldPattern(pattern=pattern, test=test, without=without):
            return any(
                v is not None and n not in without and fits(pattern, n) and predicate(test, clock)(v)
                for n, v in every
            )
        case ast.FieldsCompare(left=left, right=right):
            a = [v for n, v in every if n == left and v is not None]
            b = [v for n, v in every if n == right and v is not None]
            return compare(node, a, b)
        case ast.Script(expression=expression):
            return script.holds(expression, lambda path: [v for n, v in every if n == path and v is not None])
        case ast.Nested(path=path, child=child):
            return any(holds(child, {path: item}, now) for item in objects(document, path))
        case _:
            raise NotImplementedError(type(node).__name__)


def objects(document: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    """The objects at a path; a dotted key that leads past it is an object of its own, as the server expands it."""
    found: list[dict[str, Any]] = []

    def visit(name: str, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                visit(name, item)
        elif isinstance(value, dict):
            if name == path:
                found.append(value)
            for key, below in value.items():
                full = f"{name}.{key}" if name else key
                if len(name) < len(path) < len(full) and full.startswith(path + "."):
                    found.append({full[len(path) + 1 :]: below})
                visit(full, below)

    visit("", document)
    return found


def fits(pattern: Pattern, name: str) -> bool:
    """Whether a name fits a pattern, by the standard library."""
    text = "".join(
        ("*" if p is Wild.MANY else "?") if isinstance(p, Wild) else fnmatch_escape(p) for p in pattern
    )
    return fnmatch.fnmatchcase(name, text)


def fnmatch_escape(literal: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in literal)
