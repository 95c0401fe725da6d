"""Elastic rule → Sigma, against `convertibility.jsonl`: what can be said exactly is written exactly and not
labelled; everything else is refused or labelled as approximate.

A text counts only when the v2.1 JSON schemas accept it, pySigma reads it, and our own reader does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samefire.fields import FieldTypes
from tests.conformance import Failed, Tally
from tests.conformance._sigma_text import complaints, converted, parts, read_back, rows, status


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    for row in rows(root):
        tally.check(row["file"], lambda row=row: _case(root, row, fields))  # type: ignore[misc]
    return tally


def _case(root: Path, row: dict[str, Any], fields: FieldTypes) -> bool | Failed:
    result = converted(root, row["file"], fields)
    got, exact = status(result), row["cls"].startswith("exact")
    told = [p.message for p in result.problems]
    if exact is not (got == "exact"):
        return Failed({"expected": row["cls"], "got": got, "problems": told[:3], "reasons": row["blockers"]})
    if result.document is None:
        return bool(told) or Failed("refused without a reason")
    against = complaints(result.document.text)
    if against:
        return Failed({"complaints": against})
    return bool(parts(read_back(result.document.text, fields))) or Failed("nothing was read back")
