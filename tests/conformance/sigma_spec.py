"""Sigma v2.1 by the text of its specification: one rule, one event, match or no match.

Rows marked `beyond_spec` (arrays, dotted paths, booleans) count like the others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import sigma
from samefire.query.detection import EventQuery
from samefire.source import Source
from tests.conformance import Failed, Tally


def run(root: Path) -> Tally:
    tally = Tally()
    lines = (root / "suites/sigma/spec/cases.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        tally.check(row["name"], lambda row=row: _case(row))  # type: ignore[misc]
    return tally


def _case(row: dict[str, Any]) -> bool | Failed:
    body = sigma.lower(sigma.parse(source := Source(row["name"], row["rule"])), FieldTypes({}), source)
    if not isinstance(body, EventQuery):
        return Failed("not an event query")
    hits = match([body.where], Events.of([row["event"]]))
    got = bool(hits.ordinals[0])
    return got is row["match"] or Failed({"expected": row["match"], "got": got, "rule": row["rule"]})
