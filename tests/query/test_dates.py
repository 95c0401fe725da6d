"""Dates and date math, as Elasticsearch fills and rounds them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from samefire.query.dates import DateError, Moment, parse, read, resolve


def nanos(text: str) -> int:
    """The nanoseconds of `2024-03-01T10:00:00.000000000`, worked out by the standard library."""
    whole, _, fraction = text.partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", "2024-01-01T00:00:00", "2024-01-01T23:59:59.999999999"),
        ("2024-03", "2024-03-01T00:00:00", "2024-03-01T23:59:59.999999999"),
        ("2024-03-02", "2024-03-02T00:00:00", "2024-03-02T23:59:59.999999999"),
        ("2024-03-02T", "2024-03-02T00:00:00", "2024-03-02T23:59:59.999999999"),
        ("2024-03-02T10", "2024-03-02T10:00:00", "2024-03-02T10:59:59.999999999"),
        ("2024-03-02T10:30", "2024-03-02T10:30:00", "2024-03-02T10:30:59.999999999"),
        ("2024-03-02T10:30:15Z", "2024-03-02T10:30:15", "2024-03-02T10:30:15.999999999"),
        ("2024-03-02T10:30:15.5", "2024-03-02T10:30:15.5", "2024-03-02T10:30:15.5"),
        ("2024-03-02T10:30:15,123456789Z", "2024-03-02T10:30:15.123456789", "2024-03-02T10:30:15.123456789"),
        ("2024-03-02T10:30:00+02:00", "2024-03-02T08:30:00", "2024-03-02T08:30:00.999999999"),
        ("2024-03-02T10:30-0130", "2024-03-02T12:00:00", "2024-03-02T12:00:59.999999999"),
        ("1709375415000", "2024-03-02T10:30:15", "2024-03-02T10:30:15.000999999"),
        ("2024-02-28||+2d", "2024-03-01T00:00:00", "2024-03-01T00:00:00"),
        ("2024-03-02||/M", "2024-03-01T00:00:00", "2024-03-31T23:59:59.999"),
        ("2024-03-02||/w", "2024-02-26T00:00:00", "2024-03-03T23:59:59.999"),
        ("2024-01-31||+1M", "2024-02-29T00:00:00", "2024-02-29T00:00:00"),
        ("2024-03-02||", "2024-03-02T00:00:00", "2024-03-02T00:00:00"),  # as Elasticsearch 8.17 answers
    ],
)
def test_both_ends_of_what_is_written(text: str, low: str, high: str) -> None:
    assert read(text, round_up=False) == Moment(nanos(low))
    assert read(text, round_up=True) == Moment(nanos(high))


def test_zones_that_are_named() -> None:
    assert parse("2024-03-01T10:00:00UTC") == parse("2024-03-01T10:00:00GMT") == parse("2024-03-01T10:00:00Z")
    with pytest.raises(DateError, match="zone offset not in the valid range"):
        parse("2024-03-01T10:00:00+18:01")


def test_before_the_epoch() -> None:
    assert parse("-1500") == -1_500_000_000
    assert parse("1969-12-31T23:59:59.5Z") == -500_000_000


@pytest.mark.parametrize(
    ("math", "low", "high"),
    [
        ("now", "2024-03-15T10:20:30", "2024-03-15T10:20:30"),
        ("now-9m", "2024-03-15T10:11:30", "2024-03-15T10:11:30"),
        ("now-1d/d", "2024-03-14T00:00:00", "2024-03-14T23:59:59.999"),
        ("now/y", "2024-01-01T00:00:00", "2024-12-31T23:59:59.999"),
        ("now/h+30s", "2024-03-15T10:00:30", "2024-03-15T11:00:29.999"),
        ("now-1y+d", "2023-03-16T10:20:30", "2023-03-16T10:20:30"),
        ("now/m", "2024-03-15T10:20:00", "2024-03-15T10:20:59.999"),
        ("now/s", "2024-03-15T10:20:30", "2024-03-15T10:20:30.999"),
    ],
)
def test_math_waits_for_a_clock(math: str, low: str, high: str) -> None:
    now = nanos("2024-03-15T10:20:30")
    assert read(math, round_up=False) == Moment(None, math)
    assert resolve(math, now, round_up=False) == nanos(low)
    assert resolve(math, now, round_up=True) == nanos(high)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "1709287200000.1234567",
        "2024-03-01T10:00:00 UTC",
        "2024-13-01",
        "2024-02-30",
        "24-03-01",
        "2024-3-1",
        "2024-03-01 10:00",
        "2024-03-01T25:00",
    ],
)
def test_no_date(text: str) -> None:
    with pytest.raises(DateError, match="failed to parse date field"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("now-", "operator not supported"),
        ("now*2", "operator not supported"),
        ("now/2d", "can only be used on single unit"),
        ("2024-03-01||+1x", "operator not supported"),
        ("now-9999y", "leaves the calendar"),
        ("now+999999999999d/d", "leaves the calendar"),
    ],
)
def test_no_math(text: str, said: str) -> None:
    with pytest.raises(DateError, match=said):
        read(text, round_up=False)


def test_resolve_takes_math_on_now_only() -> None:
    with pytest.raises(DateError, match="starts with now"):
        resolve("2024-03-01", 0, round_up=False)
