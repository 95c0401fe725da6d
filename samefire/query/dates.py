"""Dates as Elasticsearch reads them in a search: `strict_date_optional_time||epoch_millis` and date math.

Everything is UTC and in nanoseconds since the epoch. Date math on `now` stays text until a run has a clock
(`resolve`); math on a written date (`2024-03-01||+1d/d`) is worked out at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000_000
MILLI = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT_NANOS = {"w": 604_800, "d": 86_400, "h": 3_600, "H": 3_600, "m": 60, "s": 1}

_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?:(?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?)?)?)?)?",
    re.A,
)
_MILLIS = re.compile(r"(?P<sign>-?)(?P<millis>\d{1,18})(?:\.(?P<part>\d{1,6}))?", re.A)
_MATH = re.compile(r"(?P<operator>[+\-/])(?P<count>\d*)(?P<unit>[yMwdhHms])", re.A)


_PARTLY = re.compile(r"\d{4}(?:-\d\d){0,2}T(?:\d\d(?::\d\d)?)?(?:Z|[+-]\d\d(?::?\d\d)*)?", re.A)
_LAST = 2**63 - 1
_NANOS_FORMAT = "strict_date_optional_time_nanos||epoch_millis"


class DateError(ValueError):
    """The text is no date and no date math; the message says what Elasticsearch would say."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date of a query: `nanos` since the epoch, or `math` on the clock (`now-5m/d`)."""

    nanos: int | None
    math: str | None = None


def read(text: str, *, round_up: bool) -> Moment:
    """The moment that a text names; what it leaves open (hours of a day) is filled from below, or, with
    `round_up`, to the last nanosecond. Raises DateError."""
    if text.startswith("now"):
        resolve(text, 0, round_up=round_up)  # refuses what is no date math
        return Moment(None, text)
    anchor, bars, math = text.partition("||")
    nanos = parse(anchor, round_up=round_up and not bars)  # `2024-03-01||` is the first moment of that day
    return Moment(_calculate(math, nanos, round_up) if bars else nanos)


def resolve(math: str, now: int, *, round_up: bool) -> int:
    """Date math on `now` (nanoseconds since the epoch) as nanoseconds. Raises DateError."""
    if not math.startswith("now"):
        raise DateError(f"date math starts with now, not [{math}]")
    return _calculate(math[3:], now, round_up)


def parse(text: str, *, round_up: bool = False) -> int:
    """A date without math as nanoseconds since the epoch. Raises DateError."""
    found = _DATE.fullmatch(text)
    if found is not None:
        return _from_parts(found, text, round_up)
    millis = _MILLIS.fullmatch(text)
    if millis is None:
        raise _unreadable(text)
    part = (millis["part"] or "").ljust(6, "9" if round_up and not millis["part"] else "0")
    nanos = int(millis["millis"]) * MILLI + int(part)
    return -nanos if millis["sign"] else nanos


