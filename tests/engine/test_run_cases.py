"""`tests/cases/engine/*.toml`: a rule's type and settings, events, and the alerts that Kibana would make.

Queries, filters and exceptions are KQL over fields of any type; `alerts` holds each alert's events.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.run import run, run_many
from samefire.fields import FieldTypes
from samefire.languages import kuery
from samefire.query import dates
from samefire.query import detection as bodies
from samefire.query.ast import TRUE, Node
from samefire.query.detection import Body, Detection, IndicatorEntry, Scope, Suppression
from samefire.source import Source
from tests.conftest import HOME

KEYS = {
    *("name", "type", "query", "fields", "value", "cardinality", "window_start", "mapping", "threat_query"),
    *("jobs", "score", "filters", "exclusions", "index", "lookback_from", "timestamp_fields", "max_signals"),
    *(
        "suppress_by",
        "missing",
        "now",
        "history",
        "indicators",
        "events",
        "alerts",
        "keys",
        "notes",
        "failure",
    ),
    *("mapping_types", "whole", "newest", "pipes", "tiebreaker", "indices"),
}


def cases() -> list[Any]:
    found = []
    for path in sorted((HOME / "tests/cases/engine").glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            assert case.keys() <= KEYS, f"{path.name}: {case['name']}: {sorted(case.keys() - KEYS)}"
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


def node(case: dict[str, Any], query: str | None) -> Node:
    if query is None:
        return TRUE
    types = {name: {"type": kind} for name, kind in case.get("mapping_types", {}).items()}
    fields = FieldTypes.from_mapping({"properties": types}, dynamic=True)
    source = Source("<case>", query)
    return kuery.lower(kuery.parse(source), fields, source)


def body(case: dict[str, Any]) -> Body:
    where = node(case, case.get("query"))
    match case.get("type", "query"):
        case "threshold":
            counts = tuple((field, value) for field, value in case.get("cardinality", ()))
            return bodies.Threshold(where, tuple(case["fields"]), case["value"], counts)
        case "new_terms":
            return bodies.NewTerms(where, tuple(case["fields"]), case["window_start"])
        case "threat_match":
            groups = tuple(tuple(IndicatorEntry(**entry) for entry in group) for group in case["mapping"])
            threats = node(case, case.get("threat_query"))
            return bodies.IndicatorMatch(where, groups, threats, indices=tuple(case.get("indices", ())))
        case "machine_learning":
            return bodies.AnomalyThreshold(tuple(case["jobs"]), case["score"])
        case _:
            return bodies.EventQuery(where, tuple(bodies.Pipe(*pipe) for pipe in case.get("pipes", ())))


def detection(case: dict[str, Any]) -> Detection:
    suppression = None
    if "suppress_by" in case:
        missing, whole = case.get("missing", "suppress"), case.get("whole", False)
        suppression = Suppression(tuple(case["suppress_by"]), missing=missing, whole=whole)
    scope = Scope(
        index=tuple(case.get("index", ())),
        lookback_from=case.get("lookback_from"),
        timestamp_fields=tuple(case.get("timestamp_fields", ("@timestamp",))),
        max_signals=case.get("max_signals", 100),
        suppression=suppression,
        newest=case.get("newest", False),
        tiebreaker_field=case.get("tiebreaker"),
    )
    exclusions = tuple(node(case, text) for text in case.get("exclusions", ()))
    return Detection(body(case), scope, node(case, case.get("filters")), exclusions)


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    now = dates.parse(case["now"]) if "now" in case else None
    context = Context(now, case.get("history", ()), case.get("indicators", ()))
    found = run(detection(case), case["events"], context)
    assert [list(alert.ordinals) for alert in found.alerts] == case["alerts"]
    assert list(found.notes) == case.get("notes", [])
    assert found.failure == case.get("failure")
    if "keys" in case:
        assert [list(alert.keys) for alert in found.alerts] == case["keys"]


def test_detections_that_run_together_give_what_each_gives_alone() -> None:
    for parameter in cases():
        case = parameter.values[0]
        others = [detection(p.values[0]) for p in cases() if p.values[0].get("type") != "machine_learning"]
        now = dates.parse(case["now"]) if "now" in case else None
        context = Context(now, case.get("history", ()), case.get("indicators", ()))
        found = run_many([*others, detection(case)], case["events"], context)
        assert [list(alert.ordinals) for alert in found[-1].alerts] == case["alerts"]
