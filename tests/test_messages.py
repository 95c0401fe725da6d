"""Messages to the letter that no golden file shows: of settings, fixtures, events, filters, field types, exceptions,
connectors, git. `messages/<name>.txt` is what a person sees."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from samefire import exceptions, revision, settings
from samefire.bundle import connectors
from samefire.events_file import parse_events, read_events
from samefire.fields import FieldTypes
from samefire.harness.case import load_file, load_text
from samefire.harness.checks import check_cases
from samefire.languages import dsl, esql
from samefire.languages.sigma import load as load_sigma
from samefire.problems import Problem, ProblemError, render
from samefire.rule import load
from samefire.source import Source
from samefire.workspace import open_workspace, read_json, read_text, without_rules

FOLDER = Path(__file__).parent / "messages"

RULE = """\
[metadata]
creation_date = "2026/01/05"
maturity = "production"
updated_date = "2026/02/10"

[rule]
author = ["Somebody"]
description = "A printer driver starts a shell."
index = ["logs-*"]
language = "eql"
name = "Shell of a Printer"
risk_score = 47
rule_id = "5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43"
severity = "medium"
type = "eql"
query = '''
sequence by host.id with maxspan=1m
  [process where process.name == "a.exe"]
  [process where process.name == "b.exe"]
'''
"""
LIST = """\
[metadata]
creation_date = "2026/01/05"
list_name = "Jobs"
rule_ids = []
rule_names = []
updated_date = "2026/02/10"

[[exceptions]]

[exceptions.container]
description = "d"
list_id = "jobs"
name = "Jobs"
type = "detection"

[[exceptions.items]]
description = "d"
list_id = "job"
name = "One"
type = "simple"

