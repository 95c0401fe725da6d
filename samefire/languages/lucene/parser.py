"""The grammar of Lucene's classic query parser.

    Query  = ( Words | Modifier Clause ) { Words | [ Conjunction ] Modifier Clause }
    Words  = TERM TERM { TERM }          the last one not before `:` `*` `~` `^` AND OR
    Clause = [ ( TERM | "*" ) ":" ] ( Term | "(" Query ")" [ "^" NUMBER ] )
    Term   = ( TERM | "*" | PREFIX | WILDCARD | REGEXP | BARE_OPERATOR | QUOTED ) [ "~" ] [ "^" NUMBER ]
           | ( "[" | "{" ) bound TO bound ( "]" | "}" ) [ "^" NUMBER ]

Nothing binds tighter than anything else: what `AND` and `OR` mean is decided in `lower.py`.
"""

from __future__ import annotations

from samefire.languages.lucene.text import EscapeError, unescape
from samefire.languages.lucene.tokens import Kind, Token, tokens
from samefire.languages.lucene.tree import (
    Clause,
    Field,
    Group,
    Part,
    Query,
    Quoted,
    Range,
    Regexp,
    Starred,
    Term,
    Word,
    Words,
)
from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

DEPTH_LIMIT = 100
_NOT_AFTER_WORDS = frozenset({Kind.COLON, Kind.STAR, Kind.FUZZY, Kind.CARET, Kind.AND, Kind.OR})
_BOUNDS = frozenset({Kind.BOUND, Kind.BOUND_QUOTED, Kind.TO})
_CONJUNCTIONS = frozenset({Kind.AND, Kind.OR})
_MODIFIERS = frozenset({Kind.PLUS, Kind.MINUS, Kind.NOT})


def parse(source: Source) -> Query:
    """The tree of a query; raises ProblemError."""
    reader = _Reader(source)
    if reader.peek().kind is Kind.END:
        return Query((), Span(0, 0))
    query = reader.query(DEPTH_LIMIT)
    if reader.peek().kind is not Kind.END:
        raise reader.unexpected("a term, an operator or the end")
    return query


