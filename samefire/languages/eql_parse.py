"""The grammar of EQL as Elasticsearch reads it: tokens → syntax tree.

Stops at the first error of form. What a well-formed query may not say (types, functions, key counts) is
`eql_verify`'s. Each function's docstring is its rule.
"""

from __future__ import annotations

from typing import NoReturn

from samefire.languages.eql_tokens import KEYWORDS, Token, string_value, tokenize
from samefire.languages.eql_tree import (
    And,
    Arithmetic,
    Comparison,
    Duration,
    EventFilter,
    Expression,
    Field,
    Function,
    Literal,
    Not,
    Or,
    PipeCommand,
    Predicate,
    Query,
    SampleQuery,
    SequenceQuery,
    Sign,
    Term,
    children,
)
from samefire.problems import Problem, ProblemError, did_you_mean
from samefire.source import Source, Span

DEEPEST = 100
"""How many levels an expression may nest."""

MOST_RUNS = 100
"""How often one stage may be repeated."""

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_TEXT_PREDICATES = frozenset((":", "like", "like~", "regex", "regex~"))
_CONSTANTS = frozenset(("string", "raw", "integer", "decimal", "true", "false", "null"))
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}
_UNITS = ("ms", "s", "m", "h", "d")
_OLD_PIPES = ("count", "filter", "sort", "unique", "unique_count")
_LONG_MAX = 2**63 - 1


def parse(source: Source) -> Query:
    """The tree of an EQL query; raises ProblemError with the first problem of form."""
    return _Parser(source).query()


