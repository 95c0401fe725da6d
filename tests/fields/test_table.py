"""Layers, objects, patterns of names, and fields that nobody lists."""

from __future__ import annotations

import pytest

from samefire.fields import FieldType, FieldTypes

TABLE = FieldTypes(
    {
        "a.k": FieldType("a.k", "keyword", 1024),
        "a.k.text": FieldType("a.k.text", "text", column="a.k"),
        "a.n": FieldType("a.n", "long"),
        "list": FieldType("list", "nested"),
        "list.name": FieldType("list.name", "keyword", nested="list"),
        "map": FieldType("map", "flattened", 50),
        "shut": FieldType("shut", "object", closed=True),
        "shut.in": FieldType("shut.in", "ip"),
    }
)


def test_a_later_layer_wins() -> None:
    table = TABLE.with_fields({"a.k": "wildcard", "b": "keyword"})
    types = [table.get("a.k"), table.get("b"), table.get("a.n")]
    assert [t and t.type for t in types] == ["wildcard", "keyword", "long"]
    assert table.layered(TABLE).get("a.k") == TABLE.get("a.k")
    assert [t and t.ignore_above for t in types] == [None, 1024, None]


def test_with_fields_inside_a_nested_container() -> None:
    found = TABLE.with_fields({"list.size": "long"}).get("list.size")
    assert found == FieldType("list.size", "long", nested="list")


def test_a_key_below_a_flattened_field() -> None:
    found = TABLE.get("map.any.key")
    assert found == FieldType("map.any.key", "flattened-key", 50)
    assert "map.any.key" in TABLE and "a.any" not in TABLE


def test_what_nobody_lists_is_dynamic() -> None:
    found = TABLE.resolve("other.x")
    assert found == FieldType("other.x", "dynamic", 1024)
    assert TABLE.get("other.x") is None


def test_what_nobody_lists_is_unmapped_in_a_closed_table() -> None:
    closed = TABLE.layered(FieldTypes({}, dynamic=False))
    assert closed.resolve("other.x") is None
    assert closed.resolve("map.x") is not None


def test_a_closed_object_maps_only_what_is_listed() -> None:
    assert TABLE.resolve("shut.other") is None
    assert TABLE.resolve("shut.in") == FieldType("shut.in", "ip")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a", True), ("list", True), ("shut", True), ("a.k", False), ("map", False), ("nowhere", False)],
)
def test_is_object(name: str, expected: bool) -> None:
    assert TABLE.is_object(name) is expected


def test_an_implied_object_resolves_to_an_object() -> None:
    assert TABLE.resolve("a") == FieldType("a", "object")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.*", ["a.k", "a.k.text", "a.n"]),
        ("*.n*", ["a.n", "list.name"]),
        ("*", ["a.k", "a.k.text", "a.n", "list.name", "map", "shut.in"]),
        ("a.k", ["a.k"]),
        ("l*.*.*e", []),
        ("a*a", []),
    ],
)
def test_names_like(pattern: str, expected: list[str]) -> None:
    assert TABLE.names_like(pattern) == expected


def test_subfields_are_values_of_the_document() -> None:
    assert TABLE.subfields("a") == ["a.k", "a.n"]


def test_nested_path() -> None:
    paths = [TABLE.nested_path(name) for name in ("list.name", "list.new", "list", "a.k")]
    assert paths == ["list", "list", None, None]


def test_nearest() -> None:
    ecs = FieldTypes.ecs()
    assert ecs.nearest("process.nam") == "process.name"
    assert ecs.nearest("proces.name") == "process.name"
    assert ecs.nearest("zzzzzz") is None
