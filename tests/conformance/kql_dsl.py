"""kql-dsl: the Query DSL that Kibana makes of a query, with and without a data view, compared as JSON."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages import kuery
from samefire.languages.kuery import DslOptions
from samefire.problems import ProblemError
from samefire.source import Source
from tests.conformance import Failed, Tally

REFUSED = "refused"


def run(root: Path) -> Tally:
    """One case a line: `dsl` and `dsl_ecs` (the same when absent), or `error`: it must be refused."""
    tally = Tally()
    ecs = _data_view()
    with gzip.open(root / "suites/kql/kql-dsl.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            tally.check(case["query"], partial(_compare, case, ecs))
    return tally


def _data_view() -> FieldTypes:
    """ECS as the suite had it: a field below two nested fields under the outer one, and multi-fields
    under none. (Kibana names the inner one, as `FieldTypes.ecs()` does; only three of the queries see it.)"""
    ecs = FieldTypes.ecs()
    nested = {name for name in ecs if (field := ecs.get(name)) and field.type == "nested"}
    view = {}
    for name in ecs:
        field = ecs.get(name)
        assert field is not None
        around = [path for path in nested if name.startswith(f"{path}.")]
        multi = field.column is not None
        view[name] = replace(field, nested=min(around, key=len) if around and not multi else None)
    return FieldTypes(view)


def _compare(case: dict[str, Any], ecs: FieldTypes) -> bool | Failed:
    """Both texts of a case against what was expected."""
    plain = _dsl(case["query"], None)
    typed = _dsl(case["query"], ecs)
    if "error" in case:
        return plain == typed == REFUSED or Failed({"plain": plain})
    want = case["dsl"]
    want_typed = REFUSED if "dsl_ecs_error" in case else case.get("dsl_ecs", want)
    if _json(plain) != _json(want):
        return Failed({"dsl": plain, "expected": want})
    return _json(typed) == _json(want_typed) or Failed({"dsl_ecs": typed, "expected": want_typed})


def _dsl(query: str, fields: FieldTypes | None) -> Any:
    try:
        tree = kuery.parse(Source("<query>", query))
        return kuery.to_dsl(tree, fields, DslOptions())
    except ProblemError:
        return REFUSED


def _json(value: Any) -> str:
    """JSON text, in which 1 and true differ; the order of keys means nothing."""
    return json.dumps(value, sort_keys=True)
