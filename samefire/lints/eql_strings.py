"""Strings of EQL that say something else: wildcards where none expand, spaces at the edge."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samefire.languages.eql.tree import Comparison, Expression, Literal, Predicate, filters, walk
from samefire.lints.spaces import EDGE, spaced
from samefire.lints.subject import Subject
from samefire.problems import Problem

EQUALS, BREAK = "lint-equals-wildcard", "lint-value-line-break"
_LETTER = re.compile(r"\w")
_DRIVE = re.compile(r"\?:\\", re.IGNORECASE)
_FOR = {"==": ":", "!=": "not … :", "in": ":", "in~": ":"}


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every string that a field is compared with."""
    for event in filters(subject.tree):
        for node in walk(event.condition):
            match node:
                case Comparison(operator="==" | "!=" as operator):
                    yield from _strings(subject, operator, (node.left, node.right))
                case Predicate(operator=operator):
                    yield from _strings(subject, operator, node.values)
                case _:
                    pass


def _strings(subject: Subject, operator: str, values: tuple[Expression, ...]) -> Iterator[Problem]:
    for value in values:
        if isinstance(value, Literal) and isinstance(value.value, str):
            if operator in _FOR:
                yield from _equals(subject, operator, value, value.value)
            if not operator.startswith("regex"):
                yield from _edges(subject, value, value.value)


def _equals(subject: Subject, operator: str, value: Literal, text: str) -> Iterator[Problem]:
    starred = "*" in (text[:1], text[-1:]) and _LETTER.search(text)
    if starred or _DRIVE.match(text):
        sign = "*" if starred else "?"
        message = f"`{sign}` is a character for `{operator}`, not a wildcard"
        hint = f"write `{_FOR[operator]}` (or `like`, where case counts) instead of `{operator}`"
        yield subject.problem(EQUALS, message, value.span, hint)


def _edges(subject: Subject, value: Literal, text: str) -> Iterator[Problem]:
    if "\n" in text:
        message = "a line break inside the quotes is part of the value"
        yield subject.problem(BREAK, message, value.span, "end the quotes on the line where they begin")
    elif spaced(text):
        message = "the space at the edge of the quotes is part of the value"
        yield subject.problem(EDGE, message, value.span, f'write "{text.strip()}"')
