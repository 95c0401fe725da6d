"""Dates as Elasticsearch reads them: `strict_date_optional_time||epoch_millis`, and date math.

All times are nanoseconds since the epoch. Knows no field types and no query language.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = datetime.date(1970, 1, 1).toordinal()

_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T(?:([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?)?"
    r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?)?"
)
_MILLIS = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,6})?")
_STEP = re.compile(r"([+-])([0-9]*)([yMwdhHms])|/([yMwdhHms])")
_FIXED = {"w": 7 * DAY, "d": DAY, "h": HOUR, "H": HOUR, "m": MINUTE, "s": SECOND}


@dataclass(frozen=True, slots=True)
class DateMathError(ValueError):
    """Why a text is neither a date nor date math."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def parse_date(text: str, *, round_up: bool = False, millis: bool = True) -> int | None:
    """The instant that `text` names, or None when it is no date.

    `round_up` fills parts that were left out as the upper end of a range does: day and month with 1, the
    time with 23:59:59.999999999. `millis`: digits alone are milliseconds, except a four-digit year."""
    found = _DATE.fullmatch(text)
    if found is None:
        return _epoch_millis(text) if millis else None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    late = round_up
    try:
        days = datetime.date(int(year), int(month or 1), int(day or 1)).toordinal() - _EPOCH
    except ValueError:
        return None
    clock = _clock(hour, minute, second, late)
    if clock is None:
        return None
    if fraction is not None:
        nanos = int(fraction.ljust(9, "0"))
    else:
        nanos = 999_999_999 if late else 0
    return days * DAY + clock * SECOND + nanos - _offset(zone)


def _clock(hour: str | None, minute: str | None, second: str | None, late: bool) -> int | None:
    """Seconds of the day, left-out parts early or late; None when out of range."""
    h = int(hour) if hour is not None else 23 if late else 0
    m = int(minute) if minute is not None else 59 if late else 0
    s = int(second) if second is not None else 59 if late else 0
    return h * 3600 + m * 60 + s if h < 24 and m < 60 and s < 60 else None


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return (-seconds if zone[0] == "-" else seconds) * SECOND


def _epoch_millis(text: str) -> int | None:
    if _MILLIS.fullmatch(text) is None:
        return None
    whole, _, fraction = text.partition(".")
    nanos = int(whole) * MILLISECOND
    extra = int(fraction.ljust(6, "0")) if fraction else 0
    return nanos - extra if whole.startswith("-") else nanos + extra


def is_date_math(text: str) -> bool:
    """Whether the text depends on arithmetic (`now-5m`, `2024-03-01||/M`)."""
    return text.startswith("now") or "||" in text


def resolve(math: str, now: int, *, round_up: bool = False) -> int:
    """The instant of date math (`now-5m/d`, `2024-03-01||+1M`) or of a plain date.

    `round_up`: `/unit` goes to the last nanosecond of the unit instead of the first. Raises DateMathError."""
    if math.startswith("now"):
        instant, steps = now, math[3:]
    else:
        anchor, bars, steps = math.partition("||")
        parsed = parse_date(anchor, round_up=round_up and not bars)
        if parsed is None:
            raise DateMathError(f"`{math}` is no date")
        instant = parsed
    at = 0
    while at < len(steps):
        step = _STEP.match(steps, at)
        if step is None:
            raise DateMathError(f"`{steps[at:]}` in `{math}` is no date math")
        sign, count, unit, rounding = step.groups()
        if rounding:
            instant = _round(instant, rounding, round_up)
        else:
            amount = int(count[:9] or 1)
            instant = _shift(instant, -amount if sign == "-" else amount, unit, math)
        at = step.end()
    return instant


def _shift(instant: int, amount: int, unit: str, math: str) -> int:
    if unit in _FIXED:
        return instant + amount * _FIXED[unit]
    days, rest = divmod(instant, DAY)
    try:
        date = datetime.date.fromordinal(days + _EPOCH)
        months = date.year * 12 + date.month - 1 + amount * (12 if unit == "y" else 1)
        return _day_of(months, date.day) * DAY + rest
    except (ValueError, OverflowError):
        raise DateMathError(f"`{math}` lies outside the years 1 to 9999") from None


def _day_of(months: int, day: int) -> int:
    """Days since the epoch of `day` in a month counted from year 0, or of that month's last day."""
    first = datetime.date(months // 12, months % 12 + 1, 1)
    following = (
        datetime.date((months + 1) // 12, (months + 1) % 12 + 1, 1) if months < 9999 * 12 + 11 else None
    )
    length = (following - first).days if following else 31
    return first.toordinal() + min(day, length) - 1 - _EPOCH


def _round(instant: int, unit: str, up: bool) -> int:
    start = _floor(instant, unit)
    if not up:
        return start
    after = start + _FIXED[unit] if unit in _FIXED else _floor(_shift(start, 1, unit, f"/{unit}"), unit)
    return after - 1


def _floor(instant: int, unit: str) -> int:
    if unit == "w":  # weeks start on Monday; 1970-01-01 was a Thursday
        days = instant // DAY
        return (days - (days + 3) % 7) * DAY
    if unit in _FIXED:
        return instant // _FIXED[unit] * _FIXED[unit]
    date = datetime.date.fromordinal(instant // DAY + _EPOCH)
    return (date.replace(month=date.month if unit == "M" else 1, day=1).toordinal() - _EPOCH) * DAY
