"""Random Lucene queries against osmem, an independent engine of OpenSearch's line (`-m live`).

Left out is what osmem 0.1.6 has wrong or Elasticsearch does otherwise: quoted ends of ranges, patterns on
`match_only_text`, `version`, dates before 1970 in `date_nanos`, complement in regular expressions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import lucene
from samefire.problems import ProblemError
from samefire.source import Source

pytestmark = pytest.mark.live

MAPPING: dict[str, Any] = {
    "properties": {
        "host": {"properties": {"name": {"type": "keyword"}, "ip": {"type": "ip"}}},
        "line": {"type": "wildcard"},
        "text": {"type": "text"},
        "path": {"type": "keyword", "ignore_above": 16},
        "pid": {"type": "long"},
        "small": {"type": "byte"},
        "score": {"type": "double"},
        "ratio": {"type": "scaled_float", "scaling_factor": 100},
        "ok": {"type": "boolean"},
        "when": {"type": "date"},
        "fine": {"type": "date_nanos"},
        "zero": {"type": "keyword", "null_value": "NONE"},
        "list": {"type": "nested", "properties": {"k": {"type": "keyword"}, "n": {"type": "long"}}},
    }
}
DOCUMENTS: list[dict[str, Any]] = [
    {
        "host": {"name": "web-1", "ip": ["10.0.0.5", "fe80::1"]},
        "line": "Run a.sh | sh",
        "pid": 42,
        "ok": True,
    },
    {
        "host": {"name": ["db", "a b"]},
        "text": "The Quick brown fox",
        "pid": [1, 300],
        "when": "2024-03-01T10:00:00Z",
    },
    {
        "text": ["lazy dog", "quick fox"],
        "path": "/etc/passwd",
        "score": 1.5,
        "small": -5,
        "when": "2024-03-02",
    },
    {
        "path": "/a/path/that/is/too/long",
        "zero": None,
        "ratio": 1.57,
        "fine": "2024-03-01T10:00:00.123456789Z",
    },
    {
        "zero": ["x", None],
        "line": "",
        "text": "it's 10.0.0.5 v1.2 user@example.com a_b",
        "ok": "false",
        "pid": "77",
    },
    {"list": [{"k": "x", "n": 1}, {"k": "y", "n": 2}], "host": {"name": "É", "ip": "::1"}, "score": -2},
    {"text": "日本語 テキスト CAFÉ", "host": {"name": "日本語"}, "when": 1709251200000},
    {},
]
FIELDS = [
    *(
        "host.name",
        "host.ip",
        "line",
        "text",
        "path",
        "pid",
        "small",
        "score",
        "ratio",
        "ok",
        "when",
        "fine",
        "zero",
    ),
    *("list.k", "list.n", "nowhere", "*", r"h\*.name", ""),
]
VALUES = [
    *(
        "web-1",
        "db",
        "DB",
        "web*",
        "*b*",
        "?b",
        "a* b",
        r"a\ b",
        '"a b"',
        "(a b)",
        "(db OR x)",
        "(NOT db)",
        "*",
        "**",
    ),
    *(
        "42",
        "42.0",
        "1.5",
        r"\-5",
        "300",
        "abc",
        "true",
        "TRUE",
        '"false"',
        "[1 TO 77]",
        "{1 TO *]",
        ">=42",
        "<1.5",
    ),
    *(
        "10.0.0.5",
        r"10.0.0.0\/8",
        '"::1"',
        "[10.0.0.0 TO 10.1.0.0]",
        "10.*",
        "2024",
        "2024-03",
        "2024-03-01",
        "é",
    ),
    *(
        "{2024-03-01 TO 2024-03-02]",
        ">2024-03-01",
        '"2024-03-01||+1d/d"',
        "quick",
        '"quick fox"',
        '"fox quick"~3',
    ),
    *(
        "qui*",
        "q?ick",
        "/q.*k/",
        "/[a-d]+/",
        "quik~1",
        "fxo~",
        "日本",
        "café",
        '"--"',
        '""',
        "NONE",
        "x",
        "it's",
    ),
]
JOINTS = (" ", " AND ", " OR ", " NOT ", " AND NOT ", " +", " -", " && !")


def query(chance: random.Random) -> str:
    def clause() -> str:
        field, value = chance.choice(FIELDS), chance.choice(VALUES)
        return f"{field}:{value}" if field else value

    text = clause()
    for _ in range(chance.choice((0, 0, 1, 2))):
        text = f"{text}{chance.choice(JOINTS)}{clause()}"
    return f"({text}) AND {clause()}" if chance.random() < 0.1 else text


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    osmem = pytest.importorskip("osmem_server")
    with osmem.OsmemServer.start() as running:
        running.request("PUT", "/t", {"mappings": MAPPING})
        for at, document in enumerate(DOCUMENTS):
            running.request("PUT", f"/t/_doc/{at}?refresh=true", document)
        yield running
    for stream in (running.process.stdin, running.process.stdout, running.process.stderr):
        if stream is not None:
            stream.close()


def theirs(server: Any, text: str, default_field: str | None) -> list[int] | str:
    body = {"query": text, "analyze_wildcard": True}
    if default_field:
        body["default_field"] = default_field
    try:
        answer = server.request("POST", "/t/_search", {"query": {"query_string": body}, "size": 50})
    except RuntimeError:
        return "fails"
    return sorted(int(hit["_id"]) for hit in answer["hits"]["hits"])


def ours(text: str, default_field: str | None) -> list[int] | str:
    try:
        tree = lucene.parse(Source("<query>", text))
    except ProblemError:
        return "fails"
    fields = FieldTypes.from_mapping(MAPPING, dynamic=False)
    hits = match([lucene.lower(tree, fields, default_field=default_field)], Events(DOCUMENTS))
    return "fails" if hits.failures[0] is not None else list(hits.ordinals[0])


@pytest.mark.parametrize("seed", range(4))
def test_random_queries(server: Any, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(150):
        text, default_field = query(chance), chance.choice((None, None, "text", "host.name"))
        assert ours(text, default_field) == theirs(server, text, default_field), (text, default_field)
