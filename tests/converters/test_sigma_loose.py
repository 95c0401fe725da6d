"""Output that is more usual and less exact: Sigma's own field names, SigmaHQ's conventions; and what is told."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from samefire.forms import Options, converters
from samefire.problems import render
from samefire.rule import load_path
from tests.conformance._sigma_text import complaints
from tests.conftest import HOME
from tests.converters.sigma_cases import FIELDS, convert, detection, documents

profile = importlib.import_module("samefire.converters._sigma_profile")

PROCESS = "host.os.type: windows and event.category: process and event.type: start and "


def taxonomy(query: str, language: str = "kuery") -> tuple[dict[str, Any], list[str]]:
    result = convert(query, language, taxonomy="sigma")
    return detection(result), [p.message for p in result.problems]


def test_renamed_fields() -> None:
    found, told = taxonomy(f"{PROCESS} process.executable: *\\\\cmd.exe and process.command_line: *x*")
    assert found["selection"] == {"Image|endswith|cased": "\\\\cmd.exe", "CommandLine|contains|cased": "x"}
    assert told == ["the log source stands for `host.os.type`, `event.category`, `event.type`"]


def test_derived_fields() -> None:
    found, told = taxonomy(f"{PROCESS} process.name: cmd.exe and process.args: -x")
    assert found["selection"] == {"Image|endswith|cased": "\\\\cmd.exe", "CommandLine|contains|cased": "-x"}
    assert told == [
        "`process.name` is the end of `Image`; `process.args` is a part of `CommandLine`; "
        "the log source stands for `host.os.type`, `event.category`, `event.type`"
    ]


def test_unknown_fields_keep_their_name() -> None:
    found, told = taxonomy(f"{PROCESS} process.name: a* and host.id: b")
    assert found["selection"] == {"Image|contains|cased": "\\\\a", "host.id|cased": "b"}
    assert told[0].endswith("; Sigma has no name of its own for `host.id`")


@pytest.mark.parametrize(
    ("query", "written"),
    [
        (
            "event.category: file and file.name: x.txt and host.os.type: linux",
            {"TargetFilename|endswith|cased": "/x.txt"},
        ),
        ("event.category: file and file.extension: txt", {"TargetFilename|endswith|cased": ".txt"}),
        ("event.category: network and destination.port: 22", {"DestinationPort": 22}),
        (
            "event.category: registry and host.os.type: windows and registry.path: *Run",
            {"TargetObject|endswith|cased": "Run"},
        ),
        (
            "event.dataset: aws.cloudtrail and event.action: DeleteTrail",
            {"eventName|cased": "DeleteTrail"},
        ),
        (
            "winlog.channel: Security and event.code: 4720 and winlog.event_data.TargetUserName: x",
            {"EventID": "4720", "TargetUserName|cased": "x", "Channel|cased": "Security"},
        ),
    ],
)
def test_log_sources_have_their_names(query: str, written: dict[str, Any]) -> None:
    assert taxonomy(query)[0]["selection"] == written


@pytest.mark.parametrize("whose", ["sigma", "ecs", "acme"])
def test_names_that_the_rule_says_are_of_a_taxonomy_stay(whose: str) -> None:
    """Sigma's names are for fields of ECS: a rule whose `[sigma]` says whose its names are keeps them."""
    result = convert(
        f"{PROCESS} process.executable: a", more=f'[sigma]\ntaxonomy = "{whose}"\n', taxonomy="sigma"
    )
    (document,) = documents(result)
    assert not result.problems and result.unread is None
    assert document["detection"]["selection"]["process.executable|cased"] == "a"
    assert document.get("taxonomy", "sigma") == whose


def test_a_text_in_sigmas_names_is_not_judged() -> None:
    result = convert("process.executable: a", taxonomy="sigma")
    assert result.unread is not None
    assert render(result.unread) == (
        "rule.toml:17:9: error: the fields have Sigma's own names, the events of cases those of ECS "
        "[form-cannot-run]\n"
        "  17 | query = 'process.executable: a'\n"
        "     |         ^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  help: `--taxonomy ecs` is judged; so are `sigma:lucene` and its like, where pySigma names the fields anew"
    )


def test_taxonomy_of_the_document() -> None:
    (document,) = documents(convert(f"{PROCESS} process.name: x", taxonomy="sigma"))
    assert "taxonomy" not in document
    assert document["samefire"]["approximate"]