def written(text: str) -> int:
    """A date as ES|QL reads a text: `strict_date_optional_time`, without milliseconds since the epoch. Raises
    DateError."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise DateError(f"failed to parse date field [{text}] with format [strict_date_optional_time]")
    return _from_parts(found, text, round_up=False)


def held_in_nanos(text: str, nanos: int) -> int:
    """The moment when a `date_nanos` field can be asked for it: its format wants seconds when there are hours, and
    it holds the years 1970 to 2262. Raises DateError."""
    if _PARTLY.fullmatch(text.partition("||")[0]):
        raise DateError(f"failed to parse date field [{text}] with format [{_NANOS_FORMAT}]")
    if nanos < 0:
        raise DateError(
            f"date [{text}] is before the epoch in 1970 and cannot be stored in nanosecond resolution"
        )
    if nanos > _LAST:
        raise DateError(
            f"date [{text}] is after 2262-04-11T23:47:16.854775807 and cannot be stored in nanosecond resolution"
        )
    return nanos


def _unreadable(text: str) -> DateError:
    return DateError(
        f"failed to parse date field [{text}] with format [strict_date_optional_time||epoch_millis]"
    )


def _from_parts(found: re.Match[str], text: str, round_up: bool) -> int:
    """Missing month and day are the first; missing hours, minutes … the last when rounding up."""
    top = (23, 59, 59) if round_up else (0, 0, 0)
    hour, minute, second = (
        int(found[name]) if found[name] else limit
        for name, limit in zip(("hour", "minute", "second"), top, strict=True)
    )
    try:
        day = datetime(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1), tzinfo=UTC)
        moment = day.replace(hour=hour, minute=minute, second=second)
    except ValueError:
        raise _unreadable(text) from None
    fraction = int(found["fraction"].ljust(9, "0")) if found["fraction"] else (999_999_999 if round_up else 0)
    return _nanos(moment) + fraction - _near(found["zone"])


def _near(zone: str | None) -> int:
    """The offset of a zone; Java knows none further than 18 hours away."""
    found = offset(zone)
    if abs(found) > 18 * 3600 * SECOND:
        raise DateError(f"zone offset not in the valid range: -18:00 to +18:00 [{zone}]")
    return found


def offset(zone: str | None) -> int:
    """The nanoseconds that a zone (`+02:00`, `Z`, a name) is ahead; 0 for a name."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(6, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:6])
    return (-seconds if zone[0] == "-" else seconds) * SECOND


def _nanos(moment: datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds * 1000


def _calculate(math: str, nanos: int, round_up: bool) -> int:
    """Apply `+1d`, `-2h`, `/w` one after the other."""
    at = 0
    while at < len(math):
        step = _MATH.match(math, at)
        if step is None:
            raise DateError(f"operator not supported for date math [{math[at:]}]")
        if step["operator"] != "/":
            count = int(step["count"] or 1)
            nanos = _add(nanos, -count if step["operator"] == "-" else count, step["unit"])
        elif step["count"] not in ("", "1"):
            raise DateError(f"rounding `/` can only be used on single unit types [{math}]")
        else:
            nanos = _round(nanos, step["unit"], round_up)
        at = step.end()
    return nanos


def _add(nanos: int, count: int, unit: str) -> int:
    if unit in _UNIT_NANOS:
        return nanos + count * _UNIT_NANOS[unit] * SECOND
    months = count * (12 if unit == "y" else 1)
    moment, rest = _split(nanos)
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    try:
        first = datetime(year, month + 1, 1, tzinfo=UTC)
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        day = first.replace(day=min(moment.day, last.day))
    except (ValueError, OverflowError):
        raise DateError("date math leaves the calendar") from None
    return _nanos(day) + _nanos(moment) - _nanos(_midnight(moment)) + rest


def _round(nanos: int, unit: str, round_up: bool) -> int:
    """The first moment of the unit, or with `round_up` its last one (a millisecond before the next)."""
    moment, _ = _split(nanos)
    start = _start(moment, unit)
    if not round_up:
        return _nanos(start)
    return _add(_nanos(start), 1, unit) - MILLI


def _start(moment: datetime, unit: str) -> datetime:
    match unit:
        case "y":
            return _midnight(moment).replace(month=1, day=1)
        case "M":
            return _midnight(moment).replace(day=1)
        case "w":
            return _midnight(moment) - timedelta(days=moment.weekday())
        case "d":
            return _midnight(moment)
        case "h" | "H":
            return moment.replace(minute=0, second=0)
        case "m":
            return moment.replace(second=0)
        case _:
            return moment


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0)


def _split(nanos: int) -> tuple[datetime, int]:
    """Whole seconds as a calendar date, and the nanoseconds that remain."""
    seconds, rest = divmod(nanos, SECOND)
    try:
        return _EPOCH + timedelta(seconds=seconds), rest
    except OverflowError:
        raise DateError("date math leaves the calendar") from None
