"""kql-match: real queries against documents, whose answers Elasticsearch and a second engine gave alike."""

from __future__ import annotations

import gzip
import json
import time
from functools import partial
from operator import eq
from pathlib import Path
from typing import Any, NamedTuple

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import kuery
from samefire.problems import ProblemError
from samefire.query.ast import Node
from samefire.source import Source
from tests.conformance import Tally


class Fields(NamedTuple):
    """The fields of the index, and those that the data view knew."""

    mapped: FieldTypes
    known: FieldTypes


def run(root: Path) -> Tally:
    """One case is a pair of a query and a document: `match`, and `match_nofields` where it differs.

    The data view had the fields of the mapping, without those that the documents themselves added to it."""
    folder = root / "suites/kql"
    mapping = json.loads((folder / "kql-match-mapping.json").read_text("utf-8"))
    fields = Fields(FieldTypes.from_mapping(mapping), FieldTypes.from_mapping(mapping, dynamic=False))
    tally = Tally()
    with gzip.open(folder / "kql-match.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            _query(json.loads(line), fields, tally)
    return tally


def _query(case: dict[str, Any], fields: Fields, tally: Tally) -> None:
    """Both ways of asking over all documents of one query."""
    events = Events([doc["doc"] for doc in case["docs"]])
    loaded, plain = (_hits(case["query"], fields, events, load) for load in (True, False))
    for at, doc in enumerate(case["docs"]):
        got = tuple(hits if isinstance(hits, str) else at in hits for hits in (loaded, plain))
        want = (doc["match"], doc.get("match_nofields", doc["match"]))
        name = {"query": case["query"], "id": doc["id"], "got": got, "want": want}
        tally.check(name, partial(eq, got, want))


def _hits(query: str, fields: Fields, events: Events, load_fields: bool) -> set[int] | str:
    """Ordinals of the documents that match, or why the query cannot be asked."""
    try:
        node: Node = lower(query, fields, load_fields=load_fields)
    except ProblemError as refused:
        return str(refused)
    hits = match([node], events, Context(now=time.time_ns()))
    return hits.failures[0] or set(hits.ordinals[0])


def lower(query: str, fields: Fields, *, load_fields: bool) -> Node:
    """The node of a query."""
    source = Source("<query>", query)
    tree = kuery.parse(source)
    return kuery.lower(tree, fields.mapped, source, load_fields=load_fields, known=fields.known)
