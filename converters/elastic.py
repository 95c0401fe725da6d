"""Elastic's detection engine: a rule as the JSON that Kibana imports and its API accepts.

`write` gives one object on one line with sorted keys, as Elastic's own exporter writes it, and after it a line
for each exception list and item that holds for the rule: the file of one rule is an importable NDJSON, files put
together are one, and equal rules are equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath

from samefire.fields import FieldTypes
from samefire.forms import Collected, Companions, Converted, Document, Options
from samefire.problems import ProblemError
from samefire.query.detection import Detection
from samefire.rule import Rule

from ._elastic_bundle import collect
from ._elastic_exceptions import lines, refusals
from ._elastic_write import api_rule


class Elastic:
    """The form `elastic`."""

    name = "elastic"
    suffix = ".json"
    counts_alerts = True
    derived = False

    def write(self, rule: Rule, fields: FieldTypes, options: Options) -> Converted:
        """The rule as NDJSON; refused when its query cannot be read, or its exceptions are kept elsewhere."""
        if refused := refusals(rule):
            return Converted(None, refused)
        try:
            data, problems = api_rule(rule, fields, options)
        except ProblemError as error:
            return Converted(None, error.problems)
        found = [data, *lines(rule)]
        text = "".join(json.dumps(one, sort_keys=True, allow_nan=False) + "\n" for one in found)
        stem = PurePath(rule.path).stem if rule.path.endswith(".toml") else rule.id
        suffix = self.suffix if len(found) == 1 else ".ndjson"
        return Converted(Document(stem + suffix, text), tuple(problems))

    def collect(self, parts: Sequence[tuple[Rule, Document]], companions: Companions) -> Collected:
        """One file for the import into Kibana, and the assets of Fleet's package."""
        return collect(parts, companions)

    def read(self, text: str, fields: FieldTypes, name: str = "<export>") -> Detection:
        """What the detection engine would execute; raises ProblemError."""
        from ._elastic_read import read

        return read(text, fields, name)


converter = Elastic()
