"""KQL against a real search server: what Kibana would send, answered by the server and by the engine alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.languages import kuery
from samefire.query.dates import read
from samefire.source import Source

osmem = pytest.importorskip("osmem_server", reason="osmem-server is not installed")
pytestmark = pytest.mark.live

NOW = read("2024-06-01T00:00:00Z", round_up=False).nanos
MAPPING: dict[str, Any] = {
    "dynamic": False,
    "properties": {
        "name": {"type": "keyword"},
        "short": {"type": "keyword", "ignore_above": 5},
        "line": {"type": "wildcard"},
        "text": {"type": "text"},
        "port": {"type": "long"},
        "score": {"type": "double"},
        "ok": {"type": "boolean"},
        "when": {"type": "date"},
        "ip": {"type": "ip"},
        "user": {"properties": {"name": {"type": "keyword", "fields": {"text": {"type": "text"}}}}},
        "part": {"type": "nested", "properties": {"kind": {"type": "keyword"}, "size": {"type": "long"}}},
    },
}
WORDS = [
    "cmd.exe",
    "CMD.EXE",
    "cmd",
    "a b",
    "fox",
    "The quick fox",
    "C:\\x\\y.exe",
    "a*b",
    "",
    "été",
    "10.0.0.7",
    "80",
]
VALUES: dict[str, list[Any]] = {
    "name": WORDS,
    "short": ["ab", "abcde", "abcdef", "fox"],
    "line": WORDS,
    "text": ["The quick brown fox", "fox, quick", "été fox", "80 foxes", "cmd.exe /c x"],
    "port": [80, "443", 0, -1, 9999999999],
    "score": [1.5, -2, "73.5", 80],
    "ok": [True, False, "true"],
    "when": ["2024-05-01T10:00:00Z", "2024-05-02", 1714521600000],
    "ip": ["10.0.0.7", "192.0.2.1", "fe80::1", "::1"],
    "user.name": ["ann", "Ann Lee", "root"],
}
BARE = [
    "cmd.exe",
    "cmd",
    "fox",
    "quick fox",
    "80",
    "443",
    "true",
    "a b",
    "10.0.0.7",
    "10.0.0.0/8",
    "2024-05-01",
    "ann",
]
BARE += ["cmd*", "*x", "*fo*", "*", "f*x", "a \\and b", "été", "-1", "73.5", "fe80\\:\\:1", "*Quick*", "q*ck"]
QUOTED = ['"cmd.exe"', '"The quick"', '"a*b"', '"C:\\\\x\\\\y.exe"', '"80"', '"fox quick"', '""', '"Ann Lee"']
LIMITS = ["80", "1.5", "0", "fox", "2024-05-01", "10.0.0.7", "now-1d", '"2024-05-02"', "cmd.exe"]
NAMES = [*VALUES, "user.name.text", "user.*", "gone", "na*"]


def documents(chance: random.Random, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(count):
        doc: dict[str, Any] = {}
        for name in chance.sample(list(VALUES), chance.randint(1, 5)):
            some = chance.choices(VALUES[name], k=chance.choice([1, 1, 1, 2]))
            doc[name] = some if len(some) > 1 or chance.random() < 0.1 else some[0]
        if chance.random() < 0.4:
            doc["part"] = [
                {"kind": chance.choice(["x", "y"]), "size": chance.choice([1, 2])}
                for _ in range(chance.randint(1, 2))
            ]
        found.append(doc)
    return found


def query(chance: random.Random, depth: int = 0) -> str:
    kind = chance.random()
    if depth < 3 and kind < 0.25:
        word = chance.choice([" and ", " or "])
        return "(" + word.join(query(chance, depth + 1) for _ in range(chance.randint(2, 3))) + ")"
    if depth < 3 and kind < 0.35:
        return f"not ({query(chance, depth + 1)})"
    if kind < 0.42:
        inner = chance.choice(["kind: x and size: 2", "not kind: y", "kind: x or size > 1", "kind: *"])
        return f"part: {{ {inner} }}"
    if kind < 0.47:
        return chance.choice(["fox", '"quick brown"', "80", "10.0.0.7", "cmd.exe", "2024-05-01"])
    name = chance.choice(NAMES)
    if kind < 0.6:
        return f"{name} {chance.choice(['>', '>=', '<', '<='])} {chance.choice(LIMITS)}"
    if kind < 0.75:
        values = chance.sample(BARE + QUOTED, 2)
        return f"{name}: ({chance.choice([' or ', ' and ']).join(values)})"
    return f"{name}: {chance.choice(BARE + QUOTED)}"


@pytest.fixture(scope="module")
def documented() -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    docs = documents(random.Random(7), 60)
    with osmem.OsmemServer.start(japanese=False) as server:
        server.request("PUT", "/events", {"mappings": MAPPING})
        for at, doc in enumerate(docs):
            server.request("PUT", f"/events/_doc/{at}", doc)
        server.request("POST", "/events/_refresh")
        yield server, docs
    server.process.stdout.close()


def answer(server: Any, clause: dict[str, Any]) -> list[int] | str:
    """Ordinals that the server finds, or `fails`."""
    try:
        found = server.request("POST", "/events/_search", {"query": clause, "size": 1000, "_source": False})
    except osmem.OsmemError:
        return "fails"
    return sorted(int(hit["_id"]) for hit in found["hits"]["hits"])


def ours(text: str, fields: FieldTypes, docs: list[dict[str, Any]], load: bool) -> list[int] | str:
    source = Source("<query>", text)
    node = kuery.lower(kuery.parse(source), fields, source, load_fields=load)
    hits = match([node], Events(docs), Context(now=NOW))
    return "fails" if hits.failures[0] else list(hits.ordinals[0])


def test_the_server_and_the_engine_agree(documented: tuple[Any, list[dict[str, Any]]]) -> None:
    server, docs = documented
    fields = FieldTypes.from_mapping(MAPPING)
    chance = random.Random(11)
    differ, found = [], 0
    for _ in range(400):
        text = query(chance)
        for view in (None, fields):
            clause = kuery.to_dsl(kuery.parse(Source("<query>", text)), view)
            theirs = answer(server, clause)
            mine = ours(text, fields, docs, view is not None)
            found += theirs != "fails" and len(theirs) > 0
            if theirs != mine:
                differ.append((text, view is not None, theirs, mine))
    assert not differ
    assert found > 150
