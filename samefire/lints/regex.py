"""Regular expressions written for another dialect: Lucene's has no anchors and more operators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.query import ast
from samefire.query.ast import Leaf, RegexSyntax
from samefire.source import Span

if TYPE_CHECKING:
    from samefire.query.lucene_regex import Regex

ANCHOR, OPERATOR, NEVER = "lint-regex-anchor", "lint-regex-operator", "lint-regex-never"
_INERT = re.compile(r'\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|"[^"]*"', re.DOTALL)
_FOREIGN = re.compile(r"\(\?[:=!<a-zA-Z]|\\[bBAzZ]")
_SPECIAL = {
    "@": "any text",
    "#": "nothing at all",
    "&": "both sides at once",
    "~": "everything but what follows",
}


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every regular expression."""
    for node in subject.nodes:
        match node:
            case Leaf(test=ast.Regex(pattern=pattern, syntax=RegexSyntax.LUCENE)):
                yield from _pattern(subject, pattern, node.span)
            case Leaf(test=ast.TokenRegex(pattern=pattern)):
                yield from _pattern(subject, pattern, node.span)
            case _:
                pass


def _pattern(subject: Subject, pattern: str, span: Span) -> Iterator[Problem]:
    from samefire.query import lucene_regex

    foreign = _FOREIGN.search(pattern)
    if foreign:
        message = f"`{foreign[0]}` means nothing in Lucene's regular expressions"
        yield subject.problem(ANCHOR, message, span, "take it away; for case use the operator with `~`")
        return
    bare = _INERT.sub("_", pattern)
    if bare.startswith("^") or bare.endswith("$"):
        sign = "^" if bare.startswith("^") else "$"
        message = f"`{sign}` is a character here: Lucene's regular expressions always match the whole value"
        yield subject.problem(ANCHOR, message, span, f"take `{sign}` away")
        return
    sign = next((c for c in bare if c in _SPECIAL), "")
    if never(lucene_regex.parse(pattern)):
        message = "no value matches this regular expression"
        hint = "write \\# for the character" if sign == "#" else "mend it"
        yield subject.problem(NEVER, message, span, hint)
    elif sign:
        message = f"`{sign}` is an operator of Lucene's regular expressions: {_SPECIAL[sign]}"
        twice = f" (in double quotes \\\\{sign})" if subject.language == "eql" else ""
        yield subject.problem(OPERATOR, message, span, f"write \\{sign} for the character{twice}")


def never(tree: Regex) -> bool:
    """Whether it is plain that a regular expression matches no text."""
    from samefire.query import lucene_regex

    match tree:
        case lucene_regex.Concat(parts=parts) | lucene_regex.Intersection(parts=parts):
            return any(never(part) for part in parts)
        case lucene_regex.Union(parts=parts):
            return all(never(part) for part in parts)
        case lucene_regex.Repeat(part=part, low=low):
            return low > 0 and never(part)
        case _:
            return False
