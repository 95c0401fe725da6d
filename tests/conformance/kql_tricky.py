"""kql-tricky: queries that trip evaluators, over documents of every type, with the searches that must fail."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.problems import ProblemError
from tests.conformance import Failed, Tally
from tests.conformance.kql_match import Fields, lower

PARSE_ERROR = "does not parse"
SEARCH_FAILS = "the search fails"


def run(root: Path) -> Tally:
    """One case a line: the ids that match with the fields of the query loaded, and without."""
    folder = root / "suites/kql"
    mapping = json.loads((folder / "tricky-mapping.json").read_text("utf-8"))
    strict = FieldTypes.from_mapping(mapping, dynamic=False)
    fields = Fields(strict, strict)
    docs = [json.loads(line) for line in _lines(folder / "tricky-docs.ndjson")]
    ids = [doc["id"] for doc in docs]
    events = Events([doc["doc"] for doc in docs])
    tally = Tally()
    for line in _lines(folder / "kql-tricky-match.ndjson"):
        case = json.loads(line)
        tally.check(case, partial(_compare, case, fields, events, ids))
    return tally


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").split("\n") if line]


def _compare(case: dict[str, Any], fields: Fields, events: Events, ids: list[int]) -> bool | Failed:
    for way, load_fields in (("fields", True), ("nofields", False)):
        got = _answer(case["query"], fields, events, ids, load_fields)
        want = _expected(case, way)
        if got != want:
            return Failed({"way": way, "got": got, "expected": want})
    return True


def _expected(case: dict[str, Any], way: str) -> object:
    if case.get("parse_error"):
        return PARSE_ERROR
    if f"error_{way}" in case:
        return SEARCH_FAILS
    return case.get(f"match_{way}", case.get("match"))


def _answer(query: str, fields: Fields, events: Events, ids: list[int], load_fields: bool) -> object:
    try:
        node = lower(query, fields, load_fields=load_fields)
    except ProblemError:
        return PARSE_ERROR
    hits = match([node], events, Context(now=time.time_ns()))
    return SEARCH_FAILS if hits.failures[0] else [ids[at] for at in hits.ordinals[0]]
