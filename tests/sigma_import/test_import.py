"""What Sigma rules become as rule files: the query, the head, what is told, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.importing.text import toml_text
from samefire.problems import render
from samefire.rule import load
from samefire.sigma_import import ImportedSigma, import_sigma
from samefire.source import Source

RULE = """\
title: Shell Started
logsource: {{category: process_creation, product: windows}}
detection:
{detection}
"""
WHOLE = """\
title: Shell Started
id: 8f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b11
related:
  - {id: 1f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b12, type: derived}
status: test
description: Detects a shell.
references: ['https://example.com/a']
author: Dana (Acme, Inc.), Kim
date: 2026-01-02
modified: 2026-02-03
tags: [attack.execution, attack.t1059.001, cve.2026-1234]
logsource: {category: process_creation, product: windows, definition: with command lines}
detection: {s: {Image: x}, condition: s}
fields: [Image]
falsepositives: [Unknown]
level: informational
acme: {team: blue}
"""


def imported(text: str) -> ImportedSigma:
    (one,) = import_sigma(Source("x.yml", text), "2026/01/01")
    if one.tables is not None:
        load(Source("x.toml", toml_text(one.tables)))
    return one


def query(*lines: str) -> Any:
    one = imported(RULE.format(detection="\n".join(f"  {line}" for line in lines)))
    assert one.tables is not None
    return one.tables["rule"]["query"]


@pytest.mark.parametrize(
    ("selection", "condition"),
    [
        (r"Image: cmd.exe", 'Image : "cmd.exe"'),
        (r"Image|cased: cmd.exe", 'Image == "cmd.exe"'),
        (r"Image: [cmd.exe, sh]", 'Image : ("cmd.exe", "sh")'),
        (r"Image|endswith: \cmd.exe", r'Image : "*\\cmd.exe"'),
        (r"Image|contains|cased: cmd", 'Image like "*cmd*"'),
        (r"Image|contains: '10'", 'Image like "*10*"'),
        (r"Image|contains: 'a\*b'", 'stringContains~(Image, "a\\\\*b")'),
        (r"Image: 'a\*b'", 'Image in~ ("a*b")'),
        (r"Image: 'a\*b*c'", r'Image regex~ "a\\*b.*c"'),
        (r"EventID: 4624", "EventID == 4624"),
        (r"EventID: [4624, 4625]", "EventID in (4624, 4625)"),
        (r"EventID: '4624'", 'EventID == "4624"'),
        (r"Image: null", "Image == null"),
        (r"Image|exists: true", "Image != null"),
        (r"Port|gte: 80", "Port >= 80"),
        (r"Ip|cidr: [10.0.0.0/8, '::1/128']", 'cidrMatch(Ip, "10.0.0.0/8") or cidrMatch(Ip, "::1/128")'),
        (r"Image|re: '^a.c'", r'Image regex "a[^\n]c.*"'),
        (r"Image|re|i: 'a\d$'", r'Image regex~ ".*a[0-9]\n?"'),
        (r"User|fieldref: Other", "startsWith~(User, Other) and length(User) - length(Other) == 0"),
        (r"User|fieldref|endswith: Other", "endsWith~(User, Other)"),
        (r"c-uri: /x", '`c-uri` : "/x"'),
    ],
)
def test_items(selection: str, condition: str) -> None:
    assert query(
        f"s: {{{selection}}}" if ": [" not in selection else "s:", *_below(selection), "condition: s"
    ) == (f"any where {condition}")


def _below(selection: str) -> list[str]:
    return [f"  {selection}"] if ": [" in selection else []


def test_a_number_that_must_not_be_reached_may_be_missing() -> None:
    made = query("s: {Image: cmd.exe}", "t: {Port|gte: 80}", "condition: s and not t")
    assert made == 'any where Image : "cmd.exe" and (Port == null or Port < 80)'


def test_keywords_become_lucene() -> None:
    one = imported(RULE.format(detection="  s: [Foo, b/r]\n  condition: s"))
    assert one.tables is not None
    assert one.tables["rule"]["language"] == "lucene"
    assert one.tables["rule"]["query"] == r"/.*([fF][oO][oO]|[bB]\/[rR]).*/"
    assert "\n".join(map(render, one.problems)) == (
        "x.yml:1:1: warning: keywords are searched for in every field, by regular expressions: slow, and in "
        "analysed text word by word [sigma-import-keywords]\n"
        "  1 | title: Shell Started\n"
        "    | ^^^^^\n"
        "  help: name the field that holds the text, such as `message`"
    )


def test_the_head() -> None:
    one = imported(WHOLE)
    assert one.tables is not None
    assert one.problems == ()
    assert one.tables["metadata"] == {
        "creation_date": "2026/01/02",
        "updated_date": "2026/02/03",
        "maturity": "beta",
    }
    rule = one.tables["rule"]
    assert rule["author"] == ["Dana (Acme, Inc.)", "Kim"]
    assert (rule["severity"], rule["risk_score"]) == ("low", 1)
    assert rule["threat"][0]["tactic"]["id"] == "TA0002"
    assert rule["threat"][0]["technique"][0]["subtechnique"][0]["id"] == "T1059.001"
    assert one.tables["sigma"] == {
        "status": "test",
        "level": "informational",
        "author": "Dana (Acme, Inc.), Kim",
        "taxonomy": "sigma",
        "tags": ["cve.2026-1234"],
        "fields": ["Image"],
        "related": [{"id": "1f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b12", "type": "derived"}],
        "logsource": {
            "category": "process_creation",
            "product": "windows",
            "definition": "with command lines",
        },
        "custom": {"acme": {"team": "blue"}},
    }


def correlation(section: str) -> str:
    rules = "".join(
        f"---\ntitle: {name}\nname: {name}\nlogsource: {{category: test}}\n"
        f"detection: {{s: {{f: {name}}}, condition: s}}\n"
        for name in ("a", "b")
        if f"- {name}" in section or f"[{name}" in section or f", {name}]" in section
    )
    return f"title: Together\ncorrelation: {{{section}}}\n{rules}"


@pytest.mark.parametrize(
    ("section", "made"),
    [
        (
            "type: temporal_ordered, rules: [a, b], group-by: [g], timespan: 5m",
            'sequence by g with maxspan=5m\n  [any where f : "a"]\n  [any where f : "b"]',
        ),
        (
            "type: event_count, rules: [a], group-by: [g], timespan: 1h, condition: {gt: 4}",
            'sequence by g with maxspan=1h\n  [any where f : "a"] with runs=5',
        ),
        (
            "type: temporal, rules: [a, b], group-by: [g], timespan: 5m",
            'sample by g\n  [any where f : "a"]\n  [any where f : "b"]',
        ),
        (
            "type: value_count, rules: [a], group-by: [g], timespan: 1h, condition: {field: v, gte: 3}",
            "f:/[aA]/",
        ),
    ],
)
def test_correlations(section: str, made: str) -> None:
    one = imported(correlation(section))
    assert one.tables is not None
    assert one.tables["rule"]["query"] == made


def test_a_count_of_values_is_a_threshold() -> None:
    section = "type: value_count, rules: [a], group-by: [g], timespan: 1h, condition: {field: v, gte: 3}"
    one = imported(correlation(section))
    assert one.tables is not None
    rule = one.tables["rule"]
    assert (rule["type"], rule["from"]) == ("threshold", "now-1h")
    assert rule["threshold"] == {"field": ["g"], "value": 1, "cardinality": [{"field": "v", "value": 3}]}
    assert [p.message for p in one.problems] == [
        "events are counted over the rule's look-back, which moves with its runs instead of with every event"
    ]


REFUSED = [
    (
        "type: event_count, rules: [a], group-by: [g], timespan: 1h, condition: {lt: 4}",
        "no rule says the condition `lt` of a correlation",
    ),
    (
        "type: temporal, rules: [a, b], timespan: 1h",
        "no rule says `temporal` without `group-by` of a correlation",
    ),
    (
        "type: value_sum, rules: [a], group-by: [g], timespan: 1h, condition: {field: v, gte: 3}",
        "no rule says `value_sum` of a correlation",
    ),
]


@pytest.mark.parametrize(("section", "message"), REFUSED)
def test_what_no_rule_says(section: str, message: str) -> None:
    one = imported(correlation(section))
    assert one.tables is None
    assert [p.message for p in one.problems if p.code == "sigma-import-correlation"] == [message]


def test_an_anchor_in_the_middle() -> None:
    one = imported(RULE.format(detection=r"  s: {f|re: 'a(b^c)d'}" + "\n  condition: s"))
    assert [p.message for p in one.problems] == [
        "a regular expression cannot be said in Lucene's syntax: an anchor or word boundary in the middle"
    ]


def test_a_placeholder_stands_for_itself_until_it_is_filled_in() -> None:
    one = imported(RULE.format(detection="  s: {User|expand: '%Admins%'}\n  condition: s"))
    assert one.tables is not None
    assert one.tables["rule"]["query"] == 'any where User : "%Admins%"'
    assert [(p.message, p.hint) for p in one.problems] == [
        (
            "the placeholder `%Admins%` stands for values that only you know, and matches itself until then",
            "put them into the query in its place",
        )
    ]


def test_letters_beyond_ascii() -> None:
    one = imported(RULE.format(detection="  s: {f: Über}\n  condition: s"))
    assert [p.message for p in one.problems] == [
        "letters beyond A to Z are compared with their case: Elasticsearch folds no others"
    ]


def test_an_object_among_elastics_fields() -> None:
    one = imported(RULE.format(detection="  s: {user_agent: x}\n  condition: s"))
    told = [p.message for p in one.problems]
    assert told == ["`user_agent` is an object among Elastic's fields, and has no value of its own"]
