"""ES|QL as event rules and counting correlations: exact, told or refused."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.forms import Converted, Options, converters
from samefire.rule import load
from samefire.source import Source
from tests.converters.sigma_cases import FIELDS, HEAD, documents, problems

HEADER = "from logs-acme-* metadata _id, _version, _index"


def convert(rest: str) -> Converted:
    head = HEAD.format(type="esql")
    keep = "" if "stats" in rest.lower() else " | keep *"
    text = f"{head}language = \"esql\"\nquery = '''{HEADER} | {rest}{keep}'''\n"
    return converters()["sigma"].write(load(Source("rule.toml", text)), FIELDS, Options())


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ('where process.name == "a" and process.pid > 4', {"process.name|cased": "a", "process.pid|gt": 4}),
        ('where process.name in ("a", "b")', {"process.name|cased": ["a", "b"]}),
        ('where process.name like "a*"', {"process.name|startswith|cased": "a"}),
        ('where process.name rlike "a.c"', {"process.name|re|s": "^a.c$"}),
        ('where to_lower(process.name) == "a"', {"process.name": "a"}),
        ('where to_lower(process.name) like "*a*"', {"process.name|contains": "a"}),
        ('eval n = to_lower(process.name) | where n == "a"', {"process.name": "a"}),
        ("where process.name is not null", {"process.name|exists": True}),
        ("where process.parent.name is null", {"process.parent.name|exists": False}),
        ('where cidr_match(source.ip, "10.0.0.0/8")', {"source.ip|cidr": "10.0.0.0/8"}),
        ('where to_string(source.ip) == "10.0.0.1"', {"source.ip|cidr": "10.0.0.1/32"}),
        ('where starts_with(process.name, "a")', {"process.name|startswith|cased": "a"}),
        ("where not process.pid > 4", {"process.pid|lte": 4}),
        ('rename process.name as n | where n == "a"', {"process.name|cased": "a"}),
    ],
)
def test_event_rules(query: str, written: dict[str, Any]) -> None:
    result = convert(query)
    assert not result.problems, problems(result)
    (document,) = documents(result)
    assert document["detection"] == {"selection": written, "condition": "selection"}


def test_null_is_neither_equal_nor_unequal() -> None:
    (document,) = documents(convert('where process.name != "a"'))
    assert document["detection"] == {
        "selection": {"process.name|exists": True},
        "filter_process_name": {"process.name|cased": "a"},
        "condition": "selection and not filter_process_name",
    }


def test_counts() -> None:
    result = convert(
        "where user.name is not null | stats c = count(*), v = values(host.id) by user.name | where c > 5"
    )
    assert not result.problems, problems(result)
    assert documents(result)[0]["correlation"] == {
        "type": "event_count",
        "rules": ["a_thing_happened_events"],
        "group-by": ["user.name"],
        "timespan": "9m",
        "condition": {"gt": 5},
    }


def test_distinct_values() -> None:
    result = convert(
        'where user.name == "a" | stats c = count_distinct(source.ip) by user.name | where c >= 5'
    )
    assert not result.problems, problems(result)
    first = documents(result)[0]["correlation"]
    assert (first["type"], first["condition"]) == ("value_count", {"field": "source.ip", "gte": 5})


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            "where process.pid > 4 | stats c = count(*) by user.name | where c > 5",
            "approximate-null-group",
            "ES|QL also counts the events without `user.name`, Sigma leaves them out",
        ),
        (
            'where event.type == "start"',
            "approximate-several-values",
            "ES|QL compares `event.type` only where it holds one value, Sigma takes any of several",
        ),
        (
            "where user.name is not null | stats c = count(*) by user.name, b = date_trunc(5 minutes, @timestamp)"
            " | where c > 5",
            "approximate-buckets",
            "ES|QL counts in fixed windows of time, Sigma's slide",
        ),
        (
            "where user.name is not null | stats c = count(*), d = count_distinct(host.id) by user.name"
            " | where c > 5 and d > 2",
            "approximate-threshold",
            "Sigma holds one condition on a count, this asks 2 at once",
        ),
        ("where process.pid > 4 | limit 10", "approximate-pipe", "Sigma has no `LIMIT 10`"),
    ],
)
def test_approximate(query: str, code: str, message: str) -> None:
    assert [(p.code, p.message) for p in convert(query).problems] == [(code, message)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("where length(process.name) > 4", "Sigma cannot say `length(process.name) > 4`"),
        ("where process.pid + 1 > 4", "Sigma cannot say `process.pid + 1 > 4`"),
        ('grok process.name "%{WORD:w}" | where w == "a"', "Sigma cannot say `GROK`"),
        ("mv_expand process.args | where process.pid > 4", "Sigma cannot say `MV_EXPAND`"),
        (
            "stats c = count(*) by user.name",
            "Sigma cannot say a `STATS` that no condition on a count follows",
        ),
        ("stats c = max(process.pid) by user.name | where c > 5", "Sigma cannot say `c > 5`"),
        ("stats c = count(*) by user.name | where c < 5", "Sigma cannot say `c < 5`"),
        (
            "stats c = count(*) by n = concat(user.name, host.id) | where c > 5",
            "Sigma cannot say a group or count of `concat(user.name, host.id)`",
        ),
        (
            "stats c = count(*) by user.name | stats d = count(*) by c | where d > 5",
            "Sigma cannot say a second `STATS`",
        ),
    ],
)
def test_refused(query: str, message: str) -> None:
    result = convert(query)
    assert result.document is None
    assert [(p.code, p.message) for p in result.problems] == [("sigma-cannot-esql", message)]
