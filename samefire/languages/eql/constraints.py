"""Conditions on join keys, which Elasticsearch passes on from each stage to all the others.

Joined events share the values of their keys, so this only matters where a key holds several values. A condition
that names any other field stays where it is (elastic/elasticsearch#133134).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from samefire.languages.eql.tree import (
    And,
    Arithmetic,
    Comparison,
    Expression,
    Field,
    Function,
    Literal,
    Not,
    Or,
    Predicate,
    SampleQuery,
    SequenceQuery,
    Sign,
    walk,
)


def propagate(body: SequenceQuery | SampleQuery) -> tuple[tuple[Expression, ...], ...]:
    """For each stage the conditions that it takes over from others; missing events pass nothing on."""
    keys = [(*body.keys, *term.keys) for term in body.terms]
    own = [list(_conjuncts(term.filter.condition)) for term in body.terms]
    passed: list[list[Expression]] = [[] for _ in body.terms]
    for origin, term in enumerate(body.terms):
        for condition in () if term.missing else own[origin]:
            place = _place(condition, keys[origin])
            if place is None or _is_presence(condition, keys[origin][place]):
                continue
            for target, theirs in enumerate(keys):
                taken = _replace(condition, keys[origin][place], theirs[place])
                if target != origin and taken not in own[target] and taken not in passed[target]:
                    passed[target].append(taken)
    return tuple(map(tuple, passed))


def _conjuncts(node: Expression) -> Iterator[Expression]:
    if isinstance(node, And):
        for operand in node.operands:
            yield from _conjuncts(operand)
    else:
        yield node


def _place(condition: Expression, keys: tuple[Field, ...]) -> int | None:
    """Which key the condition is about; None when it names none, any other field, or offers a choice."""
    nodes = list(walk(condition))
    if any((isinstance(n, Or) and not _is_list(n)) or _is_choice(n) for n in nodes):
        return None
    named = {n.name for n in nodes if isinstance(n, Field)}
    return next((i for i, key in enumerate(keys) if named == {key.name}), None)


def _is_list(node: Or) -> bool:
    """A choice that the server writes as one `in` before it looks for constraints: `x == 1 or x == 2`."""
    names = set(_asked(node))
    return len(names) == 1 and None not in names


def _asked(node: Expression) -> Iterator[str | None]:
    """The fields that the operands of a choice compare with constants; None for any other operand."""
    match node:
        case Or(operands=operands):
            for operand in operands:
                yield from _asked(operand)
        case Comparison(operator="==", left=Field(name=name), right=Literal(value=value)) if (
            value is not None
        ):
            yield name
        case Comparison(operator="==", left=Literal(value=value), right=Field(name=name)) if (
            value is not None
        ):
            yield name
        case Predicate(operator="in", left=Field(name=name), negated=False):
            yield name
        case _:
            yield None


def _is_choice(node: Expression) -> bool:
    """A list that the server rewrites to `or`."""
    return (
        isinstance(node, Predicate)
        and len(node.values) > 1
        and node.operator not in ("in", "regex", "regex~")
    )


def _is_presence(condition: Expression, key: Field) -> bool:
    """`key != null` on a key that has to be there anyway."""
    match condition:
        case Comparison(operator="!=", left=Field() as left, right=Literal(value=None)):
            return left.name == key.name and not key.optional
    return False


def _replace(node: Expression, key: Field, other: Field) -> Expression:
    """The condition with one field in place of another."""

    def each(nodes: tuple[Expression, ...]) -> tuple[Expression, ...]:
        return tuple(_replace(n, key, other) for n in nodes)

    match node:
        case Literal():
            return node
        case Field():
            return replace(other, span=node.span) if node.name == key.name else node
        case Function(arguments=arguments):
            return replace(node, arguments=each(arguments))
        case Sign(operand=operand) | Not(operand=operand):
            return replace(node, operand=_replace(operand, key, other))
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return replace(node, left=_replace(left, key, other), right=_replace(right, key, other))
        case Predicate(left=left, values=values):
            return replace(node, left=_replace(left, key, other), values=each(values))
        case And(operands=operands) | Or(operands=operands):
            return replace(node, operands=each(operands))
        case _:
            assert_never(node)
