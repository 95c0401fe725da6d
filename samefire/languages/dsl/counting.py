"""How many of the optional clauses of a query must match: `minimum_should_match`."""

from __future__ import annotations

import re

from samefire.query import typed
from samefire.query.ast import And, AtLeast, Fails, Node, Or, walk
from samefire.source import Span

_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")


def minimum_should_match(spec: object, optional: int) -> int | None:
    """How many of `optional` clauses must match: a number, a percentage, either negative (so many may
    miss), or conditions `2<75% 9<-3`. None: it cannot be read."""
    if isinstance(spec, bool) or not isinstance(spec, int | str):
        return None
    text = str(spec).strip()
    if "<" in text:
        return _conditional(text, optional)
    number = text.removesuffix("%")
    if not _WHOLE.fullmatch(number):
        return None
    wanted = int(number)
    if text.endswith("%"):
        part = int(optional * wanted / 100)  # towards zero, as Java cuts
        wanted = part
        found = optional + wanted if number.startswith("-") else wanted
    else:
        found = optional + wanted if wanted < 0 else wanted
    return max(found, 0)


def _conditional(text: str, optional: int) -> int | None:
    """The last condition whose bound is below the number of clauses; all of them when none is."""
    found: int | None = optional
    for condition in text.replace(" <", "<").replace("< ", "<").split():
        bound, _, wanted = condition.partition("<")
        if not _WHOLE.fullmatch(bound):
            return None
        if optional <= int(bound):
            return found
        found = minimum_should_match(wanted, optional)
    return found


def enough_of(should: list[Node], enough: int, span: Span) -> list[Node]:
    """The condition that enough of the optional clauses hold; clauses of which none must are left out, but
    not those that fail the search."""
    if enough <= 0 or enough > len(should):
        failing = [node for node in should if any(isinstance(part, Fails) for part in walk(node))]
        return failing if enough <= 0 else [typed.nothing(span), *failing]
    if len(should) == 1:
        return should
    if enough == 1:
        return [Or(tuple(should), span)]
    return [And(tuple(should), span) if enough == len(should) else AtLeast(enough, tuple(should), span)]