class _Reader:
    """Reads tokens one after the other."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.at = 0

    def peek(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, count: int) -> Kind:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)].kind

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, *kinds: Kind) -> Token | None:
        return self.take() if self.peek().kind in kinds else None

    def query(self, room: int) -> Query:
        """Query = ( Words | Modifier Clause ) { Words | [ Conjunction ] Modifier Clause }"""
        if room == 0:
            message = f"parentheses are nested more than {DEPTH_LIMIT} levels deep"
            raise self.problem("query-too-deep", message, self.peek().span)
        clauses = [self.clause(room, first=True)]
        while self.peek().kind not in (Kind.END, Kind.RIGHT):
            clauses.append(self.clause(room, first=False))
        return Query(tuple(clauses), Span(clauses[0].span.start, clauses[-1].span.end))

    def clause(self, room: int, *, first: bool) -> Clause:
        """One clause of a query with the operators before it."""
        start = self.peek().span.start
        if self.words_follow(0):
            words = self.words()
            return Clause("", "", words, words.span)
        conjunction = None if first else self.accept(*_CONJUNCTIONS)
        modifier = self.accept(*_MODIFIERS)
        part = self.part(room)
        before = (conjunction.text if conjunction else "", modifier.text if modifier else "")
        return Clause(*before, part, Span(start, part.span.end))

    def words_follow(self, offset: int) -> bool:
        """Whether a term and a further one that may follow it come next."""
        pair = (self.ahead(offset), self.ahead(offset + 1))
        return pair == (Kind.TERM, Kind.TERM) and self.ahead(offset + 2) not in _NOT_AFTER_WORDS

    def words(self) -> Words:
        """Words = TERM TERM { TERM }"""
        found = [self.word()]
        while self.peek().kind is Kind.TERM and self.ahead(1) not in _NOT_AFTER_WORDS:
            found.append(self.word())
        return Words(tuple(found), Span(found[0].span.start, found[-1].span.end))

    def word(self) -> Word:
        token = self.take()
        self.check(token)
        return Word(token.text, token.span)

    def part(self, room: int) -> Part:
        """Clause = [ ( TERM | "*" ) ":" ] ( Term | "(" Query ")" [ "^" NUMBER ] )"""
        if self.peek().kind in (Kind.TERM, Kind.STAR) and self.ahead(1) is Kind.COLON:
            name = self.take()
            self.check(name)
            self.take()
            child = self.group(room) if self.peek().kind is Kind.LEFT else self.term(f"{name.text}:")
            return Field(name.text, child, Span(name.span.start, child.span.end), name.span)
        return self.group(room) if self.peek().kind is Kind.LEFT else self.term("")

    def group(self, room: int) -> Group:
        opening = self.take()
        query = self.query(room - 1)
        closing = self.accept(Kind.RIGHT)
        if closing is None:
            hint = "close it with )"
            raise self.problem("query-unclosed-group", "this parenthesis is not closed", opening.span, hint)
        boost, end = self.boost(closing.span.end)
        return Group(query, Span(opening.span.start, end), boost)

    def boost(self, end: int) -> tuple[str | None, int]:
        """The number after `^`, which the tokens always give."""
        if self.accept(Kind.CARET) is None:
            return None, end
        number = self.take()
        return number.text, number.span.end

    def term(self, after: str) -> Term:
        """Term: one value, with `~` and `^` in either order behind it."""
        token = self.peek()
        if token.kind in (Kind.OPEN_INCLUSIVE, Kind.OPEN_EXCLUSIVE):
            return self.range()
        if token.kind not in _TERMS:
            raise self.unexpected(f"a value after `{after}`" if after else "a term")
        self.take()
        self.check(token)
        end = token.span.end
        boost, end = self.boost(end)
        fuzzy, end = self.fuzzy(token, end)
        if boost is None:
            boost, end = self.boost(end)
        return _term(token, Span(token.span.start, end), fuzzy, boost)

    def fuzzy(self, token: Token, end: int) -> tuple[str | None, int]:
        sign = self.accept(Kind.FUZZY)
        if sign is None:
            return None, end
        if token.kind in (Kind.TERM, Kind.BARE_OPERATOR):
            self.check_fuzzy(sign)
        return sign.text, sign.span.end

    def check_fuzzy(self, sign: Token) -> None:
        """A term's distance is nothing, 0, 1, 2 or AUTO."""
        amount = sign.text[1:]
        whole = amount.partition(".")
        if (
            amount
            and amount.upper() != "AUTO"
            and not (whole[0] in ("0", "1", "2") and not whole[2].strip("0"))
        ):
            message = f"`{sign.text}` is no distance: after `~` stands 0, 1, 2 or nothing"
            hint = r"write \~ for the character itself"
            raise self.problem("query-number", message, sign.span, hint)

    def range(self) -> Range:
        """( "[" | "{" ) bound TO bound ( "]" | "}" ) [ "^" NUMBER ]"""
        opening = self.take()
        low = self.bound(opening)
        if self.accept(Kind.TO) is None:
            raise self.unclosed_range(opening)
        high = self.bound(opening)
        closing = self.accept(Kind.CLOSE_INCLUSIVE, Kind.CLOSE_EXCLUSIVE)
        if closing is None:
            raise self.unclosed_range(opening)
        boost, end = self.boost(closing.span.end)
        inclusive = (opening.kind is Kind.OPEN_INCLUSIVE, closing.kind is Kind.CLOSE_INCLUSIVE)
        return Range(low, high, *inclusive, Span(opening.span.start, end), boost)

    def bound(self, opening: Token) -> str:
        if self.peek().kind not in _BOUNDS:
            raise self.unclosed_range(opening)
        token = self.take()
        self.check(token)
        return token.text

    def check(self, token: Token) -> None:
        """Escapes that Lucene refuses: `\\u` without four digits."""
        try:
            unescape(token.text)
        except EscapeError as error:
            start = token.span.start + error.at
            hint = r"a backslash is written \\ (C:\\users), or use quotes and \\ inside them"
            raise self.problem(
                "query-bad-escape", str(error), Span(start, min(start + 2, token.span.end)), hint
            ) from None

    def unclosed_range(self, opening: Token) -> ProblemError:
        message = f"a range is written {opening.text}low TO high{']' if opening.text == '[' else '}'}"
        hint = rf"write \{opening.text} for the character itself"
        return self.problem("query-range", message, Span(opening.span.start, self.peek().span.end), hint)

    def unexpected(self, wanted: str) -> ProblemError:
        token = self.peek()
        if token.kind is Kind.END:
            span = Span(max(0, token.span.start - 1), token.span.start)
            return self.problem("query-incomplete", f"the query ends where {wanted} was expected", span)
        message = f"`{token.text.strip()}` cannot stand here: {wanted} was expected"
        before = self.tokens[self.at - 1].kind if self.at else None
        return self.problem("query-unexpected", message, token.span, _advice(token, before))

    def problem(self, code: str, message: str, span: Span, hint: str | None = None) -> ProblemError:
        return ProblemError([Problem(code, message, self.source, span, hint=hint)])


_TERMS = frozenset(
    {Kind.TERM, Kind.STAR, Kind.PREFIX, Kind.WILDCARD, Kind.REGEXP, Kind.BARE_OPERATOR, Kind.QUOTED}
)


def _term(token: Token, span: Span, fuzzy: str | None, boost: str | None) -> Term:
    match token.kind:
        case Kind.QUOTED:
            return Quoted(token.text, span, fuzzy, boost)
        case Kind.REGEXP:
            return Regexp(token.text, span, fuzzy, boost)
        case Kind.STAR | Kind.WILDCARD | Kind.PREFIX:
            return Starred(token.text, span, token.kind is Kind.PREFIX, fuzzy, boost)
        case _:
            return Word(
                token.text[:1] if token.kind is Kind.BARE_OPERATOR else token.text, span, fuzzy, boost
            )


def _advice(token: Token, before: Kind | None) -> str | None:
    match token.kind:
        case Kind.COLON if before in (Kind.PREFIX, Kind.WILDCARD):
            return r"a wildcard in a field's name is written \*"
        case Kind.COLON:
            return r"write \: for a colon inside a value or name, or put the value in quotes"
        case Kind.MINUS | Kind.PLUS | Kind.NOT:
            return f"put the value in quotes, or write \\{token.text[:1]} for the character itself"
        case Kind.AND | Kind.OR:
            return f'an operator stands between two terms; the word itself is written "{token.text}"'
        case Kind.RIGHT:
            return r"write \) for the character itself"
        case _:
            return None
