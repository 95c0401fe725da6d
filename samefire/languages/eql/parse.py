"""Statements of EQL as Elasticsearch reads them: tokens → syntax tree.

Stops at the first error of form. What a well-formed query may not say (types, functions, key counts) is
`verify`'s. Each function's docstring is its rule.
"""

from __future__ import annotations

from samefire.languages.eql.expressions import Expressions
from samefire.languages.eql.reader import DEEPEST
from samefire.languages.eql.tokens import Token, string_value
from samefire.languages.eql.tree import (
    Arithmetic,
    Duration,
    EventFilter,
    Expression,
    Field,
    Literal,
    PipeCommand,
    Query,
    SampleQuery,
    SequenceQuery,
    Sign,
    Term,
    children,
)
from samefire.problems import did_you_mean
from samefire.source import Source, Span

MOST_RUNS = 100
"""How often one stage may be repeated."""

_UNITS = ("ms", "s", "m", "h", "d")
_OLD_PIPES = ("count", "filter", "sort", "unique", "unique_count")
_LONG_MAX = 2**63 - 1


def parse(source: Source) -> Query:
    """The tree of an EQL query; raises ProblemError with the first problem of form."""
    return _Statements(source).query()


class _Statements(Expressions):
    __slots__ = ()

    def query(self) -> Query:
        """query: (sequence | sample | event_filter) pipe* END"""
        body: EventFilter | SequenceQuery | SampleQuery
        match self.token.kind:
            case "sequence":
                body = self.sequence()
            case "sample":
                body = self.sample()
            case "join":
                hint = "use `sequence by …` for an order of events, `sample by …` for any order"
                self.fail("query-join", "Elasticsearch's EQL has no `join`", self.token.span, hint)
            case _:
                body = self.event_filter()
        pipes = []
        while self.token.kind == "|":
            pipes.append(self.pipe())
        if self.token.kind != "end":
            self.unexpected(
                "`and`, `or`, a pipe or the end" if isinstance(body, EventFilter) else "a pipe or the end"
            )
        if len(self.tokens) > DEEPEST:
            self.check_depth(body)
        return Query(body, tuple(pipes), self.comments)

    def event_filter(self) -> EventFilter:
        """event_filter: ("any" | NAME | STRING) "where" expression"""
        token = self.token
        category: str | None
        match token.kind:
            case "any":
                category = None
            case "name":
                category = token.text
            case "string" | "raw":
                category = string_value(token, self.source)
            case _:
                self.unexpected("an event category such as `process`, or `any`,")
        self.advance()
        self.expect("where", "`where`")
        condition = self.expression()
        span = Span(token.start, self.end())
        return EventFilter(category, condition, token.kind in ("string", "raw"), span, token.span)

    def sequence(self) -> SequenceQuery:
        """sequence: "sequence" ["by" keys] ["with" "maxspan" "=" duration] term+ ["until" term]"""
        start = self.advance().start
        keys = self.keys()
        maxspan = None
        if self.token.kind == "with":
            maxspan = self.maxspan()
            if self.token.kind == "by":
                hint = "write `sequence by … with maxspan=…`"
                self.fail("query-by-after-with", "`by` stands before `with maxspan`", self.token.span, hint)
        found = self.terms(runs=True)
        until = self.term(runs=False) if self.accept("until") else None
        return SequenceQuery(found, keys, maxspan, until, Span(start, self.end()))

    def sample(self) -> SampleQuery:
        """sample: "sample" ["by" keys] term+"""
        start = self.advance().start
        keys = self.keys()
        if self.token.kind == "with":
            self.fail("query-sample", "a sample has no `maxspan`: its events have no order", self.token.span)
        found = self.terms(runs=False)
        if self.token.kind == "until":
            self.fail("query-sample", "a sample has no `until`: its events have no order", self.token.span)
        return SampleQuery(found, keys, Span(start, self.end()))

    def terms(self, *, runs: bool) -> tuple[Term, ...]:
        """term+"""
        if self.token.kind not in ("[", "!["):
            self.unexpected("`[`")
        found = []
        while self.token.kind in ("[", "!["):
            found.append(self.term(runs=runs))
        if self.token.kind == "name" and self.token.text == "fork":
            self.fail("query-fork", "Elasticsearch's EQL has no `fork`", self.token.span)
        return tuple(found)

    def term(self, *, runs: bool) -> Term:
        """term: ("[" | "![") event_filter "]" ["by" keys] ["with" "runs" "=" INTEGER]"""
        if self.token.kind not in ("[", "!["):
            self.unexpected("`[`")
        opening = self.advance()
        event = self.event_filter()
        self.expect("]", "`and`, `or` or `]`")
        keys = self.keys()
        count = None
        if runs and self.token.kind == "with":
            count = self.runs()
            if self.token.kind == "by":
                hint = "write `[…] by … with runs=…`"
                self.fail("query-by-after-with", "`by` stands before `with runs`", self.token.span, hint)
        return Term(event, keys, count, opening.kind == "![", Span(opening.start, self.end()))

    def keys(self) -> tuple[Field, ...]:
        """keys: ["by" expression ("," expression)*], each expression a field"""
        if not self.accept("by"):
            return ()
        found = [self.key()]
        while self.accept(","):
            found.append(self.key())
        return tuple(found)

    def key(self) -> Field:
        start = self.token.start
        key = self.expression()
        if not isinstance(key, Field):
            hint = "events are joined by the values of fields"
            self.fail("query-join-key", "a join key is a field", Span(start, self.end()), hint)
        return key

    def option(self, name: str) -> Token:
        """The number token of `with name = number`."""
        self.advance()
        key = self.token
        if key.text != name:
            hint = did_you_mean(key.text, [name]) or f"the only option here is `{name}`"
            if key.kind not in ("name", "maxspan"):
                self.unexpected(f"`{name}`")
            self.fail("query-option", f"`{key.text}` is no option here", key.span, hint)
        self.advance()
        self.expect("=", "`=`")
        if self.token.kind not in ("integer", "decimal", "-"):
            self.unexpected("a number")
        return self.advance()

    def runs(self) -> int:
        """ "with" "runs" "=" INTEGER"""
        number = self.option("runs")
        span = number.span
        value = int(number.text) if number.kind == "integer" and len(number.text) < 20 else -1
        if number.kind == "integer" and value > MOST_RUNS:
            message = f"a stage cannot be repeated more than {MOST_RUNS} times; found {number.text}"
            self.fail("query-runs", message, span)
        if value < 1:
            self.fail("query-runs", "`runs` is a positive whole number", span)
        return value

    def maxspan(self) -> Duration:
        """ "with" "maxspan" "=" INTEGER UNIT"""
        number = self.option("maxspan")
        if number.kind == "decimal":
            hint = "use a smaller unit: 1.5h is 90m"
            self.fail("query-maxspan", f"a time has no decimals; found `{number.text}`", number.span, hint)
        if number.kind == "-" or int(number.text[:20]) == 0:
            self.fail("query-maxspan", "`maxspan` is a positive time", number.span)
        unit = self.token
        if unit.kind != "name":
            hint = f"write `{number.text}s` for seconds"
            self.fail("query-maxspan", f"`maxspan={number.text}` has no unit of time", number.span, hint)
        self.advance()
        span = Span(number.start, unit.end)
        if unit.text not in _UNITS:
            hint = "units are ms, s, m, h and d"
            self.fail("query-maxspan", f"`{unit.text}` is no unit of time", unit.span, hint)
        if len(number.text) > 19 or int(number.text) > _LONG_MAX:
            self.fail("query-maxspan", "`maxspan` is too long", number.span)
        return Duration(int(number.text), unit.text, span)

    def pipe(self) -> PipeCommand:
        """pipe: "|" ("head" | "tail") INTEGER"""
        self.advance()
        name = self.token
        if name.kind != "name":
            self.unexpected("`head` or `tail`")
        if name.text in _OLD_PIPES:
            hint = "only `head` and `tail` follow a query"
            self.fail("query-pipe", f"Elasticsearch's EQL has no pipe `{name.text}`", name.span, hint)
        if name.text not in ("head", "tail"):
            hint = did_you_mean(name.text, ["head", "tail"]) or "only `head` and `tail` follow a query"
            self.fail("query-pipe", f"`{name.text}` is no pipe", name.span, hint)
        self.advance()
        if self.token.kind in ("end", "|"):
            self.fail("query-pipe", f"`{name.text}` takes one number", name.span, f"write `{name.text} 10`")
        start = self.token.start
        value = _whole(self.expression())
        span = Span(start, self.end())
        if self.token.kind == ",":
            self.fail("query-pipe", f"`{name.text}` takes one number", self.token.span)
        if value is None or not 0 <= value < 2**31:
            self.fail("query-pipe", f"`{name.text}` takes a positive whole number", span)
        return PipeCommand(name.text, value, Span(name.start, span.end))

    def check_depth(self, body: EventFilter | SequenceQuery | SampleQuery) -> None:
        """Refuse trees that are deep without nested parentheses: long chains of signs, nots or sums."""
        if isinstance(body, EventFilter):
            found = [body]
        else:
            found = [term.filter for term in body.terms]
            if isinstance(body, SequenceQuery) and body.until:
                found.append(body.until.filter)
        level: list[Expression] = [event.condition for event in found]
        for _ in range(DEEPEST):
            level = [child for node in level for child in children(node)]
            if not level:
                return
        self.too_deep(level[0].span)


def _whole(node: Expression) -> int | None:
    """The whole number that an expression of constants stands for, or None."""
    match node:
        case Literal(value=bool()):
            return None
        case Literal(value=int(value)):
            return value
        case Sign(operator=operator, operand=operand):
            value_ = _whole(operand)
            return value_ if value_ is None or operator == "+" else -value_
        case Arithmetic(operator=("+" | "-" | "*") as operator, left=left, right=right):
            a, b = _whole(left), _whole(right)
            if a is None or b is None:
                return None
            return a + b if operator == "+" else a - b if operator == "-" else a * b
    return None
