"""Three-valued scripts (EQL functions) as two-valued tests that Sigma can say, where that is exact.

For each expression two trees: when it is true, and when it is false; a missing field makes it neither. What has
no such trees is refused at its place. `samefire.query.evaluate` says what each function gives. A script holds
when one value of the field makes it true, as a leaf does; only what joins or denies several tests of one field
needs the field to hold a single value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from samefire.fields import FieldTypes
from samefire.query.ast import (
    FALSE,
    TRUE,
    And,
    BooleanIs,
    Call,
    Constant,
    Exists,
    Expression,
    FieldsCompare,
    FieldValue,
    Fold,
    IpRange,
    Leaf,
    Node,
    Not,
    NumberIs,
    NumberRange,
    Or,
    Pattern,
    Regex,
    RegexSyntax,
    Relation,
    Script,
    Term,
    Test,
    Wild,
    Wildcard,
    expression_fields,
    walk,
)
from samefire.query.evaluate import ExpressionError, apply
from samefire.source import NOWHERE, Span

from ._sigma_losses import Losses
from ._sigma_regex import CannotTranslate, length_pattern

_FLIPPED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_NEGATED = {"eq": "neq", "seq": "neq", "neq": "eq", "lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"}
_PLACES = {
    "startsWith": Relation.STARTSWITH,
    "endsWith": Relation.ENDSWITH,
    "stringContains": Relation.CONTAINS,
}
_COMPUTED = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate", "concat", "string"})


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


def rewrite_script(node: Script, fields: FieldTypes, losses: Losses) -> Node | None:
    """The script as a two-valued tree, or None when it was refused."""
    try:
        rewritten = cases(node.expression).true
    except CannotRewrite as problem:
        losses.refuse(
            "sigma-cannot-function",
            f"Sigma cannot say {problem.what}",
            problem.span if problem.span != NOWHERE else node.span,
        )
        return None
    for name in dict.fromkeys(read.field for read in expression_fields(node.expression)):
        kind = fields.get(name)
        if kind is not None and kind.array and needs_one_value(rewritten):
            losses.approximate(
                "approximate-list",
                f"of several values of `{name}` Elasticsearch wants one that passes all of this, "
                "Sigma lets each part have its own",
                node.span,
            )
    return rewritten


def needs_one_value(node: Node) -> bool:
    """Whether the tree says of a list something else than of each of its values."""
    for part in walk(node):
        if isinstance(part, Not) and not (
            isinstance(part.child, Leaf) and isinstance(part.child.test, Exists)
        ):
            return True
        if isinstance(part, And):
            tests = [c for c in part.children if not (isinstance(c, Leaf) and isinstance(c.test, Exists))]
            if len(tests) > 1:
                return True
    return False


def cases(expression: Expression) -> Cases:
    """When the expression is true and when false; raises CannotRewrite."""
    match folded(expression):
        case Constant(value=value):
            return Cases(TRUE if value is True else FALSE, TRUE if value is False else FALSE)
        case FieldValue() as field:
            return Cases(_leaf(field, BooleanIs(True)), _leaf(field, BooleanIs(False)))
        case Call(function="and", arguments=arguments):
            parts = [cases(argument) for argument in arguments]
            return Cases(And(tuple(p.true for p in parts)), Or(tuple(p.false for p in parts)))
        case Call(function="or", arguments=arguments):
            parts = [cases(argument) for argument in arguments]
            return Cases(Or(tuple(p.true for p in parts)), And(tuple(p.false for p in parts)))
        case Call(function="not", arguments=(argument,)):
            return cases(argument).flipped()
        case Call() as call:
            return _test(call)
        case _:
            assert_never(expression)


def folded(expression: Expression) -> Expression:
    """The expression with what no field has a part in computed (`-2` is a function of 2)."""
    if not isinstance(expression, Call):
        return expression
    arguments = tuple(folded(argument) for argument in expression.arguments)
    if all(isinstance(argument, Constant) for argument in arguments) and expression.function in _COMPUTED:
        values = [argument.value for argument in arguments if isinstance(argument, Constant)]
        try:
            return Constant(apply(expression.function, values, expression.fold), expression.span)
        except ExpressionError:
            return expression
    return replace(expression, arguments=arguments)


def _test(call: Call) -> Cases:
    match call.function, call.arguments:
        case "isNull", (argument,):
            field = _field(argument)
            return Cases(Not(_exists(field)), _exists(field))
        case (("startsWith" | "endsWith" | "stringContains"), (value, part)):
            return _placed(call, value, part)
        case (("like" | "regex"), (value, *patterns)):
            return _matched(call, value, patterns)
        case "in", (value, *listed):
            return _any([_compared("eq", value, item, call) for item in listed])
        case "cidrMatch", (value, *blocks):
            return _addressed(value, blocks, call.span)
        case (("eq" | "neq" | "seq" | "lt" | "lte" | "gt" | "gte"), (left, right)):
            return _compared(call.function, left, right, call)
        case _:
            raise CannotRewrite(_named(call), call.span)


def _any(parts: Sequence[Cases]) -> Cases:
    return Cases(Or(tuple(p.true for p in parts)), And(tuple(p.false for p in parts)))


def _named(expression: Expression) -> str:
    match expression:
        case Call(function=function):
            return f"the function `{function}` of a field"
        case FieldValue(field=field):
            return f"this of the field `{field}`"
        case _:
            return "this comparison"


def _field(expression: Expression) -> FieldValue:
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
            raise CannotRewrite(_named(expression), span)
        case Constant():
            raise CannotRewrite("a function of constants")
        case _:
            assert_never(expression)


def _leaf(field: FieldValue, test: Test) -> Leaf:
    return Leaf(field.field, test, field.span, field.column)


def _exists(field: FieldValue) -> Leaf:
    return _leaf(field, Exists())


def _guarded(field: FieldValue, true: Node) -> Cases:
    """False is: the field is there and the test does not hold."""
    return Cases(true, And((_exists(field), Not(true))))


def _text(expression: Expression) -> str:
    match expression:
        case Constant(value=str() as value):
            return value
        case Constant(value=value) if value is not None:
            raise CannotRewrite(f"a comparison of text with `{value}`")
        case Call(span=span) | FieldValue(span=span):
            raise CannotRewrite(_named(expression), span)
        case _:
            raise CannotRewrite("a comparison with null")


# ---- places, patterns, addresses ------------------------------------------------------------------------


def _placed(call: Call, value: Expression, part: Expression) -> Cases:
    """`startsWith`, `endsWith`, `stringContains` of a field and a text, or of two fields."""
    field = _field(value)
    fold = Fold.UNICODE if call.fold is not Fold.NONE else Fold.NONE
    if isinstance(part, FieldValue):
        true = FieldsCompare(field.field, _PLACES[call.function], part.field, fold, call.span)
        return Cases(true, And((_exists(field), _exists(part), Not(true))))
    text = _text(part)
    if not text:
        return (
            Cases(FALSE, _exists(field))
            if call.function == "stringContains"
            else Cases(_exists(field), FALSE)
        )
    before: Pattern = () if call.function == "startsWith" else (Wild.MANY,)
    after: Pattern = () if call.function == "endsWith" else (Wild.MANY,)
    return _guarded(field, _leaf(field, Wildcard((*before, text, *after), fold)))


def _matched(call: Call, value: Expression, patterns: Sequence[Expression]) -> Cases:
    """`like` and `regex` of a field and constant patterns."""
    field = _field(value)
    tests: list[Test] = []
    for pattern in patterns:
        text = _text(pattern)
        if call.function == "regex":
            tests.append(Regex(text, RegexSyntax.LUCENE, call.fold))
        else:
            tests.append(Wildcard(_wild(text), call.fold))
    return _guarded(field, Or(tuple(_leaf(field, test) for test in tests)))


def _wild(text: str) -> Pattern:
    """EQL's pattern: `*` and `?`, nothing can be escaped."""
    pieces: list[str | Wild] = []
    for c in text:
        if c in "*?":
            pieces.append(Wild(c))
        elif pieces and isinstance(pieces[-1], str):
            pieces[-1] += c
        else:
            pieces.append(c)
    return tuple(pieces)


