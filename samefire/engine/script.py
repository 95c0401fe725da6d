"""Running the three-valued expressions of `Script` leaves over the values of an event.

Elasticsearch runs a script once for each value of the fields that it reads, and once with null for a field
that has none; the leaf holds when one of these runs gives true. What functions give is
`samefire.query.evaluate`'s.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import Scalar, date_nanos
from samefire.engine.regex import RegexRefused, pcre
from samefire.engine.values import boolean, number, text
from samefire.query import ast
from samefire.query.ast import Call, Constant, Expression, FieldValue, Fold, Wild
from samefire.query.evaluate import ExpressionError, Value
from samefire.query.evaluate import evaluate as evaluate_with

Values = Callable[[str], Sequence[Scalar]]
"""The values of the event at a document path."""

MAX_RUNS = 100_000
"""Combinations of values that one script looks at in one event; further ones are left out."""


def holds(expression: Expression, values: Values, context: Context | None = None) -> bool:
    """Whether the expression is true for some combination of the values. A run that fails (a division by
    zero, a word that is no number) is not true."""
    fields = list(dict.fromkeys(ast.expression_fields(expression)))
    choices = [doc_values(field, values(field.reads)) or [None] for field in fields]
    for runs, chosen in enumerate(product(*choices)):
        if runs >= MAX_RUNS:
            return False
        read = dict(zip(fields, chosen, strict=True)).__getitem__
        try:
            if evaluate_with(expression, read, matches) is True:
                return True
        except ExpressionError:
            continue
    return False


def evaluate(expression: Expression, values: Values) -> Value:
    """The expression's value with the first of each field's values, in their order. Raises ExpressionError."""

    def read(field: FieldValue) -> Value:
        found = doc_values(field, values(field.reads))
        return found[0] if found else None

    return evaluate_with(expression, read, matches)


def doc_values(field: FieldValue, values: Iterable[Scalar]) -> list[Value]:
    """The distinct values as the field's type stores them, in order; what its type refuses is left out."""
    convert = _CONVERTERS.get(field.type, text)
    found = {convert(value) for value in values if not isinstance(value, (dict, list))}
    found.discard(None)
    return sorted(found, key=_order)


def _order(value: Any) -> tuple[str, Any]:
    kind = "number" if isinstance(value, (int, float)) else "string"
    return (kind, value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)


def _whole(value: Scalar) -> Value:
    found = number(value)
    try:
        return None if found is None else int(found)
    except (OverflowError, ValueError):
        return None


def _double(value: Scalar) -> Value:
    found = number(value)
    try:
        return None if found is None else float(found)
    except OverflowError:
        return None


def _date(value: Scalar) -> Value:
    """A date as a script writes it: `2024-03-01T10:00:00.000Z`."""
    nanos = date_nanos(value)
    if nanos is None:
        return None
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=nanos // 1000)
    except OverflowError:
        return None
    return moment.isoformat(timespec="milliseconds") + "Z"


def _as_it_is(value: Scalar) -> Value:
    return value


_CONVERTERS: dict[str, Callable[[Scalar], Value]] = {
    **dict.fromkeys(("long", "integer", "short", "byte", "unsigned_long"), _whole),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), _double),
    **dict.fromkeys(("date", "date_nanos"), _date),
    "boolean": boolean,
    "dynamic": _as_it_is,
}


def matches(call: Call, value: str) -> bool:
    """Whether a text fits the constant pattern of a `like` or `regex` call, as Java matches it: the whole
    text, and `*` and `.` end at a line break."""
    pattern = call.arguments[1]
    if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
        return False
    try:
        return _matcher(call.function, pattern.value, call.fold)(value)
    except RegexRefused as error:
        raise ExpressionError(str(error)) from None


@lru_cache(maxsize=1024)
def _matcher(function: str, pattern: str, fold: Fold) -> Callable[[str], bool]:
    body = _from_wildcards(pattern) if function == "like" else pattern
    return pcre(rf"\A(?:{body})\z", fold, dotall=False)


def _from_wildcards(pattern: str) -> str:
    """A pattern of EQL as a regular expression: `*` and `?` are wildcards, nothing escapes them."""
    marks = {Wild.MANY.value: ".*", Wild.ONE.value: "."}
    return "".join(marks.get(c) or re.escape(c) for c in pattern)
