"""Functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from samefire.engine.rows.calls import Function, built_single, single
from samefire.engine.rows.operators import within
from samefire.engine.rows.table import Setting
from samefire.query.pipeline import Apply

_REAL: dict[str, Callable[..., float]] = {
    "acos": math.acos,
    "asin": math.asin,
    "atan": math.atan,
    "atan2": math.atan2,
    "cbrt": lambda x: math.copysign(abs(x) ** (1 / 3), x),
    "cos": math.cos,
    "cosh": math.cosh,
    "exp": math.exp,
    "hypot": math.hypot,
    "pow": math.pow,
    "scalb": lambda x, n: math.ldexp(x, int(n)),
    "signum": lambda x: math.copysign(1.0, x) if x else 0.0,
    "sin": math.sin,
    "sinh": math.sinh,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "tanh": math.tanh,
    "to_degrees": math.degrees,
    "to_radians": math.radians,
    "e": lambda: math.e,
    "pi": lambda: math.pi,
    "tau": lambda: math.tau,
}


@built_single(*_REAL)
def _real(call: Apply, setting: Setting) -> Function:
    function = _REAL[call.function]
    return lambda *values: within(function(*map(float, values)), "double")


@single("log10")
def _log10(value: float) -> float:
    if value <= 0:
        raise ValueError("Log of non-positive number")
    return math.log10(value)


@single("log")
def _log(value: float, other: float | None = None) -> float:
    """The natural logarithm, or with two arguments that of the second to the base of the first."""
    if value <= 0 or (other is not None and other <= 0):
        raise ValueError("Log of non-positive number")
    if other is None:
        return math.log(value)
    if value == 1:
        raise ValueError("/ by zero")
    return math.log10(other) / math.log10(value)


@built_single("abs")
def _abs(call: Apply, setting: Setting) -> Function:
    return lambda value: within(abs(value), call.type)


@single("ceil")
def _ceil(value: Any) -> Any:
    return value if isinstance(value, int) else float(math.ceil(value))


@single("floor")
def _floor(value: Any) -> Any:
    return value if isinstance(value, int) else float(math.floor(value))


@single("copy_sign")
def _copy_sign(value: Any, sign: Any) -> Any:
    return math.copysign(value, sign) if isinstance(value, float) else int(math.copysign(value, sign))


@built_single("round")
def _round(call: Apply, setting: Setting) -> Function:
    """Half away from zero; a negative number of places rounds whole tens. A double is multiplied first, in
    binary: what 1.005 * 100 falls short of stays below."""

    def work(value: Any, places: int = 0) -> Any:
        if isinstance(value, int):
            return within(_rounded_whole(value, places), call.type)
        return _rounded(value, places)

    return work


def _rounded_whole(value: int, places: int) -> int:
    if value == 0 or places >= 0:
        return value
    if int(math.log10(abs(float(value))) + 1) <= -places:
        return 0
    step: int = 10**-places
    return (abs(value) + step // 2) // step * step * (1 if value > 0 else -1)


def _rounded(value: float, places: int) -> float:
    try:
        scale = math.pow(10, places)
    except OverflowError:
        return value
    if scale == 0 or value == 0 or math.isnan(value):
        return 0.0
    scaled = abs(value * scale)
    if math.isinf(scaled) or scaled >= 2.0**63:
        return value
    below = math.floor(scaled)
    return (below + (scaled - below >= 0.5)) / scale * (1 if value >= 0 else -1)


@single("round_to")
def _round_to(value: Any, *points: Any) -> Any:
    """The largest of the points that is not above the value, else the smallest."""
    below = [point for point in points if point <= value]
    return max(below) if below else min(points)
