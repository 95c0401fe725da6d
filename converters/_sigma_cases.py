"""When an expression of a script is true and when it is false, as two trees; the pieces that rewriting shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from samefire.query.ast import (
    And,
    Call,
    Constant,
    Exists,
    Expression,
    FieldValue,
    Leaf,
    Node,
    Not,
    Test,
)
from samefire.source import NOWHERE, Span


class CannotRewrite(Exception):
    """Which part of the expression has no equal, and where."""

    def __init__(self, what: str, span: Span = NOWHERE) -> None:
        super().__init__(what)
        self.what, self.span = what, span


@dataclass(frozen=True, slots=True)
class Cases:
    """When an expression is true and when it is false."""

    true: Node
    false: Node

    def flipped(self) -> Cases:
        return Cases(self.false, self.true)


def named(expression: Expression) -> str:
    match expression:
        case Call(function=function):
            return f"the function `{function}` of a field"
        case FieldValue(field=field):
            return f"this of the field `{field}`"
        case _:
            return "this comparison"


def field_of(expression: Expression) -> FieldValue:
    """The field that an expression is, or only casts to a string."""
    match expression:
        case FieldValue():
            return expression
        case Call(function="string", arguments=(FieldValue(type=kind) as inner,)) if kind not in (
            "double",
            "float",
        ):
            return inner
        case Call(span=span):
            raise CannotRewrite(named(expression), span)
        case Constant():
            raise CannotRewrite("a function of constants")
        case _:
            assert_never(expression)


def leaf_on(field: FieldValue, test: Test) -> Leaf:
    return Leaf(field.field, test, field.span, field.column)


def existing(field: FieldValue) -> Leaf:
    return leaf_on(field, Exists())


def guarded(field: FieldValue, true: Node) -> Cases:
    """False is: the field is there and the test does not hold."""
    return Cases(true, And((existing(field), Not(true))))


def text_of(expression: Expression) -> str:
    match expression:
        case Constant(value=str() as value):
            return value
        case Constant(value=value) if value is not None:
            raise CannotRewrite(f"a comparison of text with `{value}`")
        case Call(span=span) | FieldValue(span=span):
            raise CannotRewrite(named(expression), span)
        case _:
            raise CannotRewrite("a comparison with null")
