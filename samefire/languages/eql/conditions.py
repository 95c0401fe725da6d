"""What a condition of EQL means: the syntax tree → nodes of `samefire.query.ast`.

Elasticsearch turns a comparison of a field with a constant into Query DSL (any value of the field, and `not`
also matches documents without it), and everything else into a script. A script runs for each value of the
fields that it reads, or once with null; inside it logic is three-valued, around it two-valued.
"""

from __future__ import annotations

from samefire.fields import FieldType, FieldTypes
from samefire.languages.eql.functions import signature
from samefire.languages.eql.kinds import Refused, resolve
from samefire.languages.eql.scripts import expression, is_constant, lucene_wildcards, one, wildcards, work_out
from samefire.languages.eql.tree import (
    And,
    Comparison,
    Expression,
    Field,
    Function,
    Literal,
    Not,
    Or,
    Predicate,
)
from samefire.query import ast, typed, values
from samefire.query.ast import Call, Constant, Fails, Fold, Leaf, Node, Script
from samefire.query.evaluate import ExpressionError, Value
from samefire.source import Span

_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SCRIPTED = {"==": "eq", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class _NoConstant(Exception):
    """The expression reads a field, or matches a regular expression."""


class Conditions:
    """Lowers verified conditions with one table of field types."""

    def __init__(self, fields: FieldTypes) -> None:
        self.fields = fields

    def node(self, tree: Expression, *, positive: bool = True) -> Node:
        """The meaning of a condition. Null is no match: below an odd number of `not` (`positive` False) a
        null constant is therefore true."""
        match tree:
            case And(operands=operands):
                return ast.And(tuple(self.node(o, positive=positive) for o in operands), tree.span)
            case Or(operands=operands):
                return ast.Or(tuple(self.node(o, positive=positive) for o in operands), tree.span)
            case Not(operand=operand):
                return ast.Not(self.node(operand, positive=not positive), tree.span)
        try:
            return self.truth(self.constant(tree), tree.span, positive)
        except _NoConstant:
            pass
        except ExpressionError as error:
            return Fails(str(error), tree.span)
        try:
            return self.clause(tree, positive)
        except _NoConstant:  # a regular expression on constants is matched when the query runs
            return self.script(expression(tree, self.fields), tree.span)
        except ExpressionError as error:
            return Fails(str(error), tree.span)

    def clause(self, tree: Expression, positive: bool) -> Node:
        """A condition that reads a field and is no `and`, `or`, `not`. Raises ExpressionError for a constant
        in it that cannot be worked out."""
        match tree:
            case Field():
                return self.flag(tree)
            case Comparison():
                return self.comparison(tree, positive)
            case Predicate():
                return self.predicate(tree, positive)
            case Function():
                return self.function(tree, positive)
            case _:
                return self.script(expression(tree, self.fields), tree.span)

    # ---- constants -----------------------------------------------------------------------------

    def constant(self, tree: Expression) -> Value:
        """The value of an expression without fields. Raises _NoConstant, ExpressionError."""
        if isinstance(tree, Literal):
            return tree.value
        found = expression(tree, self.fields)
        if not is_constant(found):
            raise _NoConstant
        return work_out(found)

    def truth(self, value: Value, span: Span, positive: bool) -> Node:
        holds = value is True if positive else value is not False
        return typed.everything(span) if holds else typed.nothing(span)

    def script(self, found: ast.Expression, span: Span) -> Node:
        return Script(found, span)

    def target(self, tree: Expression) -> FieldType | None:
        """The mapped field that a tree is; None when it is something else."""
        if not isinstance(tree, Field):
            return None
        found = resolve(tree, self.fields)
        assert not isinstance(found, Refused)
        return found

    # ---- comparisons ---------------------------------------------------------------------------

    def flag(self, tree: Field) -> Node:
        """A boolean field on its own."""
        found = self.target(tree)
        assert found is not None
        return typed.term(found.name, self.fields, True, tree.span)

    def comparison(self, tree: Comparison, positive: bool) -> Node:
        """A comparison with a constant; the constant may stand on the left."""
        left, operator = tree.left, tree.operator
        try:
            value = self.constant(tree.right)
        except _NoConstant:
            value = self.constant(tree.left)
            left, operator = tree.right, _MIRRORED[operator]
        if value is None:
            return self.null_check(left, operator, tree.span, positive)
        if isinstance(value, bool) and operator in ("==", "!=") and not isinstance(left, Field):
            return self.verdict(left, (operator == "==") is value, tree.span, positive)
        found = self.target(left)
        if found is not None:
            return self.pushed(found.name, operator, value, tree.span)
        call = Call(_SCRIPTED[operator], (expression(left, self.fields), Constant(value)), span=tree.span)
        return self.script(call, tree.span)

    def null_check(self, left: Expression, operator: str, span: Span, positive: bool) -> Node:
        if operator not in ("==", "!="):
            return self.truth(None, span, positive)
        found = self.target(left)
        if found is not None:
            there = typed.exists(found.name, self.fields, span)
            return there if operator == "!=" else ast.Not(there, span)
        absent = self.script(Call("isNull", (expression(left, self.fields),), span=span), span)
        return absent if operator == "==" else ast.Not(absent, span)

    def verdict(self, left: Expression, holds: bool, span: Span, positive: bool) -> Node:
        """`(condition) == true` is the condition, `== false` its `not`."""
        if holds:
            return self.node(left, positive=positive)
        return ast.Not(self.node(left, positive=not positive), span)

    def pushed(self, name: str, operator: str, value: str | int | float | bool, span: Span) -> Node:
        """A field compared with a constant."""
        match operator:
            case "==":
                return typed.term(name, self.fields, value, span)
            case "!=":
                return ast.Not(typed.term(name, self.fields, value, span), span)
            case "<" | "<=":
                return typed.range_(name, self.fields, span, high=value, high_inclusive=operator == "<=")
            case _:
                return typed.range_(name, self.fields, span, low=value, low_inclusive=operator == ">=")

    # ---- predicates ----------------------------------------------------------------------------

    def predicate(self, tree: Predicate, positive: bool) -> Node:
        if tree.negated:
            plain = Predicate(tree.operator, tree.left, tree.values, tree.listed, False, tree.span)
            return ast.Not(self.predicate(plain, not positive), tree.span)
        wanted = [(self.constant(v), v.span) for v in tree.values]
        found = self.target(tree.left)
        if found is not None:
            parts = [self.one(found.name, tree.operator, v, s) for v, s in wanted if v is not None]
        else:
            parts = self.scripted(tree, [Constant(value, span) for value, span in wanted])
        return parts[0] if len(parts) == 1 else ast.Or(tuple(parts), tree.span)

    def scripted(self, tree: Predicate, wanted: list[Constant]) -> list[Node]:
        left = expression(tree.left, self.fields)
        if tree.operator == "in":
            return [self.script(Call("in", (left, *wanted), span=tree.span), tree.span)]
        return [self.script(one(tree.operator, left, value, value.span), value.span) for value in wanted]

    def one(self, name: str, operator: str, value: str | int | float | bool, span: Span) -> Node:
        """One value of a list, looked for in a field."""
        fold = Fold.NONE if operator in ("in", "like", "regex") else Fold.ASCII
        if operator in ("in", "in~") or not isinstance(value, str):
            return typed.term(name, self.fields, value, span, fold=fold)
        if operator in ("regex", "regex~"):
            return typed.regexp(name, self.fields, value, span, fold=fold)
        if "*" not in value and "?" not in value:
            return typed.term(name, self.fields, value, span, fold=fold)
        if not value.strip("*"):
            return typed.exists(name, self.fields, span)
        return typed.wildcard(name, self.fields, wildcards(value), span, fold=fold)

    # ---- functions -----------------------------------------------------------------------------

    def function(self, tree: Function, positive: bool) -> Node:
        """A function that is true or false; on a field with constants most are Query DSL."""
        called = signature(tree.name)
        assert called is not None
        found = self.target(tree.arguments[0])
        constants = self.constants(tree.arguments[1:])
        if found is None or constants is None:
            return self.script(expression(tree, self.fields), tree.span)
        if any(value is None for value in constants):
            return self.truth(None, tree.span, positive)
        texts = [str(value) for value in constants]
        fold = Fold.ASCII if tree.name.endswith("~") else Fold.NONE
        match called.name:
            case "cidrMatch":
                return self.addresses(found, texts, tree.span)
            case "startsWith":
                return typed.prefix(found.name, self.fields, texts[0], tree.span, fold=fold)
            case "endsWith":
                pattern = lucene_wildcards("*" + texts[0])
            case _:
                pattern = lucene_wildcards("*" + texts[0] + "*")
        return typed.wildcard(found.name, self.fields, pattern, tree.span, fold=fold)

    def constants(self, arguments: tuple[Expression, ...]) -> list[Value] | None:
        """The values of constant arguments; None when one reads a field."""
        try:
            return [self.constant(a) for a in arguments]
        except (_NoConstant, ExpressionError):
            return None

    def addresses(self, found: FieldType, blocks: list[str], span: Span) -> Node:
        """An address in any of the blocks."""
        parts: list[Node] = []
        for block in blocks:
            try:
                low, high = values.network(block)
            except ValueError as error:
                return Fails(str(error), span)
            parts.append(Leaf(found.name, ast.IpRange(low, high), span, found.column, found.null_value))
        return parts[0] if len(parts) == 1 else ast.Or(tuple(parts), span)
