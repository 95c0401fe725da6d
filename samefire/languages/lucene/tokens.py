"""The tokens of a Lucene query, cut as Lucene's classic query parser cuts them (the longest one wins)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span


class Kind(Enum):
    """What a token is."""

    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    PLUS = "+"
    MINUS = "-"
    BARE_OPERATOR = "operator before a space"
    LEFT = "("
    RIGHT = ")"
    COLON = ":"
    STAR = "*"
    CARET = "^"
    QUOTED = "quoted text"
    TERM = "term"
    FUZZY = "~"
    PREFIX = "term with * at its end"
    WILDCARD = "term with wildcards"
    REGEXP = "regular expression"
    OPEN_INCLUSIVE = "["
    OPEN_EXCLUSIVE = "{"
    TO = "TO"
    CLOSE_INCLUSIVE = "]"
    CLOSE_EXCLUSIVE = "}"
    BOUND_QUOTED = "quoted bound"
    BOUND = "bound"
    NUMBER = "number"
    END = "end of the query"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    span: Span


_START = r'(?:[^ \t\n\r\u3000+\-!():^\[\]"{}~*?\\/]|\\[\s\S])'
_TERM = rf"(?:{_START}|[+-])"
_SPACE = re.compile(r"[ \t\n\r\u3000]+")

# Where two match the same length, the first one of the list is taken.
_DEFAULT = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (Kind.AND, r"AND|&&"),
        (Kind.OR, r"OR|\|\|"),
        (Kind.NOT, r"NOT|!"),
        (Kind.PLUS, r"\+"),
        (Kind.MINUS, r"-"),
        (Kind.BARE_OPERATOR, r"[+\-!][ \t\n\r\u3000]"),
        (Kind.LEFT, r"\("),
        (Kind.RIGHT, r"\)"),
        (Kind.COLON, r":"),
        (Kind.STAR, r"\*"),
        (Kind.CARET, r"\^"),
        (Kind.QUOTED, r'"(?:[^"\\]|\\[\s\S])*"'),
        (Kind.TERM, rf"{_START}{_TERM}*"),
        (Kind.FUZZY, rf"~(?:[0-9]+(?:\.[0-9]+)?{_TERM}*|{_TERM}*)"),
        (Kind.PREFIX, rf"{_START}{_TERM}*\*"),
        (Kind.WILDCARD, rf"(?:{_START}|[*?])(?:{_TERM}|[*?])*"),
        (Kind.REGEXP, r"/(?:\\/|[^/])*/"),
        (Kind.OPEN_INCLUSIVE, r"\["),
        (Kind.OPEN_EXCLUSIVE, r"\{"),
    )
)
_RANGE = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (Kind.TO, r"TO"),
        (Kind.CLOSE_INCLUSIVE, r"\]"),
        (Kind.CLOSE_EXCLUSIVE, r"\}"),
        (Kind.BOUND_QUOTED, r'"(?:\\"|[^"])+"'),
        (Kind.BOUND, r"[^ \]}]+"),
    )
)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def tokens(source: Source) -> list[Token]:
    """All tokens and an END; raises ProblemError at a character that starts none."""
    text = source.text
    found: list[Token] = []
    at = 0
    in_range = False
    while at < len(text):
        space = _SPACE.match(text, at)
        if space is not None:
            at = space.end()
            continue
        token = _longest(text, at, _RANGE if in_range else _DEFAULT)
        if token is None:
            raise ProblemError([_unreadable(source, at)])
        found.append(token)
        at = token.span.end
        if token.kind in (Kind.OPEN_INCLUSIVE, Kind.OPEN_EXCLUSIVE):
            in_range = True
        elif token.kind in (Kind.CLOSE_INCLUSIVE, Kind.CLOSE_EXCLUSIVE):
            in_range = False
        elif token.kind is Kind.CARET:
            found.append(_boost(source, at))
            at = found[-1].span.end
    found.append(Token(Kind.END, "", Span(len(text), len(text))))
    return found


def _longest(text: str, at: int, rules: tuple[tuple[Kind, re.Pattern[str]], ...]) -> Token | None:
    best: Token | None = None
    for kind, pattern in rules:
        match = pattern.match(text, at)
        if match is not None and (best is None or match.end() > best.span.end):
            best = Token(kind, match[0], Span(at, match.end()))
    return best


def _boost(source: Source, at: int) -> Token:
    """The number that must follow `^` at once."""
    match = _NUMBER.match(source.text, at)
    if match is None:
        message = "`^` is followed by a number that weighs the term"
        hint = r"write \^ for the character itself, or leave it out: a rule has no use for weights"
        raise ProblemError([Problem("query-number", message, source, Span(at - 1, at), hint=hint)])
    return Token(Kind.NUMBER, match[0], Span(*match.span()))


def _unreadable(source: Source, at: int) -> Problem:
    character = source.text[at]
    span = Span(at, at + 1)
    if character == '"':
        code, message = "query-unclosed-string", "unclosed quotation mark in the query"
        advice = 'close it with ", or write \\" for a quotation mark inside the value'
    elif character == "/":
        code, message = "query-unclosed-regex", "this `/` has no closing `/`"
        advice = r'a slash starts a regular expression; write \/ or put the value in quotes ("/etc/passwd")'
    else:
        code, message = "query-character", f"`{character}` cannot stand here"
        advice = rf"write \{character} for the character itself"
    return Problem(code, message, source, span, hint=advice)
