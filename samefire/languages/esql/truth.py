"""When a condition of three values is true, as a node of two: null counts as not true.

`true(c)` holds where the condition is true, `false(c)` where it is false; where it is null neither holds. So
`NOT x == "a"` becomes "x exists, and is not a".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from samefire.fields import FieldTypes
from samefire.query import typed
from samefire.query.ast import (
    FALSE,
    TRUE,
    And,
    DateBound,
    DateRange,
    Fold,
    IpRange,
    Leaf,
    Node,
    Not,
    Or,
    Pattern,
    Regex,
    RegexSyntax,
    Term,
    Test,
    Wild,
    Wildcard,
)
from samefire.query.detection import Pipeline
from samefire.query.pipeline import Apply, Asked, ColumnValue, Expression, Literal, Load
from samefire.query.values import network
from samefire.source import NOWHERE, Span

LARGEST = 20_000
"""Parts of a condition whose computed columns are written out."""

_OPPOSITE = {"eq": "neq", "neq": "eq", "lt": "gte", "gte": "lt", "gt": "lte", "lte": "gt"}
_TURNED = {"eq": "eq", "neq": "neq", "lt": "gt", "gt": "lt", "lte": "gte", "gte": "lte"}


@dataclass(frozen=True)
class Unsayable(Exception):
    """Why a condition cannot be asked of single events."""

    code: str
    message: str
    span: Span = NOWHERE


class TooLarge(Exception):
    """Computed columns that are named again and again have no end."""


@dataclass(frozen=True, slots=True)
class _Operand:
    """A field, and the case that it is turned into before it is compared (`lower`, `upper` or None)."""

    path: str
    type: str
    span: Span
    case: str | None = None


class Truth:
    """Lowers the conditions of one pipeline. `compared` are the fields of which one value is compared,
    `guarded` those that every event which passed has, `searched` the places of full-text searches."""

    def __init__(self, body: Pipeline, fields: FieldTypes) -> None:
        self.body = body
        self.fields = fields
        first = body.commands[0]
        self.sources = {s.name: s for s in first.columns} if isinstance(first, Load) else {}
        self.columns: dict[str, Expression | Unsayable] = {}
        self.compared: set[str] = set()
        self.guarded: set[str] = set()
        self.searched: set[Span] = set()
        self._size = 0

    # ---- columns ---------------------------------------------------------------------------------

    def define(self, name: str, expression: Expression) -> None:
        """A computed column. What cannot be written out matters only where it is named."""
        try:
            self.columns[name] = self.written_out(expression)
        except Unsayable as why:
            self.columns[name] = why

    def forget(self, name: str, why: Unsayable) -> None:
        self.columns[name] = why

    def written_out(self, expression: Expression) -> Expression:
        """The expression over fields alone."""
        self.step()
        if isinstance(expression, ColumnValue):
            found = self.columns.get(expression.name, expression)
            if isinstance(found, Unsayable):
                raise Unsayable(found.code, found.message, expression.span)
            return found
        if isinstance(expression, Apply):
            arguments = tuple(self.written_out(a) for a in expression.arguments)
            return Apply(expression.function, arguments, expression.type, expression.span, expression.shown)
        return expression

    def step(self) -> None:
        """Count one part that was looked at: a column that is named twice is looked at twice."""
        self._size += 1
        if self._size > LARGEST:
            raise TooLarge

    def field(self, column: ColumnValue) -> str | None:
        """The field of the documents that a column is, None for a computed or metadata one."""
        source = self.sources.get(column.name)
        return source.name if source is not None and source.reads is not None else None

    # ---- conditions ------------------------------------------------------------------------------

    def true(self, condition: Expression) -> Node:
        """Where a condition that every event must satisfy is true."""
        written = self.written_out(condition)
        node = self.holds(written, True)
        self.guarded |= self.needs(written)
        return node

    def needs(self, condition: Expression) -> set[str]:
        """Fields without which a condition is not true."""
        self.step()
        match condition:
            case Apply(function="and", arguments=parts):
                return set().union(*(self.needs(part) for part in parts))
            case Apply(function="or", arguments=parts):
                return set.intersection(*(self.needs(part) for part in parts))
            case Apply(function="is_null" | "coalesce" | "case") | Asked():
                return set()
            case Apply(
                function="not", arguments=(Apply(function="is_null", arguments=(ColumnValue() as c,)),)
            ):
                return {path} if (path := self.field(c)) else set()
            case Apply(function="not", arguments=(Apply(function="and" | "or" | "not"),)):
                return set()
            case Apply(arguments=parts):
                return self.needs_values(parts)
        return set()

    def needs_values(self, parts: tuple[Expression, ...]) -> set[str]:
        """A function of a missing value is null, but for those that look at null."""
        self.step()
        found: set[str] = set()
        for part in parts:
            if isinstance(part, ColumnValue) and (path := self.field(part)):
                found.add(path)
            elif isinstance(part, Apply) and part.function not in (
                "is_null",
                "coalesce",
                "case",
                "is_not_null",
            ):
                found |= self.needs_values(part.arguments)
        return found

    def holds(self, condition: Expression, truth: bool) -> Node:
        """Where a condition has this truth."""
        self.step()
        match condition:
            case Apply(function="and" | "or" as function, arguments=parts, span=span):
                children = tuple(self.holds(part, truth) for part in parts)
                return And(children, span) if (function == "and") is truth else Or(children, span)
            case Apply(function="not", arguments=(part,)):
                return self.holds(part, not truth)
            case Apply(function="is_null" | "is_not_null" as function, arguments=(part,), span=span):
                exists = self.exists(part, span)
                return exists if (function == "is_not_null") is truth else Not(exists, span)
            case Asked(number=number):
                node = self.body.queries[number]
                self.searched |= {condition.span} if condition.function != "kql" else set()
                return node if truth else Not(node, condition.span)
            case Literal(value=value):
                return TRUE if value is truth else FALSE
            case Apply(function="eq" | "neq" | "lt" | "lte" | "gt" | "gte"):
                return self.comparison(condition, truth)
            case ColumnValue() | Apply(function="convert", type="boolean"):
                operand = self.operand(condition)
                self.compared.add(operand.path)
                return typed.term(operand.path, self.fields, truth, condition.span)
            case Apply():
                return self.test(condition, truth)
        raise Unsayable("condition", "the condition cannot be asked of single events", condition.span)

    def exists(self, part: Expression, span: Span) -> Node:
        """The field has a value; so does a text made of it."""
        operand = self.operand(part)
        return typed.exists(operand.path, self.fields, span)

    def operand(self, expression: Expression) -> _Operand:
        """A field, plain or in one case. Conversions that do not change what is compared are left out."""
        self.step()
        match expression:
            case ColumnValue(span=span) if (path := self.field(expression)) is not None:
                return _Operand(path, self.sources[expression.name].type, span)
            case Apply(function="convert", arguments=(inner,)):
                return self.operand(inner)
            case Apply(function="to_string", arguments=(inner,)):
                found = self.operand(inner)
                if found.type in ("keyword", "text", "dynamic", "integer", "long", "boolean", "ip"):
                    return _Operand(found.path, "keyword", found.span, found.case)
            case Apply(function=function, arguments=(inner,), type=kind) if function.startswith("to_"):
                if kind != "keyword" and (found := self.operand(inner)).type == kind:
                    return found
                if function in ("to_lower", "to_upper"):
                    found = self.operand(inner)
                    return _Operand(found.path, found.type, found.span, function[3:])
            case ColumnValue(name=name, span=span):
                raise Unsayable("metadata", f"`{name}` is no field of the event", span)
        what = expression.function.upper() if isinstance(expression, Apply) else "a constant"
        raise Unsayable("function", f"{what} cannot be asked of a field", expression.span)

    def decided(self, operand: _Operand, node: Node, truth: bool, span: Span) -> Node:
        """A test of one field: true where the node holds, false where the field exists and it does not."""
        self.compared.add(operand.path)
        if truth:
            return node
        return And((typed.exists(operand.path, self.fields, span), Not(node, span)), span)

    # ---- comparisons -----------------------------------------------------------------------------

    def comparison(self, call: Apply, truth: bool) -> Node:
        left, right = call.arguments
        function = call.function
        if isinstance(left, Literal):
            left, right, function = right, left, _TURNED[function]
        if not isinstance(right, Literal):
            raise Unsayable("fields-compared", "two fields of one event are compared", call.span)
        if right.value is None:
            return FALSE
        if isinstance(right.value, tuple):
            raise Unsayable("list", "a list is compared as a whole", call.span)
        operand = self.operand(left)
        if function in ("eq", "neq"):
            node = self.equal(operand, right, call.span)
            return self.decided(operand, node, truth is (function == "eq"), call.span)
        chosen = function if truth else _OPPOSITE[function]
        self.compared.add(operand.path)
        return self.ordered(operand, chosen, right, call.span)

    def equal(self, operand: _Operand, value: Literal, span: Span) -> Node:
        """The field is this constant."""
        constant = value.value
        if value.type == "ip":
            return self.leaf(operand, IpRange(constant, constant), span)
        if value.type in ("date", "date_nanos"):
            bound = DateBound(constant)
            return self.leaf(operand, DateRange(bound, bound), span)
        if operand.case is not None:
            changed = constant.lower() if operand.case == "lower" else constant.upper()
            fits = changed == constant
            return self.leaf(operand, Term(constant, Fold.UNICODE), span) if fits else FALSE
        if self.plain(operand):
            return self.leaf(operand, Term(constant), span)
        return typed.term(operand.path, self.fields, constant, span)

    def plain(self, operand: _Operand) -> bool:
        """Whether the text of the value is compared, whatever the field's type says of searching."""
        kind = self.fields.resolve(operand.path)
        return operand.type in ("text", "keyword") and kind is not None and kind.type not in _KEYWORDS

    def leaf(self, operand: _Operand, test: Test, span: Span) -> Node:
        source = self.sources.get(operand.path)
        reads = source.reads if source is not None and source.reads != operand.path else None
        return Leaf(operand.path, test, span, reads)

    def ordered(self, operand: _Operand, function: str, value: Literal, span: Span) -> Node:
        """The field is on one side of a constant."""
        low = value.value if function in ("gt", "gte") else None
        high = value.value if function in ("lt", "lte") else None
        inclusive = function in ("gte", "lte")
        if value.type in ("date", "date_nanos"):
            bound = DateBound(value.value, inclusive)
            return self.leaf(
                operand, DateRange(bound, None) if low is not None else DateRange(None, bound), span
            )
        if value.type == "ip":
            step = 0 if inclusive else 1
            found = IpRange(low + step, (1 << 128) - 1) if low is not None else IpRange(0, (high or 0) - step)
            return self.leaf(operand, found, span)
        if operand.case is not None:
            raise Unsayable("case-order", "texts are ordered after their case is changed", span)
        return typed.range_(
            operand.path,
            self.fields,
            span,
            low=low,
            high=high,
            low_inclusive=inclusive,
            high_inclusive=inclusive,
        )

    # ---- tests -----------------------------------------------------------------------------------

    def test(self, call: Apply, truth: bool) -> Node:
        """IN, LIKE, and functions that say true or false of a field and constants."""
        function, span = call.function, call.span
        if function not in _TESTS:
            raise Unsayable("function", f"{function.upper()} cannot be asked of a field", span)
        others = call.arguments[1:]
        if not all(isinstance(o, Literal) for o in others):
            raise Unsayable("fields-compared", "two fields of one event are compared", span)
        constants = [o for o in others if isinstance(o, Literal)]
        operand = self.operand(call.arguments[0])
        if function == "in":
            return self.member(operand, constants, truth, span)
        if any(c.value is None for c in constants):
            return FALSE
        node = self.fits(operand, function, constants, span)
        return self.decided(operand, node, truth, span)

    def member(self, operand: _Operand, items: list[Literal], truth: bool, span: Span) -> Node:
        """One of the items; with null among them it is never false."""
        known = [item for item in items if item.value is not None]
        if not truth and len(known) < len(items):
            return FALSE
        nodes = tuple(self.equal(operand, item, item.span) for item in known)
        return self.decided(operand, nodes[0] if len(nodes) == 1 else Or(nodes, span), truth, span)

    def fits(self, operand: _Operand, function: str, constants: list[Literal], span: Span) -> Node:
        if function == "cidr_match":
            blocks = [b for c in constants for b in (c.value if isinstance(c.value, tuple) else (c.value,))]
            found = tuple(self.leaf(operand, IpRange(*self.block(b, span)), span) for b in blocks)
            return found[0] if len(found) == 1 else Or(found, span)
        if function == "like":
            nodes = tuple(self.pattern(operand, p, span) for p in constants[0].value)
            return nodes[0] if len(nodes) == 1 else Or(nodes, span)
        text = str(constants[0].value)
        pieces: dict[str, Pattern] = {
            "starts_with": (text, Wild.MANY),
            "ends_with": (Wild.MANY, text),
            "contains": (Wild.MANY, text, Wild.MANY),
        }
        kept = tuple(piece for piece in pieces[function] if piece)
        return self.pattern(operand, Wildcard(kept), span)

    def block(self, block: Any, span: Span) -> tuple[int, int]:
        try:
            return network(str(block))
        except ValueError as error:
            raise Unsayable("network", str(error), span) from None

    def pattern(self, operand: _Operand, test: Wildcard | Regex, span: Span) -> Node:
        """One pattern; in a text turned into one case, one of the other case never fits."""
        if operand.case is None:
            return self.leaf(operand, test, span)
        literal = (
            test.pattern
            if isinstance(test, Regex)
            else "".join(p for p in test.pattern if isinstance(p, str))
        )
        if isinstance(test, Regex):
            if not _one_case(literal, operand.case):
                raise Unsayable("case-regex", "a pattern of the other case is looked for", span)
            return self.leaf(operand, Regex(test.pattern, RegexSyntax.LUCENE, Fold.UNICODE), span)
        if (literal.lower() if operand.case == "lower" else literal.upper()) != literal:
            return FALSE
        return self.leaf(operand, Wildcard(test.pattern, Fold.UNICODE), span)


_KEYWORDS = typed.STRINGS
_TESTS = frozenset(("in", "like", "cidr_match", "starts_with", "ends_with", "contains"))


def _one_case(pattern: str, case: str) -> bool:
    """Whether a regular expression has ASCII letters of this case only, escapes such as `\\d` aside."""
    letters = [c for at, c in enumerate(pattern) if c.isalpha() and not (at and pattern[at - 1] == "\\")]
    return pattern.isascii() and all(c.islower() if case == "lower" else c.isupper() for c in letters)
