"""lucene: query strings as Kibana sends them, over the suite's documents and mapping.

Each row is run without a default field (`match` ids, or `error`: it must be refused) and, where the row says
what that gives, with the one text field as default field, when the query is not lenient (`strict_match`,
`strict_error`). `version_sensitive` rows name the answer of newer engines beside that of the one that was
run; where they differ the answer of Elasticsearch's current source is wanted (decision 0012).
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import lucene
from samefire.problems import ProblemError
from samefire.source import Source
from tests.conformance import Failed, Tally

DEFAULT_FIELD = "message"
COMPLEMENT = "/~("
"""Newer engines differ, Elasticsearch does not: it still has complement in regular expressions."""


def run(root: Path) -> Tally:
    """One case a row of `lucene.ndjson`."""
    folder = root / "suites" / "lucene"
    fields = FieldTypes.from_json(_source(folder / "mapping.json"))
    rows = [json.loads(line) for line in _lines(folder / "docs.ndjson")]
    ids = [row["id"] for row in rows]
    events = Events([row["doc"] for row in rows])
    tally = Tally()
    for line in _lines(folder / "lucene.ndjson"):
        case = json.loads(line)
        tally.check(case["query"], partial(_check, case, fields, events, ids))
    return tally


def _check(case: dict[str, Any], fields: FieldTypes, events: Events, ids: list[int]) -> bool | Failed:
    plain = _answer(case["query"], fields, events, ids, None)
    wanted = "error" if "error" in case else _wanted(case)
    if plain != wanted:
        return Failed({"got": plain, "wanted": wanted})
    strict_wanted = "error" if "strict_error" in case else case.get("strict_match", wanted)
    strict = _answer(case["query"], fields, events, ids, DEFAULT_FIELD)
    return strict == strict_wanted or Failed({"strict": strict, "wanted": strict_wanted})


def _wanted(case: dict[str, Any]) -> list[int]:
    modern = case.get("match_modern")
    found: list[int] = case["match"] if modern is None or COMPLEMENT in case["query"] else modern
    return found


def _answer(
    query: str, fields: FieldTypes, events: Events, ids: list[int], default_field: str | None
) -> list[int] | str:
    source = Source("<query>", query)
    try:
        tree = lucene.parse(source)
    except ProblemError:
        return "error"
    hits = match([lucene.lower(tree, fields, source, default_field=default_field)], events)
    return "error" if hits.failures[0] is not None else [ids[n] for n in hits.ordinals[0]]


def _source(path: Path) -> Source:
    return Source(path.name, path.read_text(encoding="utf-8"))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
