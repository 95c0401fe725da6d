"""Expressions of EQL: tokens → syntax tree. Each function's docstring is its rule."""

from __future__ import annotations

from samefire.languages.eql.reader import COMPARISONS, CONSTANTS, DEEPEST, Reader, short
from samefire.languages.eql.tokens import Token, string_value
from samefire.languages.eql.tree import (
    And,
    Arithmetic,
    Comparison,
    Expression,
    Field,
    Function,
    Literal,
    Not,
    Or,
    Predicate,
    Sign,
)
from samefire.source import Span

_TEXT_PREDICATES = frozenset((":", "like", "like~", "regex", "regex~"))
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}
_LONG_MAX = 2**63 - 1


class Expressions(Reader):
    """The rules below `expression`."""

    __slots__ = ()

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
        if self.token.kind not in COMPARISONS:
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
            hint = f'a value stands in quotes: "{short(token.text)}"' if token.kind == "name" else None
            self.fail("query-field-to-field", f"`{operator}` compares with constants only", token.span, hint)
        if token.kind not in CONSTANTS:
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
            self.fail("query-number", f"`{short(token.text)}` is too large a number", token.span)
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
                return self.parenthesized()
            case kind if kind in CONSTANTS:
                return self.literal()
        return self.unexpected("a field, a value or a function")

    def parenthesized(self) -> Expression:
        """ "(" expression ")", the span of an `and` or `or` with its parentheses"""
        start = self.advance().start
        inner = self.expression()
        self.expect(")", "`and`, `or` or `)`")
        if isinstance(inner, (And, Or)):
            return type(inner)(inner.operands, Span(start, self.end()))
        return inner

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
