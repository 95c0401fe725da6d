"""Functions of dates, all in UTC."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from samefire.engine.rows.calls import Function, built_single, constant, single
from samefire.engine.rows.operators import _EPOCH
from samefire.engine.rows.show import iso
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
    """The start of the interval that the date lies in: months from the year 1, weeks from Monday, the rest
    from the epoch."""
    if interval.months > 0:
        at = moment_of(moment)
        count = (at.year - 1) * 12 + at.month - 1
        year, month = divmod(count - count % interval.months, 12)
        return nanos_of(datetime(year + 1, month + 1, 1, tzinfo=UTC))
    if interval.nanos <= 0:
        raise ValueError("zero or negative time interval is not supported")
    base = _MONDAY if interval.nanos % WEEK == 0 else 0
    return (moment - base) // interval.nanos * interval.nanos + base


_HUMAN = [
    Interval(1, 0),
    *(Interval(0, n) for n in (WEEK, DAY, DAY // 2, DAY // 8, DAY // 24)),
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
    return dates.parse(value) if isinstance(value, str) else int(value)


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
    return _DAYS[moment_of(moment).weekday()]


@single("month_name")
def _month_name(moment: int) -> str:
    return _MONTH_NAMES[moment_of(moment).month - 1]


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LETTERS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)


@built_single("date_format")
def _date_format(call: Apply, setting: Setting) -> Function:
    kind = call.arguments[-1].type
    if len(call.arguments) == 1:
        return lambda moment: iso(moment, kind)
    return lambda pattern, moment: "".join(_written(m, moment) for m in _LETTERS.finditer(pattern))


def _written(piece: re.Match[str], nanos: int) -> str:
    """One piece of a pattern of Java's DateTimeFormatter."""
    if piece[1] is not None:
        return piece[1].replace("''", "'") or "'"
    if piece[2] is None:
        return piece[0]
    at, size = moment_of(nanos), len(piece[0])
    match piece[2]:
        case "y" | "u":
            return f"{at.year % 100:02}" if size == 2 else f"{at.year:0{size}}"
        case "M" | "L":
            name = _MONTH_NAMES[at.month - 1]
            return f"{at.month:0{size}}" if size < 3 else name[:3] if size == 3 else name
        case "E":
            name = _DAYS[at.weekday()]
            return name[:3] if size < 4 else name
        case "S":
            return f"{nanos % SECOND:09}"[:size]
        case "a":
            return "AM" if at.hour < 12 else "PM"
        case "X":
            return "Z"
        case "x" | "Z":
            return "+00:00" if size == 3 else "+0000"
        case letter:
            number = _field(letter, at, nanos)
            return f"{number:0{size}}"


def _field(letter: str, at: datetime, nanos: int) -> int:
    numbers = {
        "d": at.day,
        "D": at.timetuple().tm_yday,
        "H": at.hour,
        "k": at.hour or 24,
        "K": at.hour % 12,
        "h": at.hour % 12 or 12,
        "m": at.minute,
        "s": at.second,
        "n": nanos % SECOND,
        "e": at.isoweekday(),
    }
    if letter not in numbers:
        raise ValueError(f"samefire does not write `{letter}` of a date pattern")
    return numbers[letter]


@single("date_parse")
def _date_parse(first: str, second: str | None = None) -> int:
    """A text as a date, by Elasticsearch's usual formats or by a pattern."""
    if second is None:
        return dates.parse(first)
    return _parsed(second, first)


_FORMS = {
    "y": r"(?P<year>\d{%d})",
    "u": r"(?P<year>\d{%d})",
    "d": r"(?P<day>\d{%d})",
    "H": r"(?P<hour>\d{%d})",
    "h": r"(?P<half>\d{%d})",
    "m": r"(?P<minute>\d{%d})",
    "s": r"(?P<second>\d{%d})",
    "S": r"(?P<fraction>\d{%d})",
}


def _parsed(value: str, pattern: str) -> int:
    form = "".join(map(_reading, _LETTERS.finditer(pattern)))
    found = re.fullmatch(form, value)
    if found is None:
        raise ValueError(f"failed to parse date field [{value}] with format [{pattern}]")
    parts = found.groupdict()
    month = parts.get("month") or "1"
    number = int(month) if month.isdigit() else 1 + [n[:3] for n in _MONTH_NAMES].index(month[:3].title())
    hour = int(parts.get("hour") or 0) if "half" not in parts else int(parts["half"]) % 12
    hour += 12 if parts.get("half_of_day", "").upper() == "PM" else 0
    minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
    year = int(parts.get("year") or 1970)
    at = datetime(year, number, int(parts.get("day") or 1), hour, minute, second, tzinfo=UTC)
    fraction = int((parts.get("fraction") or "0").ljust(9, "0"))
    return nanos_of(at) + fraction - _offset(parts.get("zone"))


def _reading(piece: re.Match[str]) -> str:
    if piece[1] is not None:
        return re.escape(piece[1].replace("''", "'") or "'")
    if piece[2] is None:
        return re.escape(piece[0])
    size = len(piece[0])
    match piece[2]:
        case "M" | "L":
            names = "|".join(n[:3] if size == 3 else n for n in _MONTH_NAMES)
            return rf"(?P<month>\d{{{size}}})" if size == 2 else rf"(?P<month>\d{{1,2}}|{names})"
        case "X" | "x" | "Z" | "z":
            return r"(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)"
        case "a":
            return "(?P<half_of_day>[AaPp][Mm])"
        case "E":
            return "[A-Za-z]+"
        case letter if letter in _FORMS:
            form = _FORMS[letter] % size
            return form.replace("{1}", "{1,9}") if size == 1 else form
        case letter:
            raise ValueError(f"samefire does not read `{letter}` of a date pattern")


def _offset(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60
    return (-seconds if zone[0] == "-" else seconds) * SECOND
