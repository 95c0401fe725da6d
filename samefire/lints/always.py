"""What is always true: `a or not a`, and `x != 1 or x != 2`; `not` over `not`; queries that only deny."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.lints.relations import covers, disjoint
from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.query.ast import And, Leaf, Node, Not, Or
from samefire.query.wording import wording

LIMIT = 300
"""Alternatives of one `or` that are compared with each other."""


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every condition."""
    for condition in subject.conditions:
        if _denial(condition):
            message = "the query only says what an event must not be: nearly everything matches"
            hint = "say what it must be, too"
            yield subject.problem("lint-only-negative", message, condition.span, hint)
    for node in subject.nodes:
        match node:
            case Or(children=children) if any(isinstance(child, Not) for child in children):
                yield from _alternatives(subject, children)
            case Not(child=Not()):
                message, hint = "`not` over `not`: the two cancel out", "take both away"
                yield subject.problem("lint-double-negation", message, node.span, hint)
            case _:
                pass


def _denial(node: Node) -> bool:
    match node:
        case Not(child=Not()):
            return False
        case Not():
            return True
        case And(children=children):
            return bool(children) and all(_denial(child) for child in children)
        case _:
            return False


def _alternatives(subject: Subject, children: tuple[Node, ...]) -> Iterator[Problem]:
    said = {child: child for child in reversed(children)}
    denied = [child for child in children if isinstance(child, Not)][:LIMIT]
    for i, one in enumerate(denied):
        other = said.get(one.child) or _complement(one, children[:LIMIT])
        if other is not None:
            message = f"always true: `{wording(other)}` or `{wording(one)}`"
            yield subject.problem("lint-always-true", message, one.span, "write `and`, or take one away")
            return
        different = next((d for d in denied[:i] if _differ(subject, d, one)), None)
        if different is not None:
            yield _one_of_two(subject, different, one)
            return


def _complement(one: Not, children: tuple[Node, ...]) -> Node | None:
    """An alternative that holds whenever what `one` denies does."""
    if not isinstance(one.child, Leaf):
        return None
    leaf = one.child
    for child in children:
        if isinstance(child, Leaf) and child.field == leaf.field and covers(child.test, leaf.test):
            return child
    return None


def _differ(subject: Subject, one: Not, other: Not) -> bool:
    """Whether an event of one value always passes one of two denials."""
    a, b = one.child, other.child
    return (
        isinstance(a, Leaf)
        and isinstance(b, Leaf)
        and a.field == b.field
        and disjoint(a.test, b.test)
        and subject.single(a.field)
    )


def _one_of_two(subject: Subject, one: Not, other: Not) -> Problem:
    leaf = other.child
    assert isinstance(leaf, Leaf)
    message = f"always true: `{wording(one)}` or `{wording(other)}`; a value differs from one of the two"
    return subject.problem("lint-always-true", message, other.span, "write `and` between the two")
