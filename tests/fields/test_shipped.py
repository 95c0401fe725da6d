"""The shipped facts: ECS as Elastic's own rules list it, well-known data sets, allowed values."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

from samefire.fields import FieldType, FieldTypes, ecs


def test_kinds_of_ecs_fields() -> None:
    types = FieldTypes.ecs()
    assert types.get("process.name") == FieldType("process.name", "keyword", 1024, ecs=True)
    assert types.get("process.command_line") == FieldType("process.command_line", "wildcard", ecs=True)
    text = types.get("process.command_line.text")
    assert text is not None and (text.type, text.column) == ("match_only_text", "process.command_line")
    inside = types.get("threat.enrichments.indicator.ip")
    assert inside is not None and (inside.type, inside.nested) == ("ip", "threat.enrichments")
    assert types.get("host.cpu.usage") == FieldType(
        "host.cpu.usage", "scaled_float", ecs=True, scaling_factor=1000
    )
    arguments, original = types.get("process.args"), types.get("event.original")
    assert arguments is not None and arguments.array
    assert original is not None and not original.index


def test_known_lists_data_sets_below_ecs() -> None:
    types = FieldTypes.known()
    key = types.get("aws.cloudtrail.flattened.request_parameters.userName")
    assert key is not None and key.type == "flattened-key"
    for name, kind in {
        "process.name": "keyword",
        "winlog.event_data.TargetUserName": "keyword",
        "okta.security_context.is_proxy": "boolean",
        "github.actor_ip": "ip",
        "powershell.file.script_block_text": "text",
        "gcp.audit.authorization_info": "nested",
    }.items():
        found = types.get(name)
        assert found is not None and found.type == kind, name
    assert FieldTypes.ecs().get("github.actor_ip") is None


def test_required_fields_of_elastics_rules(shared: Path) -> None:
    types = FieldTypes.ecs()
    wrong = set()
    with gzip.open(shared / "corpus/elastic/required-fields.ndjson.gz", "rt") as lines:
        for line in lines:
            for field in json.loads(line)["required_fields"] or ():
                found = types.get(field["name"])
                if (found.type if found else None) != (field["type"] if field["ecs"] else None):
                    wrong.add((field["name"], field["type"], field["ecs"]))
    assert not wrong


def test_loading_is_quick() -> None:
    from samefire.fields.shipped import DATA, Packed

    text = (DATA / "ecs.tsv").read_text(encoding="utf-8")
    start = time.process_time()
    Packed(text, ecs=True)
    assert time.process_time() - start < 0.015


def test_values_and_texts() -> None:
    assert ecs.version() == "9.5.0-dev"
    assert ecs.allowed_values("event.outcome") == ("failure", "success", "unknown")
    assert ecs.allowed_values("process.name") is None
    assert "start" in (ecs.event_types("process") or ()) and ecs.event_types("proces") is None
    assert "windows" in (ecs.expected_values("host.os.type") or ())
    assert ecs.text("process.name") == "Process name." and ecs.text("nowhere") is None
