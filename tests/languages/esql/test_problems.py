"""Every message about an ES|QL query, word for word: `tests/golden/esql/problems.txt`."""

from __future__ import annotations

import json

import pytest

from samefire.fields import FieldTypes
from samefire.languages.esql import lower, parse
from samefire.problems import ProblemError, render
from samefire.source import Source
from tests.conftest import HOME

GOLDEN = HOME / "tests" / "golden" / "esql" / "problems.txt"
FIELDS = FieldTypes({}, dynamic=False).with_fields(
    {"host.name": "keyword", "host.ip": "ip", "n": "long", "@timestamp": "date", "f": "flattened"}
    | {"tags": "keyword", "ok": "boolean", "note": "text"}
)


def blocks() -> list[tuple[str, str]]:
    """(query, text of its problems) for each `=== "query"` of the file."""
    found = []
    for block in GOLDEN.read_text(encoding="utf-8").split("=== ")[1:]:
        query, _, text = block.partition("\n")
        found.append((json.loads(query), text.rstrip("\n")))
    return found


@pytest.mark.parametrize(
    ("query", "expected"), blocks(), ids=lambda value: value.splitlines()[0][:40] if value else ""
)
def test_message(query: str, expected: str) -> None:
    source = Source("<query>", query)
    with pytest.raises(ProblemError) as raised:
        lower(parse(source), FIELDS, source)
    assert "\n".join(render(problem) for problem in raised.value.problems) == expected
