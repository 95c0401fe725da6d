"""What Kibana's detection engine would execute for a rule in JSON.

The text may come from `write` or out of Kibana. Keys that the engine does not know are refused; what it fills
in itself (language `kuery`, `now-6m` to `now`, 100 signals, `suppress`) is filled in here. Exception lists hold
when they stand in the same text; those that a rule names and that are kept elsewhere are not looked up.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from samefire.fields import FieldTypes
from samefire.json_places import Places
from samefire.languages.dsl import lower_filter
from samefire.problems import Problem, ProblemError
from samefire.query.ast import TRUE, And, Node
from samefire.query.detection import (
    AnomalyThreshold,
    Body,
    Detection,
    EventQuery,
    IndicatorEntry,
    IndicatorMatch,
    NewTerms,
    Pipeline,
    Scope,
    Suppression,
    Threshold,
)
from samefire.rule_schema import export_table
from samefire.rulequery import body_of
from samefire.schema import Finding, Report, check
from samefire.source import Source, Span

from ._elastic_exceptions import Line, exclusions, objects, read_object, split

Json = Mapping[str, Any]
_WITHOUT_FILTERS = ("esql", "machine_learning")
"""Types whose rules Kibana knows no `filters` of: it drops the key."""
_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000}


def read(text: str, fields: FieldTypes, name: str) -> Detection:
    """The detection of one rule; raises ProblemError with places in the text."""
    source = Source(name, text)
    try:
        line, items = _lines(source)
        return _detection(line, items, fields)
    except RecursionError:
        raise ProblemError([Problem("elastic-not-json", "the JSON is nested too deep", source)]) from None


def _lines(source: Source) -> tuple[Line, list[Line]]:
    """The rule of a text, written over any number of lines, or as NDJSON with its exceptions."""
    try:
        data = json.loads(source.text)
    except (ValueError, RecursionError) as error:
        if getattr(error, "msg", "") == "Extra data":
            return split(objects(source), source)
        return Line(read_object(source), source), []
    return Line(data if isinstance(data, dict) else read_object(source), source), []


def _detection(line: Line, items: list[Line], fields: FieldTypes) -> Detection:
    data = _unfolded(line.data)
    export = _Export(data, line.places, fields)
    _checked(export)
    body = _BODIES[data["type"]](export)
    filters = export.filters("filters") if data["type"] not in _WITHOUT_FILTERS else TRUE
    return Detection(body, _scope(data, body), filters, *exclusions(data, items, fields))


def _unfolded(data: dict[str, Any]) -> dict[str, Any]:
    """New terms as Kibana has them. Elastic's tool leaves the table of a deprecated rule as its file has it."""
    table = data.get("new_terms")
    if data.get("type") != "new_terms" or not isinstance(table, dict):
        return data
    try:
        start = table["history_window_start"][0]["value"]
        told = {"new_terms_fields": table["value"], "history_window_start": start}
    except (KeyError, IndexError, TypeError):
        return data
    return {**{key: value for key, value in data.items() if key != "new_terms"}, **told}


@dataclasses.dataclass(frozen=True, slots=True)
class _Export:
    """The rule's object, the places of its text, and the types of fields."""

    data: Json
    places: Places
    fields: FieldTypes

    def problem(self, code: str, message: str, key: str, hint: str | None = None) -> ProblemError:
        return ProblemError(
            [Problem(code, message, self.places.source, self.places.value((key,)), hint=hint)]
        )

    def query(self, key: str = "query", language: str = "language") -> Body:
        """What the query at `key` means; an absent one is empty, and an empty one asks for everything."""
        source = self.places.string((key,), self.data.get(key, ""))
        category = self.data.get("event_category_override")
        body = body_of(self.data.get(language, "kuery"), source, self.fields, category)
        if body is None:
            message = f"queries in {self.data[language]} cannot be run offline"
            raise self.problem("form-cannot-run", message, key)
        return body

    def where(self, key: str = "query", language: str = "language") -> Node:
        """What the query at `key` asks of one event."""
        body = self.query(key, language)
        assert isinstance(body, EventQuery), "KQL and Lucene ask of single events"
        return body.where

    def filters(self, key: str) -> Node:
        """The filters at `key`, all of which hold."""
        nodes = []
        for i, entry in enumerate(self.data.get(key, ())):

            def place(path: tuple[str | int, ...], at: int = i) -> Span:
                return self.places.value((key, at, *path))

            nodes.append(lower_filter(entry, self.fields, self.places.source, place=place))
        return And(tuple(nodes))


def _checked(export: _Export) -> None:
    """Raise every problem of the object's keys and values."""
    report = Report()
    check(export_table(export.data.get("type")), export.data, ("rule",), report)
    _as_numbers(report)
    problems = [_problem(f, export.places) for f in report.findings]
    if problems:
        raise ProblemError(sorted(problems, key=lambda p: p.span))


