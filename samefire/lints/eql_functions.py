"""Functions of EQL on constants that do something else than their names say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samefire.languages.eql.tree import Comparison, Expression, Field, Function, Literal, filters, walk
from samefire.lints.subject import Subject
from samefire.problems import Problem

PATTERN, LENGTH, BOUND = "lint-function-wildcard", "lint-substring-length", "lint-never-true"
_ESCAPED = re.compile(r"\\[*?\\]")


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every call."""
    for event in filters(subject.tree):
        for node in walk(event.condition):
            match node:
                case Function(name=name, arguments=(Field(), *rest)):
                    yield from _texts(subject, name.rstrip("~").lower(), rest)
                case Comparison(operator="==", left=Function() as call, right=Literal(value=str(text))):
                    yield from _substring(subject, node, call, text)
                case _:
                    pass


def _texts(subject: Subject, name: str, arguments: list[Expression]) -> Iterator[Problem]:
    """`startsWith` takes everything as it stands; `endsWith` and `stringContains` on a field are wildcard
    queries, where `*` and `?` are wildcards and a backslash escapes what follows."""
    for argument in arguments:
        if not isinstance(argument, Literal) or not isinstance(argument.value, str):
            continue
        text = argument.value
        if name == "startswith" and text.endswith("*"):
            message = "`*` is a character for `startsWith`, not a wildcard"
            yield subject.problem(PATTERN, message, argument.span, f'write "{text.rstrip("*")}"')
        elif name in ("endswith", "stringcontains") and "\\" in _ESCAPED.sub("", text):
            called = {"endswith": "endsWith", "stringcontains": "stringContains"}[name]
            message = f"Elasticsearch drops the backslash: `{called}` on a field is a wildcard query"
            hint = "write the backslash twice more (`\\\\\\\\`), or use `:` with `*`"
            yield subject.problem(PATTERN, message, argument.span, hint)


def _substring(subject: Subject, node: Comparison, call: Function, text: str) -> Iterator[Problem]:
    """`substring(f, 0, 3) == "abcd"`."""
    if call.name.rstrip("~").lower() != "substring" or len(call.arguments) != 3:
        return
    _, start, end = call.arguments
    if isinstance(start, Literal) and isinstance(end, Literal):
        low, high = start.value, end.value
        if isinstance(low, int) and isinstance(high, int) and 0 <= low <= high and high - low < len(text):
            message = f'the substring has {high - low} characters at most, "{text}" has {len(text)}'
            hint = f"write {low + len(text)} for {high}"
            yield subject.problem(LENGTH, message, node.span, hint)
