"""Sigma: the API, places, log sources, placeholders, pySigma as a second opinion."""

from __future__ import annotations

import subprocess
import sys

import pytest

from samefire.fields import FieldType, FieldTypes
from samefire.languages import sigma, sigma_logsource, sigma_pysigma
from samefire.languages.sigma_tree import LogSource
from samefire.problems import render
from samefire.query.ast import And, Fold, Leaf, NumberIs, Or, Term, walk
from samefire.query.detection import Correlation, EventQuery
from samefire.source import Source, Span

RULE = """title: Example
id: 5013198c-3a1d-4f0e-a4ff-5e3f7a9b0c11
level: high
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        Image: a.exe
        User|cased: [x, y]
    condition: selection
"""
PAIR = (
    RULE.replace("title: Example", "title: Example\nname: one")
    + """---
title: Both
correlation:
    type: event_count
    rules: [one]
    group-by: [User]
    timespan: 2h
    generate: %s
    condition: {gt: 2, lte: 9}
"""
)
NONE = FieldTypes({})


def where(text: str, **options: object) -> And:
    body = sigma.load(Source("rule.yml", text), NONE, **options)[-1].detection.body  # type: ignore[arg-type]
    assert isinstance(body, EventQuery) and isinstance(body.where, And)
    return body.where


def test_a_rule_is_named_parts_of_explicit_leaves() -> None:
    user = Or((Leaf("User", Term("x")), Leaf("User", Term("y"))))
    node = where(RULE)
    assert node == And((Leaf("Image", Term("a.exe", Fold.UNICODE)), user))
    assert node.name == "selection"


def test_places_are_told_when_asked_for() -> None:
    leaves = [node for node in walk(where(RULE, places=True)) if isinstance(node, Leaf)]
    assert [RULE[leaf.span.start : leaf.span.end] for leaf in leaves] == ["a.exe", "[x, y]", "[x, y]"]
    assert all(leaf.span == Span(0, 0) for leaf in walk(where(RULE)) if isinstance(leaf, Leaf))


def test_a_multi_field_is_read_where_its_values_lie() -> None:
    fields = FieldTypes({"Image": FieldType("Image", "text", column="process.image")})
    body = sigma.load(Source("rule.yml", RULE), fields)[-1].detection.body
    assert isinstance(body, EventQuery)
    assert [n.column for n in walk(body.where) if isinstance(n, Leaf)] == ["process.image", None, None]


def test_raw_events_carry_their_time_under_other_names() -> None:
    ecs = RULE.replace("title", "taxonomy: ecs\ntitle", 1)
    assert sigma.load(Source("rule.yml", ecs), NONE)[-1].detection.scope.timestamp_fields == ("@timestamp",)
    assert "SystemTime" in sigma.load(Source("rule.yml", RULE), NONE)[-1].detection.scope.timestamp_fields


def test_rules_say_what_they_are() -> None:
    [rule] = sigma.load(Source("rule.yml", RULE), NONE)
    assert (rule.title, rule.header.level) == ("Example", "high")
    assert rule.id == "5013198c-3a1d-4f0e-a4ff-5e3f7a9b0c11"
    assert rule.logsource == LogSource("process_creation", "windows")


@pytest.mark.parametrize(("generate", "titles"), [("false", ["Both"]), ("true", ["Example", "Both"])])
def test_only_outermost_rules_unless_generated(generate: str, titles: list[str]) -> None:
    rules = sigma.load(Source("rule.yml", PAIR % generate), NONE)
    assert [rule.title for rule in rules] == titles
    body = rules[-1].detection.body
    assert isinstance(body, Correlation)
    assert (body.timespan, body.condition) == (7_200_000, (("gt", 2.0), ("lte", 9.0)))


def test_the_log_source_is_asked_for_on_demand() -> None:
    channel = Leaf("Channel", Term("Microsoft-Windows-Sysmon/Operational", Fold.UNICODE))
    assert where(RULE, logsource=True).children[1] == And((channel, Leaf("EventID", NumberIs(1))))
    assert where(RULE.replace("title", "taxonomy: ecs\ntitle", 1), logsource=True) == where(RULE)


@pytest.mark.parametrize(
    "source", [LogSource(product="linux", service="sshd"), LogSource(category="web"), LogSource("dns_query")]
)
def test_log_sources_without_a_known_field(source: LogSource) -> None:
    assert sigma_logsource.condition(source) is None


def test_log_source_facts_are_those_of_the_pipelines() -> None:
    common = pytest.importorskip("sigma.pipelines.common")
    sysmon = pytest.importorskip("sigma.pipelines.sysmon.sysmon")
    windows = pytest.importorskip("sigma.pipelines.windows.windows")

    def many(value: object) -> tuple[object, ...]:
        return tuple(value) if isinstance(value, list) else (value,)

    channels = {name: many(value) for name, value in common.windows_logsource_mapping.items()}
    assert channels.items() <= sigma_logsource.CHANNELS.items()
    events = {name: many(v) for name, v in sysmon.sysmon_generic_logsource_eventid_mapping.items()}
    assert events == sigma_logsource.SYSMON_EVENTS
    powershell = windows.windows_generic_category_channel_mapping.items()
    assert {k: (v["service"], v["EventID"]) for k, v in powershell} == sigma_logsource.POWERSHELL_EVENTS


def test_placeholders_are_replaced_with_every_value() -> None:
    text = RULE.replace("User|cased: [x, y]", "User|expand|cased: 'd\\%%who%-%who%'")
    leaves = [n.test for n in walk(where(text, placeholders={"who": ["a", "b"]})) if isinstance(n, Leaf)]
    assert leaves[1:] == [Term(f"d%{one}-{two}") for one in "ab" for two in "ab"]


def test_rendered_documents_are_read_as_the_same() -> None:
    source = Source("rule.yml", PAIR % "false")
    tree = sigma.parse(source)
    again = Source("again.yml", sigma.render(tree))
    assert sigma.lower(sigma.parse(again), NONE, again) == sigma.lower(tree, NONE, source)


def test_pysigma_takes_it_too() -> None:
    pytest.importorskip("sigma.rule")
    assert sigma_pysigma.refusals(sigma.parse(Source("rule.yml", RULE))) == ()


def test_pysigma_errors_have_places() -> None:
    pytest.importorskip("sigma.rule")
    shown = [render(p) for p in sigma_pysigma.refusals(sigma.parse(Source("rule.yml", PAIR % "false")))]
    assert shown == [
        "rule.yml:21:16: error: pySigma refuses this: Sigma correlation condition must have exactly one "
        "condition item [pysigma-correlation-condition]\n"
        "  21 |     condition: {gt: 2, lte: 9}\n"
        "     |                ^^^^^^^^^^^^^^^"
    ]


def test_pysigma_is_not_given_what_it_would_not_finish() -> None:
    text = RULE.replace("Image: a.exe", "Image|windash: '" + " -a" * 30 + "'")
    [problem] = sigma_pysigma.refusals(sigma.parse(Source("rule.yml", text)))
    assert problem.code == "pysigma-windash"
    assert problem.message == "pySigma would not finish: more than 5 dashes in a `windash` value"


def test_reading_imports_neither_pysigma_nor_yaml_before_it_is_asked() -> None:
    program = (
        "import sys; import samefire.languages.sigma as s; assert 'yaml' not in sys.modules;"
        "from samefire.fields import FieldTypes; from samefire.source import Source;"
        f"s.load(Source('x', {RULE!r}), FieldTypes({{}}));"
        "assert not [m for m in sys.modules if m == 'sigma' or m.startswith('sigma.')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
