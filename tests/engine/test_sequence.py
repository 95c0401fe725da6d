"""Limits, keys, samples, and why a sequence did not complete."""

from __future__ import annotations

import pytest

from samefire.engine.events import Events
from samefire.engine.joinkeys import key_value, order, shown
from samefire.engine.limits import limited, limited_events
from samefire.engine.match import match
from samefire.engine.sample import pick
from samefire.engine.sequence import Hit, Machine, match_sequences
from samefire.engine.sequence_explain import Near, SequenceExplanation, explain_sequence, lines
from samefire.fields import FieldTypes
from samefire.languages import eql
from samefire.query.detection import Pipe, Scope, Sequence
from samefire.source import Source

HEAD, TAIL = "head", "tail"


@pytest.mark.parametrize(
    ("pipes", "size", "expected"),
    [
        ([], None, [0, 1, 2, 3, 4, 5]),
        ([], 2, [4, 5]),
        ([], 0, []),
        ([(HEAD, 2)], None, [0, 1]),
        ([(HEAD, 9)], 3, [0, 1, 2]),
        ([(TAIL, 2)], 3, [4, 5]),
        ([(HEAD, 4), (TAIL, 2)], None, [2, 3]),
        ([(TAIL, 4), (HEAD, 1)], None, [2]),
        ([(HEAD, 4), (HEAD, 2)], None, [0, 1]),
        ([(TAIL, 2), (TAIL, 4)], None, [4, 5]),
        ([(HEAD, 2), (TAIL, 4)], None, [0, 1]),
        ([(HEAD, 0), (TAIL, 4)], None, []),
        ([(HEAD, 3), (TAIL, 0)], None, []),
        ([(TAIL, 5), (HEAD, 4), (TAIL, 2)], None, [3, 4]),
    ],
)
def test_limits(pipes: list[tuple[str, int]], size: int | None, expected: list[int]) -> None:
    made = [Pipe(kind, count) for kind, count in pipes]
    assert limited(range(6), made, size) == expected
    assert limited_events(range(6), made, size) == expected


def test_too_few_results_for_an_offset() -> None:
    pipes = [Pipe(TAIL, 10), Pipe(HEAD, 7)]
    assert limited(range(8), pipes) == [0, 1, 2, 3, 4, 5, 6]
    assert limited_events(range(5), pipes) == [0, 1]


@pytest.mark.parametrize(
    ("kind", "value", "expected", "text"),
    [
        ("long", "5", ("long", 5), "5"),
        ("keyword", 5, ("string", "5"), "5"),
        ("dynamic", 5, ("long", 5), "5"),
        ("dynamic", True, ("boolean", True), "true"),
        ("dynamic", "x", ("string", "x"), "x"),
        ("boolean", "false", ("boolean", False), "false"),
        ("date", "1970-01-01T00:00:01Z", ("date", 1_000_000_000), "1970-01-01T00:00:01.000Z"),
        ("ip", "10.0.0.1", ("ip", 0xFFFF0A000001), "10.0.0.1"),
        ("ip", "::1", ("ip", 1), "::1"),
        ("ip", "nowhere", None, None),
    ],
)
def test_key_values(kind: str, value: object, expected: object, text: str | None) -> None:
    found = key_value(kind, value)  # type: ignore[arg-type]
    assert found == expected
    assert shown(found) == text


def test_sequences_of_one_event_come_in_the_order_of_their_keys() -> None:
    hits = [
        [Hit(1, (0, 0), 0, (("string", k),)) for k in "ba"],
        [Hit(2, (0, 0), 1, (("string", k),)) for k in "ba"],
    ]
    found = match_sequences(Machine((False, False)), hits)
    assert [match.key for match in found] == [(("string", "a"),), (("string", "b"),)]


def test_order_of_keys() -> None:
    keys = [(("string", "b"),), (None,), (("string", "B"),)]
    assert sorted(keys, key=order) == [(None,), (("string", "B"),), (("string", "b"),)]


