"""What changed between two versions of a rule, in the terms of a detection engineer.

Compares exported forms (by DeepDiff) and what the query means (by the tree), and which cases change verdict.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samefire import diff_beside
from samefire.fields import FieldTypes
from samefire.forms import Converter, Options
from samefire.harness.case import Case
from samefire.harness.run import Prepared, verdicts_of
from samefire.problems import ProblemError
from samefire.query.rewrite import normal_body
from samefire.rule import Rule
from samefire.rulequery import lowered, query_fields


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed. `area` is what it concerns (one of `AREAS`' values, or `other`); `path` the place
    in the export; `old` and `new` its values (None: absent)."""

    area: str
    path: str
    old: Any
    new: Any
    note: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A case whose verdict is not what it was."""

    case: str
    form: str
    old: str
    new: str


@dataclass(frozen=True)
class RuleDiff:
    """All that changed of one rule. `old` or `new` is None when the rule came or went."""

    old: Rule | None
    new: Rule | None
    differences: tuple[Difference, ...] = ()
    turns: tuple[Turn, ...] = ()

    @property
    def rule(self) -> Rule:
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def turned(self) -> bool:
        """Whether a case changes from firing to silence or back."""
        return any(t.old.split(" ")[0] != t.new.split(" ")[0] for t in self.turns)

    @property
    def kind(self) -> str:
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "changed" if self.differences or self.turns else "same"


AREAS = {
    "query": "query",
    "language": "query",
    "filters": "query",
    "index": "query",
    "event_category_override": "query",
    "timestamp_field": "query",
    "tiebreaker_field": "query",
    "saved_id": "query",
    "data_view_id": "query",
    "type": "type",
    "threshold": "threshold",
    "anomaly_threshold": "threshold",
    "new_terms_fields": "threshold",
    "history_window_start": "threshold",
    "threat_mapping": "threshold",
    "threat_query": "threshold",
    "threat_language": "threshold",
    "threat_index": "threshold",
    "machine_learning_job_id": "threshold",
    "threat_filters": "threshold",
    "alert_suppression": "alerts",
    "max_signals": "alerts",
    "building_block_type": "alerts",
    "exceptions_list": "alerts",
    "rule_name_override": "alerts",
    "severity": "severity",
    "severity_mapping": "severity",
    "risk_score": "severity",
    "risk_score_mapping": "severity",
    "interval": "schedule",
    "from": "schedule",
    "to": "schedule",
    "timestamp_override": "schedule",
    "timestamp_override_fallback_disabled": "schedule",
    "threat": "attack",
    "tags": "text",
    "name": "text",
    "description": "text",
    "note": "text",
    "setup": "text",
    "references": "text",
    "false_positives": "text",
    "author": "text",
    "license": "text",
}
QUERY = "query"
PLAIN = Options()
DERIVED = ("required_fields", "version", "related_integrations")


def compare(
    old: Rule | None,
    new: Rule | None,
    form: Converter,
    fields: FieldTypes,
    cases: Sequence[Case] = (),
    forms: Sequence[Converter] = (),
    options: Options = PLAIN,
) -> RuleDiff:
    """The difference of two versions of a rule, each with its own exceptions; `form` gives the export that is
    compared, `forms` those whose verdicts on `cases` are."""
    if old is None or new is None:
        return RuleDiff(old, new)
    before, now = (_export(rule, form, fields, options) for rule in (old, new))
    contents = [d for d in _contents(before, now) if d.path != QUERY]
    more = (
        *diff_beside.order(before, now),
        *diff_beside.exceptions(old, new),
        *diff_beside.links(before, now),
    )
    found = [
        *_query(old, new, fields),
        *(Difference(*one) for one in diff_beside.beside(old, new)),
        *contents,
    ]
    found = sorted([*found, *(Difference(*one) for one in more)], key=lambda d: _FIRST.get(d.area, d.area))
    return RuleDiff(old, new, tuple(found), tuple(_turns(_Versions(old, new, fields, options), forms, cases)))


_FIRST = {"query": "", "release": " "}


def _export(rule: Rule, form: Converter, fields: FieldTypes, options: Options) -> dict[str, Any]:
    document = form.write(rule, fields, options).document
    data: dict[str, Any] = json.loads(document.text.split("\n{")[0]) if document else dict(rule.contents)
    return {k: v for k, v in data.items() if k not in DERIVED}


def _query(old: Rule, new: Rule, fields: FieldTypes) -> Iterator[Difference]:
    """The query: changed in meaning, or only in layout; fields gained and lost."""
    before, now = old.contents.get("query"), new.contents.get("query")
    if before == now:
        return
    note = "only the layout changed" if _same_meaning(old, new, fields) else "the meaning changed"
    yield Difference("query", "query", before, now, note)
    had, has = set(query_fields(old, fields)), set(query_fields(new, fields))
    for name in sorted(has - had):
        yield Difference("query", f"fields.{name}", None, name, "field gained")
    for name in sorted(had - has):
        yield Difference("query", f"fields.{name}", name, None, "field lost")


def _same_meaning(old: Rule, new: Rule, fields: FieldTypes) -> bool:
    """Whether both queries can be read here and mean the same."""
    try:
        before, now = lowered(old, fields), lowered(new, fields)
    except ProblemError:
        return False
    return before is not None and bool(normal_body(before) == normal_body(now))


def _contents(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """Everything else, key by key; lists of strings are compared as sets."""
    from deepdiff import DeepDiff

    old, new = ({k: v for k, v in d.items() if k != "threat"} for d in (before, now))
    found = DeepDiff(old, new, ignore_order=True, view="tree", verbose_level=2)
    rows = [_row(level) for kind in sorted(found) for level in found[kind]]
    yield from sorted(rows, key=lambda d: (d.area, d.path, str(d.old), str(d.new)))
    yield from _attack(before, now)


def _row(level: Any) -> Difference:
    """One difference. An item of a list has the list's path: where in it says nothing when order does not."""
    parts = level.path(output_format="list")
    while len(parts) > 1 and isinstance(parts[-1], int):
        parts = parts[:-1]
    path = ".".join(str(part) for part in parts)
    old, new = (_value(v) for v in (level.t1, level.t2))
    return Difference(AREAS.get(str(parts[0]), "other"), path, old, new)


