"""The form `elastic`, read: what the engine would execute, and what it would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.problems import ProblemError, render
from samefire.query.ast import TRUE, And, Exists, IpRange, Leaf, Node, Not, Term, walk
from samefire.query.detection import (
    AnomalyThreshold,
    Detection,
    EventQuery,
    IndicatorEntry,
    IndicatorMatch,
    NewTerms,
    Scope,
    Sequence,
    Suppression,
    Threshold,
)
from samefire.rule import load_path
from tests.conftest import HOME

FIELDS = FieldTypes.ecs()


def read(text: str) -> Detection:
    return converters()["elastic"].read(text, FIELDS, "x.json")


def exported(name: str) -> str:
    return (HOME / f"tests/golden/rules/{name}/elastic.json").read_text(encoding="utf-8")


def rule(**keys: Any) -> str:
    base = {
        "name": "A",
        "description": "B",
        "risk_score": 1,
        "severity": "low",
        "type": "query",
        "query": "host.id : a",
    }
    return json.dumps({k: v for k, v in {**base, **keys}.items() if v is not ...})


def leaves(node: Node) -> list[Leaf]:
    return [part for part in walk(node) if isinstance(part, Leaf)]


def refused(text: str) -> str:
    with pytest.raises(ProblemError) as caught:
        read(text)
    return "\n".join(render(p) for p in caught.value.problems)


# ---- bodies and scope -------------------------------------------------------------------------------


def test_query_rule() -> None:
    detection = read(exported("white_space"))
    assert isinstance(detection.body, EventQuery)
    assert [leaf.field for leaf in leaves(detection.body.where)] == ["event.category", "process.parent.name"]
    assert [leaf.field for leaf in leaves(detection.filters)] == ["host.name"]
    assert detection.scope == Scope(lookback_from="now-6m", lookback_to="now"), "what Kibana fills in"


def test_threshold_rule() -> None:
    detection = read(exported("threshold"))
    assert isinstance(detection.body, Threshold)
    assert detection.body.fields == ("source.ip",)
    assert detection.body.value == 20
    assert detection.body.cardinality == (("user.name", 5),)
    assert detection.scope.suppression == Suppression((), 6 * 3_600_000, "suppress")
    assert detection.scope.index == ("logs-*",)


def test_threshold_over_one_field_written_as_text() -> None:
    detection = read(rule(type="threshold", threshold={"field": "host.id", "value": 2, "cardinality": []}))
    assert isinstance(detection.body, Threshold)
    assert detection.body.fields == ("host.id",)


def test_new_terms_as_the_export_of_a_deprecated_rule_has_them() -> None:
    window = {"field": "history_window_start", "value": "now-7d"}
    table = {"field": "new_terms_fields", "value": ["user.name"], "history_window_start": [window]}
    body = read(rule(type="new_terms", language="kuery", new_terms=table)).body
    assert isinstance(body, NewTerms)
    assert (body.fields, body.window_start) == (("user.name",), "now-7d")
    assert "no `history_window_start`" in refused(rule(type="new_terms", language="kuery", new_terms={}))


@pytest.mark.parametrize("name", ["new_terms", "new_terms_flat"])
def test_new_terms_rule(name: str) -> None:
    body = read(exported(name)).body
    assert isinstance(body, NewTerms)
    assert (body.fields, body.window_start) == (("host.id", "process.name"), "now-7d")


def test_indicator_match_rule() -> None:
    body = read(exported("threat_match")).body
    assert isinstance(body, IndicatorMatch)
    assert body.mapping == (
        (
            IndicatorEntry("source.ip", "threat.indicator.ip"),
            IndicatorEntry("host.name", "threat.indicator.name", negate=True),
        ),
    )
    assert [leaf.field for leaf in leaves(body.indicators)] == ["@timestamp", "event.kind"]
    assert isinstance(leaves(body.where)[0].test, Exists)


MAPPING = [{"entries": [{"field": "host.id", "type": "mapping", "value": "threat.indicator.name"}]}]
THREAT = {"threat_index": ["logs-ti_*"], "threat_query": "*", "threat_mapping": MAPPING}


def test_indicators_lie_in_the_threat_index() -> None:
    body = read(rule(type="threat_match", **THREAT)).body
    assert isinstance(body, IndicatorMatch) and body.indices == ("logs-ti_*",)


def test_which_alerts_are_left_of_too_many() -> None:
    """EQL gives the newest; an indicator match searches from the newest event on, unless it is suppressed."""
    group = {"group_by": ["host.id"]}
    eql = rule(type="eql", language="eql", query="any where true")
    suppressed = rule(type="threat_match", alert_suppression=group, **THREAT)
    assert read(eql).scope.newest and read(rule(type="threat_match", **THREAT)).scope.newest
    assert not read(suppressed).scope.newest and not read(rule()).scope.newest


def test_eql_orders_single_events_by_the_timestamp_field() -> None:
    """`timestamp_override` says which events a run looks at, not which are the newest."""
    keys = {"type": "eql", "language": "eql", "query": "any where true", "max_signals": 1}
    override = read(rule(**keys, timestamp_override="event.ingested")).scope
    assert (override.timestamp_fields, override.window_fields) == (
        ("@timestamp",),
        ("event.ingested", "@timestamp"),
    )
    own = read(rule(**keys, timestamp_field="event.created", tiebreaker_field="event.sequence")).scope
    assert (own.timestamp_fields, own.window_fields) == (("event.created",), ("@timestamp",))
    assert own.tiebreaker_field == "event.sequence"


def test_a_data_view_wins_over_index_patterns() -> None:
    assert read(rule(index=["logs-*"], data_view_id="mine")).scope.index == ()


NOT_A = {"meta": {"negate": True}, "query": {"match_phrase": {"host.id": "a"}}}


@pytest.mark.parametrize(
    "keys",
    [
        {"type": "machine_learning", "anomaly_threshold": 50, "machine_learning_job_id": "j", "query": ...},
        {"type": "esql", "language": "esql", "query": "from logs-* metadata _id | keep _id"},
    ],
)
def test_types_of_which_kibana_knows_no_filters(keys: dict[str, Any]) -> None:
    """Kibana drops the key, so that the events which the filter would take out make alerts."""
    assert read(rule(**keys, filters=[NOT_A])).filters == TRUE


def test_filters_of_indicators_hold_as_well() -> None:
    data = json.loads(exported("threat_match"))
    data["threat_filters"] = [{"meta": {"negate": True}, "query": {"exists": {"field": "host.id"}}}]
    body = read(json.dumps(data)).body
    assert isinstance(body, IndicatorMatch)
    assert [leaf.field for leaf in leaves(body.indicators)] == ["@timestamp", "event.kind", "host.id"]


def test_machine_learning_rule() -> None:
    assert read(exported("machine_learning")).body == AnomalyThreshold(("rare_process", "rare_user"), 75)
    one = read(rule(type="machine_learning", query=..., machine_learning_job_id="a", anomaly_threshold=50))
    assert one.body == AnomalyThreshold(("a",), 50)


def test_eql_reads_the_category_where_the_rule_says() -> None:
    detection = read(exported("eql_sequence"))
    assert isinstance(detection.body, Sequence)
    assert "event.type" in [leaf.field for leaf in leaves(detection.body.stages[0].where)]
    assert detection.scope.tiebreaker_field == "event.sequence"
    assert detection.scope.lookback_from == "now-9m"


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        ({}, ("@timestamp",)),
        ({"timestamp_override": "event.ingested"}, ("event.ingested", "@timestamp")),
        (
            {"timestamp_override": "event.ingested", "timestamp_override_fallback_disabled": True},
            ("event.ingested",),
        ),
    ],
)
def test_time_of_an_event(keys: dict[str, Any], fields: tuple[str, ...]) -> None:
    assert read(rule(**keys)).scope.timestamp_fields == fields


def test_sequences_are_ordered_by_their_own_field() -> None:
    query = "sequence [any where true] [any where true]"
    keys: dict[str, Any] = {
        "type": "eql",
        "language": "eql",
        "query": query,
        "timestamp_override": "event.ingested",
    }
    assert read(rule(**keys)).scope.timestamp_fields == ("@timestamp",)
    assert read(rule(**keys, timestamp_field="event.start")).scope.timestamp_fields == ("event.start",)


def test_what_kibana_fills_in() -> None:
    suppression = {"group_by": ["host.id"], "duration": {"value": 5, "unit": "m"}}
    detection = read(rule(alert_suppression=suppression, max_signals=7, building_block_type="default"))
    assert detection.scope.suppression == Suppression(("host.id",), 300_000, "suppress")
    assert (detection.scope.max_signals, detection.scope.building_block) == (7, True)
    assert read(rule()).scope.max_signals == 100


def test_an_empty_query_asks_for_everything() -> None:
    body = read(rule(query="")).body
    assert isinstance(body, EventQuery)
    assert leaves(body.where) == []


def test_lucene_and_saved_queries() -> None:
    body = read(exported("saved_query")).body
    assert isinstance(body, EventQuery)
    assert [leaf.test for leaf in leaves(body.where)] == [Term("psexec.exe", ignore_above=1024)]


def test_filters() -> None:
    filters = [
        {"meta": {"negate": True}, "query": {"term": {"host.ip": "10.0.0.0/8"}}},
        {"meta": {"disabled": True}, "query": {"exists": {"field": "host.id"}}},
    ]
    node = read(rule(filters=filters)).filters
    assert isinstance(node, And)
    assert isinstance(node.children[0], Not)
    assert isinstance(leaves(node)[0].test, IpRange)
    assert len(leaves(node)) == 1


def test_a_whole_number_may_have_a_fraction_of_nothing() -> None:
    assert read(rule(max_signals=20.0)).scope.max_signals == 20


def test_keys_that_kibana_adds_are_known() -> None:
    read(rule(id="x", immutable=True, version=3, revision=1, updated_at="2026-01-01T00:00:00Z", enabled=True))


# ---- refusals ---------------------------------------------------------------------------------------


def test_error_no_json() -> None:
    assert refused('{"name": }') == (
        'x.json:1:10: error: this is no JSON: expecting value [elastic-not-json]\n  1 | {"name": }\n    |          ^'
    )


def test_error_no_object() -> None:
    assert refused("[1]") == (
        "x.json:1:1: error: a rule is a JSON object [elastic-not-a-rule]\n  1 | [1]\n    | ^"
    )


def test_error_keys_and_values() -> None:
    text = rule(risk_score="47", severity=..., qeury="x").replace(', "', ',\n "')
    assert refused(text) == (
        "x.json:1:1: error: the rule has no `severity` [elastic-missing-key]\n"
        '  1 | {"name": "A",\n'
        "    | ^^^^^^^^^^^^^\n"
        "  help: add `severity = …`\n"
        'x.json:3:16: error: `risk_score` is the text "47" and is read as 47 [elastic-wrong-type]\n'
        '  3 |  "risk_score": "47",\n'
        "    |                ^^^^\n"
        "  help: write 47\n"
        "x.json:6:2: error: unknown key `qeury` in the rule [elastic-unknown-key]\n"
        '  6 |  "qeury": "x"}\n'
        "    |  ^^^^^^^\n"
        "  help: did you mean `query`?"
    )


def test_error_in_the_query_has_its_place_in_the_text() -> None:
    text = rule(query='a : "\u00e9\\"" and b : "c')
    at = text.index('\\"c')
    assert f"x.json:1:{at + 1}: error: unclosed quotation mark in the query" in refused(text)


def test_error_in_a_filter_has_its_place_in_the_text() -> None:
    text = rule(filters=[{"query": {"trem": {"host.id": "a"}}}])
    with pytest.raises(ProblemError) as caught:
        read(text)
    span = caught.value.problems[0].span
    assert text[span.start : span.end] in ('{"trem": {"host.id": "a"}}', '{"host.id": "a"}')


def test_error_a_saved_query_of_its_own() -> None:
    text = rule(type="saved_query", query=..., saved_id="x")
    assert "the query is saved in Kibana, not in the rule [form-cannot-run]" in refused(text)


def test_error_nested_too_deep() -> None:
    assert "nested too deep [elastic-not-json]" in refused('{"meta": ' * 5000 + "1" + "}" * 5000)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.property
@given(data=st.data())
def test_any_json_is_a_detection_or_problems(data: st.DataObject) -> None:
    names = sorted(
        p.parent.name for p in (HOME / "tests/golden/rules").glob("*/elastic.json") if p.stat().st_size
    )
    loaded = json.loads(exported(data.draw(st.sampled_from(names))))
    for key in data.draw(st.lists(st.sampled_from(sorted(loaded)), max_size=2)):
        loaded[key] = data.draw(JSON)
    text = json.dumps(loaded)
    if data.draw(st.booleans()):
        text = text[: data.draw(st.integers(0, len(text)))]
    try:
        read(text)
    except ProblemError as error:
        assert error.problems
        assert all(render(p) for p in error.problems)


def test_every_rule_of_the_corpus_reads_back(shared: Any) -> None:
    from samefire.ruleset import load

    rules = load([shared / "corpus" / "elastic"]).rules
    form = converters()["elastic"]
    unread = []
    for one in rules[::7]:
        document = form.write(one, FIELDS, Options()).document
        if document and not one.deprecated and one.language != "esql":
            try:
                form.read(document.text, FIELDS, document.name)
            except ProblemError as error:
                unread.append((one.path, str(error)))
    assert not unread
    assert load_path(rules[0].path).id == rules[0].id
