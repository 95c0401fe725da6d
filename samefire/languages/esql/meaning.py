"""What an expression means: columns found, types worked out, constants read, full-text questions lowered.

Every problem is reported, and the walk goes on with a column of unknown type in place of what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages.esql import types
from samefire.languages.esql.checks import wrong_constant
from samefire.languages.esql.columns import Columns, Unusable
from samefire.languages.esql.expressions import UNITS
from samefire.languages.esql.functions import (
    AGGREGATES,
    ALIASES,
    CASTS,
    FULL_TEXT,
    NAMES,
    NOT_RUN,
    SCALARS,
    Signature,
)
from samefire.languages.esql.patterns import like_pattern, matches_anything
from samefire.languages.esql.tree import (
    Arithmetic,
    Call,
    Cast,
    Comparison,
    Expression,
    In,
    Interval,
    IsNull,
    Like,
    Logical,
    Map,
    Matches,
    Name,
    Negative,
    Not,
    Null,
    Number,
    Parameter,
    Star,
    Text,
    Truth,
    Values,
)
from samefire.problems import Problem, did_you_mean, nearest
from samefire.query import pipeline
from samefire.query.ast import Node
from samefire.query.dates import SECOND, DateError
from samefire.query.pipeline import Apply, Asked, Clock, ColumnValue, Literal
from samefire.source import Source, Span

Lowered = pipeline.Expression

_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
_COMPARISONS = {"==": "eq", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_SHORT = {short: word for word, short in UNITS.items()} | {"sec": "second", "min": "minute", "yr": "year"}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_NANOS = {
    "millisecond": SECOND // 1000,
    "second": SECOND,
    "minute": 60 * SECOND,
    "hour": 3600 * SECOND,
    "day": 86400 * SECOND,
    "week": 604800 * SECOND,
}


class Meaning:
    """Lowers the expressions of one query; `columns` are those that exist where the expression stands."""

    def __init__(self, columns: Columns, source: Source) -> None:
        self.columns = columns
        self.source = source
        self.problems: list[Problem] = []
        self.queries: list[Node] = []
        self.events = columns.open  # whether rows are still events

    @property
    def fields(self) -> FieldTypes:
        return self.columns.fields

    # ---- telling ---------------------------------------------------------------------------------

    def problem(self, code: str, message: str, span: Span, hint: str | None = None) -> Lowered:
        self.problems.append(Problem(code, message, self.source, span, hint=hint))
        return ColumnValue("", "dynamic", span)

    def shown(self, span: Span) -> str:
        """The text of the query at `span`, on one line."""
        text = " ".join(self.source.text[span.start : span.end].split())
        return text if len(text) <= 60 else text[:59] + "…"

    # ---- one expression --------------------------------------------------------------------------

    def truth(self, node: Expression, what: str) -> Lowered:
        """An expression that has to be true or false."""
        found = self.value(node)
        if found.type not in ("boolean", "null", "dynamic"):
            message = f"{what} is {types.shown(found.type)}, and has to be true or false"
            return self.problem("query-condition", message, node.span, "compare it with a value")
        return types.converted(found, "boolean")

    def value(self, node: Expression) -> Lowered:
        """An expression of any type."""
        match node:
            case Name(name=name, span=span):
                return self.column(name, span)
            case Text() | Number() | Truth() | Null() | Values() | Interval():
                return self.constant(node)
            case Parameter(text=text, span=span):
                message = f"`{text}` stands for a value that a rule cannot give"
                return self.problem("query-parameter", message, span, "write the value itself")
            case Map(span=span):
                return self.problem("query-map", "options in braces do not belong here", span)
            case Star(span=span):
                return self.problem("query-star", "`*` stands only in `COUNT(*)`", span)
            case Call():
                return self.call(node)
            case Cast():
                return self.cast(node)
            case Negative(operand=operand, span=span):
                return self.arithmetic("neg", [self.value(operand)], span)
            case Arithmetic(operator=operator, left=left, right=right, span=span):
                operands = [self.value(left), self.value(right)]
                return self.arithmetic(_OPERATORS[operator], operands, span)
            case _:
                return self.condition(node)

    def condition(self, node: Expression) -> Lowered:
        """An expression that is true, false or null."""
        match node:
            case Logical(operator=operator, operands=operands, span=span):
                parts = tuple(self.truth(o, f"an operand of `{operator.upper()}`") for o in operands)
                return Apply(operator, parts, "boolean", span, self.shown(span))
            case Not(operand=operand, span=span):
                child = self.truth(operand, "the operand of `NOT`")
                return Apply("not", (child,), "boolean", span, self.shown(span))
            case Comparison(operator=operator, left=left, right=right, span=span):
                sides = self.alike([self.value(left), self.value(right)], span, operator)
                return Apply(_COMPARISONS[operator], tuple(sides), "boolean", span, self.shown(span))
            case In(operand=operand, items=items, span=span):
                all_ = [self.value(operand), *map(self.value, items)]
                return Apply("in", tuple(self.alike(all_, span, "IN")), "boolean", span, self.shown(span))
            case IsNull(operand=operand, negated=negated, span=span):
                function = "is_not_null" if negated else "is_null"
                return Apply(function, (self.value(operand),), "boolean", span, self.shown(span))
            case Like():
                return self.like(node)
            case Matches(operand=operand, value=value, span=span):
                return self.match(operand, value, None, span, phrase=False)
            case _:
                raise AssertionError(f"{type(node).__name__} is no condition")

    def column(self, name: str, span: Span) -> Lowered:
        found = self.columns.find(name)
        if isinstance(found, Unusable):
            return self.problem(found.code, found.message, span, found.hint)
        if found.startswith("unsupported"):
            message = f"ES|QL cannot use `{name}`, which is of type {found.partition(':')[2]}"
            return self.problem("query-field-type", message, span)
        return ColumnValue(name, found, span)

    # ---- constants -------------------------------------------------------------------------------

    def constant(self, node: Text | Number | Truth | Null | Values | Interval) -> Lowered:
        span = node.span
        match node:
            case Text(value=text):
                return Literal(text, "keyword", span)
            case Number(value=value):
                return Literal(value, _number_type(value), span)
            case Truth(value=truth):
                return Literal(truth, "boolean", span)
            case Null():
                return Literal(None, "null", span)
            case Interval(count=count, unit=unit):
                return Literal(interval(count, unit), "interval", span)
            case Values(items=items):
                return self.several(items, span)

    def several(self, items: Sequence[Expression], span: Span) -> Lowered:
        """A multi-value of constants."""
        found = [self.value(item) for item in items]
        kind = types.common([f.type for f in found])
        if kind is None or any(f.type == "null" for f in found):
            return self.problem("query-list", "the values of a list are of one type", span)
        values = [types.converted(f, kind) for f in found]
        constants = tuple(v.value for v in values if isinstance(v, Literal))
        return Literal(constants if len(constants) > 1 else constants[0] if constants else None, kind, span)

    # ---- operators -------------------------------------------------------------------------------

    def arithmetic(self, function: str, operands: list[Lowered], span: Span) -> Lowered:
        kinds = [o.type for o in operands]
        dated = any(k in types.DATES or k == "interval" for k in kinds)
        if dated and function in ("add", "sub", "neg"):
            return self.on_dates(function, operands, span)
        bad = next((o for o in operands if o.type not in types.NUMBERS | {"dynamic", "null"}), None)
        if bad is not None:
            message = f"`{self.shown(bad.span)}` is {types.shown(bad.type)}; a number is needed here"
            hint = "write `CONCAT(a, b)` to join strings" if bad.type in types.TEXTS else None
            return self.problem("query-operand-type", message, bad.span, hint)
        if function == "neg" and "unsigned_long" in kinds:
            return self.problem("query-operand-type", "an unsigned_long has no sign", span)
        self.unsigned(operands)
        kind = types.common(kinds) or "dynamic"
        return Apply(function, tuple(operands), kind, span, self.shown(span))

    def unsigned(self, operands: list[Lowered]) -> None:
        """An unsigned_long goes with another one only; tells when it does not."""
        numbers = [o for o in operands if o.type in types.NUMBERS]
        other = next((o for o in numbers if o.type != "unsigned_long"), None)
        one = next((o for o in numbers if o.type == "unsigned_long"), None)
        if one is not None and other is not None:
            shown, last = self.shown(one.span), self.shown(other.span)
            message = f"`{shown}` is unsigned_long, `{last}` is {other.type}: no operator takes both"
            hint = f"write `TO_UNSIGNED_LONG({last})`"
            self.problem("query-operand-type", message, other.span, hint)

    def on_dates(self, function: str, operands: list[Lowered], span: Span) -> Lowered:
        """A date and an interval, or two intervals."""
        intervals = [o.value for o in operands if isinstance(o, Literal) and o.type == "interval"]
        if len(intervals) == len(operands):
            if len({i.calendar for i in intervals}) > 1:
                message = f"`{self.shown(span)}`: days, weeks … and hours, minutes … do not add up"
                return self.problem("query-operand-type", message, span, "add them to the date one by one")
            return Literal(_combined(function, intervals), "interval", span)
        if intervals:
            operands = [self.text_as(o, "date") for o in operands]
        kinds = [o.type for o in operands]
        left, right = (kinds[0], kinds[1]) if len(kinds) == 2 else ("", "")
        if right == "interval" and left in (*types.DATES, "dynamic", "null"):
            kind = left if left in types.DATES else "date"
            first = types.converted(operands[0], kind)
            return Apply(function, (first, operands[1]), kind, span, self.shown(span))
        if function == "add" and left == "interval" and right in types.DATES:
            return Apply(function, (operands[1], operands[0]), right, span, self.shown(span))
        if any(isinstance(o, ColumnValue) and not o.name for o in operands):
            return ColumnValue("", "dynamic", span)  # what is wrong inside was told
        message = f"`{self.shown(span)}`: a date goes with an interval such as `1 hour`"
        return self.problem(
            "query-operand-type", message, span, "write `DATE_DIFF(…)` for the time between dates"
        )

    def alike(self, operands: list[Lowered], span: Span, operator: str) -> list[Lowered]:
        """Operands that are compared, as one type: constant texts are read as what they are compared with."""
        target = next((o.type for o in operands if o.type in types.CONVERTIBLE), None)
        if target is not None and all(
            types.is_text(o) or o.type in (target, "null", "dynamic") for o in operands
        ):
            operands = [self.text_as(o, target) for o in operands]
        kind = types.common([o.type for o in operands])
        if kind is None:
            first = operands[0]
            other = next(o for o in operands if types.common([first.type, o.type]) is None)
            message = (
                f"`{self.shown(first.span)}` is {types.shown(first.type)}, "
                f"`{self.shown(other.span)}` is {types.shown(other.type)}: they cannot be compared"
            )
            self.problem("query-operand-type", message, other.span, _compare_hint(first.type, other.type))
            return operands
        if kind == "interval":
            self.problem("query-operand-type", f"intervals cannot be compared with `{operator}`", span)
        if kind == "boolean" and operator in ("<", "<=", ">", ">="):
            message = f"true and false are not compared with `{operator}`"
            self.problem("query-operand-type", message, span, "write `==` or `!=`")
        self.unsigned(operands)
        return [types.converted(o, kind) for o in operands]

    def text_as(self, operand: Lowered, kind: str) -> Lowered:
        """A constant text as a date, address …; anything else as it is."""
        if not isinstance(operand, Literal) or not types.is_text(operand):
            return operand
        try:
            return types.read_as(operand, kind)
        except (ValueError, DateError):
            message = f"`{self.shown(operand.span)}` cannot be read as {types.shown(kind)}"
            return self.problem("query-constant", message, operand.span)

    def like(self, node: Like) -> Lowered:
        """LIKE and RLIKE; a pattern that takes every text asks only whether there is one."""
        operand = self.string(node.operand, f"`{node.operator.upper()}`")
        patterns: list[Any] = []
        for pattern in node.patterns:
            if not isinstance(pattern, Text):
                self.problem("query-pattern", "a pattern is a string in quotes", pattern.span)
                continue
            try:
                patterns.append(like_pattern(node.operator, pattern.value))
            except ValueError as error:
                hint = _PATTERN_HINT if node.operator == "like" else None
                self.problem("query-pattern", f"the pattern cannot be read: {error}", pattern.span, hint)
        if any(matches_anything(pattern) for pattern in patterns):
            return Apply("is_not_null", (operand,), "boolean", node.span)
        found = Literal(tuple(patterns), "pattern", node.span)
        return Apply("like", (operand, found), "boolean", node.span, self.shown(node.span))

    def string(self, node: Expression, where: str) -> Lowered:
        found = self.value(node)
        if found.type not in types.TEXTS | {"dynamic", "null"}:
            message = f"`{self.shown(node.span)}` is {types.shown(found.type)}; {where} takes a string"
            hint = f"write `TO_STRING({self.shown(node.span)})`"
            return self.problem("query-operand-type", message, node.span, hint)
        return types.converted(found, "keyword") if found.type == "dynamic" else found

    # ---- functions -------------------------------------------------------------------------------

    def cast(self, node: Cast) -> Lowered:
        function = CASTS.get(node.type)
        operand = self.value(node.operand)
        if function is None:
            hint = did_you_mean(node.type, CASTS)
            return self.problem("query-unknown-type", f"`{node.type}` is no type of a cast", node.span, hint)
        return self.applied(function, SCALARS[function], [operand], node.span)

    def call(self, node: Call) -> Lowered:
        name = ALIASES.get(node.function, node.function)
        if name in FULL_TEXT:
            return self.full_text(name, node)
        if name in AGGREGATES:
            message = f"`{node.function.upper()}` works on groups of rows; it stands in STATS"
            return self.problem("query-aggregate", message, node.span)
        if name in NOT_RUN:
            message = f"samefire does not run the function `{node.function.upper()}`"
            return self.problem("query-function-not-run", message, node.span)
        if name not in SCALARS:
            near = nearest(node.function, NAMES)
            hint = f"did you mean `{near.upper()}`?" if near else None
            message = f"there is no function `{node.function.upper()}`"
            return self.problem("query-unknown-function", message, node.span, hint)
        given, options = _parted(node.arguments)
        if options is not None and options.entries:
            self.option(f"`{node.function.upper()}`", options, _HARMLESS.get(name, {}))
        arguments = [self.value(argument) for argument in given]
        return self.applied(name, SCALARS[name], arguments, node.span)

    def option(self, function: str, options: Map, harmless: Mapping[str, frozenset[object]]) -> None:
        """Tell of an option that would change what the function gives: it cannot be run here."""
        for key, value in options.entries:
            allowed = harmless.get(key)
            written = value.value if isinstance(value, Text | Number | Truth) else None
            if allowed is None or (allowed and written not in allowed):
                message = f"samefire does not run the option `{key}` of {function}"
                self.problem("query-option", message, value.span)
                return

    def applied(self, name: str, signature: Signature, arguments: list[Lowered], span: Span) -> Lowered:
        """A function with its arguments checked and converted."""
        if not self.counted(name, signature, len(arguments), span):
            return ColumnValue("", "dynamic", span)
        if name == "now":
            return Clock("date", span)
        if name in ("to_dateperiod", "to_timeduration"):
            return self.interval_cast(name, arguments[0])
        taken = [self.argument(name, signature.parameter(i), a) for i, a in enumerate(arguments)]
        kind, taken = self.result(name, signature.gives, taken, span)
        self.constants(name, taken)
        return Apply(name, tuple(taken), kind, span, self.shown(span))

    def constants(self, name: str, arguments: Sequence[Lowered]) -> None:
        """Tell of constants that the function does not take."""
        found = wrong_constant(name, arguments)
        if found is not None:
            message = f"`{self.shown(found.argument.span)}` {found.reason}"
            self.problem("query-constant", message, found.argument.span, found.hint)

    def interval_cast(self, name: str, given: Lowered) -> Lowered:
        """`TO_DATEPERIOD` and `TO_TIMEDURATION`: an interval of days or more, or of hours or less."""
        found = given if given.type == "interval" else self.interval_text(given)
        wanted = name == "to_dateperiod"
        if isinstance(found, Literal) and found.value.calendar is not wanted:
            message = (
                f"`{self.shown(given.span)}` is no {'period of days' if wanted else 'duration of hours'}"
            )
            other = "TO_TIMEDURATION" if wanted else "TO_DATEPERIOD"
            return self.problem("query-constant", message, given.span, f"write `{other}(…)`")
        return found

    def counted(self, name: str, signature: Signature, count: int, span: Span) -> bool:
        """Whether the function takes so many arguments; tells when it does not."""
        least, most = signature.least, signature.most
        if count >= least and (most is None or count <= most):
            return True
        wanted = (
            f"at least {least}" if most is None else str(least) if least == most else f"{least} to {most}"
        )
        message = f"`{name.upper()}` takes {wanted} argument{'' if wanted == '1' else 's'}, here are {count}"
        self.problem("query-argument-count", message, span)
        return False

    def argument(self, name: str, wanted: str, given: Lowered) -> Lowered:
        """One argument as a type that the function takes."""
        if wanted == "any" or given.type == "null":
            return given
        if wanted == "interval" and types.is_text(given):
            return self.interval_text(given)
        if wanted in ("date", "ip", "bucketed") and types.is_text(given):
            return self.text_as(given, "ip" if wanted == "ip" else "date")
        if given.type == "dynamic":
            known = {
                "string": "keyword",
                "document": "keyword",
                "date": "date",
                "ip": "ip",
                **dict.fromkeys(("number", "signed", "whole", "integer"), "number"),
            }
            return Apply("convert", (given,), known[wanted], given.span) if wanted in known else given
        if given.type not in types.CLASSES[wanted]:
            wants = f"`{name.upper()}` takes {types.WORDS[wanted]} here"
            message = f"`{self.shown(given.span)}` is {types.shown(given.type)}; {wants}"
            return self.problem("query-argument-type", message, given.span)
        return given

    def interval_text(self, given: Lowered) -> Lowered:
        """An interval that is written as a string."""
        text = given.value if isinstance(given, Literal) else ""
        count, _, unit = str(text).strip().partition(" ")
        try:
            return Literal(interval(int(count), unit.strip().lower()), "interval", given.span)
        except (ValueError, KeyError):
            message = f"`{self.shown(given.span)}` cannot be read as an interval"
            return self.problem("query-constant", message, given.span, "write `1 hour`, `5 minutes` …")

    def result(self, name: str, gives: str, taken: list[Lowered], span: Span) -> tuple[str, list[Lowered]]:
        """The type of a call, and its arguments as that needs them."""
        first = taken[0].type if taken else "null"
        match gives:
            case "same":
                return ("keyword" if first == "text" else "dynamic" if first == "number" else first), taken
            case "same_second":
                return taken[1].type if taken[1].type in types.DATES else "date", taken
            case "bucket":
                return (first if first in types.DATES else "double"), taken
            case "whole":
                return ("double" if first == "double" else "long"), taken
            case "common":
                return self.shared(name, taken, taken, span)
            case "case":
                return self.case(taken, span)
            case _:
                return gives, taken

    def shared(
        self, name: str, taken: list[Lowered], asked: list[Lowered], span: Span
    ) -> tuple[str, list[Lowered]]:
        """`asked`, some of the arguments, as their common type: that of the first number must hold the others."""
        kinds = [a.type for a in asked]
        kind = types.common(kinds)
        numbers = [k for k in kinds if k in types.NUMBERS]
        narrow = bool(numbers) and name != "round_to" and (kind not in (None, numbers[0]))
        if name in _OF_ONE_TYPE and len(set(numbers)) > 1:
            narrow = True
        if kind is None or narrow:
            names = ", ".join(dict.fromkeys(types.shown(a.type) for a in asked))
            message = f"the values of `{name.upper()}` are of different types: {names}"
            hint = None
            if kind is None and types.TEXTS & set(kinds):
                hint = "turn them into strings: `TO_STRING(…)`"
            elif narrow:
                hint = f"write `{_CONVERTED[str(kind)]}({self.shown(asked[kinds.index(numbers[0])].span)})`"
            self.problem("query-argument-type", message, span, hint)
            return "dynamic", taken
        return ("keyword" if kind == "text" else kind), [types.converted(a, kind) for a in asked]

    def case(self, taken: list[Lowered], span: Span) -> tuple[str, list[Lowered]]:
        """CASE(condition, value, condition, value, …, otherwise)."""
        if len(taken) < 2:
            self.problem("query-argument-count", "`CASE` takes a condition and a value at least", span)
            return "dynamic", taken
        pairs = len(taken) // 2
        for condition in taken[: 2 * pairs : 2]:
            if condition.type not in ("boolean", "null", "dynamic"):
                message = f"`{self.shown(condition.span)}` is {types.shown(condition.type)}; a condition is needed here"
                self.problem("query-argument-type", message, condition.span)
        last = taken[2 * pairs :]
        kind, values = self.shared("case", taken, [*taken[1 : 2 * pairs : 2], *last], span)
        if len(values) != pairs + len(last):
            return kind, taken
        out: list[Lowered] = []
        for condition, value in zip(taken[: 2 * pairs : 2], values, strict=False):
            out += [condition, value]
        return kind, out + values[pairs:]

    # ---- full text -------------------------------------------------------------------------------

    def full_text(self, name: str, node: Call) -> Lowered:
        """KQL, QSTR, MATCH and MATCH_PHRASE: questions about the event."""
        given, options = _parted(node.arguments)
        count = 1 if name in ("kql", "qstr") else 2
        if len(given) != count:
            message = (
                f"`{name.upper()}` takes {count} argument{'s' if count > 1 else ''}, here are {len(given)}"
            )
            return self.problem("query-argument-count", message, node.span)
        if count == 2:
            return self.match(given[0], given[1], options, node.span, phrase=name == "match_phrase")
        if not isinstance(given[0], Text):
            return self.problem(
                "query-argument-type", f"`{name.upper()}` takes a string in quotes", given[0].span
            )
        if options is not None:
            self.option(f"`{name.upper()}`", options, _HARMLESS[name])
        return self.search(name, given[0], node.span)

    def search(self, name: str, text: Text, span: Span) -> Lowered:
        from samefire.languages.esql.fulltext import embedded, searched

        inner = embedded(self.source, text)
        node, problems = searched("kuery" if name == "kql" else "lucene", inner, self.fields)
        self.problems.extend(problems)
        return self.asked(name, node, span)

    def match(
        self, operand: Expression, value: Expression, options: Map | None, span: Span, *, phrase: bool
    ) -> Lowered:
        from samefire.languages.esql.fulltext import matched, unmatched

        while isinstance(operand, Cast):
            operand = operand.operand
        if not isinstance(operand, Name):
            return self.problem(
                "query-match", "a full-text search asks a field of the documents", operand.span
            )
        kind = self.value(operand).type
        if operand.name in self.columns.made and operand.name not in self.columns.sources:
            message = f"`{operand.name}` is computed; a full-text search asks a field of the documents"
            return self.problem("query-match", message, operand.span)
        if not isinstance(value, Text | Number | Truth):
            return self.problem("query-match", "a full-text search asks for a constant", value.span)
        wrong = unmatched(kind, value, phrase=phrase)
        if wrong is not None:
            return self.problem("query-argument-type", wrong, value.span, "write the value in quotes")
        found = matched(operand.name, value.value, options, self.fields, span, phrase=phrase)
        if isinstance(found, str):
            return self.problem("query-option", found, options.span if options else span)
        return self.asked("match", found, span)

    def asked(self, name: str, node: Node, span: Span) -> Lowered:
        if not self.events:
            message = f"`{name.upper()}` asks about events; after STATS or ROW there are none"
            return self.problem("query-match", message, span, "move it to a WHERE before STATS")
        self.queries.append(node)
        return Asked(len(self.queries) - 1, name, "boolean", span)


_PATTERN_HINT = 'inside "…" every backslash is written twice, and LIKE takes `\\\\` for one: use """…"""'


_HARMLESS: dict[str, dict[str, frozenset[object]]] = {
    "kql": {"boost": frozenset(), "case_insensitive": frozenset((False,))},
    "qstr": {"boost": frozenset(), "default_operator": frozenset(("OR", "or"))},
    "to_ip": {"leading_zeros": frozenset(("reject",))},
}
"""Options that change nothing, by function: with any value, or with one of these."""
_OF_ONE_TYPE = frozenset(("mv_append", "mv_union"))
_CONVERTED = {
    "double": "TO_DOUBLE",
    "long": "TO_LONG",
    "unsigned_long": "TO_UNSIGNED_LONG",
    "integer": "TO_INTEGER",
}


def _parted(arguments: tuple[Expression, ...]) -> tuple[tuple[Expression, ...], Map | None]:
    """The arguments of a call, and the options in braces at its end."""
    last = arguments[-1] if arguments else None
    return (arguments[:-1], last) if isinstance(last, Map) else (arguments, None)


def _number_type(value: int | float) -> str:
    if isinstance(value, float):
        return "double"
    if -(2**31) <= value < 2**31:
        return "integer"
    return "long" if -(2**63) <= value < 2**63 else "unsigned_long" if value >= 0 else "double"


def interval(count: int, unit: str) -> pipeline.Interval:
    """`5 minutes` as months and nanoseconds; raises KeyError for a word that is no unit."""
    word = unit.removesuffix("s") if unit not in ("ms", "s") else unit
    word = _SHORT.get(unit, word)
    if word in _MONTHS:
        return pipeline.Interval(count * _MONTHS[word], 0, calendar=True)
    return pipeline.Interval(0, count * _NANOS[word], calendar=word in ("day", "week"))


def _combined(function: str, found: list[pipeline.Interval]) -> pipeline.Interval:
    if function == "neg":
        return replace(found[0], months=-found[0].months, nanos=-found[0].nanos)
    sign = -1 if function == "sub" else 1
    first, second = found
    months, nanos = first.months + sign * second.months, first.nanos + sign * second.nanos
    return pipeline.Interval(months, nanos, first.calendar)


def _compare_hint(first: str, second: str) -> str | None:
    kinds = {first, second}
    if kinds & types.TEXTS and kinds & types.NUMBERS:
        return "write a number without quotes, or `TO_STRING(…)`"
    if kinds & types.TEXTS:
        return "convert one of them: `TO_STRING(…)`"
    return None
