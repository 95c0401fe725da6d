"""KQL rules → Sigma → events: rules called exact convert, and their Sigma says of every document of the match
suite what Kibana and Elasticsearch said of the query; rules that are not are refused or labelled.

The rules are converted with the field types that samefire knows, so that some called exact carry a label (fields
that are objects or analysed text; decision 0072): their verdicts are asked for all the same. Of a rule that is not
exact only the label is asked for.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.query.detection import EventQuery
from tests.conformance import Failed, Tally
from tests.conformance._sigma_text import complaints, converted, read_back, rows, status

Documents = dict[str, list[dict[str, Any]]]


def run(root: Path) -> Tally:
    tally = Tally()
    fields, documents = FieldTypes.known(), _documents(root)
    for row in rows(root):
        if row["type"] == "query" and row["language"] == "kuery":
            docs = documents.get(row["file"], [])
            tally.check(row["file"], lambda row=row, docs=docs: _case(root, row, docs, fields))  # type: ignore[misc]
    return tally


def _documents(root: Path) -> Documents:
    found: Documents = {}
    with gzip.open(root / "suites/kql/kql-match.ndjson.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            found.setdefault(row["source"].removeprefix("corpus:"), []).extend(row["docs"])
    return found


def _case(root: Path, row: dict[str, Any], docs: list[dict[str, Any]], fields: FieldTypes) -> bool | Failed:
    result = converted(root, row["file"], fields)
    got, exact = status(result), row["cls"].startswith("exact")
    if (result.document is None) if exact else (got == "exact"):
        problems = [p.message for p in result.problems][:3]
        return Failed({"expected": row["cls"], "got": got, "problems": problems})
    if result.document is None or not exact:
        return True
    against = complaints(result.document.text)
    return Failed({"complaints": against}) if against else _verdicts(result.document.text, docs, fields)


def _verdicts(text: str, docs: list[dict[str, Any]], fields: FieldTypes) -> bool | Failed:
    body = read_back(text, fields)
    if not isinstance(body, EventQuery):
        return Failed("not an event rule")
    hits = set(match([body.where], Events.of([doc["doc"] for doc in docs])).ordinals[0])
    wrong = [doc for ordinal, doc in enumerate(docs) if (ordinal in hits) is not doc["match"]]
    return Failed({"wrong": wrong[:3], "count": len(wrong)}) if wrong else True