class _Parser:
    __slots__ = ("at", "comments", "depth", "source", "token", "tokens")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens, self.comments = tokenize(source)
        self.at = 0
        self.token = self.tokens[0]
        self.depth = 0

    # ---- moving --------------------------------------------------------------------------------

    def advance(self) -> Token:
        token = self.token
        self.at += 1
        self.token = self.tokens[self.at] if self.at < len(self.tokens) else token
        return token

    def accept(self, kind: str) -> Token | None:
        return self.advance() if self.token.kind == kind else None

    def expect(self, kind: str, wanted: str) -> Token:
        if self.token.kind != kind:
            self.unexpected(wanted)
        return self.advance()

    def peek(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def end(self) -> int:
        """Where the last taken token ended."""
        return self.tokens[self.at - 1].end if self.at else 0

    # ---- refusing ------------------------------------------------------------------------------

    def fail(self, code: str, message: str, span: Span, hint: str | None = None) -> NoReturn:
        raise ProblemError([Problem(code, message, self.source, span, hint=hint)])

    def unexpected(self, wanted: str) -> NoReturn:
        """Refuse the token at hand, with the hint that its form suggests."""
        token = self.token
        if token.kind == "end":
            if self.at == 0:
                hint = "write `any where …` or `process where …`"
                self.fail("query-empty", "the query is empty", Span(0, len(self.source.text)), hint)
            self.fail("query-incomplete", f"the query ends where {wanted} should follow", token.span)
        if token.kind == "=":
            hint = "write `==` (exact) or `:` (ignores case, knows * and ?)"
            self.fail("query-assignment", "`=` does not compare values in EQL", token.span, hint)
        message = f"unexpected `{_short(token.text)}`: {wanted} should stand here"
        self.fail("query-syntax", message, token.span, self.hint(wanted))

    def hint(self, wanted: str) -> str | None:
        token = self.token
        lower = token.text.lower()
        if token.kind == "name" and lower in KEYWORDS:
            return f"keywords are written in small letters: `{lower}`"
        if token.kind in KEYWORDS and wanted.startswith(("a field", "a value", "a name")):
            return f"`{token.text}` is a keyword; the field is written `` `{token.text}` ``"
        if token.kind == "quoted" and wanted.startswith("an event category"):
            return 'an event category with special characters stands in double quotes: "my category"'
        if token.kind == "name~":
            return f"`{token.text}` is neither an operator nor a function call"
        if token.kind == "name" and lower in ("contains", "matches", "startswith", "endswith", "wildcard"):
            return 'write `field : "*text*"`, `field like "…"` or `field regex "…"`'
        if token.kind == "name" and lower in ("is", "equals", "eq"):
            return "write `==`; a missing field is `field == null`"
        if token.kind in _CONSTANTS and wanted.startswith("`and`"):
            return "two conditions are joined with `and` or `or`; values of a list are separated by commas"
        if token.kind in _COMPARISONS and wanted.startswith("`and`"):
            return "comparisons do not chain: write `a < b and b < c`"
        return None

    # ---- statements ----------------------------------------------------------------------------

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

    # ---- expressions ---------------------------------------------------------------------------

    def expression(self) -> Expression:
        """expression: conjunction ("or" conjunction)*;  conjunction: negation ("and" negation)*"""
        self.depth += 1
        if self.depth > DEEPEST:
            self.too_deep(self.token.span)
        start = self.token.start
        alternatives: list[Expression] = []
        while True:
            first = self.token.start
            operands = [self.negation()]
            while self.accept("and"):
                operands.append(self.negation())
            one = len(operands) == 1
            alternatives.append(operands[0] if one else And(tuple(operands), Span(first, self.end())))
            if not self.accept("or"):
                break
        self.depth -= 1
        if len(alternatives) == 1:
            return alternatives[0]
        return Or(tuple(alternatives), Span(start, self.end()))

    def negation(self) -> Expression:
        """negation: "not"* comparison"""
        starts = []
        while self.token.kind == "not":
            starts.append(self.advance().start)
        node = self.comparison()
        for start in reversed(starts):
            node = Not(node, Span(start, self.end()))
        return node

    def comparison(self) -> Expression:
        """comparison: sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum]"""
        token = self.token
        if token.kind == "name" and self.peek().kind == "of":
            message = f"Elasticsearch's EQL has no process lineage (`{token.text} of`)"
            hint = "use a sequence joined by process.entity_id and process.parent.entity_id"
            self.fail("query-lineage", message, Span(token.start, self.peek().end), hint)
        left = self.operand(1)
        if self.token.kind not in _COMPARISONS:
            return left
        operator = self.advance().kind
        return Comparison(operator, left, self.operand(1), Span(token.start, self.end()))

    def operand(self, binding: int) -> Expression:
        """sum: product (("+" | "-") product)*;  product: signed (("*" | "/" | "%") signed)*"""
        start = self.token.start
        left = self.signed()
        while (level := _BINDING.get(self.token.kind, 0)) >= binding:
            operator = self.advance().kind
            right = self.operand(level + 1) if level == 1 else self.signed()
            left = Arithmetic(operator, left, right, Span(start, self.end()))
        return left

    def signed(self) -> Expression:
        """signed: ("-" | "+")* primary [predicate]"""
        signs = []
        while self.token.kind in ("-", "+"):
            signs.append(self.advance())
        start = self.token.start
        node = self.primary()
        kind = self.token.kind
        if (
            kind in _TEXT_PREDICATES
            or kind in ("in", "in~")
            or (kind == "not" and self.peek().kind in ("in", "in~"))
        ):
            node = self.predicate(node, start)
        for sign in reversed(signs):
            node = Sign(sign.kind, node, Span(sign.start, self.end()))
        return node

    def predicate(self, left: Expression, start: int) -> Predicate:
        """predicate: ["not"] ("in" | "in~") "(" expressions ")"
        | (":" | "like" | "like~" | "regex" | "regex~") (constant | "(" constants ")")"""
        negated = self.accept("not") is not None
        operator = self.advance().kind
        if operator in ("in", "in~"):
            self.expect("(", "`(` with a list of values")
            values = self.listed(constants=False)
            return Predicate(operator, left, values, True, negated, Span(start, self.end()))
        if self.accept("("):
            values = self.listed(constants=True)
            return Predicate(operator, left, values, True, False, Span(start, self.end()))
        value = self.constant(operator)
        return Predicate(operator, left, (value,), False, False, Span(start, self.end()))

    def listed(self, *, constants: bool) -> tuple[Expression, ...]:
        """expression ("," expression)* ")" """
        values = [self.constant("list") if constants else self.expression()]
        while self.accept(","):
            values.append(self.constant("list") if constants else self.expression())
        self.expect(")", "`,` or `)`")
        return tuple(values)

    def constant(self, operator: str) -> Literal:
        """constant: STRING | NUMBER | "true" | "false" | "null" """
        token = self.token
        if token.kind in ("name", "quoted", "?") and operator != "list":
            hint = "fields are compared with `==`"
            self.fail("query-field-to-field", f"`{operator}` compares with constants only", token.span, hint)
        if token.kind not in _CONSTANTS:
            self.unexpected(
                "a value in quotes" if operator == "list" else "a value in quotes or a list of values"
            )
        return self.literal()

    def literal(self) -> Literal:
        token = self.advance()
        match token.kind:
            case "string" | "raw":
                return Literal(string_value(token, self.source), token.kind == "raw", token.text, token.span)
            case "true" | "false":
                return Literal(token.kind == "true", False, token.text, token.span)
            case "null":
                return Literal(None, False, token.text, token.span)
            case _:
                return Literal(self.number(token), False, token.text, token.span)

    def number(self, token: Token) -> int | float:
        """A whole number that fits 64 bits is an integer, any other a double."""
        if token.kind == "integer" and len(token.text.lstrip("0")) < 20 and int(token.text) <= _LONG_MAX:
            return int(token.text)
        value = float(token.text)
        if value == float("inf"):
            self.fail("query-number", f"`{_short(token.text)}` is too large a number", token.span)
        return value

    def primary(self) -> Expression:
        """primary: constant | function | field | "(" expression ")" """
        token = self.token
        match token.kind:
            case "name" | "name~" if self.peek().kind == "(":
                return self.function()
            case "name" | "quoted" | "?":
                return self.field()
            case "(":
                self.advance()
                inner = self.expression()
                self.expect(")", "`and`, `or` or `)`")
                return inner
            case kind if kind in _CONSTANTS:
                return self.literal()
        return self.unexpected("a field, a value or a function")

    def function(self) -> Function:
        """function: (NAME | NAME "~") "(" [expression ("," expression)*] ")" """
        name = self.advance()
        self.advance()
        arguments: tuple[Expression, ...] = ()
        if not self.accept(")"):
            arguments = self.listed(constants=False)
        return Function(name.text, arguments, Span(name.start, self.end()), name.span)

    def field(self) -> Field:
        """field: ["?"] identifier ("." identifier)*;  identifier: NAME | BACKTICK_NAME"""
        start = self.token.start
        optional = self.accept("?") is not None
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        if self.token.kind == "[" and self.peek().kind == "integer":
            hint = "every condition already looks at each value of an array"
            self.fail(
                "query-array-access", "EQL has no access to one element of an array", self.token.span, hint
            )
        return Field(tuple(parts), optional, Span(start, self.end()))

    def identifier(self) -> str:
        token = self.token
        if token.kind == "name":
            self.advance()
            return token.text
        if token.kind == "quoted":
            self.advance()
            return token.text[1:-1].replace("``", "`")
        return self.unexpected("a name of a field")

    # ---- depth ---------------------------------------------------------------------------------

    def too_deep(self, span: Span) -> NoReturn:
        message = f"the query nests more than {DEEPEST} levels"
        self.fail("query-too-deep", message, span, "use lists, or split the rule")

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


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


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
