"""Every active rule exports to the same JSON object as Elastic's exporter gives (`golden.ndjson.gz`).

Left out on both sides, as in the goldens: `version`, `related_integrations`, `required_fields`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.rule import Rule, load_path
from tests.conformance import Failed, Tally

LEFT_OUT = ("version", "related_integrations", "required_fields")


def run(root: Path) -> Tally:
    tally = Tally()
    golden = {g["rule_id"]: g for g in lines(root / "corpus/elastic/golden.ndjson.gz")}
    rules, broken = by_id(root)
    fields = FieldTypes.known()
    for rule_id, wanted in golden.items():
        tally.check(rule_id, partial(compared, rules, rule_id, wanted, fields))
    for path in broken:
        tally.failures.append({"case": path, "failed": "does not load"})
    return tally


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def by_id(root: Path) -> tuple[dict[str, Rule], list[str]]:
    """The rules of the corpus by id, and the files that gave none."""
    rules, broken = {}, []
    for path in sorted((root / "corpus/elastic").rglob("*.toml")):
        try:
            rule = load_path(path)
        except Exception as error:
            broken.append(f"{path}: {error}")
        else:
            rules[rule.id] = rule
    return rules, broken


def compared(rules: dict[str, Rule], rule_id: str, wanted: dict[str, Any], fields: FieldTypes) -> object:
    return same(rules[rule_id], wanted, fields)


def same(rule: Rule, wanted: dict[str, Any], fields: FieldTypes) -> object:
    converted = converters()["elastic"].write(rule, fields, Options())
    if converted.document is None:
        return Failed([p.message for p in converted.problems])
    got = json.loads(converted.document.text)
    given = {key: value for key, value in got.items() if key not in LEFT_OUT}
    if given == wanted:
        return True
    keys = sorted(k for k in given.keys() | wanted.keys() if given.get(k) != wanted.get(k))
    return Failed({k: [given.get(k), wanted.get(k)] for k in keys})
