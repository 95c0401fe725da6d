"""ES|QL as Sigma: event rules, correlations, and the words for what is lost."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.forms import Converted, Options, converters
from samefire.problems import Severity
from samefire.rule import load
from samefire.source import Source
from tests.converters.sigma_cases import FIELDS, documents
from tests.converters.sigma_cases import HEAD as RULE

HEAD = "FROM logs-aws.cloudtrail-* METADATA _id, _version, _index\n| "


def convert(text: str, *, approximate: bool = False) -> Converted:
    query = f"{HEAD}{text}\n| KEEP *"
    source = f"{RULE.format(type='esql')}language = 'esql'\nquery = '''{query}'''\n"
    made = load(Source("rule.toml", source))
    return converters()["sigma"].write(made, FIELDS, Options(approximate=approximate))


def told(result: Converted) -> list[tuple[Severity, str, str, str | None]]:
    return [(p.severity, p.code, p.message, p.hint) for p in result.problems]


def test_a_condition_is_an_event_rule() -> None:
    result = convert('WHERE user.name != "root" AND TO_LOWER(process.name) LIKE "cmd*"')
    (only,) = documents(result)
    assert result.problems == ()
    assert only["logsource"] == {"product": "aws", "service": "cloudtrail"}
    assert only["detection"] == {
        "selection": {"user.name|exists": True, "process.name|startswith": "cmd"},
        "filter_root": {"user.name|cased": "root"},
        "condition": "selection and not filter_root",
    }


def test_a_count_is_a_correlation() -> None:
    result = convert(
        'WHERE event.action == "x" AND user.name IS NOT NULL'
        " | STATS c = COUNT_DISTINCT(source.ip) BY user.name | WHERE c >= 4"
    )
    first, events = documents(result)
    assert result.problems == ()
    expected: dict[str, Any] = {
        "type": "value_count",
        "rules": ["a_thing_happened_events"],
        "group-by": ["user.name"],
        "timespan": "9m",
        "condition": {"field": "source.ip", "gte": 4},
    }
    assert first["correlation"] == expected
    assert events["detection"]["selection"]["event.action|cased"] == "x"


def test_a_note_is_told_in_the_document() -> None:
    result = convert('WHERE event.action == "x" | STATS c = COUNT(*) BY user.name | WHERE c >= 4')
    message = "events without `user.name` are not counted; ES|QL has a group of them"
    assert told(result) == [(Severity.NOTE, "sigma-note-esql-null-group", message, None)]
    assert not result.approximate
    assert documents(result)[0]["samefire"]["notes"] == [message]


BUCKETS = (
    'WHERE event.action == "x" AND user.name IS NOT NULL | EVAL t = DATE_TRUNC(90 seconds, @timestamp)'
    " | STATS c = COUNT(*) BY user.name, t | WHERE c >= 4"
)


def test_what_differs_much_is_refused_unless_it_is_wanted() -> None:
    message = "Sigma cannot say this exactly: fixed buckets of time become a window that slides"
    assert told(convert(BUCKETS)) == [
        (Severity.ERROR, "sigma-cannot-esql-buckets", message, "--approximate writes it so")
    ]


def test_what_is_wanted_is_labelled() -> None:
    result = convert(BUCKETS, approximate=True)
    message = "fixed buckets of time become a window that slides"
    assert told(result) == [(Severity.WARNING, "approximate-esql-buckets", message, None)]
    assert documents(result)[0]["correlation"]["timespan"] == "90s"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "WHERE LENGTH(user.name) > 3",
            "sigma-cannot-esql-function",
            "Sigma cannot say this: LENGTH cannot be asked of a field",
        ),
        (
            "STATS m = MAX(process.pid) BY user.name | WHERE m > 3",
            "sigma-cannot-esql-aggregate",
            "Sigma cannot say this: `m` is a MAX, and only events and values are counted",
        ),
    ],
)
def test_what_cannot_be_said(text: str, code: str, message: str) -> None:
    result = convert(text)
    assert result.document is None
    assert told(result) == [(Severity.ERROR, code, message, None)]


def test_the_place_is_that_of_the_query() -> None:
    (problem,) = convert("WHERE LENGTH(user.name) > 3").problems
    assert problem.location.excerpt.strip() == "| WHERE LENGTH(user.name) > 3"
    assert problem.location.excerpt[problem.location.column - 1 :].startswith("LENGTH")
