"""Values that ECS does not allow for a field, and allowed ones in the wrong case."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.lints.claims import Claim, leaves_of
from samefire.lints.relations import fits, shape
from samefire.lints.subject import Subject
from samefire.problems import Problem, nearest
from samefire.query.ast import And, Leaf, Node, Not, Or, Term

CASE, UNKNOWN = "lint-value-case", "lint-value-not-allowed"


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every clause on a field whose values ECS lists. A value that stands in a list beside a
    right one is there for data that does not keep to ECS, unless it is nearly that one."""
    for condition in subject.conditions:
        for claim in listed(condition):
            yield from _claim(subject, claim)


def listed(condition: Node) -> Iterator[Claim]:
    """Every leaf with the leaves that stand in one list with it."""
    stack = [condition]
    while stack:
        node = stack.pop()
        alternatives = leaves_of(node) if isinstance(node, Or) else ()
        if isinstance(node, Leaf):
            yield Claim(node.field, (node,), True, node.span)
        elif alternatives:
            for field in dict.fromkeys(leaf.field for leaf in alternatives):
                same = tuple(leaf for leaf in alternatives if leaf.field == field)
                yield Claim(field, same, True, node.span)
        elif isinstance(node, Or | And):
            stack.extend(reversed(node.children))
        elif isinstance(node, Not):
            stack.append(node.child)


def _claim(subject: Subject, claim: Claim) -> Iterator[Problem]:
    from samefire.fields import ecs

    allowed = ecs.allowed_values(claim.field)
    known = allowed or ecs.expected_values(claim.field)
    if known is None:
        return
    beside = {leaf.test.value for leaf in claim.leaves if isinstance(leaf.test, Term)} & set(known)
    for leaf in claim.leaves:
        yield from _leaf(subject, leaf, known, beside, closed=allowed is not None)


def _leaf(
    subject: Subject, leaf: Leaf, known: tuple[str, ...], beside: set[str], *, closed: bool
) -> Iterator[Problem]:
    found = shape(leaf.test)
    if found is None:
        return
    if found.wild:
        if closed and not beside and not any(fits(found.small, value) for value in known):
            yield _unknown(subject, leaf, known)
        return
    meant = next((value for value in known if value == found.small), None)
    if meant is None:
        near = nearest(found.small, known)
        if closed and (not beside or (near and near not in beside)):
            yield _unknown(subject, leaf, known, near)
    elif meant not in (found.raw, found.text(found.fold)) and meant not in beside:
        message = f'`{leaf.field}` is never "{found.raw}": case counts here, and ECS writes "{meant}"'
        yield subject.problem(CASE, message, leaf.span, f'write "{meant}"')


def _unknown(subject: Subject, leaf: Leaf, known: tuple[str, ...], near: str | None = None) -> Problem:
    message = f"ECS has no such value of `{leaf.field}`"
    hint = f"did you mean `{near}`?" if near else f"its values are {', '.join(known)}"
    return subject.problem(UNKNOWN, message, leaf.span, hint)
