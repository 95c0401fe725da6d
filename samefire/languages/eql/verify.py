"""What a well-formed EQL query may not say: Elasticsearch's verification, every problem at once.

Functions and their arguments, types of fields and operands, comparisons that the server cannot run, and the
rules of sequences and samples.
"""

from __future__ import annotations

from typing import assert_never

from samefire.fields import FieldTypes
from samefire.languages.eql.functions import ELSEWHERE, FUNCTIONS, Signature, signature
from samefire.languages.eql.kinds import NAMES, Refused, in_words, kind_of, literal_kind, resolve
from samefire.languages.eql.stages import check_stages
from samefire.languages.eql.tree import (
    And,
    Arithmetic,
    Comparison,
    EventFilter,
    Expression,
    Field,
    Function,
    Literal,
    Not,
    Or,
    Predicate,
    Query,
    Sign,
    filters,
    terms,
    walk,
)
from samefire.problems import Problem, did_you_mean
from samefire.source import Source, Span

_UNSURE = ("unknown", "null")


def verify(tree: Query, fields: FieldTypes, source: Source, event_category_field: str) -> list[Problem]:
    """Every problem of a query, in order of writing."""
    checker = _Checker(fields, source)
    for event in filters(tree):
        checker.event(event, event_category_field)
    for key in [k for term in terms(tree) for k in term.keys] + list(getattr(tree.body, "keys", ())):
        checker.field(key)
    check_stages(tree, checker.known, checker.report)
    return sorted(checker.problems, key=lambda p: p.span)


