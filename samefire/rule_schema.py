"""What a rule file may hold: the schema of elastic/detection-rules as a table, and our own `[sigma]`.

Only facts about keys; what two keys must be to each other is in `rule_checks.py`. `table_of(type)` is the
`[rule]` table of one rule type; `file_schema()` gives all of it as JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from samefire.rule_suggestions import (
    UUID,
    as_date,
    as_date_math,
    as_interval,
    as_language,
    as_severity,
    as_uuid,
)
from samefire.schema import Either, Flag, Free, Key, ListOf, Map, Shape, Table, Text, Whole, json_schema

DATE_MATH = r"(?:now|\d{4}(?:-\d{2}){0,2}(?:T[0-9:.]+Z?)?\|\|)(?:[+-]\d+[yMwdhHms]|/[yMwdhHms])*"


_text = Text()
_filled = Text(empty=False)
_texts = ListOf(_text)
_fields = ListOf(_filled)
_tables = ListOf(Map(Free()))
_date = Text('a date such as "2026/01/31"', r"\d{4}/\d{2}/\d{2}", suggest=as_date)
_version = Text('a version such as "9.2.0"', r"\d+\.\d+(\.\d+[\w-]*)*")
_interval = Text('a time such as "5m" (s, m, h, d)', r"0*[1-9]\d*[smhd]", suggest=as_interval)
_date_math = Text('date math such as "now-9m"', DATE_MATH, suggest=as_date_math)
_uuid = Text(
    "a lower-case UUID such as `5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43`",
    UUID,
    suggest=as_uuid,
)
SEVERITIES = ("low", "medium", "high", "critical")
_severity = Text(choices=SEVERITIES, suggest=as_severity)
_operator = Text(choices=("equals",))


def _table(**keys: Key | Shape) -> Table:
    """A table from its keys; a bare shape is an optional key."""
    return Table({k.rstrip("_"): v if isinstance(v, Key) else Key(v) for k, v in keys.items()})


def _need(shape: Shape, about: str = "") -> Key:
    return Key(shape, required=True, about=about)


# ---- [metadata] ---------------------------------------------------------------------------------------

METADATA = _table(
    creation_date=_need(_date, "when the rule was written"),
    updated_date=_need(_date, "when the rule was last changed"),
    deprecation_date=Key(_date, about="when the rule was given up; only with maturity `deprecated`"),
    deprecated_reason=Key(_text, about="why the rule was given up"),
    maturity=Text(choices=("development", "experimental", "beta", "production", "deprecated")),
    integration=Key(Either(_text, _texts), about="Elastic integrations whose data the rule reads"),
    min_stack_version=Key(_version, about="the first Elastic Stack version that can run the rule"),
    min_stack_comments=Key(_text, about="why it needs that version"),
    bypass_bbr_timing=Key(Flag(), about="let a building block rule run with a shorter window"),
    comments=_text,
    os_type_list=ListOf(Text(choices=("windows", "linux", "macos"))),
    query_schema_validation=Flag(),
    related_endpoint_rules=_texts,
    promotion=Flag(),
    extended=Map(Free()),
)

# ---- [rule], all types --------------------------------------------------------------------------------

_mitre = "https://attack\\.mitre\\.org"
_atlas = "https://atlas\\.mitre\\.org"


def _reference(example: str, attack: str, atlas: str) -> Key:
    """A link into a framework; the slash at its end may be left out."""
    return _need(Text(f"a link such as {example}", rf"{_mitre}/{attack}/?|{_atlas}/{atlas}/?"))


_subtechnique = _table(
    id=_need(_text),
    name=_need(_text),
    reference=_reference(
        "https://attack.mitre.org/techniques/T1059/001/",
        r"techniques/T[0-9]+/[0-9]+",
        r"techniques/AML\.T[0-9]+\.[0-9]+",
    ),
)
_technique = _table(
    id=_need(_text),
    name=_need(_text),
    reference=_reference(
        "https://attack.mitre.org/techniques/T1059/", r"techniques/T[0-9]+", r"techniques/AML\.T[0-9]+"
    ),
    subtechnique=ListOf(_subtechnique),
)
_tactic = _table(
    id=_need(_text),
    name=_need(_text),
    reference=_reference(
        "https://attack.mitre.org/tactics/TA0002/", r"tactics/TA[0-9]+", r"tactics/AML\.TA[0-9]+"
    ),
)
_framework = _need(Text(choices=("MITRE ATT&CK", "MITRE ATLAS")))
_threat = ListOf(_table(framework=_framework, tactic=_need(_tactic), technique=ListOf(_technique)))

_BASE = _table(
    name=_need(_filled, "the rule's name, unique in a set of rules"),
    description=_need(_text, "what it detects, for the analyst"),
    author=_need(_texts),
    rule_id=_need(_uuid, "never changes once the rule is out"),
    risk_score=_need(Whole(0, 100)),
    severity=_need(_severity),
    type=_need(_text),
    from_=Key(_date_math, about="start of the window that a run looks at"),
    to=Key(_date_math, about="end of the window that a run looks at"),
    interval=Key(_interval, about="how often the rule runs"),
    enabled=Flag(),
    license=_text,
    note=Key(_text, about="investigation guide, Markdown"),
    setup=Key(_text, about="what must be set up before the rule works, Markdown"),
    tags=_texts,
    references=_texts,
    false_positives=_texts,
    max_signals=Whole(1),
    building_block_type=Text(choices=("default",)),
    rule_name_override=_text,
    timestamp_override=_text,
    throttle=_text,
    timeline_id=_text,
    timeline_title=_text,
    severity_mapping=ListOf(
        _table(field=_need(_text), operator=_need(_operator), value=_need(_text), severity=_need(_severity))
    ),
    risk_score_mapping=ListOf(_table(field=_need(_text), operator=_need(_operator), value=_need(_text))),
    investigation_fields=_table(field_names=_need(_fields)),
    related_integrations=ListOf(
        _table(package=_need(_filled), version=_need(_filled), integration=Key(_filled))
    ),
    required_fields=ListOf(_table(name=_need(_filled), type=_need(_filled), ecs=_need(Flag()))),
    threat=_threat,
    threat_mappings=ListOf(_table(framework=_framework, version=_need(_text), threat=_need(_threat))),
    actions=_tables,
    response_actions=_tables,
    exceptions_list=ListOf(Map(_text)),
    filters=_tables,
    meta=Map(Free()),
)

# ---- [rule], one type each ----------------------------------------------------------------------------

_duration = _table(value=_need(Whole(1)), unit=_need(Text(choices=("s", "m", "h"))))
_suppression = _table(
    group_by=_need(ListOf(_filled, 1, 3)),
    duration=_duration,
    missing_fields_strategy=_need(Text(choices=("suppress", "doNotSuppress"))),
)


def _query(*languages: str, **keys: Key | Shape) -> Table:
    """Keys that every rule with a query has, and those of one type."""
    common = _table(
        query=_text,
        language=_need(Text(choices=languages, suggest=as_language)),
        index=Key(_texts, about="index patterns"),
        data_view_id=_text,
        alert_suppression=_suppression,
    )
    return Table({**common.keys, **_table(**keys).keys})


_window = ListOf(_table(field=_need(_filled), value=_need(_date_math)), 1)
_entry = _table(
    field=_need(_filled), type=_need(Text(choices=("mapping",))), value=_need(_filled), negate=Flag()
)

_OWN: Mapping[str, Table] = {
    "query": _query("kuery", "lucene"),
    "saved_query": _query("kuery", "lucene", saved_id=_need(_filled)),
    "eql": _query("eql", event_category_override=_text, tiebreaker_field=_text, timestamp_field=_text),
    "esql": _query("esql"),
    "threshold": _query(
        "kuery",
        "lucene",
        threshold=_need(
            _table(
                field=_need(ListOf(_filled, 0, 5)),
                value=_need(Whole(1)),
                cardinality=ListOf(_table(field=_need(_text), value=_need(Whole(1)))),
            )
        ),
        alert_suppression=Table(
            {"duration": Key(_duration, required=True)},
            dict.fromkeys(_suppression.keys, "a threshold rule is suppressed by the fields of its threshold"),
        ),
    ),
    "new_terms": _query(
        "kuery",
        "lucene",
        new_terms=_table(
            field=_need(_filled), value=_need(ListOf(_filled, 1, 3)), history_window_start=_need(_window)
        ),
        new_terms_fields=ListOf(_filled, 1, 3),
        history_window_start=_date_math,
    ),
    "threat_match": _query(
        "kuery",
        "lucene",
        threat_mapping=_need(ListOf(_table(entries=_need(ListOf(_entry, 1))), 1)),
        threat_index=_need(ListOf(_text, 1)),
        threat_query=_need(_text),
        threat_language=Text(choices=("kuery", "lucene"), suggest=as_language),
        threat_filters=_tables,
        threat_indicator_path=_text,
        concurrent_searches=Whole(1),
        items_per_search=Whole(1),
    ),
    "machine_learning": _table(
        anomaly_threshold=_need(Whole(0, 100)),
        machine_learning_job_id=_need(Either(_filled, ListOf(_filled, 1))),
        alert_suppression=_suppression,
    ),
}

TYPES: tuple[str, ...] = tuple(_OWN)

SET_BY_KIBANA = (
    *("id", "immutable", "rule_source", "created_at", "created_by", "updated_at", "updated_by", "outcome"),
    *("execution_summary", "output_index", "namespace", "alias_target_id", "alias_purpose"),
)
_LOCKED = ("version", "revision")


def _strangers(rule_type: str) -> dict[str, str]:
    """Why a key that somebody may well write has no place in a rule of this type."""
    told = dict.fromkeys(SET_BY_KIBANA, "Kibana sets this key itself; leave it out")
    told |= dict.fromkeys(_LOCKED, "versions are kept in the lock file; leave it out")
    for key in {key for table in _OWN.values() for key in table.keys}:
        told[key] = _only(key, rule_type)
    return told


def _only(key: str, rule_type: str) -> str:
    types = types_with(key)
    if len(types) == len(TYPES) - 1:
        return f"a `{rule_type}` rule has none"
    names = [f"`{name}`" for name in types]
    listed = " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
    return f"only {listed} rules have it, this one is of type `{rule_type}`"


@cache
def table_of(rule_type: str) -> Table:
    """The `[rule]` table of a rule type (one of TYPES)."""
    return Table({**_BASE.keys, **_OWN[rule_type].keys}, _strangers(rule_type))


@cache
def table_of_any() -> Table:
    """Keys that every type has, and the names of all others: for a rule whose type is not known."""
    own = {key: Key(Free()) for table in _OWN.values() for key in table.keys}
    keys = {**own, **_BASE.keys, "type": Key(Text(choices=TYPES), required=True)}
    return Table(keys, _strangers("?"))


def types_with(key: str) -> list[str]:
    """The rule types that know a key which not all of them know."""
    return [rule_type for rule_type, table in _OWN.items() if key in table.keys]


# ---- rules as Kibana has them ------------------------------------------------------------------------------

_OPTIONAL_IN_KIBANA = frozenset(("author", "rule_id", "language"))


def export_table(rule_type: object) -> Table:
    """The JSON object of a rule of one type, as it is exported to Kibana or comes out of it."""
    return _export_table(rule_type) if isinstance(rule_type, str) and rule_type in TYPES else table_of_any()


@cache
def _export_table(rule_type: str) -> Table:
    keys = {**_BASE.keys, **_OWN[rule_type].keys}
    for key in ("new_terms", "threat_mappings"):
        keys.pop(key, None)
    keys |= {key: Key(Free()) for key in (*SET_BY_KIBANA, *_LOCKED, "timestamp_override_fallback_disabled")}
    keys |= {key: Key(keys[key].shape) for key in _OPTIONAL_IN_KIBANA & keys.keys()}
    if rule_type == "new_terms":
        keys |= {
            key: Key(keys[key].shape, required=True) for key in ("new_terms_fields", "history_window_start")
        }
    if "query" in keys and rule_type not in ("saved_query", "query"):
        keys["query"] = Key(_text, required=True)
    return Table({**keys, **_looser(rule_type)}, _strangers(rule_type))


def _looser(rule_type: str) -> dict[str, Key]:
    """Keys for which Kibana takes more, or gives more, than a rule file has."""
    required_field = _table(name=_need(_filled), type=_need(_filled), ecs=Flag())
    risk = _table(field=_need(_text), operator=_need(_operator), value=_need(_text), risk_score=Whole(0, 100))
    own = {
        "required_fields": Key(ListOf(required_field)),
        "risk_score_mapping": Key(ListOf(risk)),
        "timestamp_override_fallback_disabled": Key(Flag()),
    }
    if rule_type == "threshold":
        count = _table(field=_need(_text), value=_need(Whole(0)))
        grouped = Either(_text, ListOf(_filled, 0, 5))
        table = _table(field=_need(grouped), value=_need(Whole(1)), cardinality=ListOf(count))
        own["threshold"] = Key(table, required=True)
    elif rule_type != "saved_query":
        loose = _table(
            group_by=_need(ListOf(_filled, 1, 3)),
            duration=_duration,
            missing_fields_strategy=Text(choices=("suppress", "doNotSuppress")),
        )
        own["alert_suppression"] = Key(loose)
    return own


# ---- [transform] --------------------------------------------------------------------------------------

_provider = _table(
    excluded=_need(Flag()),
    field=_need(_text),
    queryType=_need(Text(choices=("phrase", "range"))),
    value=_need(_text),
    valueType=_need(Text(choices=("string", "boolean"))),
)
TRANSFORM = _table(
    osquery=ListOf(_table(label=_need(_text), query=_need(_text), ecs_mapping=Map(Map(_text)))),
    investigate=ListOf(
        _table(
            label=_need(_text),
            description=_text,
            providers=_need(ListOf(ListOf(_provider))),
            relativeFrom=_text,
            relativeTo=_text,
        )
    ),
)

# ---- [sigma] ------------------------------------------------------------------------------------------

SIGMA = _table(
    id=Key(_uuid, about="the Sigma rule's id, when it is not the rule_id"),
    title=_filled,
    name=_filled,
    description=_text,
    status=Text(choices=("stable", "test", "experimental", "deprecated", "unsupported")),
    level=Text(choices=("informational", "low", "medium", "high", "critical")),
    author=_text,
    license=_text,
    taxonomy=_filled,
    logsource=_table(category=_filled, product=_filled, service=_filled, definition=_filled),
    falsepositives=_texts,
    fields=_texts,
    references=_texts,
    tags=_texts,
    scope=_texts,
    related=ListOf(
        _table(
            id=_need(_uuid),
            type=_need(Text(choices=("derived", "obsolete", "merged", "renamed", "similar"))),
        )
    ),
    custom=Key(Map(Free()), about="further keys, copied into the Sigma rule as they are"),
)


def file_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a rule file, one alternative a rule type."""
    rules = []
    for rule_type in TYPES:
        schema = json_schema(table_of(rule_type))
        schema["properties"]["type"] = {"const": rule_type}
        rules.append({"title": f"{rule_type} rule", **schema})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Detection rule",
        "type": "object",
        "properties": {
            "metadata": json_schema(METADATA),
            "rule": {"type": "object", "required": ["type"], "oneOf": rules},
            "transform": json_schema(TRANSFORM),
            "sigma": json_schema(SIGMA),
        },
        "required": ["metadata", "rule"],
        "additionalProperties": False,
    }