def _value(value: Any) -> Any:
    return None if type(value).__name__ == "NotPresent" else value


def _attack(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    had, has = set(_techniques(before)), set(_techniques(now))
    for name in sorted(had - has):
        yield Difference("attack", f"threat.{name.split()[0]}", name, None)
    for name in sorted(has - had):
        yield Difference("attack", f"threat.{name.split()[0]}", None, name)


def _techniques(export: Mapping[str, Any]) -> Iterator[str]:
    """`TA0001 Initial Access`, `T1566 Phishing (TA0001)`, `T1566.002 Spearphishing Link (TA0001)`."""
    for threat in export.get("threat") or []:
        tactic = threat.get("tactic", {})
        yield f"{tactic.get('id')} {tactic.get('name')}"
        for technique in threat.get("technique") or []:
            for item in (technique, *(technique.get("subtechnique") or [])):
                yield f"{item.get('id')} {item.get('name')} ({tactic.get('id')})"


@dataclass(frozen=True, slots=True)
class _Versions:
    """Two versions of a rule, and how they are exported."""

    old: Rule
    new: Rule
    fields: FieldTypes
    options: Options

    def verdicts(self, rule: Rule, form: Converter, cases: Sequence[Case]) -> dict[str, str]:
        prepared = Prepared(form, rule, self.fields, self.options)
        if prepared.detection is None:
            return {}
        return {v.case.name: _told(v.alerts) for v in verdicts_of(prepared, cases)}


def _turns(both: _Versions, forms: Sequence[Converter], cases: Sequence[Case]) -> Iterator[Turn]:
    """Cases whose verdict differs between the versions."""
    for form in forms:
        before, now = (both.verdicts(rule, form, cases) for rule in (both.old, both.new))
        for case in cases:
            one, other = before.get(case.name, "not run"), now.get(case.name, "not run")
            if one != other:
                yield Turn(case.name, form.name, one, other)


def _told(alerts: int) -> str:
    return f"fires ({alerts})" if alerts > 1 else "fires" if alerts else "silent"
