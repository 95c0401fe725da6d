"""Values of columns as Elasticsearch writes them."""

from __future__ import annotations

import ipaddress
import math
from datetime import timedelta
from typing import Any

from samefire.engine.rows.table import Value
from samefire.query.dates import SECOND

_V4 = 0xFFFF
_LAST_YEAR = 253_402_300_799


def iso(nanos: int, kind: str = "date") -> str:
    """`2024-03-01T10:00:00.000Z`, with nanoseconds for `date_nanos`."""
    from samefire.engine.rows.operators import _EPOCH

    seconds, rest = divmod(nanos, SECOND)
    if not -62_135_596_800 <= seconds <= _LAST_YEAR:
        return str(nanos // 1_000_000)
    at = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    at = at.rjust(19, "0")
    if kind == "date_nanos" and rest % 1_000_000:
        return f"{at}.{rest:09}Z"
    return f"{at}.{rest // 1_000_000:03}Z"


def address(value: int) -> str:
    """An address as text; IPv4 as such."""
    if value >> 32 == _V4:
        return str(ipaddress.IPv4Address(value & 0xFFFF_FFFF))
    return ipaddress.IPv6Address(value).compressed


def double(value: float) -> str:
    """A double as Java writes it: 1.0E7 from ten millions on, 1.0E-4 below a thousandth."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    if value != value or value in (float("inf"), float("-inf")):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), "NaN")
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        digits = f"{value:.17e}"
        for precision in range(17):
            digits = f"{value:.{precision}e}"
            if float(digits) == value:
                break
        mantissa, _, exponent = digits.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def point(value: tuple[float, float]) -> str:
    """`POINT (lon lat)`."""
    return f"POINT ({double(value[0])} {double(value[1])})"


def as_json(value: Value, kind: str) -> Any:
    """A value as the response of a query holds it."""
    if value is None:
        return None
    if type(value) is list:
        return [as_json(one, kind) for one in value]
    match kind:
        case "date" | "date_nanos":
            return iso(value, kind)
        case "ip":
            return address(value)
        case "geo_point" | "cartesian_point":
            return point(value)
        case _:
            return double(value) if type(value) is float and not math.isfinite(value) else value


def settled(kind: str, values: list[Value]) -> str:
    """The type of a column of unknown type, by its values."""
    if kind != "dynamic":
        return kind.partition(":")[0]
    found = {
        type(one)
        for value in values
        if value is not None
        for one in (value if type(value) is list else [value])
    }
    if found <= {bool} and found:
        return "boolean"
    if found and found <= {int}:
        return "long"
    return "double" if found and found <= {int, float} else "keyword"
