"""`samefire diff`: files, folders and revisions, as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samefire.commands import WrongUse
from samefire.commands.diff import run
from tests.gate.conftest import repo, template
from tests.gate.repository import RULES, Repo

__all__ = ["repo", "template"]

SHELL = "rules/shell.toml"


def text(old: str = "main", new: str | None = None) -> str:
    return run(old, new, forms=[], format="text").out


def test_nothing_changed(repo: Repo) -> None:
    assert text() == "3 rules: 0 changed, 0 added, 0 removed, 3 same; no verdict changed"


def test_the_layout_of_a_query(repo: Repo) -> None:
    query = (
        'process.name : ("bash" or "sh") and\n  (process.parent.name : "nginx" and event.category : process)'
    )
    repo.edit(SHELL, RULES[SHELL]["query"], query)
    assert text() == (
        "rules/shell.toml  Shell of the Web Server: changed\n"
        "  query     only the layout changed\n"
        '    - event.category : process and process.parent.name : "nginx" and process.name : ("sh" or "bash")\n'
        '    + process.name : ("bash" or "sh") and\n'
        '    +   (process.parent.name : "nginx" and event.category : process)\n'
        "\n"
        "3 rules: 1 changed, 0 added, 0 removed, 2 same; no verdict changed"
    )


def test_the_meaning_of_a_query_and_the_cases_that_turn(repo: Repo) -> None:
    repo.edit(SHELL, 'process.name : ("sh" or "bash")', 'process.args : "-c"')
    assert text("main", ".").split("\n\n")[0] == (
        "rules/shell.toml  Shell of the Web Server: changed\n"
        "  query     the meaning changed\n"
        '    - event.category : process and process.parent.name : "nginx" and process.name : ("sh" or "bash")\n'
        '    + event.category : process and process.parent.name : "nginx" and process.args : "-c"\n'
        "            field gained: process.args\n"
        "            field lost: process.name\n"
        "  cases     positive/bash (elastic): fires → silent\n"
        "            positive/sh (elastic): fires → silent\n"
        "            positive/bash (sigma): fires → silent\n"
        "            positive/sh (sigma): fires → silent"
    )


CHANGES: dict[str, tuple[str, str, str, str]] = {
    "severity": (SHELL, "risk_score = 47", "risk_score = 73", "severity  risk_score: 47 → 73"),
    "schedule": (SHELL, '"now-9m"', '"now-1h"', "schedule  from: now-9m → now-1h"),
    "text": (SHELL, "Domain: Endpoint", "Domain: Host", "text      tags: Domain: Endpoint → Domain: Host"),
    "threshold": ("rules/logins.toml", "value = 2", "value = 9", "threshold threshold.value: 2 → 9"),
    "maturity": (SHELL, '"production"', '"development"', "release   maturity: production → development"),
    "index": (
        SHELL,
        "endpoint.events.*",
        "windows.*",
        "query     index: logs-endpoint.events.* → logs-windows.*",
    ),
    "long": (SHELL, "for tests.", "x" * 300, "text      description: changed (35 → 325 characters)"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_area(repo: Repo, name: str) -> None:
    path, old, new, line = CHANGES[name]
    repo.edit(path, old, new)
    assert f"  {line}\n" in text()


def test_techniques(repo: Repo) -> None:
    threat = (
        '\n[[rule.threat]]\nframework = "MITRE ATT&CK"\n[rule.threat.tactic]\nid = "TA0002"\n'
        'name = "Execution"\nreference = "https://attack.mitre.org/tactics/TA0002/"\n'
    )
    repo.write(SHELL, (repo.root / SHELL).read_text() + threat)
    assert "  attack    threat.TA0002: + TA0002 Execution\n" in text()


SHELL_IDS = RULES[SHELL]["id"]
LISTS = f"""\
[metadata]
creation_date = "2026/01/10"
list_name = "Known"
rule_ids = ["{SHELL_IDS}"]
rule_names = ["Shell of the Web Server"]
updated_date = "2026/01/10"

[[exceptions]]
[exceptions.container]
description = "Known."
list_id = "known"
name = "Known"
namespace_type = "single"
tags = []
type = "detection"

