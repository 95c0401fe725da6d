"""Whole exports, byte for byte, and every rule of ours: valid, read by pySigma, and the same verdicts."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.generate import variations
from samefire.query.ast import And
from samefire.query.detection import Correlation, EventQuery, Pipeline
from samefire.rule import Rule, load_path
from tests.conformance._sigma_text import complaints, parts
from tests.conftest import HOME

GOLDEN = sorted((HOME / "tests/golden/sigma_write").iterdir())
RULES = sorted((HOME / "rules").rglob("*.toml"))
REFUSED = {"new_terms", "threat_match", "machine_learning", "saved_query"}


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda p: p.name)
def test_golden(folder: Path, golden: Callable[[Path, str], None]) -> None:
    result = converters()["sigma"].write(load_path(folder / "rule.toml"), FieldTypes.known(), Options())
    assert result.document is not None
    assert not complaints(result.document.text)
    golden(folder / "sigma.yml", result.document.text)


@pytest.mark.parametrize("path", RULES, ids=lambda p: str(p.relative_to(HOME / "rules")))
def test_every_rule_of_ours(path: Path) -> None:
    rule, fields = load_path(path), FieldTypes.known()
    result = converters()["sigma"].write(rule, fields, Options())
    if result.document is None:
        assert result.problems
        return
    assert rule.type not in REFUSED
    assert not complaints(result.document.text)
    if not result.approximate:
        _same_verdicts(rule, result.document.text, fields)


def _same_verdicts(rule: Rule, text: str, fields: FieldTypes) -> None:
    sigma = importlib.import_module("samefire.converters.sigma")
    body, filters = sigma._lowered(rule, fields, rule.string("rule", "query"))
    returned = converters()["sigma"].read(text, fields).body
    if not isinstance(body, EventQuery):
        assert isinstance(body, Pipeline) or isinstance(returned, Correlation)
        return
    (query,) = parts(returned)
    assert isinstance(query, EventQuery)
    asked = And((body.where, *(node for node, _ in filters)))
    hits = match([asked, query.where], Events.of(variations(asked, fields, count=120))).ordinals
    assert hits[0], "no event satisfies the query"
    assert hits[1] == hits[0]
