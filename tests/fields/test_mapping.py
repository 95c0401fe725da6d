"""Elasticsearch's mapping JSON, in the shapes in which people have it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from samefire.fields import FieldType, FieldTypes
from samefire.problems import ProblemError, render
from samefire.source import Source

MAPPING: dict[str, Any] = {
    "properties": {
        "user": {"properties": {"name": {"type": "keyword", "ignore_above": 64, "normalizer": "lowercase"}}},
        "message": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "who": {"type": "alias", "path": "user.name"},
        "list": {"type": "nested", "properties": {"x": {"type": "long", "null_value": 0}}},
        "labels": {"type": "flattened"},
        "dotted.name": {"type": "[keyword|wildcard]"},
        "set": {"type": "constant_keyword", "value": "a"},
        "ratio": {"type": "scaled_float", "scaling_factor": 100},
        "off": {"type": "object", "enabled": False},
        "frozen": {"dynamic": "false", "properties": {"a": {"type": "ip"}}},
        "slow": {"type": "keyword", "index": False},
        "blind": {"type": "keyword", "index": False, "doc_values": False},
    }
}


def test_every_kind_of_entry() -> None:
    types = FieldTypes.from_mapping(MAPPING)
    for expected in (
        FieldType("user.name", "keyword", 64, normalizer="lowercase"),
        FieldType("message", "text"),
        FieldType("message.raw", "keyword", column="message"),
        FieldType("who", "keyword", 64, normalizer="lowercase", column="user.name"),
        FieldType("list.x", "long", null_value=0, nested="list"),
        FieldType("labels.a.b", "flattened-key"),
        FieldType("dotted.name", "keyword"),
        FieldType("set", "constant_keyword", value="a"),
        FieldType("ratio", "scaled_float", scaling_factor=100.0),
        FieldType("slow", "keyword"),
        FieldType("blind", "keyword", index=False),
    ):
        assert types.get(expected.name) == expected
    assert types.resolve("off.x") is None
    assert types.resolve("frozen.x") is None
    assert types.resolve("frozen.a") == FieldType("frozen.a", "ip")


@pytest.mark.parametrize(
    "wrapped",
    [
        {"mappings": MAPPING},
        {"logs-1": {"mappings": MAPPING}},
        {"index_patterns": ["logs-*"], "template": {"mappings": MAPPING}},
    ],
    ids=["mappings", "index", "template"],
)
def test_wrappings(wrapped: dict[str, Any]) -> None:
    assert list(FieldTypes.from_mapping(wrapped)) == list(FieldTypes.from_mapping(MAPPING))


def test_several_indices_and_runtime_fields() -> None:
    types = FieldTypes.from_mapping(
        {
            "one": {"mappings": {"properties": {"a": {"type": "long"}}}},
            "two": {"mappings": {"runtime": {"b": {"type": "ip"}}}},
        }
    )
    assert list(types) == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "dynamic"), [(None, True), ("strict", False), (False, False), ("runtime", True)]
)
def test_dynamic_is_what_the_mapping_says(said: Any, dynamic: bool) -> None:
    mapping = {"properties": {}} if said is None else {"properties": {}, "dynamic": said}
    assert FieldTypes.from_mapping(mapping).dynamic is dynamic
    assert FieldTypes.from_mapping(mapping, dynamic=False).dynamic is False


def problems(text: str) -> str:
    with pytest.raises(ProblemError) as raised:
        FieldTypes.from_json(Source("mapping.json", text))
    return "\n".join(render(p) for p in raised.value.problems)


def test_a_type_that_does_not_exist() -> None:
    text = '{"properties": {"a": {"type": "keywrd"}, "b": {"type": "alias", "path": "c"}}}'
    assert problems(text) == (
        "mapping.json:1:31: error: `a` has the type `keywrd`, which Elasticsearch does not have "
        "[mapping-unknown-type]\n"
        f"  1 | {text}\n"
        f"    | {' ' * 30}^^^^^^^^\n"
        "  help: did you mean `keyword`?\n"
        "mapping.json:1:42: error: the alias `b` points to `c`, which is no field [mapping-alias-path]\n"
        f"  1 | {text}\n"
        f"    | {' ' * 41}^^^"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{",
            "the mapping is not JSON: expecting property name enclosed in double quotes [mapping-not-json]",
        ),
        ("[]", "a mapping is an object, not a list [mapping-not-object]"),
        ('{"properties": []}', "`properties` is an object, not a list [mapping-not-object]"),
        ('{"properties": {"a": "keyword"}}', "the entry of `a` is not an object [mapping-not-object]"),
        ('{"a": {"b": {"c": {"d": {}}}}}', "no `properties` in the mapping [mapping-without-properties]"),
        (
            '{"properties": {"a": {"type": "text", "fields": {"b": {}}}}}',
            "the multi-field `a.b` has no known type [mapping-unknown-type]",
        ),
    ],
)
def test_what_is_no_mapping(text: str, expected: str) -> None:
    assert expected in problems(text).splitlines()[0]


def test_depth_is_limited() -> None:
    mapping: dict[str, Any] = {"type": "keyword"}
    for _ in range(60):
        mapping = {"properties": {"a": mapping}}
    with pytest.raises(ProblemError, match="nested more than 50 levels deep"):
        FieldTypes.from_json(Source("mapping.json", json.dumps(mapping)))
    with pytest.raises(ProblemError, match="nested more than 50 levels deep"):
        FieldTypes.from_json(Source("mapping.json", '{"a":' * 100_000))