[[exceptions.items]]
comments = []
description = "A shell that is known."
item_id = "sh"
list_id = "known"
name = "sh"
namespace_type = "single"
tags = []
type = "simple"
[[exceptions.items.entries]]
field = "process.name"
operator = "included"
type = "match"
value = "sh"
"""


def test_an_exception_that_changed(repo: Repo) -> None:
    """Each version is judged with the exceptions of its time, though the rule's own file is the same."""
    repo.write("exceptions/known.toml", LISTS)
    added = text()
    assert " exceptions.known.sh: + " in added and "exceptions_list: + " in added
    assert "  cases     positive/sh (elastic): fires → silent\n" in added
    repo.commit()
    repo.edit("exceptions/known.toml", 'value = "sh"', 'value = "bash"')
    changed = text("HEAD")
    assert "  alerts    exceptions.known.sh: changed (" in changed
    assert "  cases     positive/bash (elastic): fires → silent\n" in changed
    assert "            positive/sh (elastic): silent → fires\n" in changed
    repo.edit("exceptions/known.toml", "A shell that is known.", "A shell.")
    assert "2 same; 4 verdicts" in text("HEAD"), "a description excepts nothing"


def test_an_exception_file_that_cannot_be_read(repo: Repo) -> None:
    repo.write("exceptions/known.toml", LISTS.replace('item_id = "sh"\n', 'item_idd = "sh"\n'))
    result = run("main", None, forms=[], format="text")
    assert result.code == 1 and result.err.startswith("exceptions/known.toml:")


def test_what_a_file_says_beside_its_rule(repo: Repo) -> None:
    repo.edit(SHELL, 'maturity = "production"', 'integration = ["nginx"]\nmaturity = "production"')
    repo.write(SHELL, (repo.root / SHELL).read_text() + '\n[sigma]\nlevel = "low"\n')
    assert text().split("\n\n")[0] == (
        "rules/shell.toml  Shell of the Web Server: changed\n"
        '  other     metadata.integration: + ["nginx"]\n'
        "  sigma     sigma.level: + low"
    )


def test_dates_alone_are_no_change(repo: Repo) -> None:
    repo.edit(SHELL, 'updated_date = "2026/01/10"', 'updated_date = "2026/01/11"')
    assert text() == "3 rules: 0 changed, 0 added, 0 removed, 3 same; no verdict changed"


def test_the_order_of_index_patterns_that_take_names_out(repo: Repo) -> None:
    repo.edit(SHELL, '"logs-endpoint.events.*"', '"logs-*", "-logs-nginx.*"')
    repo.commit()
    repo.edit(SHELL, '"logs-*", "-logs-nginx.*"', '"-logs-nginx.*", "logs-*"')
    line = '  query     index: ["logs-*", "-logs-nginx.*"] → ["-logs-nginx.*", "logs-*"]\n'
    assert line in text("HEAD")
    repo.edit(SHELL, '"-logs-nginx.*", "logs-*"', '"logs-a", "logs-b"')
    repo.commit()
    repo.edit(SHELL, '"logs-a", "logs-b"', '"logs-b", "logs-a"')
    assert text("HEAD").startswith("3 rules: 0 changed"), "no pattern takes names out"


def test_the_order_of_what_a_threshold_counts(repo: Repo) -> None:
    """Kibana asks the first alone."""
    one, other = (
        f'[[rule.threshold.cardinality]]\nfield = "{f}"\nvalue = 2\n' for f in ("host.id", "user.id")
    )
    path = "rules/logins.toml"
    repo.write(path, (repo.root / path).read_text() + one + other)
    repo.commit()
    repo.edit(path, one + other, other + one)
    assert "  threshold threshold.cardinality: " in text("HEAD")


