"""Every ES|QL rule of the corpus beside the checkout: read, written again, lowered; and its Sigma says the same."""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from samefire.engine.run import run
from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.generate import scenarios, variations
from samefire.generate.scenarios import START
from samefire.languages.esql import lower, parse, render, to_body
from samefire.query.ast import And
from samefire.query.detection import Detection, EventQuery, Pipeline, Threshold
from samefire.rule import Rule, load_path
from samefire.rulequery import lowered
from samefire.source import Source


@cache
def rules(shared: Path) -> tuple[tuple[str, Rule], ...]:
    """The ES|QL rules with what an analyst says that Sigma can reach."""
    lines = (shared / "corpus/elastic/convertibility.jsonl").read_text(encoding="utf-8").splitlines()
    found = [row for row in map(json.loads, lines) if row["type"] == "esql"]
    assert len(found) > 100
    return tuple((row["cls"], load_path(shared / "corpus/elastic" / row["file"])) for row in found)


def test_every_rule_is_read_and_written_again(shared: Path) -> None:
    for _, rule in rules(shared):
        tree = parse(rule.string("rule", "query"))
        assert parse(Source("<again>", render(tree))) == tree


def test_every_rule_is_lowered(shared: Path) -> None:
    fields = FieldTypes.known()
    for _, rule in rules(shared):
        source = rule.string("rule", "query")
        assert lower(parse(source), fields, source).commands


@pytest.mark.slow
def test_what_sigma_says_exactly_is_the_same(shared: Path) -> None:
    fields = FieldTypes.known()
    compared = 0
    for cls, rule in rules(shared):
        if cls.startswith("exact"):
            compared += same(rule, fields)
    assert compared > 400


def same(rule: Rule, fields: FieldTypes) -> int:
    """How many generated cases gave the same answer; a multi-value is null in ES|QL, and is left out."""
    converted = converters()["sigma"].write(rule, fields, Options())
    assert converted.document is not None and not converted.approximate, rule.path
    sigma = converters()["sigma"].read(converted.document.text, fields)
    body = lowered(rule, fields)
    assert isinstance(body, Pipeline)
    compared = 0
    for events in made(body, fields):
        ours, theirs = run(Detection(body), events), run(Detection(sigma.body), events)
        if any("multi-value" in note for note in ours.notes):
            continue
        assert bool(ours) is bool(theirs), (rule.path, events)
        compared += 1
    return compared


def made(body: Pipeline, fields: FieldTypes) -> list[list[Any]]:
    """Events around a question, one by one, or scenarios around a count, within ten minutes."""
    asked = to_body(body, fields).body
    if isinstance(asked, EventQuery):
        return [[event] for event in variations(And((asked.where,)), fields, count=60) if whole(event)]
    assert isinstance(asked, Threshold)
    found = scenarios(asked, fields, count=20, window=600_000)
    return [[e for e in s.events if since(e) <= 540_000 and whole(e)] for s in found]


def whole(event: Any) -> bool:
    """Whether no number has decimals: an index of whole numbers cuts them off, an event of Sigma keeps them."""
    if isinstance(event, dict):
        return all(map(whole, event.values()))
    return all(map(whole, event)) if isinstance(event, list) else not isinstance(event, float)


def since(event: Any) -> float:
    """Milliseconds after the start of the scenario."""
    return datetime.datetime.fromisoformat(event["@timestamp"]).timestamp() * 1000 - START
