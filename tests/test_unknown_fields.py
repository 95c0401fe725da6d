"""Fields that nobody lists: which are told, at which place, with which name beside them."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.check import check_rule
from samefire.fields import FieldTypes
from samefire.problems import render
from samefire.rule import load
from samefire.source import Source
from samefire.unknown_fields import near_name, steps

FIELDS = FieldTypes.known()
HEAD = """[metadata]
creation_date = "2026/01/05"
updated_date = "2026/01/05"

[rule]
author = ["Tests"]
description = "x"
name = "x"
risk_score = 1
rule_id = "8a1c3d52-6f4b-4f0e-9c77-1f2b3c4d5e6f"
severity = "low"
"""


def told(query: str, language: str = "kuery", kind: str = "query", more: str = "", **keys: Any) -> list[str]:
    text = f"{HEAD}language = \"{language}\"\ntype = \"{kind}\"\nquery = '''\n{query}\n'''\n{more}"
    rule = load(Source("x.toml", text))
    return [render(p) for p in check_rule(rule, FIELDS, **keys) if p.code == "query-unknown-field"]


def names(*arguments: Any, **keys: Any) -> list[str]:
    return [text.split("`")[1] for text in told(*arguments, **keys)]


def test_a_misspelt_field_as_a_person_sees_it() -> None:
    assert told("event.category : process and process.comand_line : *curl*") == [
        "x.toml:15:30: warning: the type of `process.comand_line` is not known [query-unknown-field]\n"
        "  15 | event.category : process and process.comand_line : *curl*\n"
        f"     |                              {'^' * 19}\n"
        "  help: did you mean `process.command_line`?"
    ]


def test_strict_is_an_error_and_tells_all() -> None:
    assert names("acme.user : ann and process.nmae : a") == ["process.nmae"]
    found = told("acme.user : ann and process.nmae : a", strict_fields=True)
    assert [text.split("\n")[0] for text in found] == [
        "x.toml:15:1: error: the type of `acme.user` is not known [query-unknown-field]",
        "x.toml:15:21: error: the type of `process.nmae` is not known [query-unknown-field]",
    ]
    assert found[0].endswith("help: add its type to `fields/`")


@pytest.mark.parametrize(
    ("query", "language", "place"),
    [
        ("process.name : a or not (process.nmae : b or process.nmae : c)", "kuery", "15:26"),
        ("process.nmae :\n (a or b)", "kuery", "15:1"),
        ("process.name:a OR process.nmae:/b.*/", "lucene", "15:19"),
        ("process.name:a AND NOT _exists_:process.nmae", "lucene", "15:33"),
        ('process where process.name == "a" and process.nmae like~ "b*"', "eql", "15:39"),
        ("process where length(process.nmae) > 3", "eql", "15:22"),
        ("sequence by process.nmae [process where true] [file where true]", "eql", "15:13"),
        ("sequence [process where true] by process.nmae [file where true] by process.name", "eql", "15:34"),
        ("sample by host.id [process where process.nmae == 1] [file where true]", "eql", "15:34"),
    ],
)
def test_places(query: str, language: str, place: str) -> None:
    kind = "eql" if language == "eql" else "query"
    (found,) = told(query, language, kind)
    assert found.startswith(f"x.toml:{place}: warning: the type of `process.nmae` is not known")


def test_columns_that_a_pipeline_computes_are_its_own() -> None:
    made = "EVAL process.nmae = 1 | WHERE process.nmae > 0"
    query = f"FROM logs-* METADATA _id, _index, _version | {made} AND user.nam == 1"
    assert names(query, "esql", "esql") == ["user.nam"]


def test_keys_that_name_fields() -> None:
    counted = '[[rule.threshold.cardinality]]\nfield = "user.nme"\nvalue = 2\n'
    more = f'[rule.threshold]\nfield = ["source.ipp"]\nvalue = 2\n{counted}'
    found = told("*", kind="threshold", more=more)
    assert [text.split(" warning")[0] for text in found] == ["x.toml:18:10:", "x.toml:21:9:"]
    terms = 'new_terms_fields = ["user.naem"]\nhistory_window_start = "now-7d"\n'
    assert names("*", kind="new_terms", more=terms) == ["user.naem"]
    more = '[rule.alert_suppression]\ngroup_by = ["user.naem"]\nmissing_fields_strategy = "suppress"\n'
    assert names("*", more=more) == ["user.naem"]


FILTER = """[[rule.{key}]]
[rule.{key}.query.match_phrase]
"process.nmae" = "x"
"""


def test_fields_of_filters() -> None:
    (found,) = told("*", more=FILTER.format(key="filters"))
    assert found == (
        "x.toml:19:2: warning: the type of `process.nmae` is not known [query-unknown-field]\n"
        '  19 | "process.nmae" = "x"\n'
        "     |  ^^^^^^^^^^^^\n"
        "  help: did you mean `process.name`?"
    )


THREAT = """threat_index = ["logs-ti_*"]
threat_language = "kuery"
threat_query = "{query}"

[[rule.threat_mapping]]
[[rule.threat_mapping.entries]]
field = "source.ip"
type = "mapping"
value = "threat.indicator.ip"
"""


def test_fields_of_indicators() -> None:
    threat = THREAT.format(query="event.kind: enrichment and event.catgory: threat")
    more = threat + FILTER.format(key="threat_filters")
    found = told("*", kind="threat_match", more=more)
    assert [text.split(" warning")[0] for text in found] == ["x.toml:28:2:", "x.toml:19:44:"]


@pytest.mark.parametrize("key", ["timestamp_field", "tiebreaker_field", "event_category_override"])
def test_fields_that_eql_reads(key: str) -> None:
    assert names("any where true", "eql", "eql", more=f'{key} = "event.craeted"\n') == ["event.craeted"]


def test_fields_that_make_an_alert() -> None:
    more = 'rule_name_override = "mesage"\ntimestamp_override = "event.ingestd"\n'
    more += '[[rule.severity_mapping]]\nfield = "event.severty"\noperator = "equals"\nvalue = ""\nseverity = "high"\n'
    more += '[[rule.risk_score_mapping]]\nfield = "event.risk_scor"\noperator = "equals"\nvalue = ""\n'
    assert names("*", more=more) == ["event.ingestd", "mesage", "event.severty", "event.risk_scor"]


def test_what_is_left_alone() -> None:
    """Fields of one's own, of integrations that no list has, objects, keys below labels, wildcards."""
    query = "acme.a : 1 and labels.team : x and process : * and proc*.name : a and aws.cloudtrail.new_one : y"
    assert names(query) == []


def test_field_sets_of_ecs_are_complete() -> None:
    assert told("event.kindness : a")[0].endswith("help: add its type to `fields/`")
    assert told("process.cmdline : a")[0].endswith("help: did you mean `process.command_line`?")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("process.nmae", "process.name"),
        ("proces.name", "process.name"),
        ("winlog.event_data.TargetUserNmae", "winlog.event_data.TargetUserName"),
        ("aws.cloudtrail.event_typ", "aws.cloudtrail.event_type"),
        ("winlog.event_data.TargetSid", None),
        ("user.nm", None),
        ("acme.name", None),
    ],
)
def test_slips_of_the_pen(name: str, meant: str | None) -> None:
    assert near_name(name, FIELDS) == meant


def test_steps() -> None:
    assert [steps("name", other, 3) for other in ("name", "nmae", "nam", "names", "mane", "nose")] == [
        0,
        1,
        1,
        1,
        2,
        2,
    ]
    assert steps("name", "something", 2) > 2
