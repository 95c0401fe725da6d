"""Every rule that Elastic's exporter gives (`golden*.ndjson.gz`), imported as TOML and exported again, is the same
JSON object. Left out on both sides, as in the goldens: `version`, `related_integrations`, `required_fields`."""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path

from samefire.fields import FieldTypes
from samefire.forms import Converter, Options, converters
from samefire.importing.export import Record, read_export
from samefire.importing.proof import brought_in
from samefire.rule import load
from samefire.source import Source
from tests.conformance import Failed, Tally
from tests.conformance.elastic_json import LEFT_OUT


def run(root: Path) -> Tally:
    tally = Tally()
    form, fields = converters()["elastic"], FieldTypes.known()
    for name in ("golden", "golden-deprecated"):
        path = root / f"corpus/elastic/{name}.ndjson.gz"
        with gzip.open(path, "rt", encoding="utf-8") as file:
            export = read_export(Source(path.name, file.read()))
        for record in export.rules:
            tally.check(str(record.data["rule_id"]), partial(compared, record, form, fields))
    return tally


def compared(record: Record, form: Converter, fields: FieldTypes) -> object:
    proved = brought_in(record, "2026/01/31", form, fields)
    if proved.text is None:
        return Failed([p.message for p in proved.problems])
    document = form.write(load(Source("x.toml", proved.text)), fields, Options()).document
    if document is None:
        return Failed("refused")
    got = {key: value for key, value in json.loads(document.text).items() if key not in LEFT_OUT}
    keys = sorted(k for k in got.keys() | record.data.keys() if got.get(k) != record.data.get(k))
    return Failed(keys) if keys else True
