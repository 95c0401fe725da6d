"""`tests/cases/kuery/*.toml`: a query, and the events that it matches, why its search fails, or its problem.

A file has a `[mapping]` of its fields (a type, or all that a mapping says of the field), `[[event]]`s with an id
and a `doc`, and `[[case]]`s. Fields that the mapping does not list are dynamic.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldType, FieldTypes
from samefire.languages import kuery
from samefire.problems import ProblemError
from samefire.query.dates import read
from samefire.source import Source
from tests.conftest import HOME

NOW = read("2024-06-01T00:00:00Z", round_up=False).nanos


def fields_of(mapping: dict[str, Any]) -> FieldTypes:
    nested = [name for name, kind in mapping.items() if kind == "nested"]
    table = {}
    for name, kind in mapping.items():
        around = max((path for path in nested if name.startswith(path + ".")), key=len, default=None)
        given = {"type": kind} if isinstance(kind, str) else kind
        table[name] = FieldType(name, nested=around, **given)
    return FieldTypes(table)


def cases() -> list[Any]:
    found = []
    for path in sorted((HOME / "tests/cases/kuery").glob("*.toml")):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        fields = fields_of(file["mapping"])
        for at, case in enumerate(file["case"]):
            found.append(pytest.param(case, file["event"], fields, id=f"{path.stem}-{at}"))
    return found


@pytest.mark.parametrize(("case", "events", "fields"), cases())
def test_case(case: dict[str, Any], events: list[dict[str, Any]], fields: FieldTypes) -> None:
    source = Source("<query>", case["query"])
    if "problem" in case:
        with pytest.raises(ProblemError) as raised:
            kuery.parse(source)
        assert raised.value.problems[0].code == case["problem"]
        return
    node = kuery.lower(kuery.parse(source), fields, source)
    hits = match([node], Events([event["doc"] for event in events]), Context(now=NOW))
    assert hits.failures[0] == case.get("fails")
    if "fails" not in case:
        assert [events[at]["id"] for at in hits.ordinals[0]] == case["matches"]


def test_every_case_says_what_is_expected() -> None:
    for parameter in cases():
        case = parameter.values[0]
        assert len(case.keys() & {"matches", "fails", "problem"}) == 1
        assert case.keys() <= {"query", "matches", "fails", "problem"}
