"""Types of columns in ES|QL: their families, what two of them share, constants of one read as another."""

from __future__ import annotations

from samefire.fields import FieldType
from samefire.query import dates, values
from samefire.query.pipeline import Apply, Expression, Literal

TEXTS = frozenset(("keyword", "text"))
WHOLE = frozenset(("integer", "long", "unsigned_long"))
NUMBERS = WHOLE | {"double"}
DATES = frozenset(("date", "date_nanos"))
POINTS = frozenset(("geo_point", "cartesian_point"))

CLASSES: dict[str, frozenset[str]] = {
    "any": frozenset(),
    "string": TEXTS,
    "number": NUMBERS,
    "signed": NUMBERS - {"unsigned_long"},
    "whole": WHOLE,
    "integer": frozenset({"integer"}),
    "date": DATES,
    "ip": frozenset({"ip"}),
    "interval": frozenset({"interval"}),
    "point": POINTS,
    "document": TEXTS | {"_source"},
    "bucketed": NUMBERS | DATES,
    "size": NUMBERS | {"interval"},
    "as_boolean": TEXTS | NUMBERS | {"boolean"},
    "as_date": TEXTS | NUMBERS | DATES,
    "as_date_nanos": TEXTS | NUMBERS - {"integer"} | DATES,
    "as_ip": TEXTS | {"ip"},
    "as_long": TEXTS | NUMBERS | DATES | {"boolean"},
    "as_number": TEXTS | NUMBERS | {"boolean", "date"},
    "as_point": TEXTS | POINTS,
    "as_version": TEXTS | {"version"},
}
"""Classes of arguments, by the types that they take; `any` takes all."""

WORDS = {
    "string": "a string",
    "number": "a number",
    "signed": "a number that is no unsigned_long",
    "whole": "a whole number",
    "integer": "an integer",
    "date": "a date",
    "ip": "an address",
    "interval": "an interval such as `1 hour`",
    "point": "a point",
    "document": "a string or `_source`",
    "bucketed": "a number or a date",
    "size": "a number or an interval",
    "as_boolean": "a string, a number or a boolean",
    "as_date": "a string, a number or a date",
    "as_date_nanos": "a string, a date or a number that is no integer",
    "as_ip": "a string or an address",
    "as_long": "a string, a number, a date or a boolean",
    "as_number": "a string, a number, a datetime or a boolean",
    "as_point": "a string or a point",
    "as_version": "a string or a version",
}

COLUMNS = {
    **dict.fromkeys(("keyword", "wildcard", "constant_keyword", "counted_keyword"), "keyword"),
    **dict.fromkeys(("text", "match_only_text", "pattern_text", "search_as_you_type"), "text"),
    **dict.fromkeys(("integer", "short", "byte"), "integer"),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), "double"),
    **{name: name for name in ("long", "unsigned_long", "boolean", "date", "date_nanos", "ip", "version")},
    **{name: name for name in ("geo_point", "dynamic")},
    "annotated_text": "text",
    "semantic_text": "text",
}
"""Types of columns by the type in the mapping; one that is missing here cannot be used."""

METADATA = {
    "_id": "keyword",
    "_ignored": "keyword",
    "_index": "keyword",
    "_index_mode": "keyword",
    "_score": "double",
    "_source": "_source",
    "_tier": "keyword",
    "_version": "long",
}
"""Metadata fields and their types."""


def column_type(field: FieldType) -> str | None:
    """The type of a column, None for a field that ES|QL cannot use."""
    return COLUMNS.get(field.type)


def shown(kind: str) -> str:
    """A type in a message."""
    return {"date": "datetime", "dynamic": "unknown type", "interval": "interval"}.get(kind, kind)


def known(expression: Expression) -> bool:
    """Whether the expression has a type at all that can be checked."""
    return expression.type not in ("dynamic", "null")


def common(kinds: list[str]) -> str | None:
    """The type that values of these types share, None when there is none. Null fits all; an unknown type
    takes that of the others."""
    found = [kind for kind in dict.fromkeys(kinds) if kind != "null"]
    if not found:
        return "null"
    rest = [kind for kind in found if kind != "dynamic"]
    if not rest:
        return "dynamic"
    if len(rest) == 1:
        return rest[0]
    names = set(rest)
    if names <= TEXTS:
        return "keyword"
    if names <= DATES:
        return "date_nanos"
    if names <= NUMBERS:
        return widest(names)
    return None


def widest(kinds: set[str]) -> str:
    """The type of an operation on numbers."""
    order = ("double", "unsigned_long", "long", "integer")
    return next(kind for kind in order if kind in kinds)


def constant(value: str, kind: str) -> int | str | bool | float:
    """A text as a constant of another type; raises ValueError with the reason."""
    match kind:
        case "date":
            return dates.written(value) // dates.MILLI * dates.MILLI
        case "date_nanos":
            return dates.written(value)
        case "ip":
            return values.address(value)
        case "boolean":
            return value.lower() == "true"
        case "version":
            return value
    raise ValueError(f"a text is no {shown(kind)}")


CONVERTIBLE = frozenset(("date", "date_nanos", "ip", "boolean", "version"))
"""Types that a text in the query is read as, where a value of that type is needed."""


def is_text(expression: Expression) -> bool:
    """Whether it is a constant text, or several."""
    return isinstance(expression, Literal) and expression.type == "keyword" and expression.value is not None


def read_as(expression: Literal, kind: str) -> Literal:
    """A constant text as a constant of `kind`; raises ValueError."""
    value = expression.value
    if isinstance(value, tuple):
        return Literal(tuple(constant(one, kind) for one in value), kind, expression.span)
    return Literal(constant(value, kind), kind, expression.span)


def converted(expression: Expression, kind: str) -> Expression:
    """The expression as `kind`, where that is another type (whole numbers as double, a field of unknown
    type as what is needed)."""
    if expression.type in (kind, "null") or kind in ("null", "dynamic"):
        return expression
    if isinstance(expression, Literal) and expression.type in WHOLE and kind == "double":
        return Literal(_doubled(expression.value), kind, expression.span)
    if {expression.type, kind} <= TEXTS or {expression.type, kind} <= WHOLE:
        return expression
    return Apply("convert", (expression,), kind, expression.span)


def _doubled(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(float(one) for one in value)
    return float(value) if isinstance(value, int) else value
