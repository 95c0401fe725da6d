"""Query DSL clauses against a real search server."""

from __future__ import annotations

import random
from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import dsl
from samefire.source import Source
from tests.live.test_kuery import BARE, LIMITS, MAPPING, NOW, VALUES, answer, documented

__all__ = ["documented"]
pytestmark = pytest.mark.live

NAMES = [*VALUES, "user.name.text", "gone"]
TEXTS = [
    "cmd.exe",
    "cmd",
    "quick fox",
    "fox",
    "80",
    "true",
    "a b",
    "10.0.0.7",
    "ann",
    "Ann Lee",
    "2024-05-01",
    "été",
    "",
]
PATTERNS = ["cmd*", "*x", "?md*", "C:\\\\x\\\\*", "a\\*b", "*Fox*", "q?ick", "*", "??", "abcd?*"]
EXPRESSIONS = ["cmd.*", "[a-c]+", "f.x", "(fox|cmd)", ".*e", "a b", "[0-9]+", ".{3}"]


def clause(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    name = chance.choice(NAMES)
    if depth < 2 and chance.random() < 0.35:
        return {"bool": boolean(chance, depth)}
    kind = chance.randrange(11)
    fold = (
        {"case_insensitive": True}
        if chance.random() < 0.4 and name in ("name", "short", "line", "text")
        else {}
    )
    match kind:
        case 0:
            return {"term": {name: {"value": chance.choice(TEXTS), **fold}}}
        case 1:
            return {"terms": {name: chance.sample(TEXTS[:4], 2)}}
        case 2:
            options = {"operator": "and"} if chance.random() < 0.5 else {"minimum_should_match": "51%"}
            return {
                "match": {name: {"query": chance.choice(TEXTS), "lenient": chance.random() < 0.5, **options}}
            }
        case 3:
            return {"match_phrase": {name: {"query": chance.choice(TEXTS), "slop": chance.choice([0, 1, 2])}}}
        case 4:
            return {
                "match_phrase_prefix": {"text": chance.choice(["the qu", "quick b", "fox, q", "é", "80 f"])}
            }
        case 5:
            return {"wildcard": {name: {"value": chance.choice(PATTERNS), **fold}}}
        case 6:
            return {"prefix": {name: {"value": chance.choice(["c", "C", "ab", "qu", "10.", ""]), **fold}}}
        case 7:
            return {"regexp": {name: {"value": chance.choice(EXPRESSIONS), **fold}}}
        case 8:
            return {"range": {name: {chance.choice(["gt", "gte"]): chance.choice(LIMITS[:7]), "lt": None}}}
        case 9:
            return {"exists": {"field": chance.choice([*NAMES, "user", "part", "na*"])}}
        case _:
            text = chance.choice([*TEXTS[:-1], *BARE[:8]])
            return {"multi_match": {"query": text, "fields": ["name", "text", "port"], "lenient": True}}


def boolean(chance: random.Random, depth: int) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for key in ("must", "filter", "should", "must_not"):
        if chance.random() < 0.5:
            parts[key] = [clause(chance, depth + 1) for _ in range(chance.randint(1, 3))]
    if "should" in parts and chance.random() < 0.5:
        parts["minimum_should_match"] = chance.choice([0, 1, 2, "-1", "50%", "-30%", "1<50%", 4])
    return parts


def test_the_server_and_the_engine_agree(documented: tuple[Any, list[dict[str, Any]]]) -> None:
    server, docs = documented
    fields = FieldTypes.from_mapping(MAPPING)
    chance = random.Random(3)
    differ, found = [], 0
    for _ in range(600):
        asked = clause(chance)
        theirs = answer(server, asked)
        hits = match([dsl.lower(asked, fields, Source("<query>", ""))], Events(docs), Context(now=NOW))
        ours = "fails" if hits.failures[0] else list(hits.ordinals[0])
        found += theirs != "fails" and len(theirs) > 0
        if theirs != ours:
            differ.append((asked, theirs, ours))
    assert not differ
    assert found > 150
