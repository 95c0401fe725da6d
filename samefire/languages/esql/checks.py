"""Constants that a function of ES|QL does not take: Elasticsearch refuses the query, or fails when it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from samefire.query import values
from samefire.query.pipeline import Expression, Interval, Literal


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why an argument is refused; `reason` follows its text."""

    argument: Expression
    reason: str
    hint: str | None = None


def wrong_constant(name: str, arguments: Sequence[Expression]) -> Wrong | None:
    """The first constant that the function refuses."""
    check = _CHECKS.get(name)
    return None if check is None else check(list(arguments))


def _constant(arguments: list[Expression], place: int) -> Any:
    """The value of an argument, None when it is no constant or null."""
    if place < len(arguments):
        argument = arguments[place]
        if isinstance(argument, Literal):
            return argument.value
    return None


def _one_of(
    place: int, known: frozenset[str], reason: str, hint: str
) -> Callable[[list[Expression]], Wrong | None]:
    def check(arguments: list[Expression]) -> Wrong | None:
        value = _constant(arguments, place)
        if not isinstance(value, str) or value.lower() in known:
            return None
        return Wrong(arguments[place], reason, hint)

    return check


def _delimiter(arguments: list[Expression]) -> Wrong | None:
    value = _constant(arguments, 1)
    if not isinstance(value, str) or len(value.encode("utf-8", "replace")) == 1:
        return None
    return Wrong(
        arguments[1], "is not one byte; `SPLIT` cuts at a single one", "write `REPLACE` around the text first"
    )


def _networks(arguments: list[Expression]) -> Wrong | None:
    for place in range(1, len(arguments)):
        value = _constant(arguments, place)
        for one in value if isinstance(value, tuple) else (value,):
            try:
                if isinstance(one, str):
                    values.network(one)
            except ValueError:
                return Wrong(arguments[place], "cannot be read as a network", "write `10.0.0.0/8`")
    return None


def _interval(place: int) -> Callable[[list[Expression]], Wrong | None]:
    def check(arguments: list[Expression]) -> Wrong | None:
        value = _constant(arguments, place)
        if not isinstance(value, Interval):
            return None
        if value.months and value.nanos:
            return Wrong(arguments[place], "is made of several units; dates are rounded to one")
        if value.months <= 0 and value.nanos <= 0:
            return Wrong(arguments[place], "is no interval that dates can be rounded to: it is not positive")
        return None

    return check


def _percent(arguments: list[Expression]) -> Wrong | None:
    value = _constant(arguments, 1)
    if isinstance(value, int | float) and not 0 <= value <= 100:
        return Wrong(arguments[1], "is no percentage between 0 and 100")
    return None


def _top(arguments: list[Expression]) -> Wrong | None:
    value = _constant(arguments, 1)
    if isinstance(value, int) and value <= 0:
        return Wrong(arguments[1], "is no number of values: it has to be 1 or more")
    return _one_of(2, ORDERS, "is no order", 'write `"asc"` or `"desc"`')(arguments)


ORDERS = frozenset(("asc", "desc"))
ALGORITHMS = frozenset(
    (
        *(
            "md2",
            "md5",
            "sha",
            "sha1",
            "sha-1",
            "sha224",
            "sha-224",
            "sha256",
            "sha-256",
            "sha384",
            "sha-384",
        ),
        *("sha512", "sha-512", "sha512/224", "sha-512/224", "sha512/256", "sha-512/256"),
        *("sha3-224", "sha3-256", "sha3-384", "sha3-512"),
    )
)
PARTS = frozenset(
    (
        *("aligned_day_of_week_in_month", "aligned_day_of_week_in_year", "aligned_week_of_month"),
        *("aligned_week_of_year", "ampm_of_day", "clock_hour_of_ampm", "clock_hour_of_day", "day_of_month"),
        *("day_of_week", "day_of_year", "epoch_day", "era", "hour_of_ampm", "hour_of_day", "instant_seconds"),
        *("micro_of_day", "micro_of_second", "milli_of_day", "milli_of_second", "minute_of_day"),
        *("minute_of_hour", "month_of_year", "nano_of_day", "nano_of_second", "offset_seconds"),
        *("proleptic_month", "second_of_day", "second_of_minute", "year", "year_of_era"),
    )
)
"""Parts of a date that DATE_EXTRACT knows."""
_UNIT_WORDS = (
    "nanosecond",
    "microsecond",
    "millisecond",
    "second",
    "minute",
    "hour",
    "day",
    "weekday",
    "week",
)
UNITS = frozenset(
    (
        *(*_UNIT_WORDS, "month", "quarter", "year", "dayofyear"),
        *(f"{word}s" for word in (*_UNIT_WORDS, "month", "quarter", "year")),
        *("yyyy", "yy", "qq", "q", "mm", "m", "dy", "y", "dd", "d", "wk", "ww", "dw", "hh", "mi", "n"),
        *("ss", "s", "ms", "mcs", "ns"),
    )
)
"""Units of DATE_DIFF."""

_CHECKS: dict[str, Callable[[list[Expression]], Wrong | None]] = {
    "bucket": _interval(1),
    "cidr_match": _networks,
    "date_diff": _one_of(0, UNITS, "is no unit of `DATE_DIFF`", 'write `"days"`, `"minutes"` …'),
    "date_extract": _one_of(0, PARTS, "is no part of a date", 'write `"hour_of_day"`, `"day_of_week"` …'),
    "date_trunc": _interval(0),
    "hash": _one_of(0, ALGORITHMS, "is no algorithm of `HASH`", 'write `"sha256"`, `"md5"` …'),
    "mv_sort": _one_of(1, ORDERS, "is no order", 'write `"asc"` or `"desc"`'),
    "percentile": _percent,
    "split": _delimiter,
    "top": _top,
}
