"""Clauses that decided, in words: what failed on the event that came nearest, what matched, and the values seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samefire.engine.alerts import Context
from samefire.engine.explain import (
    Clause,
    Explanation,
    Reason,
    explain,
    failed_clauses,
    reached_branches,
    seen,
)
from samefire.harness.evidence import Evidence
from samefire.query.ast import Leaf, Node, Not
from samefire.query.wording import wording

MOST = 4
"""Clauses told of one event."""


def nearest(where: Node, events: Sequence[object], context: Context, noun: str = "event") -> Iterator[str]:
    """The clauses that failed on the event that came nearest; nothing when all events satisfy the query."""
    told = [explain(where, event, context) for event in events if isinstance(event, dict)]
    failed = [(failed_clauses(e), ordinal) for ordinal, e in enumerate(told) if not e.matched]
    if not failed:
        return
    clauses, ordinal = min(failed, key=lambda pair: (len(pair[0]), pair[1]))
    if len(told) > 1:
        yield f"nearest is {noun} {ordinal + 1} of {len(told)}:"
    yield from clause_lines(clauses)


def unsatisfied(where: Node, about: Evidence) -> Iterator[str]:
    """Why no event that the run looks at satisfies a query; nothing when some do."""
    if about.hits(where):
        return
    for event, exception in about.excepted(where)[:1]:
        yield f"excepted by the {wording(exception)}:"
        yield from matched(exception, about.case.events[event], about.clocked)
        return
    if about.satisfying(where):
        yield "the query matches, but no event that the rule looks at"
        return
    yield from nearest(about.asked(where), about.case.events, about.clocked)


def clause_lines(clauses: Sequence[Clause]) -> Iterator[str]:
    """A line a clause, as far as somebody will read them."""
    yield from map(clause_line, clauses[:MOST])
    if len(clauses) > MOST:
        rest = len(clauses) - MOST
        yield f"… and {rest} more clause{'' if rest == 1 else 's'}"


def clause_line(clause: Clause) -> str:
    """One clause that decided, and the values that it saw."""
    part = clause.part
    if clause.excluded:
        return f"excluded: {wording(part.node)}{_values(part)}"
    return f"failed: {wording(part.node)}; {because(part)}"


def matched(where: Node, event: object, context: Context) -> Iterator[str]:
    """The clauses through which an event satisfies a query."""
    assert isinstance(event, dict)
    told = reached_branches(explain(where, event, context))
    for part in told[: MOST * 2]:
        yield f"matched: {wording(part.node)}{'' if isinstance(part.node, Not) else _values(part)}"
    if len(told) > MOST * 2:
        rest = len(told) - MOST * 2
        yield f"… and {rest} more clause{'' if rest == 1 else 's'}"


def because(part: Explanation) -> str:
    """Why a part does not match."""
    values = _all_values(part)
    match _reason(part):
        case Reason.ABSENT:
            return f"the event has no {_field(part)}"
        case Reason.OBJECT:
            return f"{_field(part)} is an object"
        case Reason.CASE:
            return f"the event has {seen(values)}: only the case differs"
        case Reason.TYPE:
            return f"the event has {seen(values)}, which cannot be read as the field's type"
        case Reason.TOO_LONG:
            return f"the event has {seen(values)}, too long to be indexed"
        case Reason.REFUSED:
            return "refused"
        case _:
            return f"the event has {seen(values)}" if values else "it does not hold"


def _field(part: Explanation) -> str:
    leaf = next((p for p in (part, *part.children) if isinstance(p.node, Leaf)), None)
    return leaf.node.field if leaf and isinstance(leaf.node, Leaf) else "such field"


def _all_values(part: Explanation) -> list[object]:
    values = part.values or next((c.values for c in part.children if c.values), ())
    return list(values)


def _reason(part: Explanation) -> Reason | None:
    if part.reason is not None:
        return part.reason
    found = [child.reason for child in part.children]
    if Reason.CASE in found:
        return Reason.CASE
    return found[0] if found and found[0] is not None else None


def _values(part: Explanation) -> str:
    values = _all_values(part)
    return f" (the event has {seen(values)})" if values else ""
