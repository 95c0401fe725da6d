"""Elasticsearch's series specification: the sequence machine without a query language.

`suites/eql/eql-series.ndjson`: hits of stages with a time and a key, and the sequences that must come out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.sequence import Hit, Machine, match_sequences
from tests.conformance import Failed, Tally


def run(root: Path) -> Tally:
    tally = Tally()
    with (root / "suites" / "eql" / "eql-series.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            tally.check({"name": case["name"]}, partial(judge, case))
    return tally


def judge(case: Mapping[str, Any]) -> Any:
    """True, or the sequences that came out instead."""
    stages: list[list[Hit]] = [[] for _ in range(case["stages"])]
    for number, event in enumerate(case["events"]):
        key = () if event["key"] is None else (("string", event["key"]),)
        stages[event["stage"]].append(Hit(event["ts"] * 1_000_000, (0, 0), number, key))
    found = match_sequences(Machine((False,) * case["stages"]), stages)
    names = [[case["events"][event]["id"] for event in match.events] for match in found]
    return names == case["expected"] or Failed(names)
