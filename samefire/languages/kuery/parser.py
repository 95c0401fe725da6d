"""KQL's grammar: text to tree, accepting exactly what Kibana accepts.

A regular expression finds each literal; recursive descent joins them. Every choice of Kibana's grammar is
decided by the next character, so nothing is tried twice. `complaints.py` says what is wrong where this stops.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from samefire.languages.kuery.tree import (
    MATCH_ALL,
    And,
    Is,
    Literal,
    Nested,
    Not,
    Or,
    Pattern,
    Query,
    Range,
    Term,
)
from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

MAX_DEPTH = 64
"""Parentheses and braces inside each other. Kibana's parser has no fixed limit, but Elasticsearch refuses 30
bool queries inside each other."""

MAX_PROBLEMS = 20
"""Bad escapes that one query is told of."""

BLANKS = " \t\r\n\xa0"
TRIMMED = f"{BLANKS}\v\f\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" + (
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What Kibana cuts from the ends of a bare literal: JavaScript's white space, which is not Python's."""

_blanks = re.compile(f"[{BLANKS}]*").match
_joint = re.compile(f"[{BLANKS}]+(?:([oO][rR])|[aA][nN][dD])[{BLANKS}]+").match
_not = re.compile(f"[nN][oO][tT][{BLANKS}]+").match
_relation = re.compile("[<>]=?").match
_quoted = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL).match
_bare = re.compile(
    rf'(?:[^\\():<>"{{}}nN{BLANKS}]++'
    rf"|[{BLANKS}](?!(?:[oO][rR]|[aA][nN][dD])[{BLANKS}])"
    rf"|[nN](?![oO][tT][{BLANKS}])"
    r'|\\(?:[trn\\():<>"*{}]|u[0-9a-fA-F]{4}|[oO][rR]|[aA][nN][dD]|[nN][oO][tT]))++'
).match
_bad_escape = re.compile(r"\\(?:u[0-9a-fA-F]{0,3}|.)?", re.DOTALL).match
_pieces = re.compile(
    r"\*|[^\\*]+|\\(?:[trn]|u[0-9a-fA-F]{4}|[oO][rR]|[aA][nN][dD]|[nN][oO][tT]|.)", re.DOTALL
)
_quoted_escape = re.compile(r'\\(?:[trn"\\]|u[0-9a-fA-F]{4})')

_RELATIONS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_WHITE = {"\\t": "\t", "\\r": "\r", "\\n": "\n"}
_CONSTANTS = {"null": None, "true": True, "false": False}
_LONE = ("", "")


def parse(source: Source) -> Query:
    """The tree of a query. Raises ProblemError with every problem that could be told apart."""
    parser = _Parser(source)
    tree = parser.start()
    if parser.problems:
        raise ProblemError(parser.problems)
    return tree


