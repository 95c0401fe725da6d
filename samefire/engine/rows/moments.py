"""Dates written and read by a pattern of Java's DateTimeFormatter, or by one of Elasticsearch's named formats.

What Elasticsearch would read and this does not is a Refusal, never null.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from samefire.engine.rows.calls import Function, Refusal, built_single, single
from samefire.engine.rows.dates import DAY_NAMES, MONTH_NAMES, moment_of, nanos_of
from samefire.engine.rows.show import iso
from samefire.engine.rows.table import Setting
from samefire.query import dates
from samefire.query.dates import MILLI, SECOND
from samefire.query.pipeline import Apply

_LETTERS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)
_NAMED = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|iso8601|date|hour|year|weekyear")
_PATTERNS = {
    "basic_date": "yyyyMMdd",
    "date": "yyyy-MM-dd",
    "strict_date": "yyyy-MM-dd",
    "strict_year": "yyyy",
    "strict_year_month": "yyyy-MM",
    "strict_year_month_day": "yyyy-MM-dd",
}
_OPTIONAL_TIME = frozenset(
    ("strict_date_optional_time", "date_optional_time", "strict_date_optional_time_nanos", "iso8601")
)


def _named(pattern: str) -> str:
    """The pattern that a name stands for. Raises Refusal for a name that is not known here."""
    if pattern in _PATTERNS:
        return _PATTERNS[pattern]
    if _NAMED.fullmatch(pattern):
        raise Refusal(f"samefire does not know the date format {pattern}")
    return pattern


# ---- writing --------------------------------------------------------------------------------------------


@built_single("date_format")
def _date_format(call: Apply, setting: Setting) -> Function:
    kind = call.arguments[-1].type
    if len(call.arguments) == 1:
        return lambda moment: iso(moment, kind)

    def work(pattern: str, moment: int) -> str:
        if pattern in _OPTIONAL_TIME:
            return iso(moment, kind)
        if pattern == "epoch_millis":
            return str(moment // MILLI)
        if pattern == "epoch_second":
            return str(moment // SECOND)
        return "".join(_written(m, moment) for m in _LETTERS.finditer(_named(pattern)))

    return work


def _written(piece: re.Match[str], nanos: int) -> str:
    """One piece of a pattern."""
    if piece[1] is not None:
        return piece[1].replace("''", "'") or "'"
    if piece[2] is None:
        return _plain(piece[0]).strip("[]")
    at, size = moment_of(nanos), len(piece[0])
    match piece[2]:
        case "y" | "u":
            return f"{at.year % 100:02}" if size == 2 else f"{at.year:0{size}}"
        case "M" | "L":
            name = MONTH_NAMES[at.month - 1]
            return f"{at.month:0{size}}" if size < 3 else name[:3] if size == 3 else name
        case "E":
            name = DAY_NAMES[at.weekday()]
            return name[:3] if size < 4 else name
        case "S" if size <= 9:
            return f"{nanos % SECOND:09}"[:size]
        case "a":
            return "AM" if at.hour < 12 else "PM"
        case "Q" | "q" if size < 3:
            return f"{(at.month + 2) // 3:0{size}}"
        case "G" if size < 4:
            return "AD"
        case "X":
            return "Z"
        case "x":
            return {1: "+00", 3: "+00:00", 5: "+00:00"}.get(size, "+0000")
        case "Z" if size < 4:
            return "+0000"
        case letter:
            number = _field(letter, at, nanos)
            return f"{number:0{size}}"


def _plain(char: str) -> str:
    """A character of a pattern that stands for itself. Raises Refusal for one that Java keeps for later."""
    if char in "{}#":
        raise Refusal(f"a date pattern cannot hold `{char}`: Elasticsearch refuses it")
    return char


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
    }
    if letter not in numbers:
        raise Refusal(f"samefire does not write `{letter}` of a date pattern")
    return numbers[letter]


# ---- reading --------------------------------------------------------------------------------------------


@single("date_parse")
def _date_parse(first: str, second: str | None = None) -> int:
    """A text as a date, by `strict_date_optional_time` or by a pattern."""
    if second is None or first in _OPTIONAL_TIME:
        return dates.written(first if second is None else second)
    if first in _EPOCHS:
        digits, _, part = second.partition(".")
        if not re.fullmatch(r"-?[0-9]{1,18}", digits, re.A) or not re.fullmatch(r"[0-9]{0,9}", part, re.A):
            raise _unreadable(second, first)
        return int(digits) * _EPOCHS[first]
    return _parsed(second, first)


_EPOCHS = {"epoch_millis": MILLI, "epoch_second": SECOND}
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


def _unreadable(value: str, pattern: str) -> ValueError:
    return ValueError(f"failed to parse date field [{value}] with format [{pattern}]")


@lru_cache(maxsize=64)
def _form(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """The test of a pattern. Raises Refusal."""
    text = "".join(map(_reading, _LETTERS.finditer(_named(pattern))))
    try:
        return re.compile(text, re.ASCII).fullmatch
    except re.error:
        raise Refusal(f"samefire does not read the date pattern `{pattern}`") from None


def _parsed(value: str, pattern: str) -> int:
    found = _form(pattern)(value)
    if found is None:
        raise _unreadable(value, pattern)
    parts = found.groupdict()
    if parts.get("region"):
        raise Refusal(f"samefire does not know the time zone {parts['region']}")
    month = parts.get("month") or "1"
    number = int(month) if month.isdigit() else 1 + [n[:3] for n in MONTH_NAMES].index(month[:3])
    hour = int(parts.get("hour") or 0) if not parts.get("half") else int(parts["half"]) % 12
    hour += 12 if (parts.get("half_of_day") or "").upper() == "PM" else 0
    minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
    year = int(parts.get("year") or 1970)
    year += 2000 if len(parts.get("year") or "") == 2 else 0
    try:
        at = datetime(year, number, int(parts.get("day") or 1), hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise _unreadable(value, pattern) from None
    fraction = int((parts.get("fraction") or "0").ljust(9, "0"))
    return nanos_of(at) + fraction - dates.offset(parts.get("zone"))


_ZONE = r"(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)"


def _reading(piece: re.Match[str]) -> str:
    if piece[1] is not None:
        return re.escape(piece[1].replace("''", "'") or "'")
    if piece[2] is None:
        return {"[": "(?:", "]": ")?"}.get(piece[0]) or re.escape(_plain(piece[0]))
    size = len(piece[0])
    match piece[2]:
        case "M" | "L":
            names = "|".join(n[:3] if size == 3 else n for n in MONTH_NAMES)
            return rf"(?P<month>\d{{{size}}})" if size == 2 else rf"(?P<month>\d{{1,2}}|{names})"
        case "X" | "x" | "Z":
            return _ZONE
        case "z" | "V":
            return rf"(?:{_ZONE}|(?P<region>[A-Za-z][A-Za-z0-9_/+-]*))"
        case "a":
            return "(?P<half_of_day>[AaPp][Mm])"
        case "E":
            names = "|".join(n[:3] if size < 4 else n for n in DAY_NAMES)
            return f"(?:{names})"
        case letter if letter in _FORMS:
            form = _FORMS[letter] % size
            return form.replace("{1}", "{1,9}") if size == 1 else form
        case letter:
            raise Refusal(f"samefire does not read `{letter}` of a date pattern")
