"""Dates for the tests of dates: inside a range, at its ends, at an hour or a day of the week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from samefire.query.ast import DateBound, DatePart, DateRange, Test
from samefire.query.dates import DateError, resolve

SECOND = 1_000_000_000


def moments(test: Test, now: int) -> Iterator[str]:
    """Dates that may pass the test, or just miss it; nothing for tests of other values. `now` in
    nanoseconds."""
    match test:
        case DateRange(low=low, high=high):
            ends = [nanos for bound in (low, high) if bound and (nanos := _nanos(bound, now)) is not None]
            for end in ends:
                yield from (written(end + step * SECOND) for step in (0, 1, -1, 3600, -3600))
            yield written(now)
        case DatePart():
            start = datetime.fromtimestamp(now // SECOND, UTC)
            yield from (_text(start.replace(hour=hour)) for hour in range(24))
            yield from (_text(start.replace(minute=minute)) for minute in range(0, 60, 5))
            yield from (_text(start + timedelta(days=30 * step)) for step in range(-12, 13))
            yield from (_text(start + timedelta(days=step)) for step in range(31))
        case _:
            return


def _nanos(bound: DateBound, now: int) -> int | None:
    if bound.nanos is not None or bound.math is None:
        return bound.nanos
    try:
        return resolve(bound.math, now, round_up=bound.round_up)
    except DateError:
        return None


def written(nanos: int) -> str:
    """A moment as an event holds it, to the millisecond."""
    seconds, rest = divmod(nanos, SECOND)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
