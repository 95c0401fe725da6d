"""Wildcards of KQL that do something else: split at a space, in quotes, or `?`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samefire.languages.kuery.tree import Is, Literal, Pattern, full_name, leaves
from samefire.lints.subject import Subject
from samefire.problems import Problem

SPLIT, QUOTED, QUESTION = "lint-wildcard-space", "lint-quoted-wildcard", "lint-question-mark"
_LETTER = re.compile(r"\w")


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every clause on one field."""
    for leaf, path in leaves(subject.tree):
        if not isinstance(leaf, Is) or not isinstance(leaf.field, Literal):
            continue
        name = full_name(leaf.field, path)
        match leaf.value:
            case Pattern() as value:
                yield from _pattern(subject, name, value)
            case Literal(value=str(text), quoted=True) as value if "*" in text:
                yield from _quoted(subject, value, text)
            case _:
                pass
        if not (isinstance(leaf.value, Literal) and leaf.value.quoted):
            yield from _question(subject, name, leaf.value)


def _pattern(subject: Subject, name: str, value: Pattern) -> Iterator[Problem]:
    """Kibana asks `query_string` for a pattern on any type but keyword, which splits it at each space."""
    kind = subject.fields.get(name)
    words = subject.text(value.span).split()
    if len(words) < 2 or kind is None or kind.type == "keyword":
        return
    parts = " or ".join(f"`{word}`" for word in words)
    everything = any(not word.strip("*") for word in words)
    what = f", so any `{name}` matches" if everything else ""
    message = f"on a field of type {kind.type} the pattern is split at its spaces: {parts}{what}"
    rest = [word for word in words if word.strip("*")]
    joined = f"({' and '.join(rest)})" if len(rest) > 1 else f"{rest[0].rstrip('*')}*" if rest else "*"
    hint = f"write {joined}, or ask in EQL, which keeps the spaces"
    yield subject.problem(SPLIT, message, value.span, hint)


def _quoted(subject: Subject, value: Literal, text: str) -> Iterator[Problem]:
    if "*" in (text[0], text[-1]) and _LETTER.search(text):
        message = "`*` in quotes is a character, not a wildcard"
        hint = 'take the quotes away, with a backslash before each of \\ ( ) : < > " and braces'
        yield subject.problem(QUOTED, message, value.span, hint)


def _question(subject: Subject, name: str, value: Literal | Pattern) -> Iterator[Problem]:
    """A `?` between letters of a bare value; in addresses of the web it starts the parameters."""
    text = subject.text(value.span)
    if (
        "?" in text
        and not name.startswith(("url.", "http."))
        and "=" not in text
        and "/" not in text.partition("?")[0]
    ):
        message = "`?` is a character in KQL, not a wildcard"
        yield subject.problem(QUESTION, message, value.span, "write `*`, or put the value in quotes")
