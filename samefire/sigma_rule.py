"""A Sigma file of somebody as a rule: beside the TOML rules, judged on fixtures of its own by its own text.

Its contents are what reports, tables and checks ask of any rule; its one form of ours is its text.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from samefire.fields import FieldTypes
from samefire.problems import Problem, ProblemError
from samefire.rule import Rule
from samefire.source import NOWHERE, Embedded, Source, Span

ENDINGS = (".yml", ".yaml")
_NAMESPACE = uuid.UUID("3d0c8d3e-7f0a-5c55-9a77-7369676d6172")
_KEYS = {
    "rule_id": "id",
    "name": "title",
    "severity": "level",
    "type": "detection",
    "query": "detection",
    "false_positives": "falsepositives",
    "threat": "tags",
    "maturity": "status",
    "updated_date": "date",
    "index": "logsource",
}


@dataclass(frozen=True, eq=False)
class SigmaRule(Rule):
    """A file with one outermost Sigma rule. `document` is which of its documents that is, `asked` the fields that
    it names."""

    document: int = 0
    asked: tuple[str, ...] = ()

    def takes(self, form: str, *, derived: bool) -> bool:
        """Its own text, and what other programs make of that."""
        return form == "sigma" or derived

    def judged_as(self, form: str, *, derived: bool) -> bool:
        """What it takes; but not through a pipeline that renames fields, which would be asked of other events than
        its fixtures are."""
        ours = form.startswith("sigma:") and self.sigma["taxonomy"] != "ecs"
        return self.takes(form, derived=derived) and not ours

    def string(self, *key: str | int) -> Embedded:
        """The whole text, whatever is asked."""
        del key
        text = self.source.text
        return Embedded(self.source.path, text, self.source, lambda: range(len(text) + 1))

    def key_span(self, *key: str | int) -> Span:
        return self.value_span(*key)

    def value_span(self, *key: str | int) -> Span:
        """Where the value stands that Sigma has for a key of `[rule]`; the title when it has none."""
        from samefire.languages import sigma

        last = str(key[-1]) if key else "title"
        named = _KEYS.get(last, last)
        documents = sigma.parse(self.source).yaml
        data: Any = documents.data[self.document]
        return documents.value_span((self.document, named if named in data else "title"))


def load(source: Source) -> SigmaRule:
    """The one outermost rule of a Sigma file; raises ProblemError with every problem of the file."""
    from samefire.languages import sigma

    found = sigma.load(source, FieldTypes({}))
    if len(found) != 1:
        message = f"the file holds {len(found)} rules of their own, and fixtures belong to one"
        raise ProblemError(
            [Problem("sigma-several-rules", message, source, NOWHERE, hint="give each its own file")]
        )
    (one,) = found
    header = one.header
    contents = {
        "rule_id": header.id or str(uuid.uuid5(_NAMESPACE, header.name or header.title)),
        "name": header.title,
        "description": header.description or header.title,
        "type": "sigma",
        "severity": header.level or "medium",
        "tags": list(header.tags),
    }
    metadata = {"maturity": "deprecated" if header.status == "deprecated" else "production"}
    head = {"taxonomy": header.taxonomy}
    fields = tuple(sorted(sigma.field_names(one.detection.body)))
    return SigmaRule(source, metadata, contents, {}, head, one.problems, (), one.document, fields)
