"""Sigma's field names as ECS, by pySigma's pipelines."""

from __future__ import annotations

import pytest

from samefire.sigma_import import ImportedSigma, import_sigma
from samefire.source import Source

RULE = """\
title: Shell Started
logsource: {{{origin}}}
detection:
  s: {{Image|endswith: '\\cmd.exe', EventID: 4624, Other: x}}
  condition: s
"""


def imported(text: str) -> ImportedSigma:
    (one,) = import_sigma(Source("x.yml", text), "2026/01/01", taxonomy="ecs")
    return one


@pytest.mark.parametrize(
    ("origin", "more"),
    [
        ("category: process_creation, product: windows", ""),
        ("product: windows, service: security", 'winlog.channel : "Security"'),
    ],
)
def test_names_and_log_source(origin: str, more: str) -> None:
    one = imported(RULE.format(origin=origin))
    assert one.tables is not None
    query = " ".join(one.tables["rule"]["query"].split())
    expected = r'any where process.executable : "*\\cmd.exe" and event.code == "4624" and '
    expected += 'winlog.event_data.Other : "x"'
    assert query == f"{expected} and {more}" if more else expected
    assert one.tables["sigma"]["taxonomy"] == "ecs"


def test_a_product_without_pipeline() -> None:
    one = imported(RULE.format(origin="product: linux"))
    assert one.tables is None
    assert [(p.code, p.message, p.hint) for p in one.problems] == [
        (
            "sigma-import-taxonomy",
            "pySigma has no pipeline to ECS for the product `linux`",
            "leave `--taxonomy ecs` away, and rename the fields by hand",
        )
    ]


def test_a_correlation_is_grouped_by_the_new_names() -> None:
    text = (
        "title: Often\ncorrelation: {type: event_count, rules: [a], group-by: [User], timespan: 5m, "
        "condition: {gte: 3}}\n---\ntitle: a\nname: a\nlogsource: {category: process_creation, product: windows}\n"
        "detection: {s: {Image: x.exe}, condition: s}\n"
    )
    one = imported(text)
    assert one.tables is not None
    assert one.tables["rule"]["query"] == (
        'sequence by user.name with maxspan=5m\n  [any where process.executable : "x.exe"] with runs=3'
    )