def test_a_link_of_a_technique(repo: Repo) -> None:
    threat = (
        '\n[[rule.threat]]\nframework = "MITRE ATT&CK"\n[rule.threat.tactic]\nid = "TA0002"\n'
        'name = "Execution"\nreference = "https://attack.mitre.org/tactics/TA0003/"\n'
    )
    repo.write(SHELL, (repo.root / SHELL).read_text() + threat)
    repo.commit()
    repo.edit(SHELL, "tactics/TA0003", "tactics/TA0002")
    base = "https://attack.mitre.org/tactics"
    assert f"  attack    threat.TA0002.reference: {base}/TA0003/ → {base}/TA0002/\n" in text("HEAD")


def test_files_of_another_repository_have_its_settings(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cases and exceptions are those beside the rule, wherever the command runs."""
    repo.write("old.toml", (repo.root / SHELL).read_text())
    repo.edit(SHELL, '("sh" or "bash")', '"sh"')
    monkeypatch.chdir(tmp_path)
    assert "positive/bash (elastic): fires → silent" in text(
        str(repo.root / "old.toml"), str(repo.root / SHELL)
    )


def test_rules_that_come_and_go(repo: Repo) -> None:
    repo.remove("rules/logins.toml")
    repo.write("rules/new.toml", (repo.root / SHELL).read_text().replace("0001", "0009"))
    assert text() == (
        "rules/logins.toml  Many Failed Logins: removed\n"
        "\n"
        "rules/new.toml  Shell of the Web Server: added\n"
        "\n"
        "4 rules: 0 changed, 1 added, 1 removed, 2 same; no verdict changed"
    )


def test_two_files_are_versions_of_one_rule(repo: Repo) -> None:
    repo.write("/".join(["old.toml"]), (repo.root / SHELL).read_text().replace("0001", "0009"))
    first = text("old.toml", SHELL).split("\n")[1]
    assert first.startswith("  other     rule_id: 6f1c1f0e-6a51-4f3c-9b5e-0d1f5f2a0009 →")


def test_a_file_of_a_revision(repo: Repo) -> None:
    repo.edit(SHELL, "risk_score = 47", "risk_score = 73")
    assert text(f"main:{SHELL}").startswith("rules/shell.toml  Shell of the Web Server: changed\n")
    assert text(f"main:{SHELL}", f"HEAD:{SHELL}").startswith("1 rule: 0 changed")


def test_a_broken_rule_is_told_after_the_others(repo: Repo) -> None:
    repo.edit(SHELL, "risk_score = 47", "risk_skore = 47")
    result = run("main", None, forms=[], format="text")
    assert result.code == 1
    assert "[rule-unknown-key]" in result.err
    assert result.out.endswith("3 rules: 0 changed, 0 added, 1 removed, 2 same; no verdict changed")


def test_json(repo: Repo) -> None:
    repo.edit(SHELL, "risk_score = 47", "risk_score = 73")
    data = json.loads(run("main", None, forms=["elastic"], format="json").out)
    assert data["version"] == 1
    changed = [rule for rule in data["rules"] if rule["kind"] != "same"]
    assert changed == [
        {
            "rule_id": RULES[SHELL]["id"],
            "name": "Shell of the Web Server",
            "old": SHELL,
            "new": SHELL,
            "kind": "changed",
            "differences": [
                {"area": "severity", "path": "risk_score", "old": 47, "new": 73, "note": ""},
            ],
            "cases": [],
        }
    ]


def test_markdown(repo: Repo, golden: Callable[[Path, str], None]) -> None:
    repo.edit(SHELL, 'process.name : ("sh" or "bash")', 'process.args : "```"\n and process.name : sh')
    repo.edit(SHELL, "risk_score = 47", "risk_score = 73")
    told = run("main", None, forms=["elastic"], format="markdown").out
    golden(Path(__file__).parent / "golden" / "diff.md", told)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "nonsense",
            None,
            "nonsense is no file, no folder and no revision: git knows no revision `nonsense`",
        ),
        ("main:docs", None, "main has no rules in docs"),
        ("rules", None, "what is rules to be compared with? give a second file, folder or revision"),
    ],
)
def test_error_sides(repo: Repo, old: str, new: str | None, message: str) -> None:
    with pytest.raises(WrongUse) as caught:
        run(old, new, forms=[], format="text")
    assert str(caught.value) == message
