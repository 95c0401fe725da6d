"""Documents read by path: nested, dotted and mixed keys, lists, nulls, times, NDJSON."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from samefire.engine.events import Events, all_text, flatten, objects_at, read_blocks, read_ndjson, values_at


@pytest.mark.parametrize(
    ("document", "path", "values"),
    [
        ({"a": {"b": 1}}, "a.b", (1,)),
        ({"a.b": 1}, "a.b", (1,)),
        ({"a": {"b.c": 1}}, "a.b.c", (1,)),
        ({"a.b": {"c": 1}}, "a.b.c", (1,)),
        ({"a": {"b": 1}, "a.b": 2}, "a.b", (2, 1)),
        ({"a": [{"b": 1}, {"b": [2, 3]}, {"c": 4}]}, "a.b", (1, 2, 3)),
        ({"a": [[1, [2]], 3]}, "a", (1, 2, 3)),
        ({"a": None}, "a", ()),
        ({"a": [None, "", None]}, "a", ("",)),
        ({"a": []}, "a", ()),
        ({"a": {"b": 1}}, "a", ()),
        ({"a": [1, {"b": 2}]}, "a", (1,)),
        ({"a": 1}, "a.b", ()),
        ({"b": {"a": 1}}, "a", ()),
        ({"a..b": 1}, "a..b", (1,)),
    ],
)
def test_values_of_a_path(document: dict[str, Any], path: str, values: tuple[Any, ...]) -> None:
    assert Events.of([document]).values(0, path) == values


def test_unwanted_keys_are_remembered_only_up_to_a_bound() -> None:
    events = Events.of([{f"k{n}.x": n for n in range(10_000)} | {"a.b": 1}])
    assert events.values(0, "a.b") == (1,)


def test_columns_are_read_once() -> None:
    events = Events.of([{"a": 1, "b": 2}, {"b": [3, 4]}])
    events.read(["a", "b"])
    assert events.column("b") == [(2,), (3, 4)]
    assert events.column("a") is events.column("a")


def test_values_with_nulls() -> None:
    document = {"a": {"b": [None, 1, [None]]}, "a.b": None}
    assert list(values_at(document, "a.b")) == [None, None, 1, None]


def test_objects_of_a_nested_field_keep_their_identity() -> None:
    document = {"a": [{"b": {"x": 1}}, {"b": [{"x": 2}, 7]}], "a.b": {"x": 3}}
    assert objects_at(document, "a.b") == [{"x": 3}, {"x": 1}, {"x": 2}]


def test_dotted_keys_make_objects_of_their_own() -> None:
    document = {"a.b": 1, "a.c.d": [2], "a": {"b": 3}, "ab.c": 4}
    assert objects_at(document, "a") == [{"b": 1}, {"c.d": [2]}, {"b": 3}]
    assert objects_at(document, "a.c") == [{"d": [2]}]


def test_flatten_gives_every_scalar_with_its_path() -> None:
    document = {"a": {"b": [1, {"c": True}]}, "d.e": "x", "n": None}
    assert sorted(map(repr, flatten(document))) == ["('a.b', 1)", "('a.b.c', True)", "('d.e', 'x')"]


def test_all_text_holds_each_value() -> None:
    assert all_text({"a": "x", "b": 7, "c": None}) == "x\n7\nNone"
    assert all_text({"a": {"b": ["x", True]}, "f": 1.5}) == "1.5\nx\ntrue"


@pytest.mark.parametrize(
    ("value", "nanos"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        (1000, 1_000_000_000),
        (1000.5, 1_000_500_000),
        ("1000", -30_610_224_000_000_000_000),
        ("10000", 10_000_000_000),
        (True, None),
        ("yesterday", None),
        (float("nan"), None),
    ],
)
def test_times(value: Any, nanos: int | None) -> None:
    assert Events.of([{"t": value}]).times(["t"]) == [nanos]


def test_the_first_field_with_a_date_gives_the_time() -> None:
    events = Events.of([{"a": "no", "b": 1}, {"b": 2, "a": 3}, {}])
    assert events.times(["a", "b"]) == [1_000_000, 3_000_000, None]


def test_ndjson_skips_blank_lines_and_names_bad_ones() -> None:
    assert read_ndjson(b'{"a":1}\n\n  \n{"a":2}\r\n').column("a") == [(1,), (2,)]
    with pytest.raises(orjson.JSONDecodeError, match=r"line 3: "):
        read_ndjson(b'{"a":1}\n\n{"a":\n')
    with pytest.raises(ValueError, match=r"^line 2: an event is an object, not list$"):
        read_ndjson(b"{}\n[1]\n")


def test_blocks_hold_all_events() -> None:
    lines = [b'{"n":%d}' % n for n in range(10)]
    assert [[v for (v,) in block.column("n")] for block in read_blocks(lines, 4)] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]
