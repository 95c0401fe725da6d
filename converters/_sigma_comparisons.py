"""Comparisons inside a script as tests that Sigma can say: fields, `length` and `substring` beside constants."""

from __future__ import annotations

import math
from collections.abc import Sequence

from samefire.query.ast import (
    FALSE,
    And,
    BooleanIs,
    Call,
    Constant,
    Expression,
    FieldsCompare,
    FieldValue,
    Fold,
    Node,
    Not,
    NumberIs,
    NumberRange,
    Or,
    Pattern,
    Regex,
    RegexSyntax,
    Relation,
    Term,
    Test,
    Wild,
    Wildcard,
)

from ._sigma_cases import CannotRewrite, Cases, existing, field_of, guarded, leaf_on, named
from ._sigma_regex import CannotTranslate, length_pattern

_FLIPPED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_NEGATED = {"eq": "neq", "seq": "neq", "neq": "eq", "lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"}
_COMPUTED = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate", "concat", "string"})


def compared(operator: str, left: Expression, right: Expression, call: Call) -> Cases:
    """A comparison with a constant on one side."""
    if isinstance(left, Constant) and not isinstance(right, Constant):
        return compared(_FLIPPED.get(operator, operator), right, left, call)
    if isinstance(left, FieldValue) and isinstance(right, FieldValue):
        return _two_fields(operator, left, right, call)
    if not isinstance(right, Constant) or isinstance(left, Constant):
        raise CannotRewrite(named(right if isinstance(right, Call) else left), call.span)
    if operator == "neq":
        return compared("eq", left, right, call).flipped()
    match left:
        case Call(function="length", arguments=(value,)):
            return _long(operator, field_of(value), right, call)
        case Call(function="substring", arguments=(value, *ends)):
            return _cut(operator, field_of(value), ends, right, call)
        case _:
            return _plain(operator, field_of(left), right, call)


def _two_fields(operator: str, left: FieldValue, right: FieldValue, call: Call) -> Cases:
    if operator not in ("eq", "neq"):
        raise CannotRewrite(f"that `{left.field}` stands in order to `{right.field}`", call.span)
    true = FieldsCompare(left.field, Relation.EQUALS, right.field, Fold.NONE, call.span)
    both = Cases(true, And((existing(left), existing(right), Not(true))))
    return both if operator == "eq" else both.flipped()


def _plain(operator: str, field: FieldValue, constant: Constant, call: Call) -> Cases:
    """A field and a constant."""
    value = constant.value
    if isinstance(value, bool):
        return Cases(leaf_on(field, BooleanIs(value)), leaf_on(field, BooleanIs(not value)))
    if isinstance(value, str) and operator in ("eq", "seq"):
        fold = Fold.UNICODE if operator == "seq" else Fold.NONE
        return guarded(field, leaf_on(field, Term(value, fold)))
    if isinstance(value, int | float):
        return Cases(_numbers(field, operator, value), _numbers(field, _NEGATED[operator], value))
    raise CannotRewrite(f"an ordering of the text of `{field.field}`", call.span)


def _numbers(field: FieldValue, operator: str, value: int | float) -> Node:
    """A number of the field that compares so."""
    match operator:
        case "lt" | "lte":
            return leaf_on(field, NumberRange(None, value, high_inclusive=operator == "lte"))
        case "gt" | "gte":
            return leaf_on(field, NumberRange(value, None, low_inclusive=operator == "gte"))
        case "neq":
            return Or((_numbers(field, "lt", value), _numbers(field, "gt", value)))
        case _:
            return leaf_on(field, NumberIs(value))


def _long(operator: str, field: FieldValue, constant: Constant, call: Call) -> Cases:
    """`length(f) op n`: a text of that many characters."""
    value = constant.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CannotRewrite("a length that is no number", call.span)
    true, false = _lengths(operator, value), _lengths(_NEGATED[operator], value)
    return Cases(_long_leaf(field, true, call), _long_leaf(field, false, call))


Range = tuple[int, int | None]


def _lengths(operator: str, value: int | float) -> list[Range]:
    """The ranges of lengths that satisfy the comparison; None: without end."""
    low, high = math.floor(value), math.ceil(value)
    match operator:
        case "lt":
            found: list[Range] = [(0, high - 1)]
        case "lte":
            found = [(0, low)]
        case "gt":
            found = [(low + 1, None)]
        case "gte":
            found = [(high, None)]
        case "neq":
            found = [(0, high - 1), (low + 1, None)]
        case _:
            found = [(low, low)] if low == high else []
    return [(max(0, start), end) for start, end in found if end is None or end >= max(0, start)]


def _long_leaf(field: FieldValue, ranges: list[Range], call: Call) -> Node:
    """A value of one of these lengths."""
    if not ranges:
        return FALSE
    if ranges[0] == (0, None) or (
        len(ranges) > 1 and ranges[0][1] is not None and ranges[1][0] <= ranges[0][1] + 1
    ):
        return existing(field)
    return Or(tuple(leaf_on(field, _length_test(low, high, call)) for low, high in ranges))


def _length_test(low: int, high: int | None, call: Call) -> Test:
    try:
        return Regex(length_pattern(low, high), RegexSyntax.PCRE, dotall=True)
    except CannotTranslate as problem:
        raise CannotRewrite(f"this length: {problem}", call.span) from None


def _cut(
    operator: str, field: FieldValue, ends: Sequence[Expression], constant: Constant, call: Call
) -> Cases:
    """`substring(f, start[, end]) == text` as a pattern of the whole value."""
    places = [end.value if isinstance(end, Constant) else None for end in ends]
    text = constant.value
    if operator not in ("eq", "seq") or not isinstance(text, str) or not all(type(p) is int for p in places):
        raise CannotRewrite("the function `substring` of a field", call.span)
    start, end = places[0], places[1] if len(places) > 1 else None
    assert isinstance(start, int) and (end is None or isinstance(end, int))
    found = _slice_test(start, end, text, call)
    if found is None:
        return Cases(FALSE, existing(field))
    if isinstance(found, tuple):
        found = Wildcard(found, Fold.UNICODE if operator == "seq" else Fold.NONE)
    return guarded(field, leaf_on(field, found))


def _slice_test(start: int, end: int | None, text: str, call: Call) -> Test | Pattern | None:
    """The values whose slice is `text`: a test, a pattern, or None when there are none."""
    size = len(text)
    if start >= 0 and (end is None or end >= 0):
        width = None if end is None else max(0, end - start)
        if not text:
            return _length_test(0, None if width == 0 else start, call)
        if width is not None and size > width:
            return None
        tail: Pattern = (Wild.MANY,) if width == size else ()
        return (*(Wild.ONE,) * start, text, *tail)
    if start < 0 and (end is None or end < 0) and text:
        after = 0 if end is None else -end
        width = -start - after
        if size > width:
            return None
        head: Pattern = (Wild.MANY,) if width == size else ()
        return (*head, text, *(Wild.ONE,) * after)
    raise CannotRewrite("this `substring` of a field", call.span)
