"""Event queries → EQL: values in Sigma are caseless, and so are `:`, `like~`, `in~` and `regex~`.

What EQL cannot ask (keywords without a field) raises NeedsLucene. Orders of numbers below a `not` are turned
around here, since Elasticsearch would do it and then miss events without the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import assert_never

from samefire.fields import FieldTypes
from samefire.languages.eql import tree as eql
from samefire.query.ast import (
    And,
    AnyField,
    AtLeast,
    BooleanIs,
    Exists,
    Fails,
    FieldPattern,
    FieldsCompare,
    Fold,
    IpRange,
    Leaf,
    Nested,
    Node,
    Not,
    NumberIs,
    NumberRange,
    Or,
    Pattern,
    Regex,
    Relation,
    Script,
    Term,
    Wild,
    Wildcard,
    walk,
)
from samefire.sigma_import.losses import Losses, NeedsLucene, Unsayable
from samefire.sigma_import.regex import whole_value

_MERGED = {"==": "in"} | {name: name for name in (":", "like", "like~", "regex", "regex~", "in", "in~")}
_V4 = 0xFFFF << 32
_V4_MAX = _V4 | 0xFFFFFFFF


class Conditions:
    """Writes nodes as EQL conditions; `fields` tells which literals a field takes."""

    def __init__(self, fields: FieldTypes, losses: Losses) -> None:
        self.fields, self.losses = fields, losses

    def of(self, node: Node) -> eql.Expression:
        """The condition of a node; raises NeedsLucene or Unsayable."""
        match node:
            case And(children=children):
                return _all([self.of(child) for child in children])
            case Or(children=children):
                return self.some(children)
            case Not(child=child):
                return self.negated(child)
            case Leaf():
                return self.leaf(node)
            case AnyField():
                raise NeedsLucene
            case FieldsCompare():
                return self.compared(node)
            case AtLeast() | FieldPattern() | Nested() | Script() | Fails():
                raise Unsayable("sigma-import-node", "this part of the rule has no word in EQL")
            case _:
                assert_never(node)

    def negated(self, node: Node) -> eql.Expression:
        """`not node`: around the whole where that means the same, else pushed down to the numbers."""
        match node:
            case Not(child=child):
                return self.of(child)
            case Leaf(test=Exists()):
                return eql.Comparison("==", field(node.field), eql.Literal(None))
            case Leaf(test=NumberRange()):
                return self.turned(node)
            case And(children=children) if _orders(node):
                return _some([self.negated(child) for child in children])
            case Or(children=children) if _orders(node):
                return _all([self.negated(child) for child in children])
            case _:
                return eql.Not(self.of(node))

    def turned(self, leaf: Leaf) -> eql.Expression:
        """Numbers that do not lie in a range, or are not there."""
        test = leaf.test
        assert isinstance(test, NumberRange)
        asked = field(leaf.field)
        parts: list[eql.Expression] = [eql.Comparison("==", asked, eql.Literal(None))]
        if test.low is not None:
            parts.append(eql.Comparison("<" if test.low_inclusive else "<=", asked, eql.Literal(test.low)))
        if test.high is not None:
            parts.append(eql.Comparison(">" if test.high_inclusive else ">=", asked, eql.Literal(test.high)))
        return eql.Or(tuple(parts))

    def some(self, children: Sequence[Node]) -> eql.Expression:
        """Alternatives; those of one field with one operator become one list."""
        if not children:
            return eql.Literal(False)
        merged: dict[tuple[str, eql.Expression], list[eql.Expression]] = {}
        parts: list[tuple[str, eql.Expression] | eql.Expression] = []
        for made in (self.of(child) for child in children):
            key = _mergeable(made)
            if key is None:
                parts.append(made)
                continue
            if key not in merged:
                parts.append(key)
            merged.setdefault(key, []).extend(_values(made))
        return _some([_listed(part, merged[part]) if isinstance(part, tuple) else part for part in parts])

    # ---- leaves ----

    def leaf(self, leaf: Leaf) -> eql.Expression:
        asked = field(leaf.field)
        match leaf.test:
            case Exists():
                return eql.Comparison("!=", asked, eql.Literal(None))
            case Term(value=value, fold=fold):
                return self.term(leaf.field, value, fold)
            case Wildcard(pattern=pattern, fold=fold):
                return self.wildcard(asked, pattern, fold)
            case Regex(fold=fold) as test:
                self.told(test.pattern, fold)
                text = whole_value(test)
                return _predicate("regex" if fold is Fold.NONE else "regex~", asked, text)
            case NumberIs(value=value):
                return eql.Comparison("==", asked, self.number(leaf.field, value))
            case NumberRange() as test:
                return _range(asked, test)
            case BooleanIs(value=flag):
                return eql.Comparison("==", asked, eql.Literal(flag))
            case IpRange(low=low, high=high):
                networks = [eql.Literal(one) for one in networks_of(low, high)]
                return eql.Function("cidrMatch", (asked, *networks))
            case other:
                what = type(other).__name__
                raise Unsayable("sigma-import-test", f"EQL has no word for this comparison ({what})")

    def term(self, name: str, value: str, fold: Fold) -> eql.Expression:
        self.told(value, fold)
        kind = self.fields.get(name)
        if kind is not None and (number := _number_for(kind.type, value)) is not None:
            return eql.Comparison("==", field(name), number)
        lettered = fold is not Fold.NONE and any(c.isalpha() for c in value)
        if not lettered:
            return eql.Comparison("==", field(name), eql.Literal(value))
        return _predicate("in~" if set(value) & {"*", "?"} else ":", field(name), value)

    def number(self, name: str, value: int | float) -> eql.Literal:
        """The literal of a number, a string where the field holds strings."""
        kind = self.fields.get(name)
        textual = kind is not None and kind.type in ("keyword", "wildcard", "constant_keyword")
        return eql.Literal(str(value)) if textual else eql.Literal(value)

    def wildcard(self, asked: eql.Field, pattern: Pattern, fold: Fold) -> eql.Expression:
        literal = "".join(piece for piece in pattern if isinstance(piece, str))
        self.told(literal, fold)
        folded = fold is not Fold.NONE and any(c.isalpha() for c in literal)
        if not set(literal) & {"*", "?"}:
            text = "".join(piece if isinstance(piece, str) else piece.value for piece in pattern)
            return _predicate(":" if folded else "like", asked, text)
        called = _FUNCTIONS.get(tuple(piece if isinstance(piece, Wild) else "" for piece in pattern))
        if called is not None:
            if (
                called != "startsWith"
            ):  # the other two are wildcard queries of the text as it is (decision 0051)
                literal = "".join(f"\\{c}" if c in "*?\\" else c for c in literal)
            return eql.Function(called + ("~" if folded else ""), (asked, eql.Literal(literal)))
        return _predicate("regex~" if folded else "regex", asked, regex_of(pattern))

    def compared(self, node: FieldsCompare) -> eql.Expression:
        left, right = field(node.left), field(node.right)
        tilde = "" if node.fold is Fold.NONE else "~"
        match node.relation:
            case Relation.CONTAINS:
                return eql.Function(f"stringContains{tilde}", (left, right))
            case Relation.STARTSWITH:
                return eql.Function(f"startsWith{tilde}", (left, right))
            case Relation.ENDSWITH:
                return eql.Function(f"endsWith{tilde}", (left, right))
            case Relation.EQUALS:
                lengths = eql.Arithmetic(
                    "-", eql.Function("length", (left,)), eql.Function("length", (right,))
                )
                begins = eql.Function(f"startsWith{tilde}", (left, right))
                return eql.And((begins, eql.Comparison("==", lengths, eql.Literal(0))))
            case _:
                raise Unsayable("sigma-import-fieldref", "EQL does not compare the order of two fields")

    def told(self, text: str, fold: Fold) -> None:
        """Letters beyond ASCII are folded by Sigma and not by Elasticsearch."""
        if fold is Fold.UNICODE and any(not c.isascii() and c.lower() != c.upper() for c in text):
            message = "letters beyond A to Z are compared with their case: Elasticsearch folds no others"
            self.losses.name("sigma-import-fold", message)


_FUNCTIONS = {
    (Wild.MANY, "", Wild.MANY): "stringContains",
    ("", Wild.MANY): "startsWith",
    (Wild.MANY, ""): "endsWith",
}


def field(name: str) -> eql.Field:
    """A field by its dotted name."""
    return eql.Field(tuple(name.split(".")))


def regex_of(pattern: Pattern) -> str:
    """A wildcard pattern as a Lucene expression."""
    special = '.?+*|{}[]()"\\#@&<>~^$'
    out: list[str] = []
    for piece in pattern:
        if isinstance(piece, Wild):
            out.append(".*" if piece is Wild.MANY else ".")
        else:
            out.append("".join(f"\\{c}" if c in special else c for c in piece))
    return "".join(out)


def networks_of(low: int, high: int) -> list[str]:
    """The networks between two addresses (128 bits, IPv4 mapped)."""
    if low >= _V4 and high <= _V4_MAX:
        found = summarize_address_range(IPv4Address(low - _V4), IPv4Address(high - _V4))
        return [str(one) for one in found]
    return [str(one) for one in summarize_address_range(IPv6Address(low), IPv6Address(high))]


def _predicate(operator: str, asked: eql.Field, text: str) -> eql.Expression:
    return eql.Predicate(operator, asked, (eql.Literal(text),), listed=operator in ("in", "in~"))


def _number_for(kind: str, value: str) -> eql.Literal | None:
    """A text as the literal that a field of this type takes, or None when it takes texts."""
    if kind in ("long", "integer", "short", "byte", "unsigned_long"):
        return eql.Literal(int(value)) if value.lstrip("-").isdecimal() else None
    if kind == "boolean" and value.lower() in ("true", "false"):
        return eql.Literal(value.lower() == "true")
    return None


def _range(asked: eql.Field, test: NumberRange) -> eql.Expression:
    parts: list[eql.Expression] = []
    if test.low is not None:
        parts.append(eql.Comparison(">=" if test.low_inclusive else ">", asked, eql.Literal(test.low)))
    if test.high is not None:
        parts.append(eql.Comparison("<=" if test.high_inclusive else "<", asked, eql.Literal(test.high)))
    return _all(parts)


def _orders(node: Node) -> bool:
    return any(isinstance(part, Leaf) and isinstance(part.test, NumberRange) for part in walk(node))


def _all(parts: Sequence[eql.Expression]) -> eql.Expression:
    flat = [one for part in parts for one in (part.operands if isinstance(part, eql.And) else (part,))]
    return flat[0] if len(flat) == 1 else eql.And(tuple(flat)) if flat else eql.Literal(True)


def _some(parts: Sequence[eql.Expression]) -> eql.Expression:
    flat = [one for part in parts for one in (part.operands if isinstance(part, eql.Or) else (part,))]
    return flat[0] if len(flat) == 1 else eql.Or(tuple(flat)) if flat else eql.Literal(False)


def _mergeable(made: eql.Expression) -> tuple[str, eql.Expression] | None:
    """The operator and field of a comparison that can be part of a list."""
    if isinstance(made, eql.Comparison) and made.operator == "==" and _constant(made.right):
        return "in", made.left
    if isinstance(made, eql.Predicate) and not made.negated and made.operator in _MERGED:
        return made.operator, made.left
    return None


def _constant(value: eql.Expression) -> bool:
    return isinstance(value, eql.Literal) and value.value is not None


def _values(made: eql.Expression) -> tuple[eql.Expression, ...]:
    if isinstance(made, eql.Predicate):
        return made.values
    assert isinstance(made, eql.Comparison)
    return (made.right,)


def _listed(key: tuple[str, eql.Expression], values: Sequence[eql.Expression]) -> eql.Expression:
    operator, left = key
    once = tuple(dict.fromkeys(values))
    if len(once) == 1 and operator == "in":
        return eql.Comparison("==", left, once[0])
    return eql.Predicate(operator, left, once, listed=len(once) > 1 or operator in ("in", "in~"))