class _Checker:
    """Collects problems; `kind` gives the kind of an expression and checks it on the way."""

    def __init__(self, fields: FieldTypes, source: Source) -> None:
        self.fields = fields
        self.source = source
        self.problems: list[Problem] = []

    def report(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.problems.append(Problem(code, message, self.source, span, hint=hint))

    def event(self, event: EventFilter, category_field: str) -> None:
        if event.category is not None:
            found = resolve(Field(tuple(category_field.split("."))), self.fields)
            if isinstance(found, Refused):
                self.report(found.code, found.message, event.category_span, "write `any where …`")
        self.truth(event.condition, "the condition", alone=event.category is None)

    def truth(self, node: Expression, what: str, *, alone: bool = False) -> None:
        """Check an expression that has to be true or false; null serves as an operand, and not `alone`."""
        kind = self.kind(node)
        if kind not in ("boolean", *_UNSURE) or (alone and kind == "null"):
            message = f"{what} is {NAMES[kind]}, and has to be true or false"
            self.report("query-condition", message, node.span, "compare it with a value")

    def known(self, node: Field) -> str:
        """The kind of a field, without reporting."""
        found = resolve(node, self.fields)
        return "unknown" if isinstance(found, Refused) else kind_of(found)

    def field(self, node: Field) -> str:
        found = resolve(node, self.fields)
        if isinstance(found, Refused):
            self.report(found.code, found.message, node.span, found.hint)
            return "unknown"
        return kind_of(found)

    def constant(self, node: Expression) -> bool:
        """Whether an expression reads no field."""
        return not any(isinstance(n, Field) and self.known(n) != "null" for n in walk(node))

    # ---- kinds ---------------------------------------------------------------------------------

    def kind(self, node: Expression) -> str:
        match node:
            case Literal():
                return literal_kind(node)
            case Field():
                return self.field(node)
            case Function():
                return self.function(node)
            case Sign(operand=operand):
                return self.number(operand, f"`{node.operator}`")
            case Arithmetic(operator=operator, left=left, right=right):
                return _wider(self.number(left, f"`{operator}`"), self.number(right, f"`{operator}`"))
            case Comparison():
                return self.comparison(node)
            case Predicate():
                return self.predicate(node)
            case Not(operand=operand):
                self.truth(operand, "what `not` turns around")
                return "boolean"
            case And(operands=operands) | Or(operands=operands):
                word = "and" if isinstance(node, And) else "or"
                for operand in operands:
                    self.truth(operand, f"an operand of `{word}`")
                return "boolean"
            case _:
                assert_never(node)

    def number(self, node: Expression, what: str) -> str:
        kind = self.kind(node)
        if kind not in ("integer", "double", *_UNSURE):
            self.report("query-operand-type", f"{what} takes numbers, and this is {NAMES[kind]}", node.span)
            return "unknown"
        return kind

    def comparison(self, node: Comparison) -> str:
        self.kind(node.left)
        self.kind(node.right)
        if not self.constant(node.left) and not self.constant(node.right):
            message = f"`{node.operator}` compares with constants only, and both sides read fields"
            hint = "for the same value in two events use a sequence with `by`"
            self.report("query-field-to-field", message, node.right.span, hint)
        return "boolean"

    def predicate(self, node: Predicate) -> str:
        kind = self.kind(node.left)
        if node.operator in ("in", "in~"):
            self.listed(node, kind)
        elif kind not in ("string", *_UNSURE):
            hint = "use `cidrMatch(…)` or `==`" if kind == "ip" else "use `==`, or `in` with a list"
            message = f"`{node.operator}` looks at strings, and this is {NAMES[kind]}"
            self.report("query-operand-type", message, node.left.span, hint)
        else:
            for value in node.values:
                self.pattern(node.operator, value)
        return "boolean"

    def pattern(self, operator: str, value: Expression) -> None:
        kind = literal_kind(value) if isinstance(value, Literal) else "unknown"
        if kind not in ("string", "unknown"):
            hint = "for null write `== null`" if kind == "null" else "put the value in quotes, or use `==`"
            self.report(
                "query-operand-type",
                f"`{operator}` takes strings, and this is {NAMES[kind]}",
                value.span,
                hint,
            )

    def listed(self, node: Predicate, kind: str) -> None:
        """The values of `in`: constants of the kind of what is looked for."""
        for value in node.values:
            own = self.kind(value)
            if not self.constant(value):
                message = f"`{node.operator}` compares with constants only, and this reads a field"
                self.report("query-field-to-field", message, value.span)
            elif node.operator == "in~" and own not in ("string", *_UNSURE):
                message = f"`in~` takes strings, and this is {NAMES[own]}"
                self.report("query-operand-type", message, value.span, "use `in`")
            elif not listable(kind, own):
                message = f"the list holds {NAMES[own]}, and what is looked for is {NAMES[kind]}"
                self.report("query-list-type", message, value.span, _list_hint(kind))

    # ---- functions -----------------------------------------------------------------------------

    def function(self, node: Function) -> str:
        found = signature(node.name)
        if found is None:
            self.unknown_function(node)
            for argument in node.arguments:
                self.kind(argument)
            return "unknown"
        if not found.takes(len(node.arguments)):
            message = f"`{found.name}` takes {found.count}, not {len(node.arguments)}"
            self.report("query-argument-count", message, node.span)
        kinds = [self.argument(node, found, i) for i in range(len(node.arguments))]
        return (
            _wider(*kinds)
            if found.result == "number" and len(kinds) == 2
            else found.result.replace("number", "double")
        )

    def argument(self, node: Function, found: Signature, index: int) -> str:
        argument = node.arguments[index]
        kind = self.kind(argument)
        wanted = found.argument(index)
        address = found.name == "cidrMatch"
        loose = address and index == 0 and kind == "string" and not isinstance(argument, Field)
        if wanted and kind not in wanted and kind not in _UNSURE and not loose:
            message = f"argument {index + 1} of `{found.name}` is {in_words(wanted)}, not {NAMES[kind]}"
            hint = _argument_hint(found, wanted, argument, kind)
            self.report("query-argument-type", message, argument.span, hint)
            return "unknown"
        if address and index > 0 and not self.constant(argument):
            message = f"argument {index + 1} of `cidrMatch` is a constant, and this reads a field"
            self.report("query-argument-type", message, argument.span)
        return kind

    def unknown_function(self, node: Function) -> None:
        bare = node.name.rstrip("~")
        known = FUNCTIONS.get(bare.lower())
        if known is not None:
            message = f"`{known.name}` has no form with `~`"
            self.report("query-unknown-function", message, node.name_span, f"write `{known.name}(…)`")
            return
        names = [s.name for s in FUNCTIONS.values()]
        hint = ELSEWHERE.get(bare.lower()) or did_you_mean(bare, names)
        self.report("query-unknown-function", f"EQL has no function `{bare}`", node.name_span, hint)


def _argument_hint(found: Signature, wanted: frozenset[str], argument: Expression, kind: str) -> str | None:
    if found.name == "cidrMatch":
        return "its type has to be `ip`" if isinstance(argument, Field) else "an address block is a string"
    if "string" in wanted and kind in ("integer", "double", "ip", "version", "date"):
        return "turn it into a string with `string(…)`"
    return "turn it into a number with `number(…)`" if "integer" in wanted and kind == "string" else None


def _wider(left: str, right: str) -> str:
    if "double" in (left, right):
        return "double"
    return "integer" if left == right == "integer" else "unknown"


def _list_hint(kind: str) -> str | None:
    if kind == "ip":
        return "write `cidrMatch(field, …)`, or one `==` for each address joined with `or`"
    return "write one `==` for each value joined with `or`" if kind in ("date", "version") else None


def listable(kind: str, value: str) -> bool:
    """Whether a list of `value`s can be looked up in for a `kind`; strings are not cast to one, as `==` does."""
    numbers = ("integer", "double")
    return kind in _UNSURE or value in _UNSURE or kind == value or (kind in numbers and value in numbers)
