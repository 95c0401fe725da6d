"""SigmaHQ's rules on real Windows events, each pair with two labels: by fields alone, and with the log source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import sigma
from samefire.query.ast import FALSE, Node
from samefire.query.detection import EventQuery
from samefire.source import Source
from tests.conformance import Failed, Tally


def run(root: Path) -> Tally:
    folder = root / "suites/sigma/regression"
    cases = _lines(folder / "cases.jsonl")
    events = _lines(folder / "events.jsonl")
    numbers = {event["id"]: number for number, event in enumerate(events)}
    rules = sorted({case["rule"] for case in cases})
    found: dict[bool, dict[str, frozenset[int] | str]] = {}
    for logsource in (False, True):
        read = {rule: _rule(folder / f"rules/{rule}.yml", logsource) for rule in rules}
        nodes = [node if not isinstance(node, str) else FALSE for node in read.values()]
        hits = match(nodes, Events.of([event["event"] for event in events]))
        found[logsource] = {
            rule: node if isinstance(node, str) else frozenset(ordinals)
            for (rule, node), ordinals in zip(read.items(), hits.ordinals, strict=True)
        }
    tally = Tally()
    for case in cases:
        number = numbers[case["event"]]
        tally.check(case, lambda case=case, number=number: _case(case, number, found))  # type: ignore[misc]
    return tally


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _rule(path: Path, logsource: bool) -> Node | str:
    """The rule as a node, or why it cannot be one."""
    try:
        source = Source(path.name, path.read_text(encoding="utf-8"))
        body = sigma.load(source, FieldTypes({}), logsource=logsource)[-1].detection.body
    except Exception as error:  # a rule that cannot be read fails its cases
        return f"{type(error).__name__}: {error}"
    return body.where if isinstance(body, EventQuery) else "not an event query"


def _case(
    case: dict[str, Any], number: int, found: dict[bool, dict[str, frozenset[int] | str]]
) -> bool | Failed:
    got: dict[str, Any] = {}
    for label, logsource in (("fields_match", False), ("match", True)):
        hits = found[logsource][case["rule"]]
        got[label] = hits if isinstance(hits, str) else number in hits
    return all(got[label] is case[label] for label in got) or Failed(got)
