"""What a fixture folder must be to prove anything: cases on both sides, events that speak of the rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from samefire.fields import FieldTypes
from samefire.harness.case import Case, Cases
from samefire.harness.places import element_span
from samefire.problems import Problem, Severity
from samefire.rule import Rule
from samefire.rulequery import query_fields
from samefire.source import Span


def check_cases(rule: Rule, cases: Cases, fields: FieldTypes, *, excused: bool = False) -> list[Problem]:
    """Problems of the fixtures of one rule that can be told without running it."""
    problems = [] if excused else list(_balance(rule, cases))
    names = set(query_fields(rule, fields))
    for case in cases.cases:
        problems.extend(_foreign(case, names))
        problems.extend(_untimed(rule, case))
    return problems


def _balance(rule: Rule, cases: Cases) -> Iterator[Problem]:
    """A rule needs positive and negative cases; broken files were reported as such."""
    if cases.problems and not cases.cases:
        return
    sides = {case.positive for case in cases.cases}
    if len(sides) == 2:
        return
    name_span = rule.key_span("rule", "name")
    if not sides:
        hint = "add events under `fixtures/`, or excuse the rule under `without_fixtures` in the settings"
        yield Problem(
            "rule-without-fixtures",
            "the rule has no fixtures",
            rule.source,
            name_span,
            Severity.WARNING,
            hint,
        )
    else:
        missing = "negative" if True in sides else "positive"
        hint = f"add a case to the `{missing}` folder"
        yield Problem(
            f"rule-without-{missing}",
            f"the rule has no {missing} case",
            rule.source,
            name_span,
            Severity.WARNING,
            hint,
        )


def _foreign(case: Case, names: set[str]) -> Iterator[Problem]:
    """An event without any field of the rule proves nothing, most likely a misspelt key."""
    if not names:
        return
    in_object = isinstance(case.events, tuple) and len(case.events) > 0
    for index, event in enumerate(case.events if in_object else ()):
        if not any(has_field(event, name.split(".")) for name in names):
            span = _event_span(case, index)
            shown = ", ".join(f"`{n}`" for n in sorted(names)[:3])
            hint = f"the rule asks for {shown}{' …' if len(names) > 3 else ''}"
            yield Problem(
                "fixture-foreign-event",
                f"event {index + 1} has no field of the rule",
                case.source,
                span,
                hint=hint,
            )


def _event_span(case: Case, index: int) -> Span:
    for path in (("events", index), (index,), ()):
        span = element_span(case.source, path)
        if span.end:
            return span
    return Span(0, 0)


def has_field(event: Any, path: Sequence[str]) -> bool:
    """Whether an event (nested or dotted keys, lists) has a field; `*` in a name stands for anything."""
    if not path:
        return event is not None
    if isinstance(event, list):
        return any(has_field(item, path) for item in event)
    if not isinstance(event, Mapping):
        return False
    if "*" in path[0]:
        return bool(event)
    for length in range(len(path), 0, -1):
        key = ".".join(path[:length])
        if key in event and has_field(event[key], path[length:]):
            return True
    return False


def _untimed(rule: Rule, case: Case) -> Iterator[Problem]:
    """A sequence needs the time of every event."""
    if rule.type != "eql" or len(case.events) < 2 or not _ordered(rule):
        return
    field = str(rule.contents.get("timestamp_field") or "@timestamp")
    for index, event in enumerate(case.events):
        if not has_field(event, field.split(".")):
            yield Problem(
                "fixture-no-time",
                f"event {index + 1} has no `{field}`, and a sequence is an order in time",
                case.source,
                _event_span(case, index),
            )


def _ordered(rule: Rule) -> bool:
    return str(rule.contents.get("query", "")).lstrip().lower().startswith(("sequence", "sample"))
