"""`tests/cases/eql/*.toml`: a query, and the events or sequences that it finds, or its problems.

A file has a `[mapping]` of its fields (a type, or all that a mapping says of the field; `dynamic = false` beside it
closes the list), `[[event]]`s with an id and a `doc`, and `[[case]]`s. `matches` are ids, lists of ids for
sequences and samples (0: the slot of a missing event); `problem` the codes of all problems.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from samefire.engine.events import Events
from samefire.engine.limits import limited_events
from samefire.engine.match import match
from samefire.engine.sample import run_sample
from samefire.engine.sequence import run_sequence
from samefire.fields import FieldType, FieldTypes
from samefire.languages import eql
from samefire.problems import ProblemError
from samefire.query.detection import EventQuery, Sample, Scope, Sequence
from samefire.source import Source
from tests.conftest import HOME

KEYS = {"query", "matches", "problem", "fails", "size", "why"}


def fields_of(file: dict[str, Any]) -> FieldTypes:
    table = {}
    for name, kind in file["mapping"].items():
        given = {"type": kind} if isinstance(kind, str) else kind
        table[name] = FieldType(name, **given)
    return FieldTypes(table, dynamic=file.get("dynamic", True))


def cases() -> list[Any]:
    found = []
    for path in sorted((HOME / "tests/cases/eql").glob("*.toml")):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        for at, case in enumerate(file["case"]):
            found.append(pytest.param(case, file, id=f"{path.stem}-{at}"))
    return found


@pytest.mark.parametrize(("case", "file"), cases())
def test_case(case: dict[str, Any], file: dict[str, Any]) -> None:
    source = Source("<query>", case["query"])
    fields = fields_of(file)
    if "problem" in case:
        with pytest.raises(ProblemError) as raised:
            eql.lower(eql.parse(source), fields, source)
        codes = [problem.code for problem in raised.value.problems]
        assert codes == ([case["problem"]] if isinstance(case["problem"], str) else case["problem"])
        return
    body = eql.lower(eql.parse(source), fields, source)
    assert not isinstance(body, str)
    events = file.get("event", [])
    found, failure = search(body, Events([event["doc"] for event in events]), case.get("size"))
    assert failure == case.get("fails")
    if failure is None:
        ids = [[events[i]["id"] if i >= 0 else 0 for i in row] for row in found]
        assert (ids if not isinstance(body, EventQuery) else [i for row in ids for i in row]) == case[
            "matches"
        ]


def search(
    body: EventQuery | Sequence | Sample, events: Events, size: int | None
) -> tuple[list[tuple[int, ...]], str | None]:
    """The ordinals of what is found, and why the search fails."""
    if isinstance(body, EventQuery):
        hits = match([body.where], events)
        return [(i,) for i in limited_events(hits.ordinals[0], body.pipes, size)], hits.failures[0]
    nodes = [stage.where for stage in body.stages]
    until = [body.until.where] if isinstance(body, Sequence) and body.until else []
    hits = match([*nodes, *until], events)
    failure = next((why for why in hits.failures if why), None)
    stages = hits.ordinals[: len(nodes)]
    if isinstance(body, Sample):
        return [m.events for m in run_sample(body, stages, events, size=size)], failure
    ends = hits.ordinals[-1] if until else ()
    found = run_sequence(body, stages, events, Scope(tiebreaker_field="seq"), until=ends, size=size)
    return [m.events for m in found], failure


def test_every_case_says_what_is_expected() -> None:
    for parameter in cases():
        case = parameter.values[0]
        assert len(case.keys() & {"matches", "problem", "fails"}) == 1
        assert case.keys() <= KEYS
