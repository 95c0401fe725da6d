"""Every rule of the corpus in JSON reads back into a detection that runs: of every type.

A rule passes when its own export (and, for active rules, Elastic's golden JSON) is read, both give the same
detection, and a run over events does not fail: one event that speaks of nothing, and one for each of its queries
that was made to satisfy it, whatever index it names (one rule of the corpus asks for a data stream outside its
index patterns). A query rule fires on its event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.run import Runner, narrowed, queries
from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.generate import positives
from samefire.query.detection import Detection, EventQuery
from samefire.rule import Rule
from tests.conformance import Failed, Tally, sample
from tests.conformance.elastic_json import by_id, lines


def run(root: Path) -> Tally:
    tally = Tally()
    golden = {g["rule_id"]: g for g in lines(root / "corpus/elastic/golden.ndjson.gz")}
    rules, broken = by_id(root)
    fields = FieldTypes.known()
    for rule in sample(rules.values()):
        tally.check(rule.path, partial(runs, rule, golden.get(rule.id), fields))
    for path in broken:
        tally.total += 1
        tally.failures.append({"case": path, "failed": "does not load"})
    return tally


def runs(rule: Rule, golden: Mapping[str, Any] | None, fields: FieldTypes) -> object:
    form = converters()["elastic"]
    converted = form.write(rule, fields, Options())
    if converted.document is None:
        return Failed([p.message for p in converted.problems])
    detection = form.read(converted.document.text, fields)
    if golden is not None and form.read(json.dumps(golden), fields) != detection:
        return Failed("the golden JSON reads as another detection")
    found = list(events(detection, fields))
    anywhere = replace(detection, scope=replace(detection.scope, index=()))
    alerts = Runner([anywhere]).run([{"message": "nothing"}, *found])[0]
    if alerts.failure:
        return Failed(alerts.failure)
    if isinstance(detection.body, EventQuery) and len(alerts) != len(found):
        return Failed({"notes": alerts.notes, "silent on": found})
    return True


def events(detection: Detection, fields: FieldTypes) -> Iterator[Mapping[str, Any]]:
    """An event for each query, made to satisfy it."""
    for query in queries(detection.body):
        yield from (made.event for made in positives(narrowed(query, detection), fields, limit=1))