class _Parser:
    """One reading of one text; `at` is the offset that is read next."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.depth = 0
        self.open: list[int] = []
        self.problems: list[Problem] = []

    def start(self) -> Query:
        """query? end"""
        self.skip()
        if self.at == len(self.text):
            return MATCH_ALL
        tree = self.either(None)
        self.skip()
        if self.at < len(self.text):
            self.stop()
        return tree

    def either(self, field: Term | None, listed: bool = False) -> Query:
        """operand ((and|or) operand)*, `and` binding tighter. With a field: the values of its list."""
        start = self.at
        first = self.operand(field, listed)
        joint = _joint(self.text, self.at)
        if joint is None:
            return first
        sums: list[Query] = []
        product = [first]
        while joint is not None:
            self.at = joint.end()
            after = self.operand(field, False)
            if joint[1]:
                sums.append(_product(product, False))
                product = [after]
            else:
                product.append(after)
            joint = _joint(self.text, self.at)
        if not sums:
            return _product(product, listed, start)
        sums.append(_product(product, False))
        return Or(tuple(sums), Span(start, sums[-1].span.end), listed)

    def operand(self, field: Term | None, listed: bool) -> Query:
        """not? (group | clause)"""
        negation = _not(self.text, self.at)
        if negation is None:
            return self.part(field)
        self.at = negation.end()
        child = self.part(field)
        end = self.at if self.text[self.at - 1] in ")}" else child.span.end
        return Not(child, Span(negation.start(), end), listed)

    def part(self, field: Term | None) -> Query:
        """'(' query ')' | clause; inside a list: '(' values ')' | value"""
        if self.text.startswith("(", self.at):
            return self.group(field, False)
        if field is None:
            return self.clause()
        value = self.term()
        return Is(field, value, value.span)

    def group(self, field: Term | None, listed: bool, close: str = ")") -> Query:
        """'(' query ')', also '{' query '}'"""
        self.enter()
        tree = self.either(field, listed)
        self.skip()
        if not self.text.startswith(close, self.at):
            self.stop()
        self.at += 1
        self.open.pop()
        return tree

    def clause(self) -> Query:
        """field ':' '{' query '}' | field relation literal | field ':' (list | value) | value"""
        head = self.term()
        end = self.at
        self.skip()
        sign = self.text[self.at : self.at + 1]
        if sign == ":":
            self.at += 1
            self.skip()
            return self.valued(head)
        if sign in ("<", ">"):
            return self.related(head)
        self.at = end
        return Is(None, head, head.span)

    def valued(self, field: Term) -> Query:
        """What follows `field:`."""
        start = field.span.start
        following = self.text[self.at : self.at + 1]
        if following == "{":
            child = self.group(None, False, "}")
            return Nested(field, child, Span(start, self.at))
        if following == "(":
            values = self.group(field, True)
            return values if isinstance(values, Is) else replace(values, span=Span(start, self.at))
        value = self.term()
        return Is(field, value, Span(start, value.span.end))

    def related(self, field: Term) -> Query:
        """relation literal"""
        relation = _relation(self.text, self.at)
        assert relation is not None
        self.at = relation.end()
        self.skip()
        value = self.term()
        return Range(field, _RELATIONS[relation[0]], value, Span(field.span.start, value.span.end))

    def term(self) -> Term:
        """'"' character* '"' | bare character+"""
        text, at = self.text, self.at
        if text.startswith('"', at):
            found = _quoted(text, at)
            if found is None:
                self.stop()
            self.at = found.end()
            return Literal(_unquote(found[1]), True, Span(at, self.at))
        found = _bare(text, at)
        end = found.end() if found else at
        while text.startswith("\\", end):
            end = self.skip_bad_escape(end)
        if end == at:
            self.stop()
        self.at = end
        return _bare_term(text[at:end], at)

    def skip_bad_escape(self, at: int) -> int:
        """Note a backslash that escapes nothing, and read on behind it to find what else is wrong."""
        bad = _bad_escape(self.text, at)
        assert bad is not None
        if len(self.problems) < MAX_PROBLEMS:
            from samefire.languages.kuery import complaints

            self.problems.append(complaints.bad_escape(self.source, Span(*bad.span())))
        more = _bare(self.text, bad.end())
        return more.end() if more else bad.end()

    def enter(self) -> None:
        """Step over an opening sign and the blanks behind it."""
        if len(self.open) >= MAX_DEPTH:
            from samefire.languages.kuery import complaints

            self.problems.append(complaints.too_deep(self.source, self.at, MAX_DEPTH))
            raise ProblemError(self.problems)
        self.open.append(self.at)
        self.at += 1
        self.skip()

    def skip(self) -> None:
        blanks = _blanks(self.text, self.at)
        assert blanks is not None
        self.at = blanks.end()

    def stop(self) -> NoReturn:
        """Give up at the place where nothing in the grammar fits."""
        from samefire.languages.kuery import complaints

        self.problems.append(complaints.unexpected(self.source, self.at, self.open))
        raise ProblemError(self.problems)


def _product(operands: list[Query], listed: bool, start: int | None = None) -> Query:
    if len(operands) == 1:
        return operands[0]
    first = operands[0].span.start if start is None else start
    return And(tuple(operands), Span(first, operands[-1].span.end), listed)


def _bare_term(raw: str, at: int) -> Term:
    """A literal without quotes: `null`, `true`, `false`, a text, or a pattern when a `*` is not escaped."""
    left = raw.lstrip(TRIMMED)
    start = at + len(raw) - len(left)
    shown = left.rstrip(TRIMMED)
    span = Span(start, start + len(shown)) if shown else Span(at, at + len(raw))
    if "\\" in raw:
        parts = _unescape(raw)
    elif "*" in shown:
        parts = tuple(shown.split("*"))
    else:
        return Literal(_CONSTANTS.get(shown, shown), False, span)
    if len(parts) > 1:
        return Pattern(parts, span)
    return Literal(_CONSTANTS.get(parts[0], parts[0]), False, span)


def _unescape(raw: str) -> tuple[str, ...]:
    """The pieces of a bare literal between its wildcards, escapes resolved and the ends cut."""
    parts = [""]
    for piece in _pieces.findall(raw):
        if piece == "*":
            parts.append("")
        elif piece[0] == "\\":
            parts[-1] += _escaped(piece)
        else:
            parts[-1] += piece
    parts[0] = parts[0].lstrip(TRIMMED)
    parts[-1] = parts[-1].rstrip(TRIMMED)
    return tuple(_whole(part) for part in parts)


def _escaped(escape: str) -> str:
    """The character, or keyword, that an escape stands for."""
    if escape in _WHITE:
        return _WHITE[escape]
    if len(escape) == 6:
        return chr(int(escape[2:], 16))
    return escape[1:]


def _unquote(raw: str) -> str:
    if "\\" not in raw:
        return raw
    return _whole(_quoted_escape.sub(lambda found: _escaped(found[0]), raw))


def _whole(text: str) -> str:
    """Join surrogate pairs that were written as two escapes; half a pair is U+FFFD, as Lucene indexes it."""
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
