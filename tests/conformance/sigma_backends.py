"""Our Sigma through pySigma's Elasticsearch backends, on the same generated events as the Elastic form.

Every KQL, EQL and threshold rule that is written as exact Sigma, as it is and with `--caseless`, through each
derived form that converts it. A verdict that differs passes only when the text shows a fault that is known of the
backend; where the fault is that letter case counts, the verdicts must be those of the same text with case.
"""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.engine.run import run as run_detection
from samefire.fields import FieldTypes
from samefire.forms import Converted, Converter, Options, converters
from samefire.generate import scenarios, variations
from samefire.generate.scenarios import START
from samefire.problems import ProblemError
from samefire.query.ast import And, AnyField, AtLeast, Fold, Leaf, Node, Not, Or
from samefire.query.detection import Body, Correlation, Detection, EventQuery
from samefire.query.detection import Sequence as EqlSequence
from samefire.rule import Rule, load_path
from tests.conformance import Failed, Tally, sample
from tests.conformance._sigma_text import rows
from tests.conformance.sigma_differential import _lookback, _threshold

EVENTS = 60
SCENARIOS = 10
PROFILES = {"exact": Options(), "caseless": Options(caseless=True)}


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    derived = [form for form in converters().values() if getattr(form, "derived", False)]
    for row in sample(rows(root)):
        if row["cls"].startswith("exact") and row["type"] in ("query", "eql", "threshold"):
            rule = load_path(root / "corpus/elastic" / row["file"])
            for profile, options in PROFILES.items():
                _rule(tally, rule, profile, options, derived, fields)
    return tally


def _rule(
    tally: Tally,
    rule: Rule,
    profile: str,
    options: Options,
    derived: Sequence[Converter],
    fields: FieldTypes,
) -> None:
    sigma = converters()["sigma"]
    text = sigma.write(rule, fields, options).document
    if text is None:
        return
    written = {form.name: form.write(rule, fields, options) for form in derived}
    written = {name: result for name, result in written.items() if result.document is not None}
    if not written:
        return
    truth = sigma.read(text.text, fields)
    events = list(_occasions(rule, fields))
    for name, result in written.items():
        case = f"{Path(rule.path).name} {profile} {name}"
        tally.check(case, partial(_case, converters()[name], result, truth, events, fields))


def _case(
    form: Converter, result: Converted, truth: Detection, occasions: list[list[Any]], fields: FieldTypes
) -> bool | Failed:
    assert result.document is not None
    known = {
        p.code.removeprefix("known-fault-") for p in result.problems if p.code.startswith("known-fault-")
    }
    query = result.document.text
    try:
        read = form.read(query, fields)
    except ProblemError as error:
        told = [p.message for p in error.problems][:2]
        return (
            True if known - {"case"} else Failed({"unreadable": told, "query": query, "known": sorted(known)})
        )
    if form.name == "sigma:esql":
        occasions = [[_single(event) for event in events] for events in occasions]
    got = _verdicts(read, occasions)
    for model in (truth, *([_cased(truth)] if "case" in known else [])):
        if got == _verdicts(model, occasions):
            return True
    if known - {"case"}:
        return True
    wrong = next(n for n, (a, b) in enumerate(zip(got, _verdicts(truth, occasions), strict=True)) if a != b)
    return Failed({"query": query, "known": sorted(known), "got": got[wrong], "events": occasions[wrong]})


def _single(value: Any) -> Any:
    """ES|QL compares no lists: the first element of each."""
    if isinstance(value, dict):
        return {key: _single(below) for key, below in value.items()}
    return (_single(value[0]) if value else None) if isinstance(value, list) else value


def _verdicts(detection: Detection, occasions: list[list[Any]]) -> list[bool]:
    """Whether the detection fires, for each list of events. Single events are matched all at once."""
    body = detection.body
    if isinstance(body, EventQuery) and all(len(events) == 1 for events in occasions):
        found = match([body.where], Events.of([events[0] for events in occasions])).ordinals[0]
        return [number in found for number in range(len(occasions))]
    return [bool(run_detection(detection, events)) for events in occasions]


def _occasions(rule: Rule, fields: FieldTypes) -> Iterator[list[Any]]:
    """Lists of events around what the rule means: single ones, or scenarios within its look-back."""
    writer = importlib.import_module("samefire.converters.sigma")
    body, filters = writer._lowered(rule, fields, rule.string("rule", "query"))
    if isinstance(body, EventQuery) and rule.type != "threshold":
        where = And((body.where, *(node for node, _ in filters)))
        yield from ([event] for event in variations(where, fields, count=EVENTS))
        return
    asked: Body = _threshold(rule, body) if isinstance(body, EventQuery) else body
    window = _lookback(rule)
    free = not (isinstance(asked, EqlSequence) and asked.maxspan is not None)
    for scenario in scenarios(asked, fields, count=SCENARIOS, window=window):
        yield [event for event in scenario.events if not free or _offset(event) <= window]


def _offset(event: Any) -> float:
    return datetime.datetime.fromisoformat(event["@timestamp"]).timestamp() * 1000 - START


# ---- the same text, with letter case ----------------------------------------------------------------


def _cased(detection: Detection) -> Detection:
    return replace(detection, body=_body(detection.body))


def _body(body: Body) -> Body:
    match body:
        case EventQuery(where=where):
            return replace(body, where=_node(where))
        case Correlation(rules=rules):
            return replace(body, rules=tuple((name, _body(below)) for name, below in rules))
        case _:
            return body


def _node(node: Node) -> Node:
    match node:
        case And(children=children) | Or(children=children) | AtLeast(children=children):
            return replace(node, children=tuple(map(_node, children)))
        case Not(child=child):
            return replace(node, child=_node(child))
        case Leaf(test=test) | AnyField(test=test) if getattr(test, "fold", Fold.NONE) is not Fold.NONE:
            return replace(node, test=replace(test, fold=Fold.NONE))  # type: ignore[arg-type]
        case _:
            return node
