"""ES|QL: Elasticsearch's own csv-spec queries over its test data; columns with their types, and rows.

`suites/esql/esql.ndjson`, the indices in `suites/esql/data`. Rows are compared in order where the suite says so,
values of a multi-value in order, doubles to twelve digits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.pipeline import rows
from samefire.engine.rows.table import Setting
from samefire.fields import FieldTypes
from samefire.languages.esql import lower, parse
from samefire.query.pipeline import Load
from samefire.source import Source
from tests.conformance import Failed, Tally


def run(root: Path) -> Tally:
    tally = Tally()
    folder = root / "suites" / "esql"
    with (folder / "esql.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            shown = {key: case[key] for key in ("source", "name", "query")}
            tally.check(shown, partial(judge, folder / "data", case))
    return tally


def judge(folder: Path, case: Mapping[str, Any]) -> Any:
    """True, or how the answer differs."""
    source = Source("<query>", case["query"])
    tree = parse(source)
    fields, events = index(folder, lower(tree, FieldTypes({}), source).indices)
    body = lower(tree, fields, source)
    answer = rows(body, events, range(len(events)), Setting(0))
    columns = [(column["name"], column["type"]) for column in case["columns"]]
    if list(answer.columns) != columns:
        return Failed({"columns": answer.columns, "expected": columns})
    if not same_rows(answer.rows, case["rows"], ordered=case["ordered"]):
        return Failed({"rows": answer.rows, "expected": case["rows"]})
    assert isinstance(body.commands[0], Load) == bool(body.indices), "FROM reads indices, ROW does not"
    return True


def index(folder: Path, indices: Sequence[str]) -> tuple[FieldTypes, Events]:
    """The types and documents of the one index that is asked; none for ROW."""
    if not indices:
        return FieldTypes({}, dynamic=False), Events([])
    data = json.loads((folder / f"{indices[0]}.json").read_text(encoding="utf-8"))
    return FieldTypes({}, dynamic=False).with_fields(data["types"]), Events(data["rows"])


def same_rows(found: Sequence[Sequence[Any]], expected: Sequence[Sequence[Any]], *, ordered: bool) -> bool:
    """Whether the rows are the same, each once when the order does not matter."""
    if len(found) != len(expected):
        return False
    if ordered:
        return all(same(a, b) for a, b in zip(found, expected, strict=True))
    left = list(found)
    for row in expected:
        place = next((i for i, other in enumerate(left) if same(other, row)), None)
        if place is None:
            return False
        del left[place]
    return True


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal; doubles to twelve digits."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-12)
    return type(a) is type(b) and bool(a == b)
