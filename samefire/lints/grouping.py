"""`and` beside `or` without parentheses around the whole query: what stands before the first `or` does not hold
for what comes after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.source import Span

CODE = "lint-mixed-and-or"


def check(subject: Subject) -> Iterator[Problem]:
    """Findings at the top of each condition."""
    for whole, parts in _tops(subject):
        loose = [part for part, ands in parts if ands and not _in_parentheses(subject, part)]
        if loose and any(not ands for _, ands in parts):
            message = "`and` binds tighter than `or`: the two are mixed without parentheses"
            hint = "put parentheses around the parts that belong together"
            yield subject.problem(CODE, message, whole, hint)


def _tops(subject: Subject) -> Iterator[tuple[Span, Sequence[tuple[Span, bool]]]]:
    """The conditions that are an `or`: its parts, and whether each is an `and`."""
    if subject.language == "kuery":
        from samefire.languages.kuery import tree as kuery

        if isinstance(subject.tree, kuery.Or) and not subject.tree.listed:
            parts = subject.tree.children
            yield subject.tree.span, [(p.span, isinstance(p, kuery.And) and not p.listed) for p in parts]
        return
    from samefire.languages.eql import tree as eql

    for event in eql.filters(subject.tree):
        top = event.condition
        if isinstance(top, eql.Or):
            yield top.span, [(part.span, isinstance(part, eql.And)) for part in top.operands]


def _in_parentheses(subject: Subject, span: Span) -> bool:
    text = subject.query.text
    return text[span.start] == "(" or text[: span.start].rstrip().endswith("(")
