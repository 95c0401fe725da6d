"""Conditions of ES|QL as two-valued tests: when each is true and when it is false, null being neither."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from samefire.query.ast import (
    FALSE,
    TRUE,
    And,
    BooleanIs,
    Exists,
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
    Term,
    Test,
    Wild,
    Wildcard,
)
from samefire.query.pipeline import Apply, Asked, Clock, ColumnValue, Expression, Literal, Source
from samefire.source import Span

from ._sigma_cases import CannotRewrite, Cases

_NEGATED = {"eq": "neq", "neq": "eq", "lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"}
_FLIPPED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_STRINGS = frozenset({"keyword", "text", "dynamic"})
_NUMBERS = frozenset({"integer", "long", "unsigned_long", "double"})


def substituted(expression: Expression, columns: Mapping[str, Expression]) -> Expression:
    """The expression with computed columns written out."""
    match expression:
        case ColumnValue(name=name):
            known = columns.get(name, expression)
            return known if not isinstance(known, ColumnValue) else replace(expression, name=known.name)
        case Apply(arguments=arguments):
            return replace(expression, arguments=tuple(substituted(a, columns) for a in arguments))
        case Literal() | Asked() | Clock():
            return expression
        case _:
            assert_never(expression)


def compared_number(condition: Expression) -> tuple[str, str, int] | None:
    """`column operator whole number` of a condition, or None."""
    match condition:
        case Apply(function=function, arguments=(ColumnValue(name=name), Literal(value=int() as number))):
            return (name, function, number) if not isinstance(number, bool) else None
        case Apply(function=function, arguments=(Literal(value=int() as number), ColumnValue(name=name))):
            return (name, _FLIPPED.get(function, function), number) if not isinstance(number, bool) else None
        case _:
            return None


class Conditions:
    """Rewrites conditions over the columns of the documents."""

    def __init__(self, sources: Mapping[str, Source], queries: Sequence[Node]) -> None:
        self.sources = sources
        self.queries = queries

    def cases(self, expression: Expression) -> Cases:
        """When the condition is true and when false; raises CannotRewrite."""
        match expression:
            case Literal(value=value):
                return Cases(TRUE if value is True else FALSE, TRUE if value is False else FALSE)
            case ColumnValue():
                return Cases(self.leaf(expression, BooleanIs(True)), self.leaf(expression, BooleanIs(False)))
            case Asked(number=number):
                return Cases(self.queries[number], Not(self.queries[number]))
            case Apply(function="and" | "or" as function, arguments=arguments):
                return _joined(function, [self.cases(argument) for argument in arguments])
            case Apply(function="not", arguments=(argument,)):
                return self.cases(argument).flipped()
            case Apply(function="convert", arguments=(ColumnValue() as column,), type="boolean"):
                return self.cases(column)
            case Apply():
                return self.test(expression)
            case Clock():
                raise CannotRewrite("a comparison with the time of the run", expression.span)
            case _:
                assert_never(expression)

    def test(self, call: Apply) -> Cases:
        match call.function, call.arguments:
            case "is_null" | "is_not_null" as function, (value,):
                present = self.leaf(self.column(value, call), Exists())
                found = Cases(present, Not(present))
                return found if function == "is_not_null" else found.flipped()
            case "like", (value, Literal(value=tuple() as tests)):
                return self.matched(call, value, tests)
            case "in", (value, *listed):
                return _joined("or", [self.compared("eq", value, item, call) for item in listed])
            case (
                ("starts_with" | "ends_with" | "contains" as function),
                (value, Literal(value=str() as text)),
            ):
                return self.placed(function, value, text, call)
            case "cidr_match", (value, *blocks):
                return self.addressed(value, blocks, call)
            case (("eq" | "neq" | "lt" | "lte" | "gt" | "gte" as function), (left, right)):
                if isinstance(left, Literal):
                    return self.compared(_FLIPPED.get(function, function), right, left, call)
                return self.compared(function, left, right, call)
            case _:
                raise _cannot(call)

    def column(self, expression: Expression, call: Apply) -> ColumnValue:
        """The column that an expression is, apart from conversions that change nothing."""
        match expression:
            case ColumnValue():
                return expression
            case Apply(function="convert", arguments=(ColumnValue() as inner,), type=kind):
                return replace(inner, type=kind)
            case Apply(function="to_string", arguments=(ColumnValue(type=kind) as inner,)) if (
                kind in _STRINGS
            ):
                return inner
            case _:
                raise _cannot(call)

    def leaf(self, column: ColumnValue, test: Test) -> Leaf:
        source = self.sources.get(column.name)
        if source is None or source.reads is None or source.constant is not None:
            raise CannotRewrite(f"a condition on `{column.name}`", column.span)
        return Leaf(column.name, test, column.span, source.reads if source.reads != column.name else None)

    def guarded(self, column: ColumnValue, true: Node) -> Cases:
        return Cases(true, And((self.leaf(column, Exists()), Not(true))))

    def folded(self, expression: Expression, call: Apply) -> tuple[ColumnValue, Callable[[str], str] | None]:
        """The column, and the case that all its letters are brought to."""
        match expression:
            case Apply(function="to_lower" | "to_upper" as function, arguments=(inner,)):
                return self.column(inner, call), str.lower if function == "to_lower" else str.upper
            case _:
                return self.column(expression, call), None

    def matched(self, call: Apply, value: Expression, tests: Sequence[Any]) -> Cases:
        """`LIKE` and `RLIKE`; of a text in one case only patterns in that case can match."""
        column, case = self.folded(value, call)
        found: list[Node] = []
        for test in tests:
            if case is not None:
                written = test.pattern if isinstance(test, Regex) else _text(test.pattern)
                if written != case(written):
                    raise _cannot(call)
                fold = Fold.ASCII if isinstance(test, Regex) and written.isascii() else Fold.UNICODE
                test = replace(test, fold=fold)
            found.append(self.leaf(column, test))
        return self.guarded(column, found[0] if len(found) == 1 else Or(tuple(found)))

    def placed(self, function: str, value: Expression, text: str, call: Apply) -> Cases:
        column, case = self.folded(value, call)
        if case is not None and text != case(text):
            return Cases(FALSE, self.leaf(column, Exists()))
        before: Pattern = () if function == "starts_with" else (Wild.MANY,)
        after: Pattern = () if function == "ends_with" else (Wild.MANY,)
        fold = Fold.NONE if case is None else Fold.UNICODE
        pattern = (*before, text, *after) if text else (Wild.MANY,)
        return self.guarded(column, self.leaf(column, Wildcard(pattern, fold)))

    def addressed(self, value: Expression, blocks: Sequence[Expression], call: Apply) -> Cases:
        column = self.column(value, call)
        found: list[Node] = []
        for block in blocks:
            text = block.value if isinstance(block, Literal) else None
            if not isinstance(text, str):
                raise _cannot(call)
            found.append(self.leaf(column, _network(text, call.span)))
        return self.guarded(column, Or(tuple(found)))

    def compared(self, operator: str, left: Expression, right: Expression, call: Apply) -> Cases:
        """A comparison of a column with a constant."""
        if operator == "neq":
            return self.compared("eq", left, right, call).flipped()
        if (
            isinstance(right, Apply)
            and right.function == "convert"
            and isinstance(right.arguments[0], Literal)
        ):
            right = right.arguments[0]
        if not isinstance(right, Literal) or right.value is None:
            raise _cannot(call)
        match left:
            case Apply(function="to_string", arguments=(ColumnValue(type="ip") as column,)) if (
                operator == "eq"
            ):
                return self.address_text(column, right.value)
            case _:
                column, case = self.folded(left, call)
        return self.plain(operator, column, right, case, call)

    def address_text(self, column: ColumnValue, text: Any) -> Cases:
        """`to_string(ip) == text`: the address, when the text is how it is written."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return Cases(FALSE, self.leaf(column, Exists()))
        if str(address) != text:
            return Cases(FALSE, self.leaf(column, Exists()))
        number = int(address) + (0xFFFF << 32 if address.version == 4 else 0)
        return self.guarded(column, self.leaf(column, IpRange(number, number)))

    def plain(
        self,
        operator: str,
        column: ColumnValue,
        literal: Literal,
        case: Callable[[str], str] | None,
        call: Apply,
    ) -> Cases:
        value = literal.value
        if isinstance(value, bool) and operator == "eq":
            return Cases(self.leaf(column, BooleanIs(value)), self.leaf(column, BooleanIs(not value)))
        if literal.type == "ip" and isinstance(value, int) and operator == "eq":
            return self.guarded(column, self.leaf(column, IpRange(value, value)))
        if isinstance(value, str) and column.type in _STRINGS and operator == "eq":
            if case is not None and value != case(value):
                return Cases(FALSE, self.leaf(column, Exists()))
            fold = Fold.NONE if case is None else Fold.UNICODE
            return self.guarded(column, self.leaf(column, Term(value, fold)))
        if (
            isinstance(value, int | float)
            and literal.type in _NUMBERS
            and column.type in _NUMBERS | {"dynamic"}
        ):
            return Cases(self.number(operator, column, value), self.number(_NEGATED[operator], column, value))
        raise _cannot(call)

    def number(self, operator: str, column: ColumnValue, value: int | float) -> Node:
        match operator:
            case "lt" | "lte":
                return self.leaf(column, NumberRange(None, value, high_inclusive=operator == "lte"))
            case "gt" | "gte":
                return self.leaf(column, NumberRange(value, None, low_inclusive=operator == "gte"))
            case "neq":
                return Or((self.number("lt", column, value), self.number("gt", column, value)))
            case _:
                return self.leaf(column, NumberIs(value))


def _joined(function: str, parts: Sequence[Cases]) -> Cases:
    every, some = tuple(p.true for p in parts), tuple(p.false for p in parts)
    return Cases(And(every), Or(some)) if function == "and" else Cases(Or(every), And(some))


def _cannot(call: Apply) -> CannotRewrite:
    return CannotRewrite(f"`{call.shown}`" if call.shown else f"the function `{call.function}`", call.span)


def _text(pattern: Pattern) -> str:
    return "".join(piece for piece in pattern if isinstance(piece, str))


def _network(text: str, span: Span) -> IpRange:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise CannotRewrite(f"`{text}`, which is no network", span) from None
    mapped = 0xFFFF << 32 if network.version == 4 else 0
    return IpRange(mapped + int(network.network_address), mapped + int(network.broadcast_address))
