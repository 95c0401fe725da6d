"""An Elastic rule and its Sigma, run on the same generated events, give the same verdicts.

Every KQL, EQL, ES|QL and threshold rule that is written as exact: 200 events around its query, or 40 scenarios
around its sequence, threshold or count, as `samefire.generate` makes them. Where only the look-back bounds the
time, the scenarios lie within one look-back: what a scheduled rule sees of a longer burst depends on its clock. ES|QL
is asked about events whose fields hold one value, and counts about events that have the fields of their groups:
what else there may be is noted when it is converted.
"""

from __future__ import annotations

import datetime
import importlib
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.engine.run import run as run_detection
from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.generate import Scenario, scenarios, variations
from samefire.generate.build import flattened, nested
from samefire.generate.scenarios import START
from samefire.query.ast import And
from samefire.query.detection import Body, Correlation, Detection, EventQuery, Pipeline, Sequence, Threshold
from samefire.rule import Rule, load_path
from tests.conformance import Failed, Tally, sample
from tests.conformance._sigma_text import rows

EVENTS = 200
SCENARIOS = 40


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    for row in sample(rows(root)):
        if row["cls"].startswith("exact") and row["type"] in ("query", "eql", "esql", "threshold"):
            tally.check(row["file"], partial(_case, root, row, fields))
    return tally


def _case(root: Path, row: dict[str, Any], fields: FieldTypes) -> bool | Failed:
    rule = load_path(root / "corpus/elastic" / row["file"])
    result = converters()["sigma"].write(rule, fields, Options())
    if result.document is None or result.approximate:
        return Failed({"problems": [p.message for p in result.problems][:3]})
    return compared(rule, converters()["sigma"].read(result.document.text, fields), fields)


def compared(rule: Rule, returned: Detection, fields: FieldTypes) -> bool | Failed:
    """The rule as Elastic means it, and what came back from Sigma, over generated events."""
    sigma = importlib.import_module("samefire.converters.sigma")
    body, filters = sigma._lowered(rule, fields, rule.string("rule", "query"))
    if isinstance(body, Pipeline):
        return _pipeline(Detection(body), returned, fields)
    beside = tuple(node for node, _ in filters)
    if isinstance(body, EventQuery) and rule.type != "threshold":
        return _events(And((body.where, *beside)), returned.body, fields)
    window = _lookback(rule)
    asked = _threshold(rule, body) if isinstance(body, EventQuery) else body
    made = scenarios(asked, fields, count=SCENARIOS, window=window)
    free = not (isinstance(asked, Sequence) and asked.maxspan is not None)
    return _scenarios(Detection(asked, filters=And(beside)), returned, made, window if free else None)


def _events(asked: And, body: Body, fields: FieldTypes) -> bool | Failed:
    assert isinstance(body, EventQuery)
    events = variations(asked, fields, count=EVENTS)
    ours, theirs = (set(found) for found in match([asked, body.where], Events.of(events)).ordinals)
    if not ours:
        return Failed("no event satisfies the query")
    differ = [events[ordinal] for ordinal in sorted(ours ^ theirs)]
    return Failed({"differ": len(differ), "first": differ[0]}) if differ else True


def _pipeline(asked: Detection, returned: Detection, fields: FieldTypes) -> bool | Failed:
    body = returned.body
    if isinstance(body, EventQuery):
        made = [[_single(event)] for event in variations(body.where, fields, count=EVENTS)]
    else:
        assert isinstance(body, Correlation)
        made = [[e for e in map(_single, s.events) if _counted(e, body)] for s in _counts(body, fields)]
    for events in made:
        ours, theirs = bool(run_detection(asked, events)), bool(run_detection(returned, events))
        if ours is not theirs:
            return Failed({"elastic": ours, "sigma": theirs, "events": events})
    return True


def _counted(event: dict[str, Any], body: Correlation) -> bool:
    """Within one look-back, with a value for each group."""
    flat = flattened(event)
    return _offset(event) <= body.timespan and all(flat.get(name) is not None for name in body.group_by)


def _counts(body: Correlation, fields: FieldTypes) -> list[Scenario]:
    """Scenarios around what a correlation counts."""
    (_, events), *_ = body.rules
    assert isinstance(events, EventQuery)
    operator, number = body.condition[0]
    least = int(number) + (operator == "gt")
    distinct = tuple((name, least) for name in body.value_field)
    counted = Threshold(events.where, body.group_by, 1 if distinct else least, distinct)
    return scenarios(counted, fields, count=SCENARIOS, window=body.timespan)


def _single(event: Any) -> dict[str, Any]:
    """The event with one value in each field."""
    flat = flattened(event)
    return nested({k: v[0] if isinstance(v, list) and v else v for k, v in flat.items()})


def _scenarios(
    asked: Detection, returned: Detection, made: list[Scenario], window: int | None
) -> bool | Failed:
    for scenario in made:
        events = [event for event in scenario.events if window is None or _offset(event) <= window]
        ours, theirs = bool(run_detection(asked, events)), bool(run_detection(returned, events))
        if ours is not theirs:
            return Failed({"scenario": scenario.about, "elastic": ours, "sigma": theirs, "events": events})
    return True


def _offset(event: Any) -> float:
    """Milliseconds after the start of the scenario."""
    return datetime.datetime.fromisoformat(event["@timestamp"]).timestamp() * 1000 - START


def _lookback(rule: Rule) -> int:
    correlation = importlib.import_module("samefire.converters._sigma_correlation")
    losses = importlib.import_module("samefire.converters._sigma_losses")
    found: int = correlation.lookback(rule, losses.Losses(rule.source))
    return found


def _threshold(rule: Rule, body: EventQuery) -> Threshold:
    table = rule.contents["threshold"]
    fields = table.get("field", ())
    distinct = tuple((str(c["field"]), int(c["value"])) for c in table.get("cardinality", ()))
    names = (fields,) if isinstance(fields, str) else tuple(fields)
    return Threshold(body.where, names, int(table["value"]), distinct)