def _as_numbers(report: Report) -> None:
    """`47.0` is the number 47 in JSON; no other coercion is."""
    coerced = iter(report.coerced)
    kept = []
    for f in report.findings:
        if f.code == "rule-coerced":
            container, key, value = next(coerced)
            if type(container[key]) is float and container[key] == value:
                container[key] = value
                continue
        kept.append(f)
    report.findings[:] = kept


def _problem(found: Finding, places: Places) -> Problem:
    path = found.path[1:]
    span = places.key(path) if found.on_key else places.value(path)
    code = (
        "elastic-wrong-type" if found.code == "rule-coerced" else found.code.replace("rule-", "elastic-", 1)
    )
    message = found.message.replace("[rule]", "the rule", 1)
    return Problem(code, message, places.source, span, hint=found.hint)


# ---- bodies -------------------------------------------------------------------------------------------


def _query(export: _Export) -> Body:
    return export.query()


def _eql(export: _Export) -> Body:
    return export.query()


def _saved_query(export: _Export) -> Body:
    """Kibana runs the saved query, and the rule's own one when that is gone; only the latter is known here."""
    if "query" not in export.data:
        message = "the query is saved in Kibana, not in the rule"
        raise export.problem("form-cannot-run", message, "saved_id", "give the rule its `query` too")
    return export.query()


def _threshold(export: _Export) -> Body:
    table = export.data["threshold"]
    cardinality = tuple((c["field"], c["value"]) for c in table.get("cardinality", ()))
    return Threshold(export.where(), tuple(_listed(table["field"])), table["value"], cardinality)


def _new_terms(export: _Export) -> Body:
    data = export.data
    return NewTerms(export.where(), tuple(data["new_terms_fields"]), data["history_window_start"])


def _indicator_match(export: _Export) -> Body:
    data = export.data
    mapping = tuple(
        tuple(IndicatorEntry(e["field"], e["value"], e.get("negate", False)) for e in group["entries"])
        for group in data["threat_mapping"]
    )
    query, filters = export.where("threat_query", "threat_language"), export.filters("threat_filters")
    indicators = And((query, filters)) if data.get("threat_filters") else query
    path = data.get("threat_indicator_path", "threat.indicator")
    return IndicatorMatch(export.where(), mapping, indicators, path, tuple(data["threat_index"]))


def _anomalies(export: _Export) -> Body:
    jobs = _listed(export.data["machine_learning_job_id"])
    return AnomalyThreshold(tuple(jobs), export.data["anomaly_threshold"])


_BODIES: Mapping[str, Callable[[_Export], Body]] = {
    "query": _query,
    "saved_query": _saved_query,
    "eql": _eql,
    "esql": _query,
    "threshold": _threshold,
    "new_terms": _new_terms,
    "threat_match": _indicator_match,
    "machine_learning": _anomalies,
}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


# ---- scope --------------------------------------------------------------------------------------------


def _scope(data: Json, body: Body) -> Scope:
    """The frame of a run. An EQL search puts events in order by `timestamp_field` alone: the override only says which
    events a run looks at. A data view wins over index patterns, and only Kibana knows what it names."""
    window = _timestamps(data)
    ordered = (data.get("timestamp_field", "@timestamp"),) if data["type"] == "eql" else ()
    patterns = () if data.get("data_view_id") else tuple(data.get("index", ()))
    return Scope(
        index=body.indices if isinstance(body, Pipeline) else patterns,
        lookback_from=data.get("from", "now-6m"),
        lookback_to=data.get("to", "now"),
        timestamp_fields=ordered or window,
        window_fields=window if ordered else (),
        tiebreaker_field=data.get("tiebreaker_field"),
        max_signals=data.get("max_signals", 100),
        suppression=_suppression(data.get("alert_suppression"), data["type"]),
        building_block="building_block_type" in data,
        newest=_newest_first(data),
    )


def _newest_first(data: Json) -> bool:
    """Whether alerts beyond `max_signals` are those of the oldest events: EQL searches, and indicator matches unless
    they are suppressed."""
    grouped = data.get("alert_suppression", {}).get("group_by")
    return data["type"] == "eql" or (data["type"] == "threat_match" and not grouped)


def _timestamps(data: Json) -> tuple[str, ...]:
    """Where a run reads an event's time: the first of these that the event has."""
    override = data.get("timestamp_override")
    if not override:
        return ("@timestamp",)
    return (override,) if data.get("timestamp_override_fallback_disabled") else (override, "@timestamp")


def _suppression(table: Json | None, kind: str) -> Suppression | None:
    """Alerts of `query` rules are grouped in Elasticsearch, value by value; most others in Kibana, by whole
    arrays (threshold alerts are groups already)."""
    if table is None:
        return None
    duration = table.get("duration")
    length = duration["value"] * _MILLISECONDS[duration["unit"]] if duration else None
    missing = table.get("missing_fields_strategy", "suppress")
    whole = kind in ("eql", "esql", "new_terms", "threat_match", "machine_learning")
    return Suppression(tuple(table.get("group_by", ())), length, missing, whole)
