"""A project's own `fields/*.toml`: what it says, and every message about it (`golden/fields/problems.txt`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from samefire.fields import FieldType, FieldTypes
from samefire.problems import ProblemError, render
from samefire.source import Source
from tests.conftest import HOME

GOOD = """
"acme.user" = "keyword"
note = "text"
"acme.size" = { type = "scaled_float", scaling_factor = 100 }
"acme.line" = { type = "keyword", ignore_above = 256, fields = { text = "match_only_text" } }
"acme.who" = { type = "alias", path = "process.name" }
"acme.hits" = "nested"
"acme.hits.count" = { type = "long", null_value = 0, array = true }
"acme.blob" = { type = "object", enabled = false }
["acme.raw"]
type = "flattened"
"""

BAD = """
event.type = "keyword"
"a" = 5
"b" = { typ = "long" }
"c" = "keywrd"
"d" = { type = "alias", path = "acme.usr" }
"e" = { type = "keyword", ignore_above = true, fields = { text = "txt", more = {} } }
"acme.user" = "keyword"
[acme.audit]
x = "keyword"
"""


def test_what_a_file_says() -> None:
    types = FieldTypes.from_toml(Source("fields/acme.toml", GOOD))
    for expected in (
        FieldType("acme.user", "keyword", 1024),
        FieldType("note", "text"),
        FieldType("acme.size", "scaled_float", scaling_factor=100.0),
        FieldType("acme.line", "keyword", 256),
        FieldType("acme.line.text", "match_only_text", column="acme.line"),
        FieldType("acme.who", "keyword", 1024, column="process.name"),
        FieldType("acme.hits.count", "long", null_value=0, nested="acme.hits", array=True),
        FieldType("acme.raw.key", "flattened-key"),
    ):
        assert types.get(expected.name) == expected
    assert types.dynamic and types.resolve("acme.blob.x") is None


def test_every_problem_at_once(golden: Callable[[Path, str], None]) -> None:
    with pytest.raises(ProblemError) as raised:
        FieldTypes.from_toml(Source("fields/acme.toml", BAD))
    text = "".join(f"{render(p)}\n" for p in raised.value.problems)
    golden(HOME / "tests/golden/fields/problems.txt", text)


def test_no_toml() -> None:
    with pytest.raises(ProblemError) as raised:
        FieldTypes.from_toml(Source("fields/acme.toml", 'a = "b'))
    assert [p.code for p in raised.value.problems] == ["toml-syntax"]
