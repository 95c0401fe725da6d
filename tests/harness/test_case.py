"""Fixture cases: what is read, and the exact words for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.harness.case import Case, folder_of, load_folder, load_text, parse_time
from samefire.problems import render


def only(raw: str | bytes, name: str = "positive/x.json", *, positive: bool = True) -> Case:
    data = raw.encode() if isinstance(raw, str) else raw
    found = load_text(data, name, positive=positive)
    assert not found.problems
    return found.cases[0]


def told(raw: str | bytes, name: str = "x.json", *, positive: bool = True) -> str:
    data = raw.encode() if isinstance(raw, str) else raw
    return "\n".join(render(p) for p in load_text(data, name, positive=positive).problems)


def test_an_object_without_events_is_one_event() -> None:
    case = only('{"process": {"name": "a"}}')
    assert case.events == ({"process": {"name": "a"}},)
    assert case.name == "positive/x"


def test_a_list_is_a_scenario_in_order() -> None:
    assert only('[{"a": 1}, {"a": 2}]').events == ({"a": 1}, {"a": 2})


def test_lines_are_a_scenario() -> None:
    assert only('{"a": 1}\n\n{"a": 2}\n', "x.ndjson").events == ({"a": 1}, {"a": 2})


def test_yaml_says_what_json_would_say() -> None:
    case = only("'@timestamp': 2026-01-01T00:00:00Z\nflag: yes\nport: 0x10\nn: 1e3\nnone: ~\n", "x.yaml")
    assert case.events == (
        {"@timestamp": "2026-01-01T00:00:00Z", "flag": "yes", "port": "0x10", "n": 1000.0, "none": None},
    )


def test_a_case_object() -> None:
    raw = {
        "description": "d",
        "events": [{"a": 1}],
        "history": [{"a": 0}],
        "indicators": [{"i": 1}],
        "alerts": 1,
        "now": "2026-01-01T00:00:00Z",
        "forms": {"sigma": "silent", "because": "Sigma cannot say it"},
        "mapping": {"properties": {}},
    }
    case = only(json.dumps(raw))
    assert case.now == 1767225600 * 10**9
    assert case.expected("sigma") == "silent"
    assert case.expected("elastic") == "fires"
    assert (case.alerts, case.because) == (1, "Sigma cannot say it")


def test_types_of_fields_by_name_or_as_a_mapping() -> None:
    short = only('{"events": [{"a": 1}], "mapping": {"a.b": "long"}}')
    assert short.mapping == {"properties": {"a.b": {"type": "long"}}}
    whole = only('{"events": [{"a": 1}], "mapping": {"properties": {"a": {"type": "ip"}}}}')
    assert whole.mapping == {"properties": {"a": {"type": "ip"}}}


def test_error_misspelt_type() -> None:
    assert told('{"events": [{"a": 1}], "mapping": {"a.b": "lng"}}').startswith("x.json:1:24: error: ")


def test_error_misspelt_events() -> None:
    assert told('{"event": 1}') == ""
    assert told('{\n "evnts": [{"a": 1}]}') == (
        "x.json:2:2: error: unknown key `evnts` in a case object [fixture-unknown-key]\n"
        '  2 |  "evnts": [{"a": 1}]}\n'
        "    |  ^^^^^^^\n"
        "  help: did you mean `events`?"
    )


def test_error_misspelt_key() -> None:
    assert told('{"events": [{"a": 1}], "alert": 1}') == (
        "x.json:1:24: error: unknown key `alert` in a case object [fixture-unknown-key]\n"
        '  1 | {"events": [{"a": 1}], "alert": 1}\n'
        "    |                        ^^^^^^^\n"
        "  help: did you mean `alerts`?"
    )


def test_error_case_keys_without_events() -> None:
    assert told('{"alerts": 1, "a": 2}') == (
        "x.json:1:2: error: `alerts` belongs in a case object, and this object has no `events` "
        "[fixture-no-events]\n"
        '  1 | {"alerts": 1, "a": 2}\n'
        "    |  ^^^^^^^^\n"
        "  help: put the events under `events`"
    )


def test_error_empty_file() -> None:
    assert told(" \n") == (
        "x.json:1:1: error: the file is empty [fixture-empty]\n  help: write the event that the case is about"
    )


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("{}", "the event has no fields [fixture-empty]"),
        ("[]", "a scenario has no events [fixture-empty]"),
        ("3", "a case is an event, a list or a case object, not a number [fixture-not-an-event]"),
        ("[1]", "event 1 must be an object, not a number [fixture-not-an-event]"),
        ('{"events": {}}', "`events` must be a list of events, not an object [fixture-wrong-type]"),
        ('{"events": [{"a":1}], "alerts": "1"}', "`alerts` must be a number of alerts, not a string"),
        ('{"events": [{"a":1}], "alerts": 0}', "a positive case cannot expect 0 alerts"),
        ('{"events": [{"a":1}], "now": "noon"}', "`now` must be a time, not 'noon' [fixture-bad-value]"),
        ('{"events": [{"a":1}], "forms": {"sigma": "silnt", "because": "x"}}', "did you mean `silent`?"),
        ('{"events": [{"a":1}], "forms": {"sigma": "silent"}}', "a form that differs needs a reason"),
    ],
)
def test_error_contents(raw: str, text: str) -> None:
    assert text in told(raw)


def test_error_syntax_has_a_caret() -> None:
    assert told('{"a": 1,\n "b": }') == (
        "x.json:2:7: error: not valid JSON: unexpected character, expected a JSON value [fixture-syntax]\n"
        '  2 |  "b": }\n'
        "    |       ^"
    )


def test_error_not_utf8() -> None:
    assert told(b'{"a": "\xff"}') == "x.json:1:1: error: not UTF-8: byte 0xff at offset 7 [fixture-not-utf8]"


def test_error_unknown_format() -> None:
    assert told("{}", "x.jsn") == (
        "x.jsn:1:1: error: `x.jsn` is no JSON, NDJSON or YAML [fixture-unknown-format]\n"
        "  help: known endings: .json, .ndjson, .jsonl, .yaml, .yml"
    )


def test_error_yaml_alias_bomb() -> None:
    bomb = "a: &a [1, 2]\nb: [*a, *a]\n"
    assert "alias `*a` in an event [fixture-syntax]" in told(bomb, "x.yaml")


def test_error_yaml_duplicate_key() -> None:
    assert "duplicate key `a` [fixture-syntax]" in told("a: 1\na: 2\n", "x.yaml")


def test_deep_nesting_is_a_problem_not_a_crash() -> None:
    assert "[fixture-syntax]" in told("[" * 5000 + "]" * 5000)
    assert "[fixture-syntax]" in told("[" * 5000 + "]" * 5000, "x.yaml")


def test_stray_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "postive").mkdir()
    found = load_folder(tmp_path, "fixtures/r")
    assert [render(p) for p in found.problems] == [
        "fixtures/r/postive:1:1: error: the folder `postive` is no case [fixture-stray]\n"
        "  help: did you mean `positive`?"
    ]


def test_the_fixture_folder_mirrors_the_rule() -> None:
    found = folder_of(Path("rules/aws/x.toml"), [Path("rules")], Path("fixtures"))
    assert found == Path("fixtures/aws/x")


def test_times() -> None:
    assert parse_time("1970-01-01T00:00:01.000000001Z") == 1_000_000_001
    assert parse_time("1970-01-01T01:00:00+01:00") == 0
    assert parse_time("1970-01-02") == 86_400_000_000_000
    assert parse_time("2026-13-01") is None


@given(st.binary(max_size=200), st.sampled_from(["x.json", "x.ndjson", "x.yaml"]))
def test_any_bytes_give_a_case_or_a_problem(raw: bytes, name: str) -> None:
    found = load_text(raw, name, positive=True)
    assert found.cases or found.problems
    for problem in found.problems:
        render(problem)
