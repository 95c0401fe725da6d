"""Functions of dates, all in UTC."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from samefire.engine.rows.calls import Function, built_single, constant, single
from samefire.engine.rows.operators import _EPOCH
from samefire.engine.rows.table import Setting
from samefire.query import dates
from samefire.query.dates import SECOND
from samefire.query.pipeline import Apply, Interval

DAY = 86_400 * SECOND
WEEK = 7 * DAY
_MONDAY = 4 * DAY
"""The first Monday after the epoch."""


def moment_of(nanos: int) -> datetime:
    """A date as calendar and clock, to the microsecond. Raises OverflowError."""
    return _EPOCH + timedelta(microseconds=nanos // 1000)


def nanos_of(moment: datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds * 1000


# ---- differences ----------------------------------------------------------------------------------------

_FIXED = {
    "nanosecond": 1,
    "microsecond": 1000,
    "millisecond": 1_000_000,
    "second": SECOND,
    "minute": 60 * SECOND,
    "hour": 3600 * SECOND,
    "day": DAY,
    "dayofyear": DAY,
    "weekday": DAY,
    "week": WEEK,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_UNITS = {
    **{name: name for name in (*_FIXED, *_MONTHS)},
    **{f"{name}s": name for name in (*_FIXED, *_MONTHS) if name != "dayofyear"},
    "yyyy": "year",
    "yy": "year",
    "qq": "quarter",
    "q": "quarter",
    "mm": "month",
    "m": "month",
    "dy": "dayofyear",
    "y": "dayofyear",
    "dd": "day",
    "d": "day",
    "wk": "week",
    "ww": "week",
    "dw": "weekday",
    "hh": "hour",
    "mi": "minute",
    "n": "minute",
    "ss": "second",
    "s": "second",
    "ms": "millisecond",
    "mcs": "microsecond",
    "ns": "nanosecond",
}


@single("date_diff")
def _date_diff(unit: str, start: int, end: int) -> int:
    """Whole units between two dates."""
    name = _UNITS.get(unit.lower())
    if name is None:
        raise ValueError(f"[{unit}] is no unit of DATE_DIFF")
    if name in _MONTHS:
        count = _months_between(start, end) / _MONTHS[name]
    else:
        size = _FIXED[name]
        count = abs(end - start) // size * (1 if end >= start else -1)
    found = math.trunc(count)
    if not -(2**31) <= found < 2**31:
        raise ValueError(f"[{found}] out of [integer] range")
    return found


def _months_between(start: int, end: int) -> int:
    """Whole calendar months."""
    sign = 1
    if end < start:
        start, end, sign = end, start, -1
    first, last = moment_of(start), moment_of(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    left = (first.day, first.time(), start % 1000)
    right = (last.day, last.time(), end % 1000)
    return sign * (months - (right < left))


# ---- rounding -------------------------------------------------------------------------------------------


@single("date_trunc")
def truncated(interval: Interval, moment: int) -> int:
    """The start of the interval that the date lies in: months from the year 1, one week from Monday, the rest
    (several weeks too) from the epoch."""
    if interval.months > 0:
        at = moment_of(moment)
        count = (at.year - 1) * 12 + at.month - 1
        year, month = divmod(count - count % interval.months, 12)
        return nanos_of(datetime(year + 1, month + 1, 1, tzinfo=UTC))
    if interval.nanos <= 0:
        raise ValueError("zero or negative time interval is not supported")
    base = _MONDAY if interval.calendar and interval.nanos == WEEK else 0
    return (moment - base) // interval.nanos * interval.nanos + base


_HUMAN = [
    Interval(1, 0),
    Interval(0, WEEK, calendar=True),
    *(Interval(0, n) for n in (DAY, DAY // 2, DAY // 8, DAY // 24)),
    *(Interval(0, n * 60 * SECOND) for n in (30, 10, 5, 1)),
    *(Interval(0, n * SECOND) for n in (30, 10, 5, 1)),
    *(Interval(0, n * 1_000_000) for n in (100, 50, 10, 1)),
]


@built_single("bucket")
def _bucket(call: Apply, setting: Setting) -> Function:
    """`BUCKET(value, size)`, or `BUCKET(value, count, from, to)`, which chooses a size."""
    if call.type in ("date", "date_nanos"):
        if len(call.arguments) == 2:
            return lambda value, size: truncated(size, value)
        low, high = (_bound(constant(call, place)) for place in (2, 3))
        chosen = _human(constant(call, 1), low, high)
        return lambda value, *_: truncated(chosen, value)
    if len(call.arguments) == 2:
        return lambda value, size: math.floor(value / size) * float(size)
    size_ = _decimal(constant(call, 1), constant(call, 2), constant(call, 3))
    return lambda value, *_: math.floor(value / size_) * size_


def _bound(value: Any) -> int:
    return dates.written(value) if isinstance(value, str) else int(value)


def _human(count: int, low: int, high: int) -> Interval:
    """The smallest interval with which no more than `count` buckets are needed."""
    best = Interval(12, 0)
    for interval in _HUMAN:
        at, needed = truncated(interval, low), 0
        if interval.months:
            needed = _months_between(at, high) + 1
        else:
            needed = -(-(high - at) // interval.nanos)
        if needed > count:
            break
        best = interval
    return best


def _decimal(count: int, low: float, high: float) -> float:
    precise = (high - low) / count
    power: float = 10.0 ** math.ceil(math.log10(precise))
    return power / 2 if precise < power / 2 else power


# ---- parts and texts ------------------------------------------------------------------------------------

_PARTS: dict[str, Callable[[datetime, int], int]] = {
    "year": lambda at, _: at.year,
    "year_of_era": lambda at, _: at.year,
    "proleptic_month": lambda at, _: at.year * 12 + at.month - 1,
    "month_of_year": lambda at, _: at.month,
    "day_of_month": lambda at, _: at.day,
    "day_of_year": lambda at, _: at.timetuple().tm_yday,
    "day_of_week": lambda at, _: at.isoweekday(),
    "aligned_week_of_month": lambda at, _: (at.day - 1) // 7 + 1,
    "aligned_week_of_year": lambda at, _: (at.timetuple().tm_yday - 1) // 7 + 1,
    "aligned_day_of_week_in_month": lambda at, _: (at.day - 1) % 7 + 1,
    "aligned_day_of_week_in_year": lambda at, _: (at.timetuple().tm_yday - 1) % 7 + 1,
    "ampm_of_day": lambda at, _: at.hour // 12,
    "hour_of_day": lambda at, _: at.hour,
    "clock_hour_of_day": lambda at, _: at.hour or 24,
    "hour_of_ampm": lambda at, _: at.hour % 12,
    "clock_hour_of_ampm": lambda at, _: at.hour % 12 or 12,
    "minute_of_hour": lambda at, _: at.minute,
    "minute_of_day": lambda at, _: at.hour * 60 + at.minute,
    "second_of_minute": lambda at, _: at.second,
    "second_of_day": lambda at, _: at.hour * 3600 + at.minute * 60 + at.second,
    "milli_of_second": lambda at, nanos: nanos % SECOND // 1_000_000,
    "milli_of_day": lambda at, nanos: nanos % DAY // 1_000_000,
    "micro_of_second": lambda at, nanos: nanos % SECOND // 1000,
    "micro_of_day": lambda at, nanos: nanos % DAY // 1000,
    "nano_of_second": lambda at, nanos: nanos % SECOND,
    "nano_of_day": lambda at, nanos: nanos % DAY,
    "epoch_day": lambda at, nanos: nanos // DAY,
    "instant_seconds": lambda at, nanos: nanos // SECOND,
    "offset_seconds": lambda at, _: 0,
    "era": lambda at, _: 1,
}


@single("date_extract")
def _date_extract(part: str, moment: int) -> int:
    found = _PARTS.get(part.lower())
    if found is None:
        raise ValueError(f"[{part}] is no part of a date")
    return found(moment_of(moment), moment)


@single("day_name")
def _day_name(moment: int) -> str:
    return DAY_NAMES[moment_of(moment).weekday()]


@single("month_name")
def _month_name(moment: int) -> str:
    return MONTH_NAMES[moment_of(moment).month - 1]


DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
