"""Events made from queries: positives fire, near misses do not, the same seed gives the same events."""

from __future__ import annotations

import json

import pytest

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.generate import Generated, near_misses, positives, scenarios, variations
from samefire.generate.build import flattened, nested
from samefire.languages import language
from samefire.query.ast import Leaf, Node, Term, Wild, Wildcard
from samefire.query.detection import EventQuery, Key, Sequence, Stage, Threshold
from samefire.source import Source

FIELDS = FieldTypes.known().with_fields({"acme.rows": "nested", "acme.when": "date"})

QUERIES = {
    "values": "process.name: (a or b) and event.code: 4624",
    "alternatives": "process.name: a or (process.args: *b* and not user.name: root)",
    "exclusions": "process.name: a and not (user.name: root and process.args: x) and not user.id: 0",
    "numbers": "process.pid >= 1000 and process.pid < 1010",
    "addresses": "source.ip: 10.0.0.0/8 and not source.ip: 10.1.0.0/16",
    "missing": "not process.parent.name: * and event.kind: event",
    "exists": "user.email: * and process.executable: *\\\\temp\\\\*.exe",
    "two of one": "process.args: -a and process.args: -b",
    "text": 'message: "access denied" and not message: granted',
    "nested": "acme.rows: { a: 1 and b: 2 }",
    "negation only": "not event.action: x",
}


def query(text: str, name: str = "kuery") -> Node:
    body = language(name).lower_text(Source("query", text), FIELDS)
    assert isinstance(body, EventQuery)
    return body.where


def hits(node: Node, made: list[Generated]) -> int:
    return len(match([node], Events.of([one.event for one in made])).ordinals[0])


@pytest.mark.parametrize("name", QUERIES)
def test_positives_fire_and_near_misses_do_not(name: str) -> None:
    node = query(QUERIES[name])
    good, near = positives(node, FIELDS), near_misses(node, FIELDS)
    assert good
    assert hits(node, good) == len(good)
    assert hits(node, near) == 0


def test_each_alternative_has_its_event() -> None:
    made = positives(query("a: (x or y) and (b: z or c: *)"), FIELDS)
    assert [one.about for one in made] == ["a: x", "a: y", "c exists"]  # `b: z` is in the first


def test_near_misses_name_what_is_wrong() -> None:
    about = {one.about for one in near_misses(query("process.name: cmd.exe and not user.name: root"), FIELDS)}
    assert {
        "process.name: missing",
        "process.name: another case",
        "process.name: more after",
        "process.name: cut at the end",
        "user.name: excluded",
    } <= about


def test_an_exclusion_of_several_clauses_is_met_as_a_whole() -> None:
    node = query("process.name: cmd.exe and not (user.name: root and host.name: h)")
    met = [one.event for one in near_misses(node, FIELDS) if one.about == "an exclusion met"]
    assert [(event["user"]["name"], event["host"]["name"]) for event in met] == [("root", "h")]


@pytest.mark.parametrize(
    "text",
    [
        'process where length(process.command_line) > 20 and process.name : "a*"',
        'process where startsWith(process.name, "ab") and process.pid in (4, 8)',
        'file where file.path regex "/tmp/[a-z]{3}[0-9]+" and not file.extension : "txt"',
    ],
)
def test_eql(text: str) -> None:
    node = query(text, "eql")
    assert positives(node, FIELDS)
    assert hits(node, near_misses(node, FIELDS)) == 0


def test_variations_are_many_mixed_and_always_the_same() -> None:
    node = query(QUERIES["exclusions"])
    events = variations(node, FIELDS, count=150, seed=3)
    assert len(events) == 150
    assert json.dumps(events) == json.dumps(variations(node, FIELDS, count=150, seed=3))
    assert json.dumps(events) != json.dumps(variations(node, FIELDS, count=150, seed=4))
    count = len(match([node], Events.of(events)).ordinals[0])
    assert 10 < count < 140
    assert any(isinstance(v, list) for event in events for v in flattened(event).values())


def test_events_are_nested_as_elasticsearch_holds_them() -> None:
    flat = {"a.b": 1, "a.c.d": 2, "e": 3, "e.f": 4}
    assert nested(flat) == {"a": {"b": 1, "c": {"d": 2}}, "e": 3, "e.f": 4}
    assert flattened({"a": {"b": 1, "c": {"d": 2}}}) == {"a.b": 1, "a.c.d": 2}


def test_what_cannot_be_satisfied_gives_no_positive() -> None:
    assert positives(query("event.kind: a and not event.kind: a"), FIELDS) == []
    assert len(variations(query("event.kind: a and not event.kind: a"), FIELDS, count=20)) == 20


# ---- scenarios ------------------------------------------------------------------------------------------

STAGES = (
    Stage(Leaf("event.action", Term("login")), (Key("user.name"),)),
    Stage(Leaf("event.action", Wildcard(("run-", Wild.MANY))), (Key("user.target.name"),)),
)


def test_scenarios_of_a_sequence() -> None:
    made = scenarios(Sequence(STAGES, 60_000), FIELDS, count=20)
    by = {scenario.about: scenario.events for scenario in made}
    assert len(made) == 20
    complete = [flattened(event) for event in by["complete"]]
    assert [event["@timestamp"] for event in complete] == [
        "2026-03-02T09:15:00.000Z",
        "2026-03-02T09:15:30.000Z",
    ]
    assert complete[0]["user.name"] == complete[1]["user.target.name"]
    late = [flattened(event)["@timestamp"] for event in by["too late by a second"]]
    assert late == ["2026-03-02T09:15:00.000Z", "2026-03-02T09:16:01.000Z"]
    other = [flattened(event) for event in by["the last with another key"]]
    assert other[0]["user.name"] != other[1]["user.target.name"]
    assert "user" not in by["the first without its key"][0]


def test_scenarios_of_a_threshold() -> None:
    body = Threshold(Leaf("event.action", Term("login")), ("source.ip",), 1, (("user.name", 4),))
    made = scenarios(body, FIELDS, count=12, window=600_000)
    complete = [flattened(event) for event in made[0].events]
    assert len(complete) == 4
    assert len({event["user.name"] for event in complete}) == 4
    assert {event["source.ip"] for event in complete} == {"192.0.2.1"}


def test_scenarios_of_other_bodies_are_none() -> None:
    assert scenarios(EventQuery(STAGES[0].where), FIELDS) == []