[[exceptions.items.entries]]
field = "host.name"
operator = "included"
type = "exists"
"""
FIELDS = FieldTypes.known()


def case(text: str, name: str = "fixtures/x/positive/one.json") -> tuple[Problem, ...]:
    return load_text(text.encode(), name, positive="/positive/" in name).problems


def untimed() -> list[Problem]:
    two = '[{"@timestamp": "2026-01-01T00:00:00Z", "process.name": "a.exe"}, {"process.name": "b.exe"}]'
    cases = load_text(two.encode(), "fixtures/x/positive/two.json", positive=True)
    return [
        p
        for p in check_cases(load(Source("rules/x.toml", RULE)), cases, FIELDS)
        if p.code != "rule-without-negative"
    ]


def one_side(side: str) -> list[Problem]:
    event = '{"@timestamp": "2026-01-01T00:00:00Z", "process.name": "a.exe"}'
    cases = load_text(event.encode(), f"fixtures/x/{side}/one.json", positive=side == "positive")
    return check_cases(load(Source("rules/x.toml", RULE)), cases, FIELDS)


def of_filter(query: Any) -> Any:
    return dsl.lower_filter(query, FIELDS, Source("filter", str(query)))


def windows() -> tuple[Problem, ...]:
    more = '[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["host.id"]\n'
    window = '[[rule.new_terms.history_window_start]]\nfield = "history_window_start"\nvalue = "now-7d"\n'
    text = RULE.replace('"eql"', '"kuery"', 1).replace('type = "eql"', 'type = "new_terms"')
    text = text[: text.index("query = ")] + "query = 'process.name: a'\n" + more + window + window
    return load(Source("rules/x.toml", text)).problems


def settings_of(text: str, where: Path) -> Any:
    (where / "samefire.toml").write_text(text)
    return settings.find(where)


def of_columns(query: str) -> Any:
    source = Source("query", query)
    return esql.lower(esql.parse(source), FIELDS, source)


def no_rules(where: Path) -> tuple[Problem, ...]:
    (where / "rules").mkdir()
    return without_rules(open_workspace(["rules"]), ["rules"]).problems


def alone(where: Path) -> Any:
    return revision.Repository.around(where)


def unrelated(where: Path) -> Any:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=where, check=True, capture_output=True)

    git("init", "-b", "one")
    git("commit", "--allow-empty", "-m", "a")
    git("checkout", "--orphan", "two")
    git("commit", "--allow-empty", "-m", "b")
    return revision.Repository.around(where).merge_base("one")


def a_folder(where: Path) -> Any:
    (where / "one.json").mkdir()
    return load_file(where / "one.json", "fixtures/x/positive/one.json", positive=True).problems


def nowhere(where: Path) -> Any:
    (where / "one.json").symlink_to(where / "gone.json")
    return load_file(where / "one.json", "fixtures/x/positive/one.json", positive=True).problems


def too_big(where: Path) -> Any:
    with (where / "one.json").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    return load_file(where / "one.json", "fixtures/x/positive/one.json", positive=True).problems


def gzip_file(where: Path) -> Any:
    (where / "events.gz").write_bytes(b"\x1f\x8bnonsense")
    return read_events("events.gz")


def connector(text: str) -> Any:
    return connectors.load(Source("connectors/x.toml", text))


METADATA = "[metadata]\nrule_ids = []\n"
SCENARIOS: dict[str, Callable[[Path], Any]] = {
    "fixture_bad_mapping": lambda _: case('{"events": [{"a": 1}], "mapping": {"a": "lnog"}}'),
    "fixture_bad_value": lambda _: case(
        '{"events": [{"a": 1}], "forms": {"sigma": "slient", "because": "x"}}'
    ),
    "fixture_bad_now": lambda _: case('{"events": [{"a": 1}], "now": "noon"}'),
    "fixture_contradiction": lambda _: case('{"events": [{"a": 1}], "alerts": 0}'),
    "fixture_contradiction_negative": lambda _: case(
        '{"events": [{"a": 1}], "alerts": 2}', "fixtures/x/negative/one.json"
    ),
    "fixture_empty": lambda _: case(" \n"),
    "fixture_empty_event": lambda _: case("{}"),
    "fixture_empty_events": lambda _: case('{"events": []}'),
    "fixture_no_events": lambda _: case('{"alerts": 2, "a": 1}'),
    "fixture_no_reason": lambda _: case('{"events": [{"a": 1}], "forms": {"sigma": "silent"}}'),
    "fixture_no_time": lambda _: untimed(),
    "fixture_not_an_event": lambda _: case("3"),
    "fixture_one_is_no_event": lambda _: case('[{"a": 1}, 3]'),
    "fixture_not_utf8": lambda _: (
        load_text(b'{"a": "\xe9"}', "fixtures/x/positive/one.json", positive=True).problems
    ),
    "fixture_syntax": lambda _: case('{"a": 1,}'),
    "fixture_too_big": too_big,
    "fixture_unknown_format": lambda _: case("", "fixtures/x/positive/one.jsn"),
    "fixture_unknown_key": lambda _: case('{"events": [{"a": 1}], "histroy": []}'),
    "fixture_misspelt_events": lambda _: case('{"evnets": [{"a": 1}]}'),
    "fixture_is_a_folder": a_folder,
    "fixture_link_to_nowhere": nowhere,
    "fixture_wrong_type": lambda _: case(
        '{"events": {"a": 1}, "alerts": "2", "description": 3, "forms": 1, "mapping": 2}'
    ),
    "rule_without_positive": lambda _: one_side("negative"),
    "rule_without_negative": lambda _: one_side("positive"),
    "rule_ignored": lambda _: windows(),
    "no_rules": no_rules,
    "settings_syntax": lambda where: settings_of("rules = rules\n", where),
    "settings_unknown_key": lambda where: settings_of("rulse = []\nnonsense = 1\n", where),
    "settings_wrong_type": lambda where: settings_of('rules = "rules"\nstrict_fields = 1\nlock = 2\n', where),
    "exceptions_other_list": lambda _: exceptions.load(Source("exceptions/x.toml", LIST)),
    "events_bad_line": lambda _: parse_events(b'{"a": 1}\n{"a": \n', "events.ndjson"),
    "events_gzip": gzip_file,
    "events_no_event": lambda _: parse_events(b"3", "events.json"),
    "events_line_is_no_event": lambda _: parse_events(b'{"a": 1}\n3\n', "events.ndjson"),
    "events_none": lambda _: parse_events(b"\n", "events.ndjson"),
    "fields_unreadable": lambda _: read_text(Path("gone.toml"), "fields"),
    "mapping_syntax": lambda _: read_json(Source("mapping.json", "{"), "mapping"),
    "mapping_no_object": lambda _: read_json(Source("mapping.json", "[]"), "mapping"),
    "filter_bad_value": lambda _: of_filter({"meta": 3, "query": {"match_all": {}}}),
    "filter_malformed": lambda _: of_filter({"meta": {}}),
    "filter_unknown_query": lambda _: of_filter({"query": {"trem": {"a": "b"}}}),
    "filter_unknown_option": lambda _: of_filter({"query": {"term": {"a": {"valeu": "b"}}}}),
    "esql_star": lambda _: of_columns("from logs-* | stats n = max(*)"),
    "git_no_repository": alone,
    "git_no_merge_base": unrelated,
    "connector_syntax": lambda _: connector("x = \n"),
    "connector_wrong": lambda _: connector("x = 1\n[metadata]\n"),
    "connector_without_id": lambda _: connector(METADATA + '[[action_connectors]]\nname = "x"\n'),
    "connector_secrets": lambda _: connector(
        METADATA
        + '[[action_connectors]]\nid = "1"\n[action_connectors.attributes]\nactionTypeId = ".email"\n'
        'name = "x"\nsecrets = { password = "y" }\n'
    ),
    "sigma_too_large": lambda _: load_sigma(Source("x.yml", "#" * 4_000_001), FIELDS),
}


def problems(scenario: Callable[[Path], Any], where: Path) -> Iterator[Problem]:
    """What a scenario gives or raises."""
    try:
        found = scenario(where)
    except ProblemError as error:
        found = error.problems
    assert isinstance(found, list | tuple) and found, "nothing is told"
    yield from found


@pytest.mark.parametrize("name", SCENARIOS)
def test_message(
    name: str, golden: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "".join(f"{render(p)}\n" for p in problems(SCENARIOS[name], tmp_path))
    golden(FOLDER / f"{name}.txt", text.replace(str(tmp_path), "…"))


def test_every_message_file_has_its_scenario() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(SCENARIOS)
