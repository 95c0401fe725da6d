"""Cases for every kind of detection: each is what it says, each clause has its near miss, always the same."""

from __future__ import annotations

import pytest

from samefire.engine.alerts import Context
from samefire.engine.circuit import Circuit
from samefire.engine.run import run
from samefire.fields import FieldTypes
from samefire.generate.build import flattened
from samefire.generate.drafts import Draft, drafts
from samefire.generate.files import text_of
from samefire.languages import language
from samefire.query.ast import And, Leaf, Not, Or, Term
from samefire.query.detection import (
    AnomalyThreshold,
    Body,
    Detection,
    EventQuery,
    IndicatorEntry,
    IndicatorMatch,
    NewTerms,
    Scope,
    Threshold,
)
from samefire.source import Source

FIELDS = FieldTypes.known()


def body(text: str, name: str = "kuery") -> Body:
    return language(name).lower_text(Source("query", text), FIELDS)


def where(text: str) -> And | Or | Not | Leaf:
    found = body(text)
    assert isinstance(found, EventQuery)
    return found.where  # type: ignore[return-value]


def made(detection: Detection, **options: int) -> dict[str, Draft]:
    """Cases by side and name; each does what it says."""
    found = drafts(detection, FIELDS, **options)  # type: ignore[arg-type]
    for draft in found.cases:
        context = Context(history=draft.history, indicators=draft.indicators)
        assert (len(run(detection, draft.events, context)) > 0) is draft.positive, draft
    return {f"{'positive' if d.positive else 'negative'}/{d.name}": d for d in found.cases}


def test_a_clause_decides_when_the_answer_hangs_on_it() -> None:
    a, b, c = (Leaf("f", Term(v)) for v in "abc")
    circuit = Circuit.of(And((Or((a, b)), Not(c))))
    values = circuit.values(0b001)
    assert values == [True, True, True, False, True, False]
    assert circuit.deciding(values) == [True, True, True, False, True, True]
    assert circuit.deciding(circuit.values(0b011)) == [True, True, False, False, True, True]
    assert [circuit.positive(place) for place in circuit.clauses] == [True, True, False]


def test_each_alternative_and_each_clause_has_a_case() -> None:
    found = made(Detection(body("event.action: (start or stop) and host.name: a and not user.name: root")))
    assert list(found) == [
        "positive/event_action_is_start",
        "positive/event_action_is_stop",
        "negative/not_event_action_is_start",
        "negative/not_host_name_is_a",
        "negative/excluded_user_name_is_root",
    ]
    miss = found["negative/not_event_action_is_start"]
    assert miss.about == (
        'All but one clause holds: event.action is "start". In turn: another value, more before, another case, '
        "the field missing, null, a list of other values."
    )
    values = [flattened(event).get("event.action", "-") for event in miss.events]
    assert values[1:] == ["xstart", "START", "-", None, [values[0], "xstart", "START"]]
    assert found["positive/event_action_is_stop"].about == 'Fires through: event.action is "stop".'
    assert found["negative/excluded_user_name_is_root"].about == (
        'All but an exclusion, which is met: user.name is "root".'
    )


def test_two_patterns_on_one_field_are_met_by_one_value() -> None:
    found = made(Detection(body("process.command_line: *-enc* and process.command_line: *hidden*")))
    first = next(iter(found.values())).events[0]
    assert flattened(first)["process.command_line"] == "-enc hidden"


def test_scripts_are_met_by_values_tried_together() -> None:
    query = (
        "process where length(process.name) > 20 and startsWith~(process.command_line, process.name) "
        'and user.id : "0"'
    )
    found = made(Detection(body(query, "eql")))
    assert any(name.startswith("positive/") for name in found)
    assert any(name.startswith("negative/") for name in found)


def test_events_lie_in_the_stream_of_the_rule() -> None:
    scope = Scope(index=("logs-aws.cloudtrail-*",))
    found = made(Detection(body("event.action: StopLogging"), scope))
    flat = flattened(found["positive/event_action_is_stoplogging"].events[0])
    assert (flat["data_stream.dataset"], flat["event.dataset"]) == ("aws.cloudtrail", "aws.cloudtrail")
    assert flat["cloud.provider"] == "aws"


def test_a_threshold_is_met_exactly() -> None:
    found = made(Detection(Threshold(where("event.action: login"), ("source.ip",), 4, (("user.name", 3),))))
    enough = found["positive/exactly_enough_events"]
    assert len(enough.events) == 4
    assert len({flattened(event)["source.ip"] for event in enough.events}) == 1
    assert len(found["negative/one_event_too_few"].events) == 3
    assert {
        "negative/spread_over_two_groups",
        "negative/without_source_ip",
        "negative/too_few_values_of_user_name",
        "negative/not_event_action_is_login",
    } <= set(found)


