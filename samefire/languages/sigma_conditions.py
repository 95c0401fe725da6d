"""Conditions: boolean expressions over names, in detections and in extended correlation conditions.

Reads the text into a tree; which names exist and what they mean is for `sigma_lower.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from samefire.problems import did_you_mean
from samefire.source import Span

MAX_NESTING = 100


@dataclass(frozen=True, slots=True)
class Name:
    """A search identifier, or the name of a rule. `span` counts in the condition's text."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Some:
    """`1 of pattern` (any) or `all of pattern`."""

    all: bool
    pattern: str
    span: Span

    def picks(self, name: str) -> bool:
        """True when `name` is one of those meant; names with `_` in front only when the pattern has it."""
        if name.startswith("_") and not self.pattern.startswith("_"):
            return False
        return self.pattern == "them" or _fits(self.pattern, name)


@dataclass(frozen=True, slots=True)
class Negation:
    """`not x`."""

    child: Condition


@dataclass(frozen=True, slots=True)
class Conjunction:
    """`x and y and …`."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Disjunction:
    """`x or y or …`."""

    children: tuple[Condition, ...]


Condition = Name | Some | Negation | Conjunction | Disjunction


class ConditionError(Exception):
    """The text is no condition: a code, what is wrong, where in the text, what to do."""

    def __init__(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.span, self.hint = code, message, span, hint


def _fits(pattern: str, name: str) -> bool:
    """`*` in the pattern is any run of characters."""
    head, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(head):
        return False
    at = len(head)
    for piece in rest[:-1]:
        found = name.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return name.endswith(rest[-1]) and len(name) - len(rest[-1]) >= at


def names_in(condition: Condition) -> Iterator[Name | Some]:
    """Every name and pattern of a condition, in order."""
    stack = [condition]
    while stack:
        match stack.pop():
            case Name() | Some() as leaf:
                yield leaf
            case Negation(child=child):
                stack.append(child)
            case Conjunction(children=children) | Disjunction(children=children):
                stack.extend(reversed(children))


_TOKEN = re.compile(r"\s+|(?P<paren>[()])|(?P<word>[\w*.-]+)|(?P<other>.)", re.S)
_OPERATORS = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    span: Span
    word: bool


def _tokens(text: str) -> list[_Token]:
    found = []
    for part in _TOKEN.finditer(text):
        span = Span(part.start(), part.end())
        if part["other"]:
            raise _stray(text, part["other"], span)
        if part["paren"] or part["word"]:
            found.append(_Token(part.group(), span, part["word"] is not None))
    return found


def _stray(text: str, char: str, span: Span) -> ConditionError:
    if char == "|":
        return ConditionError(
            "sigma-aggregation",
            "aggregation after `|` is no longer part of Sigma conditions",
            Span(span.start, len(text)),
            "write a correlation document (type event_count, value_count or temporal) over this rule",
        )
    return ConditionError(
        "sigma-condition", f"`{char}` cannot stand in a condition", span, "use names, and, or, not, ( )"
    )


def parse(text: str, *, selectors: bool = True) -> Condition:
    """The condition in `text`; raises ConditionError. `selectors`: `1 of x*` is allowed."""
    tokens = _tokens(text)
    if not tokens:
        raise ConditionError("sigma-condition", "the condition is empty", Span(0, len(text)))
    parser = _Parser(tokens, Span(len(text), len(text)), selectors)
    condition = parser.disjunction()
    if parser.at < len(tokens):
        raise parser.unexpected()
    return condition


class _Parser:
    """Recursive descent; binds `or` least, then `and`, then `not`."""

    def __init__(self, tokens: list[_Token], end: Span, selectors: bool) -> None:
        self.tokens, self.end, self.selectors = tokens, end, selectors
        self.at = 0
        self.depth = 0

    def disjunction(self) -> Condition:
        """disjunction = conjunction { "or" conjunction }"""
        children = [self.conjunction()]
        while self.take("or"):
            children.append(self.conjunction())
        return children[0] if len(children) == 1 else Disjunction(tuple(children))

    def conjunction(self) -> Condition:
        """conjunction = negation { "and" negation }"""
        children = [self.negation()]
        while self.take("and"):
            children.append(self.negation())
        return children[0] if len(children) == 1 else Conjunction(tuple(children))

    def negation(self) -> Condition:
        """negation = { "not" } primary"""
        negations = 0
        while self.take("not"):
            negations += 1
        child = self.primary()
        return Negation(child) if negations % 2 else child

    def primary(self) -> Condition:
        """primary = "(" disjunction ")" | ("1" | "any" | "all") "of" pattern | name"""
        token = self.peek()
        if token is None:
            raise ConditionError("sigma-condition", "the condition stops too early", self.end, self.wanted())
        if token.text == "(":
            return self.group(token)
        if not token.word or token.text in _OPERATORS:
            raise self.unexpected()
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        if self.selectors and following is not None and following.text == "of":
            return self.selector(token)
        self.at += 1
        if "*" in token.text:
            raise ConditionError(
                "sigma-condition",
                f"`{token.text}` is a pattern, not a name",
                token.span,
                f"write `1 of {token.text}` or `all of {token.text}`",
            )
        return Name(token.text, token.span)

    def group(self, opening: _Token) -> Condition:
        """group = "(" disjunction ")" """
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ConditionError(
                "sigma-condition", f"more than {MAX_NESTING} brackets inside each other", opening.span
            )
        self.at += 1
        inner = self.disjunction()
        if not self.take(")"):
            if self.peek() is not None:
                raise self.unexpected()
            raise ConditionError("sigma-condition", "this bracket is never closed", opening.span, "add `)`")
        self.depth -= 1
        return inner

    def selector(self, quantifier: _Token) -> Condition:
        """selector = ("1" | "any" | "all") "of" pattern"""
        if quantifier.text not in ("1", "any", "all"):
            raise ConditionError(
                "sigma-condition",
                f"`{quantifier.text} of` is not known",
                quantifier.span,
                "only `1 of`, `any of` and `all of` are",
            )
        self.at += 2
        pattern = self.peek()
        if pattern is None or not pattern.word or pattern.text in _OPERATORS:
            where = pattern.span if pattern else self.end
            raise ConditionError("sigma-condition", "`of` wants a name, a pattern or `them`", where)
        self.at += 1
        span = Span(quantifier.span.start, pattern.span.end)
        return Some(quantifier.text == "all", pattern.text, span)

    def peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, text: str) -> bool:
        token = self.peek()
        if token is None or token.text != text:
            return False
        self.at += 1
        return True

    def wanted(self) -> str:
        return (
            "a name, `not`, `(` or `1 of …` goes here" if self.selectors else "a name, `not` or `(` goes here"
        )

    def unexpected(self) -> ConditionError:
        token = self.tokens[self.at]
        hint = None
        if token.word and token.text.lower() in _OPERATORS:
            hint = f"write `{token.text.lower()}`" if token.text not in _OPERATORS else self.wanted()
        elif token.word:
            hint = did_you_mean(token.text, _OPERATORS) or "join names with `and` or `or`"
        return ConditionError("sigma-condition", f"`{token.text}` is not expected here", token.span, hint)
