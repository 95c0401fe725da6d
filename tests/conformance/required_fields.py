"""`required_fields` of every rule whose list Elastic's own version lock confirms (`required-fields.ndjson.gz`,
marked `match` or `match-retyped`): the same names, and the same types where the field is of ECS."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.rule import Rule
from tests.conformance import Failed, Tally
from tests.conformance.elastic_json import by_id, lines

CONFIRMED = ("match", "match-retyped")


def run(root: Path) -> Tally:
    tally = Tally()
    rules, _ = by_id(root)
    fields = FieldTypes.known()
    for record in lines(root / "corpus/elastic/required-fields.ndjson.gz"):
        if record["lock_hash"] in CONFIRMED:
            tally.check(record["path"], partial(compared, rules, record, fields))
    return tally


def compared(rules: dict[str, Rule], record: dict[str, Any], fields: FieldTypes) -> object:
    converted = converters()["elastic"].write(rules[record["rule_id"]], fields, Options())
    if converted.document is None:
        return Failed([p.message for p in converted.problems])
    got = told(json.loads(converted.document.text).get("required_fields"))
    wanted = told(record["required_fields"])
    return True if got == wanted else Failed({"got": got, "wanted": wanted})


def told(entries: list[dict[str, Any]] | None) -> dict[str, str | None]:
    """Names, with the type where the field is of ECS."""
    return {e["name"]: e["type"] if e["ecs"] else None for e in entries or ()}