def test_new_terms_have_histories() -> None:
    found = made(Detection(NewTerms(where("event.action: login"), ("user.name",), "now-7d")))
    assert found["negative/seen_before"].history[0]["@timestamp"] == "2026-02-23T09:16:00.000Z"
    assert found["positive/seen_too_long_ago"].history[0]["@timestamp"] == "2026-02-23T09:14:59.000Z"
    assert {"positive/another_user_name_before", "negative/without_user_name"} <= set(found)


def test_indicators_meet_events_or_not() -> None:
    mapping = ((IndicatorEntry("source.ip", "threat.indicator.ip"),),)
    threats = where('event.type: indicator and @timestamp >= "now-30d/d"')
    found = made(Detection(IndicatorMatch(where("source.ip: * and event.kind: event"), mapping, threats)))
    good = found["positive/source_ip_is_threat_indicator_ip"]
    assert flattened(good.events[0])["source.ip"] == flattened(good.indicators[0])["threat.indicator.ip"]
    assert {"negative/another_indicator", "negative/no_indicator", "negative/not_event_kind_is_event"} <= set(
        found
    )
    assert "negative/indicator_not_event_type_is_indicator" in found


def test_anomalies_at_the_score() -> None:
    found = made(Detection(AnomalyThreshold(("job_a", "job_b"), 75)))
    assert flattened(found["positive/job_b_scored_75"].events[0])["record_score"] == 75.0
    assert [name for name in found if name.startswith("negative/")] == [
        "negative/score_too_low",
        "negative/another_job",
        "negative/interim",
        "negative/bucket",
        "negative/no_score",
    ]


def test_sequences_in_time_order_and_key() -> None:
    query = """sequence by host.id with maxspan=1m
      [process where process.name == "curl"] [file where file.extension == "sh"] until [process where user.id == "0"]"""
    found = made(Detection(body(query, "eql")))
    last = [event["@timestamp"] for event in found["positive/at_the_end_of_the_time"].events]
    assert last == ["2026-03-02T09:15:00.000Z", "2026-03-02T09:16:00.000Z"]
    assert found["negative/too_late"].about == "The last event 60.001 s after the first."
    assert {
        "positive/complete",
        "negative/in_the_other_order",
        "negative/another_host_id",
        "negative/without_host_id",
        "negative/without_stage_1",
        "negative/without_stage_2",
        "negative/ended_before",
        "negative/stage_1_not_process_name_is_curl",
        "negative/stage_2_not_file_extension_is_sh",
    } <= set(found)


def test_a_stage_that_must_be_missing() -> None:
    query = """sequence by host.id with maxspan=1m
      [process where process.name == "a"] ![process where process.name == "b"] [process where process.name == "c"]"""
    found = made(Detection(body(query, "eql")))
    assert len(found["positive/complete"].events) == 2
    assert len(found["negative/with_stage_2"].events) == 3


def test_pipelines_in_number_and_variety() -> None:
    query = """FROM logs-* | WHERE event.action == "login" AND NOT user.name == "root"
      | STATS hosts = COUNT_DISTINCT(host.name), n = COUNT(*) BY user.name | WHERE n >= 5 AND hosts >= 3"""
    found = made(Detection(body(query, "esql")))
    assert len(found["positive/enough_events"].events) == 5
    assert len(found["negative/4_events"].events) == 4
    assert {"negative/all_alike", "negative/user_name_not_root"} & set(found)


def test_what_cannot_fire_says_so() -> None:
    found = drafts(Detection(body("event.kind: a and not event.kind: a")), FIELDS)
    assert found.notes == ("no event was found that makes the rule fire",)
    everything = drafts(Detection(EventQuery(And(()))), FIELDS)
    assert everything.notes == ("no event was found that just misses the rule",)


def test_more_alternatives_than_asked_for() -> None:
    values = " or ".join(f"v{n}" for n in range(30))
    found = drafts(Detection(body(f"event.action: ({values})")), FIELDS, limit=5)
    assert len(found.of(True)) == 5
    assert found.notes == ("only the first 5 alternatives have a positive case (--limit)",)


@pytest.mark.parametrize(
    "text", ["a: x and (b: y or c: *)", "process.pid >= 7 and not source.ip: 10.0.0.0/8"]
)
def test_the_same_query_gives_the_same_bytes(text: str) -> None:
    first, again = (drafts(Detection(body(text)), FIELDS, seed=3) for _ in range(2))
    assert [text_of(one) for one in first.cases] == [text_of(one) for one in again.cases]


def test_a_pipeline_that_takes_texts_apart() -> None:
    query = """FROM logs-* | DISSECT url.original "{service=%{service}, code=%{code}}"
      | WHERE service == "ec2" AND code == "L-1" """
    found = made(Detection(body(query, "esql")))
    texts = [flattened(d.events[0])["url.original"] for d in found.values() if d.positive]
    assert texts and all("service=ec2, code=L-1" in text for text in texts)


