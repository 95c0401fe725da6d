"""Comparisons, logic, arithmetic, patterns and choices."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from samefire.engine.glob import glob
from samefire.engine.regex import lucene
from samefire.engine.rows.calls import SEVERAL, Function, built_single, built_whole, single, whole
from samefire.engine.rows.table import Setting, Value, unpacked
from samefire.engine.values import number, text, version_key
from samefire.query.ast import Wildcard
from samefire.query.pipeline import Apply, Interval, Literal

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_LIMITS = {"integer": (-(2**31), 2**31 - 1), "unsigned_long": (0, 2**64 - 1)}
_LONG = (-(2**63), 2**63 - 1)


# ---- comparisons ----------------------------------------------------------------------------------------


@built_single(*_OPERATORS)
def _comparison(call: Apply, setting: Setting) -> Function:
    compare = _OPERATORS[call.function]
    key = order_key(call.arguments)
    if key is None:
        return compare
    return lambda a, b: compare(*_pair(a, b, key))


def order_key(arguments: tuple[Any, ...]) -> Callable[[Value], Any] | None:
    """How values of these types compare; None: as they are."""
    kinds = {argument.type for argument in arguments}
    if "version" in kinds:
        return version_key
    return loose_key if "dynamic" in kinds else None


def loose_key(value: Value) -> Any:
    """A value whose type is not known, in an order with all others."""
    if isinstance(value, bool):
        return (1, value)
    return (0, value) if isinstance(value, int | float) else (2, str(value))


def _pair(a: Value, b: Value, key: Callable[[Value], Any]) -> tuple[Any, Any]:
    """Both values as they compare; a number meets a text as a number when it is one."""
    if key is loose_key and type(a) is not type(b):
        left, right = number(a), number(b)
        if left is not None and right is not None:
            return left, right
        return text(a), text(b)
    return key(a), key(b)


@built_whole("in")
def _in(call: Apply, setting: Setting) -> Function:
    """True when one is equal, null when none is and one is null, else false."""
    key = order_key(call.arguments)
    items = call.arguments[1:]
    if key is None and all(isinstance(i, Literal) for i in items):
        constants = {i.value for i in items if isinstance(i, Literal)}
        missing = None in constants
        return lambda value, *_: _member(value, constants, missing, call, setting)

    def member(value: Value, *others: Value) -> bool | None:
        if value is None or type(value) is list:
            _tell(value, call, setting)
            return None
        plain = [o for o in others if o is not None and type(o) is not list]
        found = any(operator.eq(*_pair(value, o, key or _same)) for o in plain)
        return True if found else None if len(plain) < len(others) else False

    return member


def _same(value: Value) -> Value:
    return value


def _member(value: Value, constants: set[Any], missing: bool, call: Apply, setting: Setting) -> bool | None:
    if value is None or type(value) is list:
        _tell(value, call, setting)
        return None
    return True if value in constants else None if missing else False


def _tell(value: Value, call: Apply, setting: Setting) -> None:
    if value is not None:
        setting.warn(call.shown, SEVERAL)


# ---- logic ----------------------------------------------------------------------------------------------


@whole("and")
def _and(*values: Value) -> bool | None:
    if False in values:
        return False
    return True if all(v is True for v in values) else None


@whole("or")
def _or(*values: Value) -> bool | None:
    if True in values:
        return True
    return False if all(v is False for v in values) else None


@single("not")
def _not(value: Value) -> bool:
    return not value


@whole("is_null")
def _is_null(value: Value) -> bool:
    return value is None


@whole("is_not_null")
def _is_not_null(value: Value) -> bool:
    return value is not None


@built_single("like")
def _like(call: Apply, setting: Setting) -> Function:
    """The text fits one of the patterns; what was asked before is remembered."""
    patterns = call.arguments[1]
    assert isinstance(patterns, Literal), "patterns are constants"
    tests = [glob(p.pattern) if isinstance(p, Wildcard) else lucene(p.pattern) for p in patterns.value]
    seen: dict[str, bool] = {}

    def fits(value: str) -> bool:
        found = seen.get(value)
        if found is None:
            found = seen[value] = any(test(value) for test in tests)
        return found

    return fits


# ---- choices --------------------------------------------------------------------------------------------


@whole("case")
def _case(*values: Value) -> Value:
    """The value after the first true condition; an odd last one otherwise."""
    pairs = len(values) // 2
    for at in range(0, 2 * pairs, 2):
        if values[at] is True:
            return values[at + 1]
    return values[-1] if len(values) % 2 else None


@whole("coalesce")
def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


@built_whole("greatest", "least")
def _extreme(call: Apply, setting: Setting) -> Function:
    """The greatest of all values of all arguments; null when an argument is."""
    key = order_key(call.arguments)
    choose = max if call.function == "greatest" else min

    def work(*values: Value) -> Value:
        if any(value is None for value in values):
            return None
        return choose((one for value in values for one in unpacked(value)), key=key)

    return work


# ---- arithmetic -----------------------------------------------------------------------------------------


def within(value: int | float, kind: str) -> int | float:
    """A number that the type holds; raises ValueError."""
    if isinstance(value, int):
        low, high = _LIMITS.get(kind, _LONG)
        if not low <= value <= high:
            raise ValueError(f"{kind if kind in _LIMITS else 'long'} overflow")
        return float(value) if kind == "double" else value
    if not math.isfinite(value):
        raise ValueError(f"not a finite double number: {value}")
    return value


def _divided(a: Any, b: Any) -> int | float:
    if b == 0:
        raise ValueError("/ by zero")
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return float(a / b)


def _remainder(a: Any, b: Any) -> int | float:
    if b == 0:
        raise ValueError("/ by zero")
    return a - b * _divided(a, b) if isinstance(a, int) and isinstance(b, int) else math.fmod(a, b)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _divided,
    "mod": _remainder,
}


@built_single(*_ARITHMETIC)
def _arithmetic(call: Apply, setting: Setting) -> Function:
    work, kind = _ARITHMETIC[call.function], call.type
    if any(a.type == "interval" for a in call.arguments):
        sign = -1 if call.function == "sub" else 1
        return lambda moment, interval: moved(moment, interval, sign)
    if kind == "double":
        return lambda a, b: within(work(float(a), float(b)), kind)
    return lambda a, b: within(work(a, b), kind)


@built_single("neg")
def _negative(call: Apply, setting: Setting) -> Function:
    return lambda value: within(-value, call.type)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moved(moment: int, interval: Interval, sign: int = 1) -> int:
    """A date and an interval later; months keep the day, or take the last one of the month."""
    if interval.months:
        moment = _months_later(moment, sign * interval.months)
    return moment + sign * interval.nanos


def _months_later(moment: int, months: int) -> int:
    whole_, rest = divmod(moment, 1_000_000_000)
    start = _EPOCH + timedelta(seconds=whole_)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first = datetime(year, month + 1, 1, tzinfo=UTC)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    target = start.replace(year=year, month=month + 1, day=min(start.day, last.day))
    return int((target - _EPOCH).total_seconds()) * 1_000_000_000 + rest


def each(function: Callable[[Any], Value]) -> Function:
    """A function of one value for all values of a multi-value; those without a result are left out."""

    def over(value: Value) -> Value:
        if type(value) is not list:
            return None if value is None else function(value)
        found = [made for one in unpacked(value) if (made := function(one)) is not None]
        return found if len(found) > 1 else found[0] if found else None

    return over
