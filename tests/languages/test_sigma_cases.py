"""Our own cases of `tests/cases/sigma`: rules with events, what they match, what is refused."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from samefire.engine import correlation
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import sigma
from samefire.problems import ProblemError, Severity, render
from samefire.query.detection import Body, Correlation, EventQuery
from samefire.source import Source
from tests.conftest import HOME


def cases() -> list[Any]:
    found = []
    for path in sorted((HOME / "tests/cases/sigma").glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    source = Source("rule.yml", case["query"])
    if "problem" in case:
        with pytest.raises(ProblemError) as caught:
            sigma.load(source, FieldTypes({}))
        errors = [problem for problem in caught.value.problems if problem.severity is Severity.ERROR]
        assert errors
        assert [problem.code for problem in errors] == [case["problem"]] * len(errors)
        assert all(render(problem) for problem in errors)
        return
    body = sigma.load(source, FieldTypes({}))[-1].detection.body
    documents = [json.loads(event) for event in case["events"]]
    if "alerts" in case:
        assert isinstance(body, Correlation)
        assert _alerts(body, documents) == [json.loads(alert) for alert in case["alerts"]]
    else:
        assert isinstance(body, EventQuery)
        hits = match([body.where], Events.of(documents)).ordinals[0]
        assert [documents[hit]["id"] for hit in hits] == case["matches"]


def _alerts(body: Correlation, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events = Events.of(documents)

    def hits(part: Body) -> tuple[int, ...]:
        assert isinstance(part, EventQuery)
        return match([part.where], events).ordinals[0]

    def time(ordinal: int) -> int | None:
        seconds = documents[ordinal]["t"]
        return None if seconds is None else round(seconds * 1_000_000_000)

    view = correlation.Events(hits, lambda ordinal, name: list(events.values(ordinal, name)), time)
    return [
        {"keys": list(alert.keys), "events": [documents[o]["id"] for o in alert.ordinals]}
        for alert in correlation.run(body, view)
    ]
