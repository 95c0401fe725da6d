"""Values of KQL that were meant to be several: a line break, two spaces or a comma in a bare value; and
values that start or end with a space."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samefire.languages.kuery.tree import Is, Literal, Term, leaves
from samefire.lints.spaces import EDGE, spaced
from samefire.lints.subject import Subject
from samefire.problems import Problem

BREAK, SPACES, COMMA = "lint-value-line-break", "lint-value-double-space", "lint-value-comma"
_COMMA = re.compile(r",\s")


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every value."""
    for leaf, _ in leaves(subject.tree):
        if isinstance(leaf, Is):
            yield from _value(subject, leaf.value)


def _value(subject: Subject, value: Term) -> Iterator[Problem]:
    text = subject.text(value.span)
    if isinstance(value, Literal) and value.quoted:
        yield from _quoted(subject, value)
    elif "\n" in text:
        first, _, rest = text.partition("\n")
        message = f"one value over two lines: `{first.strip()}` and `{rest.strip()}` are not told apart"
        yield subject.problem(BREAK, message, value.span, "write `or` (or `and`) between the two")
    elif "  " in text or "\t" in text:
        message = f"one value with two spaces in it: `{text}`"
        yield subject.problem(
            SPACES, message, value.span, "write `or` between the two, or put the value in quotes"
        )
    elif _COMMA.search(text):
        message = "a comma joins nothing in KQL: this is one value"
        yield subject.problem(
            COMMA, message, value.span, "write `or` for each comma, or put the value in quotes"
        )


def _quoted(subject: Subject, value: Literal) -> Iterator[Problem]:
    text = value.value
    if not isinstance(text, str):
        return
    if "\n" in text:
        message = "a line break inside the quotes is part of the value"
        yield subject.problem(BREAK, message, value.span, "end the quotes on the line where they begin")
    elif spaced(text):
        message = "the space at the edge of the quotes is part of the value"
        yield subject.problem(EDGE, message, value.span, f'write "{text.strip()}"')