def test_pick_goes_back() -> None:
    assert pick([[1, 2], [1], [3, 1]]) == [2, 1, 3]
    assert pick([[1], [1]]) is None
    assert pick([[1, 2, 3], []]) is None


# ---- explanations -----------------------------------------------------------------------------------


def explained(query: str, documents: list[dict[str, object]]) -> SequenceExplanation:
    source = Source("<query>", query)
    body = eql.lower(eql.parse(source), FieldTypes({}), source)
    assert isinstance(body, Sequence)
    events = Events(documents)
    until = [body.until.where] if body.until else []
    hits = match([*(s.where for s in body.stages), *until], events).ordinals
    return explain_sequence(body, hits[: len(body.stages)], events, Scope(), until=hits[-1] if until else ())


def event(second: int, kind: str, host: str | None = "h1", **more: object) -> dict[str, object]:
    made: dict[str, object] = {"@timestamp": second * 1000, "kind": kind, **more}
    return made if host is None else made | {"host": host}


QUERY = 'sequence by host with maxspan=10s [any where kind == "a"] [any where kind == "b" and n == 1]'


@pytest.mark.parametrize(
    ("query", "documents", "expected"),
    [
        (QUERY, [event(1, "a"), event(2, "b", n=1)], "1 sequence completed"),
        (
            QUERY,
            [event(1, "c"), event(2, "b", n=1)],
            "no event can begin the sequence: none satisfies stage 1 of 2\nnearest is event 1, which fails 1 clause",
        ),
        (
            QUERY,
            [event(1, "a"), event(2, "b", "h2", n=1)],
            "event 1 came furthest (host = h1)\n"
            "waited for stage 2 of 2 until 1970-01-01T00:00:11.000Z\n"
            "nearest is event 2, but under another key (host = h2)",
        ),
        (
            QUERY,
            [event(1, "a"), event(2, "b", n=2)],
            "event 1 came furthest (host = h1)\n"
            "waited for stage 2 of 2 until 1970-01-01T00:00:11.000Z\n"
            "nearest is event 2, which fails 1 clause",
        ),
        (
            QUERY,
            [event(1, "b", n=1), event(2, "a")],
            "event 2 came furthest (host = h1)\n"
            "waited for stage 2 of 2 until 1970-01-01T00:00:12.000Z\n"
            "nearest is event 1, but it came before",
        ),
        (
            QUERY,
            [event(1, "a"), event(2, "b", None, n=1)],
            "event 1 came furthest (host = h1)\n"
            "waited for stage 2 of 2 until 1970-01-01T00:00:11.000Z\n"
            "nearest is event 2, but it has no join key or no time",
        ),
        (
            QUERY,
            [event(1, "a"), event(20, "b", n=1)],
            "event 1 came furthest (host = h1)\n"
            "waited for stage 2 of 2 until 1970-01-01T00:00:11.000Z; event 2 came too late",
        ),
        (
            f'{QUERY} until [any where kind == "stop"]',
            [event(1, "a"), event(2, "stop"), event(3, "b", n=1)],
            "event 1 came furthest (host = h1)\n"
            "waited for stage 2 of 2; event 2 is the `until` that ended it",
        ),
        (
            'sequence with maxspan=10s [any where kind == "a"] ![any where kind == "m"]',
            [event(1, "a"), event(2, "m")],
            "event 1 came furthest\nevent 2 happened, which must be missing",
        ),
        (
            'sequence [any where kind == "a"] with runs=3',
            [event(1, "a"), event(2, "a")],
            "events 1, 2 came furthest\nwaited for stage 3 of 3",
        ),
    ],
)
def test_why_a_sequence_did_not_complete(
    query: str, documents: list[dict[str, object]], expected: str
) -> None:
    assert "\n".join(lines(explained(query, documents))) == expected


def test_the_nearest_event_names_its_clauses() -> None:
    found = explained(QUERY, [event(1, "a"), event(2, "c", n=1), event(3, "b", n=2)])
    assert found.nearest is not None
    assert found.nearest.why is Near.FAILS
    assert found.nearest.event == 1
    assert [clause.excluded for clause in found.nearest.clauses] == [False]
