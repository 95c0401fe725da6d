"""Sigma correlations: whether the last one fires, and for which groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samefire.engine import correlation
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import sigma
from samefire.query.detection import Body, Correlation, EventQuery
from samefire.source import Source
from tests.conformance import Failed, Tally


def run(root: Path) -> Tally:
    tally = Tally()
    lines = (root / "suites/sigma/correlation/cases.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        tally.check(row["name"], lambda row=row: _case(row))  # type: ignore[misc]
    return tally


def _case(row: dict[str, Any]) -> bool | Failed:
    body = sigma.lower(sigma.parse(source := Source(row["name"], row["rule"])), FieldTypes({}), source)
    if not isinstance(body, Correlation):
        return Failed("not a correlation")
    groups = sorted({tuple(map(str, keys)) for keys in fired(body, row["events"])})
    expected = sorted(tuple(map(str, keys)) for keys in row["groups"] or ())
    right = bool(groups) is row["fires"] and (row["groups"] is None or groups == expected)
    return right or Failed({"expected": row["groups"], "got": groups})


def fired(body: Correlation, timed: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The groups of the alerts."""
    events = Events.of([one["event"] for one in timed])

    def hits(part: Body) -> tuple[int, ...]:
        assert isinstance(part, EventQuery)
        return tuple(match([part.where], events).ordinals[0])

    view = correlation.Events(
        hits,
        lambda ordinal, name: list(events.values(ordinal, name)),
        lambda ordinal: round(timed[ordinal]["t"] * 1_000_000_000),
    )
    return [alert.keys for alert in correlation.run(body, view)]
