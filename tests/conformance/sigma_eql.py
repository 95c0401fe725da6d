"""EQL that pySigma makes of SigmaHQ's rules, run over SigmaHQ's regression events in their Elastic form.

`suites/sigma/regression`: rows of `eql.jsonl` with `labels_hold`; one case for each (rule, event) of
`cases.jsonl`: some query of the rule matches the event's `ecs` document exactly when the label says so.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages.eql import lower, parse
from samefire.query.ast import Node
from samefire.query.detection import EventQuery
from samefire.source import Source
from tests.conformance import Tally


def run(root: Path) -> Tally:
    tally = Tally()
    folder = root / "suites" / "sigma" / "regression"
    events = {row["id"]: row["ecs"] for row in rows(folder / "events.jsonl")}
    queries = {row["rule"]: row["queries"] for row in rows(folder / "eql.jsonl") if row["labels_hold"]}
    nodes: dict[str, list[Node]] = {}
    for case in rows(folder / "cases.jsonl"):
        rule = case["rule"]
        if rule in queries:
            judge = partial(agrees, nodes, rule, queries[rule], events[case["event"]], case["match"])
            tally.check({"rule": rule, "event": case["event"]}, judge)
    return tally


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def agrees(nodes: dict[str, list[Node]], rule: str, queries: list[str], event: Any, label: bool) -> bool:
    if rule not in nodes:
        nodes[rule] = [lowered(query) for query in queries]
    hits = match(nodes[rule], Events([event]))
    return any(hits.ordinals) is label and not any(hits.failures)


def lowered(query: str) -> Node:
    source = Source("<query>", query)
    body = lower(parse(source), FieldTypes({}), source)
    assert isinstance(body, EventQuery)
    return body.where
