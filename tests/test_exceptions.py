"""Exception files: what is read, which rules a list belongs to, and every message about a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from samefire.exceptions import attached, load, unknown_rules
from samefire.problems import ProblemError, render
from samefire.rule import load_path
from samefire.source import Source
from tests.conftest import HOME

RULE = "533a38ed-adb7-46a3-9e78-a240f737f4eb"
HEAD = f"""
[metadata]
creation_date = "2026/01/05"
updated_date = "2026/01/05"
list_name = "Known jobs"
rule_ids = ["{RULE}"]
rule_names = ["Packed"]

[[exceptions]]
container = {{ list_id = "jobs", name = "Known jobs", description = "", type = "detection" }}
"""
ITEM = """
[[exceptions.items]]
list_id = "jobs"
name = "Night"
description = ""
type = "simple"
entries = [ENTRY]
"""


def file(*entries: str, head: str = HEAD, item: str = ITEM) -> Source:
    return Source("x.toml", head + item.replace("ENTRY", ", ".join(entries)))


def told(source: Source, values: Mapping[str, Source] | None = None) -> str:
    try:
        lists = load(source, values)
    except ProblemError as error:
        return "\n".join(render(p) for p in error.problems)
    return "\n".join(render(p) for one in lists for p in one.problems)


def test_our_own_file() -> None:
    (one,) = load(Source("x", (HOME / "exceptions/sensitive_files_packed.toml").read_text(encoding="utf-8")))
    assert (one.list_id, one.namespace, one.rule_ids) == (
        "samefire-sensitive-files-packed",
        "single",
        (RULE,),
    )
    assert [item["name"] for item in one.items] == ["Nightly copy of /etc", "Configuration management"]


def test_a_list_belongs_to_the_rules_that_its_file_names_and_to_those_that_name_it() -> None:
    packed = load_path(HOME / "rules/linux/sensitive_files_packed.toml")
    other = load_path(HOME / "rules/linux/web_server_starts_shell.toml")
    named = load(file('{ field = "a", type = "exists", operator = "included" }'))
    head = HEAD.replace(RULE, other.id).replace('"jobs"', '"samefire-sensitive-files-packed"')
    naming = load(Source("y.toml", head))
    rules = attached([packed, other], [*named, *naming])
    assert [[one.list_id for one in rule.exceptions] for rule in rules] == [
        ["jobs", "samefire-sensitive-files-packed"],
        ["samefire-sensitive-files-packed"],
    ]


def test_a_rule_that_is_not_there() -> None:
    lists = load(file('{ field = "a", type = "exists", operator = "included" }'))
    assert [render(p) for p in unknown_rules(set(), lists)] == [
        f"x.toml:6:13: warning: no rule has the id {RULE} [exceptions-unknown-rule]\n"
        f'  6 | rule_ids = ["{RULE}"]\n'
        f"    |             {'^' * 38}\n"
        "  help: correct the id, or take it out"
    ]


MESSAGES = {
    'field = "a", type = "match", operator = "included"': (
        "x.toml:17:12: error: `exceptions[0].items[0].entries[0]` has no `value` [exceptions-missing-key]"
    ),
    'field = "a", type = "match", operator = "include", value = "b"': (
        "x.toml:17:54: error: `exceptions[0].items[0].entries[0].operator` must be one of `included`, `excluded`, not "
        'the text "include" [exceptions-bad-value]'
    ),
    'field = "a", type = "exists", operator = "included", value = "b"': (
        "x.toml:17:67: error: unknown key `value` in `exceptions[0].items[0].entries[0]` [exceptions-unknown-key]"
    ),
    'field = "a", type = "match_any", operator = "included", value = "b"': (
        "x.toml:17:78: error: `exceptions[0].items[0].entries[0].value` must be a list of texts, not the text "
        '"b" [exceptions-wrong-type]'
    ),
    'field = "a", type = "matches", operator = "included", value = "b"': (
        "x.toml:17:34: error: `exceptions[0].items[0].entries[0].type` must be one of `match`, `match_any`, "
        '`wildcard`, `exists`, `list`, `nested`, not the text "matches" [exceptions-bad-value]'
    ),
    'field = "a", type = "nested", operator = "included", entries = [{ field = "b", type = "exists", '
    'operator = "included" }]': (
        "x.toml:17:44: error: unknown key `operator` in `exceptions[0].items[0].entries[0]` [exceptions-unknown-key]"
    ),
    'field = "a", type = "nested", entries = [{ field = "b", type = "wildcard", operator = "included", '
    'value = "c*" }]': (
        "x.toml:17:77: error: `exceptions[0].items[0].entries[0].entries[0].type` must be one of `match`, "
        '`match_any`, `exists`, not the text "wildcard" [exceptions-bad-value]'
    ),
    'field = "a", type = "list", operator = "included", list = { id = "bad.txt", type = "ip" }': (
        "x.toml:17:72: error: the values of the value list `bad.txt` are kept in Kibana [exceptions-value-list]"
    ),
}


@pytest.mark.parametrize("entry", MESSAGES)
def test_messages_about_entries(entry: str) -> None:
    assert told(file(f"{{ {entry} }}")).split("\n")[0] == MESSAGES[entry]


def test_every_problem_of_a_file_at_once() -> None:
    source = Source(
        "x.toml",
        HEAD.replace("rule_names", "rule_name").replace('type = "detection"', 'type = "detections"')
        + ITEM.replace('"jobs"', '"job"').replace("ENTRY", '{ field = "a", type = "exists" }'),
    )
    assert [line for line in told(source).split("\n") if line.startswith("x.toml")] == [
        "x.toml:7:1: error: unknown key `rule_name` in [metadata] [exceptions-unknown-key]",
        "x.toml:10:79: error: `exceptions[0].container.type` must be one of `detection`, `endpoint`, `rule_default`, "
        'not the text "detections" [exceptions-bad-value]',
        "x.toml:13:11: error: the item has the `list_id` job, its list jobs [exceptions-other-list]",
        "x.toml:17:12: error: `exceptions[0].items[0].entries[0]` has no `operator` [exceptions-missing-key]",
    ]


def test_a_file_of_something_else() -> None:
    assert told(Source("x.toml", "[rule]\nname = 'a'\n")) == (
        "x.toml:1:1: error: the file has no [metadata] table [exceptions-missing-table]\n"
        "  1 | [rule]\n    | ^\n  help: add a line [metadata]\n"
        "x.toml:1:1: error: the file has no [[exceptions]] table [exceptions-missing-table]\n"
        "  1 | [rule]\n    | ^\n  help: add a line [[exceptions]]\n"
        "x.toml:1:2: error: unknown table [rule] [exceptions-unknown-table]\n"
        "  1 | [rule]\n    |  ^^^^\n  help: an exception file has [metadata] and [[exceptions]]"
    )


def test_an_endpoint_exception_cannot_exclude() -> None:
    head = HEAD.replace('"detection"', '"endpoint"')
    entry = '{ field = "a", type = "exists", operator = "excluded" }'
    assert told(file(entry, head=head)).split("\n")[0] == (
        "x.toml:17:55: error: an endpoint exception cannot exclude [exceptions-bad-value]"
    )


def list_entry(kind: str) -> str:
    return f'{{ field = "source.ip", type = "list", operator = "included", list = {{ id = "l", type = "{kind}" }} }}'


def test_values_of_a_value_list_are_written_out() -> None:
    values = {"l": Source("lists/l", "10.0.0.1-10.0.0.3\n\n192.168.0.0/24\n10.0.0.1-10.0.0.3\n")}
    (one,) = load(file(list_entry("ip_range")), values)
    assert one.items[0]["entries"] == [
        {
            "field": "source.ip",
            "operator": "included",
            "type": "match_any",
            "value": ["10.0.0.1/32", "10.0.0.2/31", "192.168.0.0/24"],
        }
    ]
    assert [render(p).split("\n")[0] for p in one.problems] == [
        "x.toml:17:80: note: 3 values of the value list `l` are written into the exception "
        "[exceptions-value-list-copied]"
    ]


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (
            "text",
            "a\n",
            "lists/l:1:1: error: value lists of type `text` are compared by Kibana, not by a search",
        ),
        ("ip_range", "10.0.0.1-x\n", "lists/l:1:1: error: `10.0.0.1-x` is no range of addresses"),
        (
            "ip_range",
            "".join(f"10.0.{n}.1-10.0.{n}.9\n" for n in range(201)),
            "lists/l:1:1: error: more than 200 ranges written `from-to`, which Kibana does not search for",
        ),
    ],
)
def test_value_lists_that_cannot_be_searched_for(kind: str, text: str, message: str) -> None:
    found = told(file(list_entry(kind)), {"l": Source("lists/l", text)})
    assert found.split("\n")[0] == f"{message} [exceptions-value-list]"


def test_the_other_spelling_of_value_lists(tmp_path: Path) -> None:
    entry = (
        '{ field = "a", type = "list", operator = "included", list_vals = { id = "l", type = "keyword" } }'
    )
    (one,) = load(file(entry), {"l": Source("lists/l", "b")})
    assert one.items[0]["entries"][0]["value"] == ["b"]
