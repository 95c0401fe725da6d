"""Conversions between types: asked for (`TO_LONG`, `::`) or needed by a function."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from samefire.engine.rows.calls import Function, built_whole
from samefire.engine.rows.operators import each, within
from samefire.engine.rows.points import read_point
from samefire.engine.rows.show import address as address_text
from samefire.engine.rows.show import double, iso, point
from samefire.engine.rows.table import Setting, Value
from samefire.engine.values import address, text
from samefire.query import dates
from samefire.query.dates import MILLI, DateError
from samefire.query.java import read_double
from samefire.query.pipeline import Apply

_TARGETS = {
    "to_boolean": "boolean",
    "to_cartesianpoint": "cartesian_point",
    "to_date_nanos": "date_nanos",
    "to_datetime": "date",
    "to_double": "double",
    "to_geopoint": "geo_point",
    "to_integer": "integer",
    "to_ip": "ip",
    "to_long": "long",
    "to_string": "keyword",
    "to_unsigned_long": "unsigned_long",
    "to_version": "version",
}


@built_whole("convert", *_TARGETS)
def _convert(call: Apply, setting: Setting) -> Function:
    """Each value as the type of the call; one that cannot be is null, with a warning."""
    source = call.arguments[0].type
    target = _TARGETS.get(call.function, call.type)
    function = converter(source, target)

    def safely(value: Value) -> Value:
        try:
            return function(value)
        except (ValueError, OverflowError) as error:
            setting.warn(call.shown, str(error))
            return None

    over = each(safely)
    return lambda value, *_: over(value)


def converter(source: str, target: str) -> Callable[[Any], Any]:
    """How one value of a type becomes one of another; the function raises ValueError."""
    match target:
        case "keyword" | "text" | "version":
            return lambda value: _text(value, source)
        case "integer" | "long" | "unsigned_long":
            return lambda value: _whole(value, source, target)
        case "double":
            return lambda value: float(_number(value, source))
        case "number":
            return lambda value: _number(value, source)
        case "boolean":
            return _boolean
        case "date" | "date_nanos":
            return lambda value: _date(value, source, target)
        case "ip":
            return lambda value: value if source == "ip" else _address(value)
        case "geo_point" | "cartesian_point":
            return read_point
        case _:
            return lambda value: value


def _text(value: Any, source: str) -> str:
    match source:
        case "date" | "date_nanos":
            return iso(value, source)
        case "ip":
            return address_text(value)
        case "double":
            return double(value)
        case "geo_point" | "cartesian_point":
            return point(value)
        case _:
            return double(value) if isinstance(value, float) else text(value)


def _number(value: Any, source: str) -> int | float:
    if source in ("date", "date_nanos"):
        return int(value) // (MILLI if source == "date" else 1)
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | float) else _read_number(value)


_JAVA_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")


def _read_number(value: str) -> int | float:
    """A text as Java reads a number, a whole one exactly."""
    if _JAVA_WHOLE.fullmatch(value):
        return int(value)
    found = read_double(value)
    if found is None:
        raise ValueError(f"Cannot parse number [{value}]")
    return found


def _whole(value: Any, source: str, target: str) -> int | float:
    found = _number(value, source)
    shown = iso(value, source) if source in ("date", "date_nanos") else value
    if isinstance(found, float):
        if math.isnan(found):
            return 0
        if math.isinf(found):
            raise ValueError(f"[{shown}] out of [{target}] range")
        found = math.floor(found + 0.5) if target != "unsigned_long" else int(found)
    try:
        return within(found, target)
    except ValueError:
        raise ValueError(f"[{shown}] out of [{target}] range") from None


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() == "true"
    return bool(value)


def _date(value: Any, source: str, target: str) -> int:
    if isinstance(value, str):
        try:
            nanos = dates.written(value)
        except DateError as error:
            raise ValueError(str(error)) from None
    elif source in ("date", "date_nanos"):
        nanos = value
    else:
        nanos = int(value) * (1 if target == "date_nanos" else MILLI)
    if target == "date":
        return nanos // MILLI * MILLI
    if not 0 <= nanos < 2**63:
        raise ValueError(f"[{text(value)}] is before 1970 or after 2262, which date_nanos does not hold")
    return nanos


def _address(value: Any) -> int:
    found = address(value)
    if found is None:
        raise ValueError(f"'{text(value)}' is not an IP string literal.")
    return found