def test_a_pipeline_that_counts_kinds_of_events() -> None:
    query = """FROM logs-* | WHERE event.action IN ("read", "delete", "list")
      | EVAL gone = CASE(event.action == "delete", 1, 0)
      | STATS kinds = COUNT_DISTINCT(event.action), gone = SUM(gone) BY host.id | WHERE kinds >= 3 AND gone >= 2"""
    found = made(Detection(body(query, "esql")))
    actions = [flattened(event)["event.action"] for event in found["positive/enough_events"].events]
    assert set(actions) == {"read", "delete", "list"}
    assert actions.count("delete") >= 2


def test_an_event_that_its_rule_would_not_look_at_says_where_it_lies() -> None:
    """The query decides about each event, not the data stream that it names."""
    query = body("data_stream.dataset: acme.audit and event.action: login")
    found = made(Detection(query, scope=Scope(index=("filebeat-*",))))
    assert {name.partition("/")[0] for name in found} == {"positive", "negative"}
    events = [event for draft in found.values() for event in draft.events]
    told = [event for event in events if isinstance(flattened(event).get("data_stream.dataset"), str)]
    assert told and {event["_index"] for event in told} == {"filebeat-default"}


def test_patterns_on_a_field_that_a_script_reads_too() -> None:
    query = """any where stringContains(process.title, "Effect=Allow") and stringContains(process.title, "AWS=")
      and not stringContains(process.title, cloud.account.id)"""
    found = made(Detection(body(query, "eql")))
    assert any(name.startswith("positive/") for name in found)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param(
            """FROM metrics-*, .alerts-security.* METADATA _index
            | EVAL busy = CASE(_index LIKE ".ds-metrics-acme.cpu-*" AND acme.load >= 0.9, host.id, null),
              alerted = CASE(_index LIKE ".internal.alerts-security.*" AND acme.alert IS NOT NULL, host.id, null)
            | STATS b = COUNT_DISTINCT(busy), a = COUNT_DISTINCT(alerted), n = COUNT_DISTINCT(acme.alert) BY host.id
            | WHERE b > 0 AND a > 0 AND n >= 3""",
            4,
            id="kinds of events that CASE tells apart, in indices of their own",
        ),
        pytest.param(
            """FROM logs-* | EVAL window = DATE_TRUNC(10 seconds, @timestamp) | WHERE event.action == "read"
            | STATS n = COUNT_DISTINCT(file.path) BY window, user.name | WHERE n > 15""",
            16,
            id="many within a window that is shorter than a second for each",
        ),
        pytest.param(
            """FROM logs-* METADATA _source | EVAL op = TO_UPPER(JSON_EXTRACT(_source, "acme.nfs.op"))
            | WHERE op IN ("WRITE", "REMOVE") | EVAL w = CASE(op == "WRITE", 1, 0), r = CASE(op == "REMOVE", 1, 0)
            | STATS writes = SUM(w), removals = SUM(r) BY source.ip | WHERE writes > 0 AND removals >= 4""",
            5,
            id="fields that only the source has",
        ),
        pytest.param(
            """FROM logs-* | GROK message "account=(?<own>[0-9]{12}); other=(?<other>[0-9]{12})"
            | WHERE own IS NOT NULL AND other IS NOT NULL AND own != other""",
            1,
            id="groups of a pattern that are an expression",
        ),
        pytest.param(
            """FROM logs-* | STATS users = COUNT_DISTINCT(user.name), n = COUNT(*) BY source.ip
            | EVAL kind = CASE(users >= 4 AND n >= 8, "spray", users == 1 AND n >= 30, "guess", "other")
            | WHERE kind != "other" """,
            8,
            id="a word that CASE gives to groups",
        ),
    ],
)
def test_pipelines_found_step_by_step(query: str, count: int) -> None:
    found = made(Detection(body(query, "esql")))
    positive = next(draft for name, draft in found.items() if name.startswith("positive/"))
    assert len(positive.events) >= count
    assert any(name.startswith("negative/") for name in found)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ('FROM logs-* METADATA _id | WHERE _id == "x" AND a == 1', 'nothing tried satisfies `_id == "x"`'),
        (
            "FROM logs-* | STATS n = COUNT(*), u = COUNT_DISTINCT(u) BY h | WHERE n >= 2000 AND n < u",
            "nothing tried satisfies `n >= 2000`",
        ),
    ],
)
def test_a_pipeline_that_nothing_fires_says_which_condition_is_left(query: str, note: str) -> None:
    assert note in drafts(Detection(body(query, "esql")), FIELDS).notes
