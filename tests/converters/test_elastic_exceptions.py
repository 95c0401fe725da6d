"""Exception lists in the form `elastic`: beside the rule in its text, read back, and what they except."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from samefire.bundle import build, convert_all
from samefire.engine.alerts import Context
from samefire.engine.run import run
from samefire.exceptions import attached, load
from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.problems import ProblemError, render
from samefire.query.detection import Detection
from samefire.rule import Rule, load_path
from samefire.source import Source
from tests.conftest import HOME

FIELDS = FieldTypes.known().with_fields({"user.groups": "nested", "acme.words": "text", "acme.size": "long"})
ELASTIC = converters()["elastic"]


def rule_with(*references: Mapping[str, str], **keys: Any) -> dict[str, Any]:
    base = {"name": "A", "description": "", "risk_score": 1, "severity": "low", "type": "query", "query": "*"}
    return {
        **base,
        "rule_id": "5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43",
        "exceptions_list": list(references),
        **keys,
    }


REFERENCE = {"id": "x", "list_id": "l", "namespace_type": "single", "type": "detection"}
CONTAINER = {"list_id": "l", "name": "L", "description": "", "type": "detection", "namespace_type": "single"}


def item(*entries: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    base = {"list_id": "l", "name": "I", "description": "", "type": "simple", "namespace_type": "single"}
    return {**base, "entries": list(entries), **keys}


def entry(field: str, kind: str, value: Any = None, operator: str = "included") -> dict[str, Any]:
    told = {"field": field, "type": kind, "operator": operator}
    return told if value is None else {**told, "value": value}


def export(*objects: Mapping[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in objects)


def read(*items: Mapping[str, Any], rule: Mapping[str, Any] | None = None) -> Detection:
    return ELASTIC.read(export(rule or rule_with(REFERENCE), CONTAINER, *items), FIELDS, "x.ndjson")


def fires(detection: Detection, *events: Mapping[str, Any]) -> list[int]:
    return [i for alert in run(detection, events).alerts for i in alert.ordinals]


def message(text: str) -> str:
    with pytest.raises(ProblemError) as caught:
        ELASTIC.read(text, FIELDS, "x.ndjson")
    return "\n".join(render(p) for p in caught.value.problems)


CASES: Sequence[tuple[dict[str, Any], list[dict[str, Any]], list[int]]] = [
    (entry("user.name", "match", "ann"), [{"user.name": "ann"}, {"user.name": "Ann"}, {"a": 1}], [1, 2]),
    (entry("user.name", "match", "ann"), [{"user": {"name": ["bob", "ann"]}}], []),
    (
        entry("user.name", "match", "ann", "excluded"),
        [{"user.name": "ann"}, {"user.name": "bob"}, {"a": 1}],
        [0],
    ),
    (entry("user.name", "match_any", ["ann", "bob"]), [{"user.name": n} for n in ("ann", "bob", "cy")], [2]),
    (
        entry("user.name", "match_any", ["ann", "bob"], "excluded"),
        [{"user.name": n} for n in ("ann", "bob", "cy")],
        [0, 1],
    ),
    (entry("user.name", "wildcard", "a?n*"), [{"user.name": n} for n in ("ann", "Anna", "an")], [1, 2]),
    (entry("user.name", "wildcard", "a*", "excluded"), [{"user.name": n} for n in ("ann", "bob")], [0]),
    (entry("user.name", "exists"), [{"user.name": "ann"}, {"user.name": None}, {"a": 1}], [1, 2]),
    (entry("user.name", "exists", None, "excluded"), [{"user.name": "ann"}, {"a": 1}], [0]),
    (entry("source.ip", "match", "10.0.0.0/8"), [{"source.ip": "10.1.2.3"}, {"source.ip": "11.0.0.1"}], [1]),
    (entry("acme.size", "match", "5"), [{"acme.size": 5}, {"acme.size": 6}], [1]),
    (entry("acme.words", "match", "Red fox"), [{"acme.words": t} for t in ("a red FOX.", "fox red")], [1]),
    (
        entry("process.executable.caseless", "match", r"c:\a.exe"),
        [{"process.executable": p} for p in (r"C:\A.EXE", r"C:\b.exe")],
        [1],
    ),
]


@pytest.mark.parametrize(("one", "events", "expected"), CASES)
def test_entries(one: dict[str, Any], events: list[dict[str, Any]], expected: list[int]) -> None:
    assert fires(read(item(one)), *events) == expected


def test_entries_hold_together_items_one_by_one() -> None:
    both = item(entry("user.name", "match", "ann"), entry("host.name", "match", "h"))
    found = read(both, item(entry("user.name", "match", "root")))
    users = [{"user.name": "ann"}, {"user.name": "ann", "host.name": "h"}, {"user.name": "root"}]
    assert fires(found, *users) == [0]


def test_nested_entries_hold_for_one_object() -> None:
    inner = [entry("name", "match", "wheel"), entry("id", "match_any", ["0", "1"])]
    found = read(item({"field": "user.groups", "type": "nested", "entries": inner}))
    same = {"user": {"groups": [{"name": "wheel", "id": "1"}, {"name": "a", "id": "7"}]}}
    spread = {"user": {"groups": [{"name": "wheel", "id": "7"}, {"name": "a", "id": "1"}]}}
    assert fires(found, same, spread) == [1]


def test_operating_systems_of_an_item() -> None:
    found = read(item(entry("user.name", "match", "ann"), os_types=["linux", "macos"]))
    hosts = [{"type": "linux"}, {"name": "macOS"}, {"type": "windows"}, {"type": "Linux"}]
    assert fires(found, *({"user.name": "ann", "host": {"os": os}} for os in hosts)) == [2, 3]


def test_an_exception_expires() -> None:
    found = read(
        item(entry("user.name", "match", "ann"), expire_time="2026-03-01T00:00:00.000Z"),
        item(entry("user.name", "match", "bob"), name="J"),
    )
    day = 86_400 * 10**9
    march = 1_772_323_200 * 10**9
    events = [{"user.name": name, "@timestamp": "2026-03-01T00:00:00Z"} for name in ("ann", "bob")]
    assert len(run(found, events, Context(now=march))) == 0
    later = [{**event, "@timestamp": "2026-03-03T00:00:00Z"} for event in events]
    late = run(found, later, Context(now=march + 2 * day))
    assert (len(late), late.notes) == (1, ("the exception `I` expired 2d before",))
    dated = [{"user.name": "ann", "@timestamp": f"2026-0{month}-01T00:00:00Z"} for month in (2, 3)]
    assert len(run(found, dated)) == 0, "without a clock the newest event tells the time"
    assert len(run(found, [*dated, {"user.name": "cy", "@timestamp": "2026-03-01T00:00:01Z"}])) == 3


def test_only_lists_that_the_rule_names() -> None:
    ann = [{"user.name": "ann"}]
    one = item(entry("user.name", "match", "ann"))
    assert fires(read(one, rule=rule_with()), *ann) == [0]
    assert fires(read(one, rule=rule_with({**REFERENCE, "namespace_type": "agnostic"})), *ann) == [0]
    assert fires(read(one, rule=rule_with({"id": "x", "list_id": "l", "type": "detection"})), *ann) == []


def test_kibanas_own_export() -> None:
    """Keys that Kibana adds, connectors and the line of counts."""
    added = {
        "_version": "Wz",
        "created_at": "2026-01-01T00:00:00Z",
        "id": "7",
        "tie_breaker_id": "8",
        "version": 1,
    }
    text = export(
        rule_with(REFERENCE),
        {**CONTAINER, **added, "immutable": False},
        {**item(entry("user.name", "match", "ann")), **added, "item_id": "i", "comments": []},
        {"attributes": {"actionTypeId": ".email", "name": "Mail"}, "id": "9", "type": "action"},
        {"exported_count": 4, "exported_rules_count": 1},
    )
    assert fires(ELASTIC.read(text, FIELDS, "x"), {"user.name": "ann"}, {"user.name": "bob"}) == [1]


def test_exceptions_hold_in_every_kind_of_rule() -> None:
    ann = entry("user.name", "match", "ann")
    threshold = rule_with(REFERENCE, type="threshold", threshold={"field": ["host.name"], "value": 2})
    events = [{"user.name": n, "host.name": "h"} for n in ("ann", "bob", "cy")]
    assert fires(read(item(ann), rule=threshold), *events) == [1, 2]
    eql = rule_with(REFERENCE, type="eql", language="eql", query="sequence [any where true] [any where true]")
    timed = [
        {"user.name": n, "@timestamp": f"2026-01-01T00:00:0{i}Z", "event.category": "x"}
        for i, n in enumerate(("bob", "ann", "cy"))
    ]
    assert fires(read(item(ann), rule=eql), *timed) == [0, 2]


def test_messages_have_places_in_the_text() -> None:
    head = export(rule_with(REFERENCE), CONTAINER)
    bad = item(entry("user.name", "matches", "ann"))
    found = message(head + export(bad)).split("\n")
    assert found[0] == (
        "x.ndjson:3:139: error: `entries[0].type` must be one of `match`, `match_any`, `wildcard`, `exists`, `list`, "
        '`nested`, not the text "matches" [elastic-bad-value]'
    )
    values = {**entry("user.name", "list"), "list": {"id": "bad.txt", "type": "keyword"}}
    assert message(head + export(item(values))).split("\n")[0] == (
        "x.ndjson:3:108: error: the values of the value list `bad.txt` are kept in Kibana [form-cannot-run]"
    )
    assert message(head + "{").split("\n")[0] == (
        "x.ndjson:3:2: error: this is no JSON: expecting property name enclosed in double quotes [elastic-not-json]"
    )
    two = export(rule_with(), rule_with())
    assert message(two).split("\n")[0] == (
        "x.ndjson:2:1: error: one rule is wanted, the text holds 2 [elastic-several-rules]"
    )


# ---- written ------------------------------------------------------------------------------------------


def packed() -> Rule:
    lists = load(
        Source("e.toml", (HOME / "exceptions/sensitive_files_packed.toml").read_text(encoding="utf-8"))
    )
    (rule,) = attached([load_path(HOME / "rules/linux/sensitive_files_packed.toml")], lists)
    return rule


def test_lines_of_a_rule() -> None:
    converted = ELASTIC.write(packed(), FIELDS, Options())
    assert converted.document is not None and not converted.problems
    assert converted.document.name == "sensitive_files_packed.ndjson"
    rule, container, *items = map(json.loads, converted.document.text.splitlines())
    assert rule["exceptions_list"][0]["list_id"] == container["list_id"] == "samefire-sensitive-files-packed"
    assert [(one["name"], one["list_id"], one["type"]) for one in items] == [
        ("Nightly copy of /etc", "samefire-sensitive-files-packed", "simple"),
        ("Configuration management", "samefire-sensitive-files-packed", "simple"),
    ]
    assert len(ELASTIC.read(converted.document.text, FIELDS).exclusions) == 2


def without_references(rule: Rule) -> Rule:
    contents = {key: value for key, value in rule.contents.items() if key != "exceptions_list"}
    return dataclasses.replace(rule, contents=contents)


def test_a_list_that_only_its_file_connects_is_named_in_the_export() -> None:
    document = ELASTIC.write(without_references(packed()), FIELDS, Options()).document
    assert document is not None
    assert json.loads(document.text.splitlines()[0])["exceptions_list"] == [
        {
            "id": "samefire-sensitive-files-packed",
            "list_id": "samefire-sensitive-files-packed",
            "namespace_type": "single",
            "type": "detection",
        }
    ]


def test_a_list_that_nobody_has_here() -> None:
    rule = dataclasses.replace(packed(), exceptions=())
    (problem,) = ELASTIC.write(rule, FIELDS, Options()).problems
    assert problem.code == "exceptions-not-known"
    assert problem.message == (
        "the exception list `samefire-sensitive-files-packed` is kept in Kibana: what it excepts fires here"
    )


def test_a_bundle_holds_each_list_once() -> None:
    rule = packed()
    second = dataclasses.replace(rule, contents={**rule.contents, "rule_id": "0" * 36, "name": "B"})
    bundle = build(convert_all([rule, second], [ELASTIC], FIELDS, Options()))
    found = [json.loads(line) for line in bundle.files["elastic/rules.ndjson"].splitlines()]
    assert [one.get("rule_id") or one["name"] for one in found] == [
        "0" * 36,
        rule.id,
        "Sensitive files packed: known jobs",
        "Nightly copy of /etc",
        "Configuration management",
    ]


def test_sigma_says_exceptions_as_filters() -> None:
    document = converters()["sigma"].write(packed(), FIELDS, Options()).document
    assert document is not None
    detection = converters()["sigma"].read(document.text, FIELDS)
    event = json.loads(
        (HOME / "fixtures/linux/sensitive_files_packed/negative/excepted_nightly_job.json").read_text("utf-8")
    )
    event = event["events"][0] if "events" in event else event
    assert fires(detection, event) == []


def test_sigma_has_no_end_of_an_exception() -> None:
    text = (HOME / "exceptions/sensitive_files_packed.toml").read_text(encoding="utf-8")
    dated = text.replace(
        'os_types = ["linux"]', 'os_types = ["linux"]\nexpire_time = "2026-12-01T00:00:00Z"', 1
    )
    (rule,) = attached(
        [load_path(HOME / "rules/linux/sensitive_files_packed.toml")], load(Source("e.toml", dated))
    )
    exact = converters()["sigma"].write(rule, FIELDS, Options())
    assert exact.refused and [render(p).split("\n")[0] for p in exact.problems] == [
        "e.toml:26:15: error: Sigma cannot say that the exception `Nightly copy of /etc` ends "
        "[sigma-cannot-exception-end]"
    ]
    loose = converters()["sigma"].write(rule, FIELDS, Options(approximate=True))
    assert loose.approximate and [p.message for p in loose.problems] == [
        "the exception `Nightly copy of /etc` ends at 2026-12-01T00:00:00Z, here it never does"
    ]


def test_values_that_are_kept_in_kibana_refuse_the_rule() -> None:
    text = (HOME / "exceptions/sensitive_files_packed.toml").read_text(encoding="utf-8")
    listed = text.replace(
        'type = "match"\nvalue = "srv-backup-01"', 'type = "list"\nlist = { id = "h", type = "keyword" }'
    )
    (rule,) = attached(
        [load_path(HOME / "rules/linux/sensitive_files_packed.toml")], load(Source("e.toml", listed))
    )
    for form in ("elastic", "sigma"):
        converted = converters()[form].write(rule, FIELDS, Options())
        assert converted.refused and [p.code for p in converted.problems] == ["exceptions-value-list"]
