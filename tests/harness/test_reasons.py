"""`tests/cases/reasons/*.toml`: fixtures made wrong on purpose, and the lines that say why, word for word.

A case is a rule's keys in JSON as Kibana has them (`rule`), a fixture (`events`, `history` …), what the fixture
expected (`expected`: a number of alerts) and the `reasons` that the verdict gives.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from samefire.engine.run import Runner
from samefire.fields import FieldTypes
from samefire.forms import converters
from samefire.harness.case import Case, parse_time
from samefire.harness.reasons import reasons
from samefire.harness.run import context_of
from samefire.source import Source
from tests.conftest import HOME

KEYS = {
    "name",
    "rule",
    "sigma",
    "lists",
    "events",
    "history",
    "indicators",
    "now",
    "expected",
    "reasons",
    "types",
}
BASE = {"name": "A", "description": "", "risk_score": 1, "severity": "low", "type": "query"}


def cases() -> list[Any]:
    found = []
    for path in sorted((HOME / "tests/cases/reasons").glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            assert case.keys() <= KEYS, f"{path.name}: {case['name']}: {sorted(case.keys() - KEYS)}"
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


def told(case: dict[str, Any]) -> list[str]:
    fields = FieldTypes.known().with_fields(case.get("types", {}))
    if "sigma" in case:
        detection = converters()["sigma"].read(case["sigma"], fields)
    else:
        text = "\n".join(json.dumps(one) for one in ({**BASE, **case["rule"]}, *case.get("lists", ())))
        detection = converters()["elastic"].read(text, fields)
    expected: int = case["expected"]
    fixture = Case(
        "x",
        Source("x.json", ""),
        expected > 0,
        tuple(case["events"]),
        history=tuple(case.get("history", ())),
        indicators=tuple(case.get("indicators", ())),
        now=parse_time(case["now"]) if "now" in case else None,
    )
    alerts = Runner([detection]).run(fixture.events, context_of(fixture))[0]
    assert len(alerts) != expected, "the fixture is right"
    return list(reasons(detection, fixture, alerts, context_of(fixture), expected or None))


@pytest.mark.parametrize("case", cases())
def test_the_cause_is_named(case: dict[str, Any]) -> None:
    assert told(case) == case["reasons"]
