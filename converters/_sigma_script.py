"""Three-valued scripts (EQL functions) as two-valued tests that Sigma can say, where that is exact.

For each expression two trees: when it is true, and when it is false; a missing field makes it neither. What has
no such trees is refused at its place. `samefire.query.evaluate` says what each function gives. A script holds
when one value of the field makes it true, as a leaf does; only what joins or denies several tests of one field
needs the field to hold a single value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
    Or,
    Pattern,
    Regex,
    RegexSyntax,
    Relation,
    Script,
    Test,
    Wild,
    Wildcard,
    expression_fields,
    walk,
)
from samefire.query.evaluate import ExpressionError, apply
from samefire.source import NOWHERE, Span

from ._sigma_cases import CannotRewrite, Cases, existing, field_of, guarded, leaf_on, named, text_of
from ._sigma_comparisons import compared
from ._sigma_losses import Losses

_PLACES = {
    "startsWith": Relation.STARTSWITH,
    "endsWith": Relation.ENDSWITH,
    "stringContains": Relation.CONTAINS,
}
_COMPUTED = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate", "concat", "string"})


def equal_fields(children: tuple[Node, ...]) -> tuple[Node, ...]:
    """The parts of a conjunction, with `startsWith(a, b)` and `length(a) - length(b) == 0` as what they mean
    together: the values of two fields are the same."""
    found = list(children)
    for begins in children:
        match begins:
            case Script(Call("startsWith", (FieldValue() as left, FieldValue() as right), fold)):
                of_length = next((c for c in found if _lengths(c) == (left.field, right.field)), None)
                if of_length is not None:
                    same = FieldsCompare(left.field, Relation.EQUALS, right.field, fold, begins.span)
                    found[found.index(begins)] = same
                    found.remove(of_length)
            case _:
                pass
    return tuple(found)


def _lengths(node: Node) -> tuple[str, str] | None:
    """The fields a and b of `length(a) - length(b) == 0`."""
    match node:
        case Script(
            Call("eq", (Call("subtract", (Call("length", (a,)), Call("length", (b,)))), Constant(0)))
        ):
            return (a.field, b.field) if isinstance(a, FieldValue) and isinstance(b, FieldValue) else None
        case _:
            return None


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
            return Cases(leaf_on(field, BooleanIs(True)), leaf_on(field, BooleanIs(False)))
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
            field = field_of(argument)
            return Cases(Not(existing(field)), existing(field))
        case (("startsWith" | "endsWith" | "stringContains"), (value, part)):
            return _placed(call, value, part)
        case (("like" | "regex"), (value, *patterns)):
            return _matched(call, value, patterns)
        case "in", (value, *listed):
            return _any([compared("eq", value, item, call) for item in listed])
        case "cidrMatch", (value, *blocks):
            return _addressed(value, blocks, call.span)
        case (("eq" | "neq" | "seq" | "lt" | "lte" | "gt" | "gte"), (left, right)):
            return compared(call.function, left, right, call)
        case _:
            raise CannotRewrite(named(call), call.span)


def _any(parts: Sequence[Cases]) -> Cases:
    return Cases(Or(tuple(p.true for p in parts)), And(tuple(p.false for p in parts)))


# ---- places, patterns, addresses ------------------------------------------------------------------------


def _placed(call: Call, value: Expression, part: Expression) -> Cases:
    """`startsWith`, `endsWith`, `stringContains` of a field and a text, or of two fields."""
    field = field_of(value)
    fold = Fold.UNICODE if call.fold is not Fold.NONE else Fold.NONE
    if isinstance(part, FieldValue):
        true = FieldsCompare(field.field, _PLACES[call.function], part.field, fold, call.span)
        return Cases(true, And((existing(field), existing(part), Not(true))))
    text = text_of(part)
    if not text:
        return (
            Cases(FALSE, existing(field))
            if call.function == "stringContains"
            else Cases(existing(field), FALSE)
        )
    before: Pattern = () if call.function == "startsWith" else (Wild.MANY,)
    after: Pattern = () if call.function == "endsWith" else (Wild.MANY,)
    return guarded(field, leaf_on(field, Wildcard((*before, text, *after), fold)))


def _matched(call: Call, value: Expression, patterns: Sequence[Expression]) -> Cases:
    """`like` and `regex` of a field and constant patterns."""
    field = field_of(value)
    tests: list[Test] = []
    for pattern in patterns:
        text = text_of(pattern)
        if call.function == "regex":
            tests.append(Regex(text, RegexSyntax.LUCENE, call.fold))
        else:
            tests.append(Wildcard(_wild(text), call.fold))
    return guarded(field, Or(tuple(leaf_on(field, test) for test in tests)))


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

    field = field_of(value)
    leaves: list[Node] = []
    for block in blocks:
        try:
            network = ipaddress.ip_network(text_of(block), strict=False)
        except ValueError:
            raise CannotRewrite("a block that is no network", span) from None
        mapped = 0xFFFF << 32 if network.version == 4 else 0
        leaves.append(
            leaf_on(
                field, IpRange(mapped + int(network.network_address), mapped + int(network.broadcast_address))
            )
        )
    return guarded(field, Or(tuple(leaves)))