def _addressed(value: Expression, blocks: Sequence[Expression], span: Span) -> Cases:
    import ipaddress

    field = _field(value)
    leaves: list[Node] = []
    for block in blocks:
        try:
            network = ipaddress.ip_network(_text(block), strict=False)
        except ValueError:
            raise CannotRewrite("a block that is no network", span) from None
        mapped = 0xFFFF << 32 if network.version == 4 else 0
        leaves.append(
            _leaf(
                field, IpRange(mapped + int(network.network_address), mapped + int(network.broadcast_address))
            )
        )
    return _guarded(field, Or(tuple(leaves)))


# ---- comparisons ----------------------------------------------------------------------------------------


def _compared(operator: str, left: Expression, right: Expression, call: Call) -> Cases:
    """A comparison with a constant on one side."""
    if isinstance(left, Constant) and not isinstance(right, Constant):
        return _compared(_FLIPPED.get(operator, operator), right, left, call)
    if isinstance(left, FieldValue) and isinstance(right, FieldValue):
        return _two_fields(operator, left, right, call)
    if not isinstance(right, Constant) or isinstance(left, Constant):
        raise CannotRewrite(_named(right if isinstance(right, Call) else left), call.span)
    if operator == "neq":
        return _compared("eq", left, right, call).flipped()
    match left:
        case Call(function="length", arguments=(value,)):
            return _long(operator, _field(value), right, call)
        case Call(function="substring", arguments=(value, *ends)):
            return _cut(operator, _field(value), ends, right, call)
        case _:
            return _plain(operator, _field(left), right, call)


