"""`tests/cases/lucene/*.toml`: a query, and the events that it matches, why its search fails, or its problem.

A file has a `[mapping]` of its fields (a type, or all that a mapping says of the field), `[[event]]`s with an id
and a `doc`, and `[[case]]`s, which may name a `default_field`, `on` (the fields of `query_string`) and a
`default_operator`. `dynamic = false`: fields that the mapping does not list are unmapped.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldType, FieldTypes
from samefire.languages import lucene
from samefire.problems import ProblemError
from samefire.query.dates import read
from samefire.source import Source
from tests.conftest import HOME

NOW = read("2024-06-01T00:00:00Z", round_up=False).nanos
OPTIONS = ("default_field", "on", "default_operator", "lenient", "analyze_wildcard")


def fields_of(file: dict[str, Any]) -> FieldTypes:
    plain = FieldTypes({}).with_fields({n: k for n, k in file["mapping"].items() if isinstance(k, str)})
    told = {n: FieldType(n, **k) for n, k in file["mapping"].items() if not isinstance(k, str)}
    return plain.layered(FieldTypes(told, dynamic=file.get("dynamic", True)))


def cases() -> list[Any]:
    found = []
    for path in sorted((HOME / "tests/cases/lucene").glob("*.toml")):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        fields = fields_of(file)
        for at, case in enumerate(file["case"]):
            found.append(pytest.param(case, file["event"], fields, id=f"{path.stem}-{at}"))
    return found


@pytest.mark.parametrize(("case", "events", "fields"), cases())
def test_case(case: dict[str, Any], events: list[dict[str, Any]], fields: FieldTypes) -> None:
    source = Source("<query>", case["query"])
    if "problem" in case:
        with pytest.raises(ProblemError) as raised:
            lucene.parse(source)
        assert raised.value.problems[0].code == case["problem"]
        return
    options = {key: case[key] for key in OPTIONS if key in case}
    node = lucene.lower(lucene.parse(source), fields, source, **options)
    hits = match([node], Events([event["doc"] for event in events]), Context(now=NOW))
    assert hits.failures[0] == case.get("fails")
    if "fails" not in case:
        assert [events[at]["id"] for at in hits.ordinals[0]] == case["matches"]


def test_every_case_says_what_is_expected() -> None:
    for parameter in cases():
        case = parameter.values[0]
        assert len(case.keys() & {"matches", "fails", "problem"}) == 1
        assert case.keys() <= {"query", "matches", "fails", "problem", *OPTIONS}
