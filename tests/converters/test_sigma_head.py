"""What a rule says of itself in Sigma: head, tail, log source, overrides; and rule types without words."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import pytest

from samefire.forms import Options, converters
from samefire.problems import ProblemError, render
from samefire.rule import load
from samefire.source import Source
from tests.converters.sigma_cases import FIELDS, HEAD, convert, documents, problems

attack = importlib.import_module("samefire.converters._attack")
log = importlib.import_module("samefire.converters._logsource")

FULL = """\
[metadata]
creation_date = "2026/03/01"
integration = ["windows"]
maturity = "{maturity}"
updated_date = "2026/03/02"

[rule]
author = ["Dana", "Kim"]
description = '''
First line.
Second line.
'''
false_positives = ["Backups.", "Backups.", "-"]
from = "now-9m"
index = ["logs-windows.*"]
interval = "5m"
language = "kuery"
license = "Apache-2.0"
name = "A Thing Happened"
references = ["https://example.com/a"]
risk_score = 47
rule_id = "{rule_id}"
severity = "high"
type = "query"
query = 'process.name: x'

[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = "TA0011"
name = "Command and Control"
reference = "https://attack.mitre.org/tactics/TA0011/"
[[rule.threat.technique]]
id = "T1071"
name = "Application Layer Protocol"
reference = "https://attack.mitre.org/techniques/T1071/"
[[rule.threat.technique.subtechnique]]
id = "T1071.004"
name = "DNS"
reference = "https://attack.mitre.org/techniques/T1071/004/"

{more}
"""
ID = "8f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b11"


def written(more: str = "", *, maturity: str = "production", rule_id: str = ID) -> dict[str, Any]:
    text = FULL.format(more=more, maturity=maturity, rule_id=rule_id)
    (document,) = documents(
        converters()["sigma"].write(load(Source("rules/x.toml", text)), FIELDS, Options())
    )
    return document


def test_everything_has_its_place() -> None:
    document = written()
    assert document == {
        "title": "A Thing Happened",
        "id": ID,
        "taxonomy": "ecs",
        "status": "stable",
        "description": "First line.\nSecond line.",
        "license": "Apache-2.0",
        "references": ["https://example.com/a"],
        "author": "Dana, Kim",
        "date": "2026-03-01",
        "modified": "2026-03-02",
        "tags": ["attack.command-and-control", "attack.t1071", "attack.t1071.004"],
        "logsource": {"product": "windows"},
        "detection": {"selection": {"process.name|cased": "x"}, "condition": "selection"},
        "falsepositives": ["Backups."],
        "level": "high",
        "samefire": {
            "type": "query",
            "risk_score": 47,
            "index": ["logs-windows.*"],
            "from": "now-9m",
            "interval": "5m",
        },
    }


@pytest.mark.parametrize(
    ("maturity", "status"),
    [
        ("development", "experimental"),
        ("production", "stable"),
        ('deprecated"\ndeprecation_date = "2026/03/02', "deprecated"),
    ],
)
def test_status(maturity: str, status: str) -> None:
    assert written(maturity=maturity)["status"] == status


def test_an_id_that_is_no_uuid_is_kept_beside_one_made_of_it() -> None:
    plain = load(Source("rule.toml", FULL.format(more="", maturity="production", rule_id=ID)))
    odd = replace(plain, contents={**plain.contents, "rule_id": "SOC-17"})
    (document,) = documents(converters()["sigma"].write(odd, FIELDS, Options()))
    assert document["id"] == "62789d0b-0d3b-55b7-b760-2c2440c49c6c"
    assert document["samefire"]["rule_id"] == "SOC-17"


def test_sigma_table_overrides() -> None:
    document = written(
        """
[sigma]
id = "11111111-2222-4333-8444-555555555555"
title = "Another Title"
name = "another_name"
status = "test"
level = "low"
description = "Another text."
author = "Somebody"
license = "MIT"
falsepositives = ["Unlikely"]
fields = ["process.name"]
references = ["https://example.org/"]
tags = ["detection.emerging-threats"]
scope = ["server"]
taxonomy = "acme"
[sigma.logsource]
category = "process_creation"
product = "windows"
[[sigma.related]]
id = "21111111-2222-4333-8444-555555555555"
type = "derived"
[sigma.custom]
acme_owner = "soc"
"""
    )
    assert (document["title"], document["name"], document["status"]) == (
        "Another Title",
        "another_name",
        "test",
    )
    assert (document["id"], document["level"]) == ("11111111-2222-4333-8444-555555555555", "low")
    assert document["logsource"] == {"category": "process_creation", "product": "windows"}
    assert document["tags"][-1] == "detection.emerging-threats"
    assert document["related"] == [{"id": "21111111-2222-4333-8444-555555555555", "type": "derived"}]
    assert (document["acme_owner"], document["scope"], document["taxonomy"]) == ("soc", ["server"], "acme")
    assert (document["fields"], document["falsepositives"]) == (["process.name"], ["Unlikely"])


BLOCK = 'interval = "1h"\nbuilding_block_type = "default"\n'


def test_a_building_block_alerts_nobody() -> None:
    (document,) = documents(convert("a: b", more=BLOCK, head=HEAD.replace("now-9m", "now-2h")))
    assert document["level"] == "informational"


OVERRIDES = """rule_name_override = "message"

[[rule.severity_mapping]]
field = "event.severity"
operator = "equals"
value = "73"
severity = "high"

[[rule.risk_score_mapping]]
field = "event.risk_score"
operator = "equals"
value = ""
"""


def test_what_events_decide_about_an_alert_is_kept() -> None:
    """Severity, risk score and name of an alert may come from its event; Sigma has one level for all."""
    document = documents(convert("process.name: a", more=OVERRIDES))[0]
    assert document["level"] == "medium"
    kept = document["samefire"]
    assert kept["rule_name_override"] == "message"
    assert kept["severity_mapping"] == [
        {"field": "event.severity", "operator": "equals", "value": "73", "severity": "high"}
    ]
    assert kept["risk_score_mapping"] == [{"field": "event.risk_score", "operator": "equals", "value": ""}]


def listed(list_id: str) -> str:
    keys = {"id": list_id, "list_id": list_id, "namespace_type": "agnostic", "type": "endpoint"}
    return "[[rule.exceptions_list]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())


def test_exceptions_that_are_kept_in_kibana() -> None:
    """The reference has no place in Sigma, so what it excepts fires: told, and kept in the document."""
    result = convert("process.name: a", more=listed("known"))
    message = "the exception list `known` is kept in Kibana: what it excepts fires here"
    assert [render(p) for p in result.problems] == [
        f"rule.toml:18:1: warning: {message} [approximate-exceptions]\n"
        "  18 | [[rule.exceptions_list]]\n"
        "     | ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  help: export it from Kibana into the folder of exception files"
    ]
    assert documents(result)[0]["samefire"]["approximate"] == [message]


def test_the_list_that_every_kibana_has_is_a_note() -> None:
    result = convert("process.name: a", more=listed("endpoint_list"))
    message = "the exception list `endpoint_list` is kept in Kibana: what it excepts fires here"
    assert [render(p) for p in result.problems] == [
        f"rule.toml:18:1: note: {message} [sigma-note-exceptions]\n"
        "  18 | [[rule.exceptions_list]]\n"
        "     | ^^^^^^^^^^^^^^^^^^^^^^^^"
    ]
    assert not result.approximate
    assert documents(result)[0]["samefire"]["notes"] == [message]


def test_the_document_is_named_after_the_file() -> None:
    text = FULL.format(more="", maturity="production", rule_id=ID)
    result = converters()["sigma"].write(load(Source("rules/aws/some_rule.toml", text)), FIELDS, Options())
    assert result.document is not None
    assert result.document.name == "some_rule.yml"


# ---- tags and log sources -------------------------------------------------------------------------------


def test_atlas_and_unknown_frameworks() -> None:
    threat = [
        {"framework": "MITRE ATLAS", "tactic": {"name": "Impact"}, "technique": [{"id": "AML.T0034"}]},
        {"framework": "Another", "tactic": {"name": "Impact"}},
    ]
    assert attack.tags(threat) == ["atlas.impact", "atlas.aml.t0034"]


@pytest.mark.parametrize(
    ("query", "index", "source"),
    [
        (
            "host.os.type: windows and event.category: process and event.type: start",
            (),
            "process_creation/windows",
        ),
        (
            "host.os.type: linux and event.category: process and event.action: (exec or fork)",
            (),
            "process_creation/linux",
        ),
        ("host.os.type: macos and event.category: file", (), "file_event/macos"),
        (
            "host.os.type: windows and event.category: file and event.type: deletion",
            (),
            "file_delete/windows",
        ),
        (
            "host.os.type: windows and event.category: registry and event.type: change",
            (),
            "registry_set/windows",
        ),
        ("host.os.type: windows and event.category: library", (), "image_load/windows"),
        ("event.category: network and network.protocol: dns", (), "dns_query"),
        ("winlog.channel: Security", (), "windows/security"),
        ("event.code: 4104", (), "ps_script/windows"),
        ("event.dataset: aws.cloudtrail", (), "aws/cloudtrail"),
        ("data_stream.dataset: okta.system", (), "okta/okta"),
        ("event.dataset: zeek.dns", (), "zeek/dns"),
        ("event.action: x", ("filebeat-*", "logs-o365.audit-*"), "m365/audit"),
        ("event.action: x", ("logs-google_workspace*",), "gcp/google_workspace.admin"),
        ("event.code: 8", ("logs-windows.sysmon_operational-*",), "create_remote_thread/windows"),
        ("event.action: x", ("winlogbeat-*", "logs-windows.*"), "windows"),
        ("registry.path: x", ("logs-endpoint.events.registry-*",), "registry_event"),
        ("event.category: malware", (), "malware"),
        ("a: b", (), "application"),
    ],
)
def test_log_source(query: str, index: tuple[str, ...], source: str) -> None:
    from samefire.languages import language
    from samefire.query.detection import EventQuery

    body = language("kuery").lower_text(Source("query", query), FIELDS)
    assert isinstance(body, EventQuery)
    assert "/".join(log.logsource(body.where, index).values()) == source


def test_an_integration_is_better_than_nothing() -> None:
    from samefire.query.ast import TRUE

    assert log.logsource(TRUE, (), "acme") == {"product": "acme"}


# ---- types without words --------------------------------------------------------------------------------

TYPES = {
    "new_terms": (
        'language = "kuery"\nquery = "a: b"\n[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["user.name"]\n'
        '[[rule.new_terms.history_window_start]]\nfield = "history_window_start"\nvalue = "now-7d"\n',
        "sigma-cannot-new-terms",
        "Sigma cannot say that a value was never seen before",
    ),
    "machine_learning": (
        'anomaly_threshold = 50\nmachine_learning_job_id = ["some_job"]\n',
        "sigma-cannot-machine-learning",
        "Sigma cannot run a machine learning job",
    ),
}


@pytest.mark.parametrize("kind", TYPES)
def test_types_without_words(kind: str) -> None:
    more, code, message = TYPES[kind]
    rule = load(Source("rule.toml", HEAD.format(type=kind) + more))
    result = converters()["sigma"].write(rule, FIELDS, Options())
    (problem,) = result.problems
    assert result.document is None
    assert (problem.code, problem.message) == (code, message)
    assert problem.location.excerpt == f'type = "{kind}"'


def test_the_base_query_when_asked() -> None:
    rule = load(Source("rule.toml", HEAD.format(type="new_terms") + TYPES["new_terms"][0]))
    refused = converters()["sigma"].write(rule, FIELDS, Options())
    assert render(refused.problems[0]).splitlines()[-1] == (
        "  help: --approximate writes the base query alone, labelled"
    )
    result = converters()["sigma"].write(rule, FIELDS, Options(approximate=True))
    (document,) = documents(result)
    assert [p.code for p in result.problems] == ["approximate-new-terms"]
    assert document["samefire"]["approximate"] == [
        "this is the base query alone: it also fires on values seen before"
    ]


def test_a_query_that_cannot_be_read_is_told_as_such() -> None:
    result = convert("a: (b")
    assert result.document is None
    assert all(p.code.startswith("query-") for p in result.problems), problems(result)


def test_several_rules_are_not_one() -> None:
    text = convert("a: b").document
    assert text is not None
    with pytest.raises(ProblemError) as caught:
        converters()["sigma"].read(f"{text.text}---\n{text.text.replace(ID, ID[:-1] + '2')}", FIELDS)
    assert [(p.code, p.message) for p in caught.value.problems] == [
        ("sigma-several-rules", "one rule is wanted, the text holds 2")
    ]