def _two_fields(operator: str, left: FieldValue, right: FieldValue, call: Call) -> Cases:
    if operator not in ("eq", "neq"):
        raise CannotRewrite(f"that `{left.field}` stands in order to `{right.field}`", call.span)
    true = FieldsCompare(left.field, Relation.EQUALS, right.field, Fold.NONE, call.span)
    both = Cases(true, And((_exists(left), _exists(right), Not(true))))
    return both if operator == "eq" else both.flipped()


def _plain(operator: str, field: FieldValue, constant: Constant, call: Call) -> Cases:
    """A field and a constant."""
    value = constant.value
    if isinstance(value, bool):
        return Cases(_leaf(field, BooleanIs(value)), _leaf(field, BooleanIs(not value)))
    if isinstance(value, str) and operator in ("eq", "seq"):
        fold = Fold.UNICODE if operator == "seq" else Fold.NONE
        return _guarded(field, _leaf(field, Term(value, fold)))
    if isinstance(value, int | float):
        return Cases(_numbers(field, operator, value), _numbers(field, _NEGATED[operator], value))
    raise CannotRewrite(f"an ordering of the text of `{field.field}`", call.span)


def _numbers(field: FieldValue, operator: str, value: int | float) -> Node:
    """A number of the field that compares so."""
    match operator:
        case "lt" | "lte":
            return _leaf(field, NumberRange(None, value, high_inclusive=operator == "lte"))
        case "gt" | "gte":
            return _leaf(field, NumberRange(value, None, low_inclusive=operator == "gte"))
        case "neq":
            return Or((_numbers(field, "lt", value), _numbers(field, "gt", value)))
        case _:
            return _leaf(field, NumberIs(value))


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
        return _exists(field)
    return Or(tuple(_leaf(field, _length_test(low, high, call)) for low, high in ranges))


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
        return Cases(FALSE, _exists(field))
    if isinstance(found, tuple):
        found = Wildcard(found, Fold.UNICODE if operator == "seq" else Fold.NONE)
    return _guarded(field, _leaf(field, found))


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
