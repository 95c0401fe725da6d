"""Every message about an EQL query, word for word: `tests/golden/eql/problems.txt`."""

from __future__ import annotations

import json
import re

import pytest

from samefire.fields import FieldType, FieldTypes
from samefire.languages import eql
from samefire.problems import ProblemError, render
from samefire.source import Source
from tests.conftest import HOME

GOLDEN = HOME / "tests" / "golden" / "eql" / "problems.txt"
TYPES = {
    "event.category": "keyword",
    "s": "keyword",
    "t": "keyword",
    "user.name": "keyword",
    "n": "long",
    "d": "double",
    "b": "boolean",
    "ip": "ip",
    "event.ingested": "date",
    "note": "text",
    "place": "geo_point",
    "o.inner": "keyword",
    "list": "nested",
}
FIELDS = FieldTypes(
    {name: FieldType(name, kind) for name, kind in TYPES.items()}
    | {"list.x": FieldType("list.x", "keyword", nested="list")},
    dynamic=False,
)


def blocks() -> list[tuple[str, str]]:
    """(query, text of its problems) for each `=== "query"` of the file."""
    found = []
    for block in GOLDEN.read_text(encoding="utf-8").split("=== ")[1:]:
        query, _, text = block.partition("\n")
        found.append((json.loads(query), text.rstrip("\n")))
    return found


def problems_of(query: str) -> str:
    source = Source("<query>", query)
    with pytest.raises(ProblemError) as raised:
        eql.lower(eql.parse(source), FIELDS, source)
    return "\n".join(render(problem) for problem in raised.value.problems)


@pytest.mark.parametrize(
    ("query", "expected"), blocks(), ids=lambda value: ascii(value.partition("\n")[0][:40])
)
def test_message(query: str, expected: str) -> None:
    assert problems_of(query) == expected


def test_every_code_is_told() -> None:
    told = set(re.findall(r": error: .*\[([a-z-]+)\]$", GOLDEN.read_text(encoding="utf-8"), re.MULTILINE))
    code = re.compile(r'"(query-[a-z-]+)"')
    folder = HOME / "samefire" / "languages" / "eql"
    known = {c for path in folder.glob("*.py") for c in code.findall(path.read_text(encoding="utf-8"))}
    assert told == known


def test_a_category_needs_its_field() -> None:
    source = Source("<query>", "file where true")
    with pytest.raises(ProblemError) as raised:
        eql.lower(eql.parse(source), FIELDS, source, event_category_field="kind")
    assert render(raised.value.problems[0]) == (
        "<query>:1:1: error: no field `kind` is mapped [query-unknown-field]\n"
        "  1 | file where true\n"
        "    | ^^^^\n"
        "  help: write `any where …`"
    )
