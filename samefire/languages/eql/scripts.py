"""The parts of EQL that Elasticsearch runs as a script: syntax tree → three-valued expression."""

from __future__ import annotations

from typing import assert_never

from samefire.fields import FieldTypes
from samefire.languages.eql.functions import signature
from samefire.languages.eql.kinds import Refused, resolve
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
from samefire.query import ast
from samefire.query.ast import Call, Constant, FieldValue, Fold
from samefire.query.evaluate import ExpressionError, Value, evaluate
from samefire.query.values import fits
from samefire.source import Span

_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
_COMPARISON = {"==": "eq", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def expression(node: Expression, fields: FieldTypes) -> ast.Expression:
    """What the node computes. The query has been verified."""
    match node:
        case Literal(value=value):
            return Constant(value, node.span)
        case Field():
            return _field(node, fields)
        case Function(arguments=arguments):
            found = signature(node.name)
            assert found is not None
            fold = Fold.UNICODE if node.name.endswith("~") else Fold.NONE
            return Call(found.name, _all(arguments, fields), fold, node.span)
        case Sign(operator=operator, operand=operand):
            inner = expression(operand, fields)
            return inner if operator == "+" else Call("negate", (inner,), span=node.span)
        case Arithmetic(operator=operator, left=left, right=right):
            return Call(_ARITHMETIC[operator], _all((left, right), fields), span=node.span)
        case Comparison():
            return _comparison(node, fields)
        case Predicate():
            return predicate(node, expression(node.left, fields), _all(node.values, fields))
        case Not(operand=operand):
            return Call("not", (expression(operand, fields),), span=node.span)
        case And(operands=operands) | Or(operands=operands):
            word = "and" if isinstance(node, And) else "or"
            return Call(word, _all(operands, fields), span=node.span)
        case _:
            assert_never(node)


def _all(nodes: tuple[Expression, ...], fields: FieldTypes) -> tuple[ast.Expression, ...]:
    return tuple(expression(node, fields) for node in nodes)


def _field(node: Field, fields: FieldTypes) -> ast.Expression:
    found = resolve(node, fields)
    if found is None:
        return Constant(None, node.span)
    assert not isinstance(found, Refused)
    return FieldValue(found.name, found.type, node.span, found.column)


def _comparison(node: Comparison, fields: FieldTypes) -> ast.Expression:
    """`== null` and `!= null` are checks; any other comparison with null is null."""
    left, right = expression(node.left, fields), expression(node.right, fields)
    if node.operator in ("==", "!="):
        for side, other in ((left, right), (right, left)):
            if side == Constant(None):
                found = Call("isNull", (other,), span=node.span)
                return found if node.operator == "==" else Call("not", (found,), span=node.span)
    return Call(_COMPARISON[node.operator], (left, right), span=node.span)


def predicate(node: Predicate, left: ast.Expression, values: tuple[ast.Expression, ...]) -> ast.Expression:
    """`in`, `:`, `like` and `regex` on a computed string."""
    if node.operator == "in":
        found: ast.Expression = Call("in", (left, *values), span=node.span)
    else:
        parts = tuple(one(node.operator, left, value, node.span) for value in values)
        found = parts[0] if len(parts) == 1 else Call("or", parts, span=node.span)
    return Call("not", (found,), span=node.span) if node.negated else found


def one(operator: str, left: ast.Expression, value: ast.Expression, span: Span) -> ast.Expression:
    """One value of a predicate on a computed string."""
    pattern = value.value if isinstance(value, Constant) and isinstance(value.value, str) else ""
    wild = "*" in pattern or "?" in pattern
    match operator:
        case "in~":
            return Call("seq", (left, value), Fold.UNICODE, span)
        case ":" | "like~":
            return Call("like" if wild else "seq", (left, value), Fold.UNICODE, span)
        case "like":
            return Call("like" if wild else "eq", (left, value), span=span)
        case _:
            fold = Fold.UNICODE if operator == "regex~" else Fold.NONE
            return Call("regex", (left, value), fold, span)


def is_constant(node: ast.Expression) -> bool:
    """Whether an expression can be worked out now: it reads no field and matches no regular expression."""
    match node:
        case Constant():
            return True
        case FieldValue():
            return False
        case Call(function=function, arguments=arguments):
            return function != "regex" and all(map(is_constant, arguments))


def work_out(node: ast.Expression) -> Value:
    """The value of a constant expression. Raises ExpressionError."""
    return evaluate(node, _no_field, _like)


def _no_field(found: FieldValue) -> Value:
    raise ExpressionError(f"{found.field} is no constant")


def _like(call: Call, text: str) -> bool:
    pattern = call.arguments[1]
    assert isinstance(pattern, Constant)
    return fits(wildcards(str(pattern.value)), text, call.fold)


def wildcards(text: str) -> ast.Pattern:
    """A pattern of `:` and `like`: `*` and `?` are wildcards, and nothing escapes them."""
    return _pieces(text, escapes=False)


def lucene_wildcards(text: str) -> ast.Pattern:
    """A pattern of Lucene's wildcard query, where a backslash escapes what follows it."""
    return _pieces(text, escapes=True)


def _pieces(text: str, *, escapes: bool) -> ast.Pattern:
    pieces: list[str | ast.Wild] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        c = text[at]
        if c in "*?":
            if literal:
                pieces.append("".join(literal))
                literal = []
            pieces.append(ast.Wild.MANY if c == "*" else ast.Wild.ONE)
        elif c == "\\" and escapes and at + 1 < len(text):
            at += 1
            literal.append(text[at])
        else:
            literal.append(c)
        at += 1
    if literal:
        pieces.append("".join(literal))
    return tuple(pieces)
