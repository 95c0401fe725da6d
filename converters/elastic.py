"""Elastic's detection engine: a rule as the JSON that Kibana imports and its API accepts.

`write` gives one object on one line with sorted keys, as Elastic's own exporter writes it: the file of one
rule is an importable NDJSON, files put together are one, and equal rules are equal bytes.
"""

from __future__ import annotations

import json
from pathlib import PurePath

from samefire.fields import FieldTypes
from samefire.forms import Converted, Document, Options
from samefire.problems import ProblemError
from samefire.query.detection import Detection
from samefire.rule import Rule

from ._elastic_write import api_rule


class Elastic:
    """The form `elastic`."""

    name = "elastic"
    suffix = ".json"
    counts_alerts = True

    def write(self, rule: Rule, fields: FieldTypes, options: Options) -> Converted:
        """The rule as one line of NDJSON; refused when its query cannot be read."""
        try:
            data, problems = api_rule(rule, fields, options)
        except ProblemError as error:
            return Converted(None, error.problems)
        text = json.dumps(data, sort_keys=True, allow_nan=False) + "\n"
        stem = PurePath(rule.path).stem if rule.path.endswith(".toml") else rule.id
        return Converted(Document(stem + self.suffix, text), tuple(problems))

    def read(self, text: str, fields: FieldTypes, name: str = "<export>") -> Detection:
        """What the detection engine would execute; raises ProblemError."""
        from ._elastic_read import read

        return read(text, fields, name)


converter = Elastic()
