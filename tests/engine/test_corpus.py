"""All queries of a published rule set over real events: the plan gives what the plain evaluator gives."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import language
from samefire.problems import ProblemError
from samefire.query.ast import Node
from samefire.query.detection import EventQuery
from samefire.source import Source
from tests.reference import holds

EVENTS = 25


def lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        pytest.skip(f"no {path.name}: peers' rules and events are not part of the project")
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def queries(rules: list[dict[str, Any]], name: str) -> list[Node]:
    fields = FieldTypes.known()
    nodes = []
    for number, rule in enumerate(rules):
        if rule.get("language") != name or "query" not in rule:
            continue
        try:
            body = language(name).lower_text(Source(str(number), rule["query"]), fields)
        except ProblemError:
            continue
        if isinstance(body, EventQuery):
            nodes.append(body.where)
    return nodes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kuery", "eql"])
def test_every_query_gives_the_same_hits(shared: Path, name: str) -> None:
    rules = lines(shared / "corpus/elastic/golden.ndjson.gz")
    every = lines(shared / "bench/events-ecs-10k.ndjson.gz")
    documents = every[:: len(every) // EVENTS]
    nodes = queries(rules, name)
    assert len(nodes) > 300
    hits = match(nodes, Events.of(documents))
    assert not any(hits.failures)
    for node, found in zip(nodes, hits.ordinals, strict=True):
        assert list(found) == [i for i, document in enumerate(documents) if holds(node, document)]
