"""Every deprecated rule exports to the same JSON object as Elastic's exporter gives
(`golden-deprecated.ndjson.gz`)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from samefire.fields import FieldTypes
from tests.conformance import Tally
from tests.conformance.elastic_json import by_id, compared, lines


def run(root: Path) -> Tally:
    tally = Tally()
    rules, _ = by_id(root)
    fields = FieldTypes.known()
    for wanted in lines(root / "corpus/elastic/golden-deprecated.ndjson.gz"):
        rule_id = wanted["rule_id"]
        tally.check(rule_id, partial(compared, rules, rule_id, wanted, fields))
    return tally