def test_correlations_are_renamed() -> None:
    query = """sequence by host.id, process.entity_id with maxspan=1m
      [process where host.os.type == "windows" and event.type == "start"]
      [dns where true]"""
    first = documents(convert(query, "eql", taxonomy="sigma"))[0]
    assert first["correlation"]["group-by"] == ["host.id", "ProcessGuid"]


# ---- sigmahq --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Detects a thing.", "A Thing"),
        ("Suspicious use of curl via cron", "Suspicious Use of Curl via Cron"),
        ("Access to kernel32.dll", "Access to kernel32.dll"),
        ("Word " * 40, ("Word " * 24).strip()),
    ],
)
def test_titles(given: str, wanted: str) -> None:
    assert profile.title(given.strip()) == wanted


def test_descriptions() -> None:
    assert profile.description("Short.", "A Name") == "Detects A Name. Short."
    assert profile.description("Something is told here, see https://example.com/x", "N") == (
        "Something is told here, see"
    )


@pytest.mark.parametrize(
    ("logsource", "name"),
    [
        ({"category": "process_creation", "product": "windows"}, "proc_creation_win_some_rule"),
        ({"category": "file_event", "product": "linux"}, "file_event_lnx_some_rule"),
        ({"category": "registry_set", "product": "windows"}, "registry_set_some_rule"),
        ({"category": "ps_script", "product": "windows"}, "posh_ps_some_rule"),
        ({"product": "aws", "service": "cloudtrail"}, "aws_cloudtrail_some_rule"),
        ({"product": "okta", "service": "okta"}, "okta_some_rule"),
        ({"product": "m365", "service": "audit"}, "microsoft365_some_rule"),
        ({"product": "windows", "service": "security"}, "win_security_some_rule"),
    ],
)
def test_file_names(logsource: dict[str, str], name: str) -> None:
    assert profile.file_name("some_rule", [{"logsource": logsource}]) == name


def test_file_names_of_correlations_and_of_one_word() -> None:
    assert profile.file_name("some_rule", [{"correlation": {}}]) == "correlation_some_rule"
    assert profile.file_name("x", [{"logsource": {}}]) == "rule_x"


def test_selections_in_house_style() -> None:
    found = detection(convert("process.name: (*a* or b*) and not user.name: c", profile="sigmahq"))
    assert found == {
        "selection_process_name": [
            {"process.name|contains|cased": "a"},
            {"process.name|startswith|cased": "b"},
        ],
        "filter_main_user_name": {"user.name|cased": "c"},
        "condition": "selection_process_name and not filter_main_user_name",
    }


@pytest.mark.parametrize("name", ["endpoint", "cloud", "sequence", "threshold", "words"])
def test_what_sigmahq_checks(name: str) -> None:
    rule = load_path(HOME / "tests/golden/sigma_write" / name / "rule.toml")
    result = converters()["sigma"].write(rule, FIELDS, Options(profile="sigmahq"))
    assert result.document is not None
    assert not complaints(result.document.text)
    assert _issues(result.document.text) <= {"NumberAsStringIssue"}


def _issues(text: str) -> set[str]:
    """What the checks of the repository that need no network say."""
    pytest.importorskip("sigma.validators.sigmahq")
    from sigma.collection import SigmaCollection
    from sigma.validation import SigmaValidator

    found: set[type] = set()
    for room in (
        "author",
        "condition",
        "correlation",
        "date",
        "description",
        "falsepositive",
        "fields",
        "level",
    ):
        found |= _validators(f"sigma.validators.sigmahq.{room}")
    for room in ("modifier", "references", "status", "title"):
        found |= _validators(f"sigma.validators.sigmahq.{room}")
    for room in ("condition", "values", "modifiers"):
        found |= _validators(f"sigma.validators.core.{room}")
    validator = SigmaValidator(found)
    rules: list[Any] = list(SigmaCollection.from_yaml(text).rules)
    return {type(issue).__name__ for rule in rules for issue in validator.validate_rule(rule)}


def _validators(module: str) -> set[type]:
    loaded = importlib.import_module(module)
    return {
        v
        for v in vars(loaded).values()
        if isinstance(v, type) and v.__module__ == module and hasattr(v, "validate")
    }
