"""Expressions of ES|QL by precedence: `OR`, `AND`, `NOT`, comparisons, `+ -`, `* / %`, signs, `::`.

`NOT` binds tighter than `AND`; comparisons do not chain. Each function's docstring is its rule.
"""

from __future__ import annotations

from samefire.languages.esql.reader import DEEPEST, KEYWORDS, Reader
from samefire.languages.esql.tokens import Token, string_value
from samefire.languages.esql.tree import (
    Arithmetic,
    Call,
    Cast,
    Comparison,
    Expression,
    In,
    Interval,
    IsNull,
    Like,
    Logical,
    Map,
    Matches,
    Name,
    Negative,
    Not,
    Null,
    Number,
    Parameter,
    Star,
    Text,
    Truth,
    Values,
    children,
)
from samefire.problems import did_you_mean
from samefire.source import Span

OR, AND, NOT, COMPARE, ADD, MULTIPLY, SIGN = range(1, 8)

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_ARITHMETIC = {"+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY, "%": MULTIPLY}

UNITS = {
    "millisecond": "ms",
    "second": "s",
    "minute": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "mo",
    "quarter": "q",
    "year": "y",
}
"""The units of an interval by their word; the short forms are values too, and `sec`, `min`, `yr`."""

_UNIT_WORDS = frozenset(
    [*UNITS, *(f"{word}s" for word in UNITS), *UNITS.values(), "sec", "min", "yr"],
)


class Expressions(Reader):
    """The part of the parser that reads expressions."""

    __slots__ = ()

    def expression(self, least: int = OR) -> Expression:
        """expression: operand (operator expression)*, operators that bind at least as tightly as `least`"""
        self.depth += 1
        if self.depth > DEEPEST:
            self.too_deep(self.token.span)
        start = self.token.start
        left = self.prefix(least)
        while True:
            binding = self.binding()
            if binding < least or not binding:
                break
            left = self.infix(left, binding, start)
            if binding == COMPARE and self.binding() == COMPARE:
                self.unexpected("`AND`, `OR` or the end of the condition")
        self.depth -= 1
        return left

    def binding(self) -> int:
        """How tightly the operator at hand binds; 0 when there is none."""
        token = self.token
        match token.word:
            case "or":
                return OR
            case "and":
                return AND
            case "in" | "like" | "rlike" | "is":
                return COMPARE
            case "not":
                return COMPARE if self.peek().word in ("in", "like", "rlike") else 0
        if token.kind in _COMPARISONS or token.kind == ":":
            return COMPARE
        return _ARITHMETIC.get(token.kind, 0)

    def prefix(self, least: int) -> Expression:
        """prefix: "NOT" expression | ("-" | "+") expression | primary ("::" TYPE)*"""
        token = self.token
        if token.word == "not" and least <= COMPARE:
            self.advance()
            operand = self.expression(NOT)
            return Not(operand, self.span_from(token.start))
        if token.kind in ("-", "+"):
            self.advance()
            operand = self.expression(SIGN)
            return self.signed(token, operand)
        found = self.primary()
        while self.accept("::"):
            kind = self.token
            if kind.kind != "name":
                self.unexpected("a type")
            self.advance()
            found = Cast(found, kind.word, self.span_from(token.start))
        return found

    def signed(self, sign: Token, operand: Expression) -> Expression:
        span = self.span_from(sign.start)
        match operand:
            case _ if sign.kind == "+":
                return operand
            case Number(value=value) if value > 0 or value == 0:
                return Number(-value, span)
            case Interval(count=count, unit=unit) if count > 0:
                return Interval(-count, unit, span)
            case _:
                return Negative(operand, span)

    def infix(self, left: Expression, binding: int, start: int) -> Expression:
        """infix: operator and right operand"""
        if binding in (OR, AND):
            word = self.advance().word
            operands = _chain(word, left, self.expression(binding + 1))
            return Logical(word, operands, self.span_from(start))
        if binding == COMPARE:
            return self.comparison(left, start)
        operator = self.advance().text
        right = self.expression(binding + 1)
        return Arithmetic(operator, left, right, self.span_from(start))

    def comparison(self, left: Expression, start: int) -> Expression:
        """comparison: COMPARISON sum | ":" constant | "IS" ["NOT"] "NULL" | ["NOT"] ("IN" | "LIKE" | "RLIKE") list"""
        negated = self.word("not")
        token = self.advance()
        found: Expression
        match token.word or token.kind:
            case "is":
                no = self.word("not") is not None
                self.expect_word("null")
                found = IsNull(left, no, self.span_from(start))
            case "in":
                found = In(left, self.listed("a value of the list"), self.span_from(start))
            case "like" | "rlike":
                found = Like(token.word, left, self.patterns(), self.span_from(start))
            case ":":
                found = Matches(left, self.expression(SIGN), self.span_from(start))
            case _:
                right = self.expression(ADD)
                return Comparison(token.text, left, right, self.span_from(start))
        return Not(found, found.span) if negated else found

    def patterns(self) -> tuple[Expression, ...]:
        """patterns: STRING | PARAMETER | "(" STRING ("," STRING)* ")" """
        if self.token.kind == "(":
            return self.listed("a pattern in double quotes")
        if self.token.kind not in ("string", "raw", "parameter"):
            self.unexpected("a pattern in double quotes")
        return (self.primary(),)

    def listed(self, wanted: str) -> tuple[Expression, ...]:
        """listed: "(" expression ("," expression)* ")" """
        self.expect("(", "`(`")
        if self.token.kind == ")":
            self.unexpected(wanted)
        found = [self.expression()]
        while self.accept(","):
            found.append(self.expression())
        self.expect(")", "`,` or `)`")
        return tuple(found)

    # ---- operands ------------------------------------------------------------------------------

    def primary(self) -> Expression:
        """primary: STRING | number | "true" | "false" | "null" | PARAMETER | list | map | "(" expression ")" |
        name ["(" arguments ")"]"""
        token = self.token
        match token.kind:
            case "string" | "raw":
                self.advance()
                return Text(string_value(token), token.span)
            case "integer" | "decimal":
                return self.number()
            case "parameter":
                self.advance()
                return Parameter(token.text, token.span)
            case "(":
                return self.parenthesis()
            case "[":
                return self.values()
            case "{":
                return self.map()
            case "name" | "quoted":
                return self.named()
            case _:
                return self.unexpected("a value or column")

    def parenthesis(self) -> Expression:
        self.advance()
        found = self.expression()
        if self.token.kind == ",":
            self.unexpected("`AND`, `OR` or `)`")
        self.expect(")", "`AND`, `OR` or `)`")
        return found

    def number(self) -> Expression:
        """number: DECIMAL | INTEGER [UNIT]"""
        token = self.advance()
        if token.kind == "decimal":
            return Number(float(token.text), token.span)
        value = int(token.text) if len(token.text.lstrip("0")) <= 20 else 2**64
        unit = self.token
        if unit.word in _UNIT_WORDS:
            self.advance()
            return Interval(value, unit.word, Span(token.start, unit.end))
        if unit.kind == "name" and unit.word not in (*KEYWORDS, "where") and len(unit.word) > 2:
            hint = did_you_mean(unit.word, _UNIT_WORDS)
            if hint is not None:
                self.fail("query-unit", f"`{unit.text}` is no unit of time", unit.span, hint)
        return Number(value if value < 2**64 else float(token.text), token.span)

    def values(self) -> Expression:
        """list: "[" constant ("," constant)* "]" """
        start = self.advance().start
        if self.token.kind == "]":
            self.unexpected("a value of the list")
        items = [self.expression(ADD)]
        while self.accept(","):
            items.append(self.expression(ADD))
        self.expect("]", "`,` or `]`")
        for item in items:
            if not isinstance(item, Text | Number | Truth | Null | Parameter):
                self.fail("query-list", "a list in brackets holds constants", item.span)
        return Values(tuple(items), self.span_from(start))

    def map(self) -> Map:
        """map: "{" [STRING ":" value ("," STRING ":" value)*] "}" """
        start = self.advance().start
        entries: list[tuple[str, Expression]] = []
        while self.token.kind != "}":
            key = self.text("a key in double quotes")
            self.expect(":", "`:`")
            entries.append((key.value, self.expression(SIGN)))
            if not self.accept(","):
                break
        self.expect("}", "`,` or `}`")
        return Map(tuple(entries), self.span_from(start))

    def named(self) -> Expression:
        """named: name | FUNCTION "(" [expression ("," expression)*] ")" """
        token = self.token
        if token.kind == "name":
            if token.word in ("true", "false"):
                self.advance()
                return Truth(token.word == "true", token.span)
            if token.word == "null":
                self.advance()
                return Null(token.span)
            if self.peek().kind == "(" and token.word not in KEYWORDS:
                return self.call()
        return self.column("a value or column")

    def call(self) -> Expression:
        token = self.advance()
        self.advance()
        arguments: list[Expression] = []
        if self.token.kind == "*" and self.peek().kind == ")":
            arguments.append(Star(self.advance().span))
        elif self.token.kind != ")":
            arguments.append(self.expression())
            while self.accept(","):
                arguments.append(self.expression())
        self.expect(")", "`,` or `)`")
        return Call(token.word, tuple(arguments), self.span_from(token.start))

    def column(self, wanted: str) -> Name:
        """name: part ("." part)*, each a word or in backticks"""
        start = self.token.start
        parts = [self.part(wanted)]
        while self.token.kind == ".":
            self.advance()
            parts.append(self.part("a column", after_dot=True))
        return Name(".".join(parts), self.span_from(start))

    def part(self, wanted: str, *, after_dot: bool = False) -> str:
        token = self.token
        if token.kind == "quoted":
            self.advance()
            return token.text[1:-1].replace("``", "`")
        if token.kind != "name" or (token.word in KEYWORDS and not after_dot):
            self.unexpected(wanted)
        self.advance()
        return token.text

    def check_depth(self, found: list[Expression]) -> None:
        """Refuse trees that are deep without nested parentheses: long chains of sums."""
        level = found
        for _ in range(DEEPEST):
            level = [child for node in level for child in children(node)]
            if not level:
                return
        self.too_deep(level[0].span)


def _chain(word: str, *parts: Expression) -> tuple[Expression, ...]:
    """A chain of one operator is one node; one in parentheses means the same and joins it."""
    found: list[Expression] = []
    for part in parts:
        found.extend(part.operands if isinstance(part, Logical) and part.operator == word else (part,))
    return tuple(found)
