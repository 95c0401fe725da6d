"""A small rules repository in git, made anew for each test, and edits of it as a person would make them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = """\
forms = ["elastic", "sigma"]
[gate]
base = "main"
"""

RULE = """\
[metadata]
creation_date = "2026/01/10"
maturity = "production"
updated_date = "2026/01/10"

[rule]
author = ["Tests"]
description = "{name}, for tests."
from = "now-9m"
index = ["logs-endpoint.events.*"]
language = "{language}"
license = "Apache-2.0"
name = "{name}"
risk_score = 47
rule_id = "{id}"
severity = "medium"
tags = ["Domain: Endpoint"]
timestamp_override = "event.ingested"
type = "{type}"

query = '''
{query}
'''
{more}"""

SHELL = "6f1c1f0e-6a51-4f3c-9b5e-0d1f5f2a0001"
CURL = "6f1c1f0e-6a51-4f3c-9b5e-0d1f5f2a0002"
LOGINS = "6f1c1f0e-6a51-4f3c-9b5e-0d1f5f2a0003"
RULES = {
    "rules/shell.toml": {
        "id": SHELL,
        "name": "Shell of the Web Server",
        "language": "kuery",
        "type": "query",
        "query": 'event.category : process and process.parent.name : "nginx" and process.name : ("sh" or "bash")',
        "more": "",
    },
    "rules/net/curl.toml": {
        "id": CURL,
        "name": "Download by Curl",
        "language": "eql",
        "type": "eql",
        "query": 'process where event.type == "start" and process.name : "curl" and process.args : "-o"',
        "more": "",
    },
    "rules/logins.toml": {
        "id": LOGINS,
        "name": "Many Failed Logins",
        "language": "kuery",
        "type": "threshold",
        "query": "event.category : authentication and event.outcome : failure",
        "more": '\n[rule.threshold]\nfield = ["user.name"]\nvalue = 2\n',
    },
}


def _process(name: str, **more: Any) -> dict[str, Any]:
    process = {"name": name, **more}
    return {
        "@timestamp": "2026-01-10T10:00:00Z",
        "event": {"category": ["process"], "type": ["start"]},
        "process": process,
    }


def _login(outcome: str) -> dict[str, Any]:
    return {
        "@timestamp": "2026-01-10T10:00:00Z",
        "event": {"category": ["authentication"], "outcome": outcome},
        "user": {"name": "ada"},
    }


FIXTURES: dict[str, Any] = {
    "fixtures/shell/positive/sh.json": _process("sh", parent={"name": "nginx"}),
    "fixtures/shell/positive/bash.json": _process("bash", parent={"name": "nginx"}),
    "fixtures/shell/negative/parent.json": _process("sh", parent={"name": "sshd"}),
    "fixtures/net/curl/positive/output.json": _process("curl", args=["curl", "-o", "x"]),
    "fixtures/net/curl/negative/plain.json": _process("curl", args=["curl", "x"]),
    "fixtures/logins/positive/two.json": [_login("failure"), _login("failure")],
    "fixtures/logins/negative/one.json": [_login("failure"), _login("success")],
}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


@dataclass(frozen=True)
class Repo:
    """The repository at `root`; paths are relative to it."""

    root: Path

    def write(self, path: str, content: Any) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
        file.write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new))

    def remove(self, path: str) -> None:
        target = self.root / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    def move(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)

    def redate(self, path: str, day: str = "2026/02/01") -> None:
        self.edit(path, 'updated_date = "2026/01/10"', f'updated_date = "{day}"')

    def lock(self) -> None:
        """What `samefire lock` does."""
        from samefire.commands import lock as command

        assert command.run([], check=False).code == 0

    def settings(self, text: str) -> None:
        self.write("samefire.toml", text)

    def commit(self) -> None:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", "change", "--allow-empty")


def fill(root: Path) -> Repo:
    """The files of the repository, without git."""
    repo = Repo(root)
    repo.settings(SETTINGS)
    for path, values in RULES.items():
        repo.write(path, RULE.format(**values))
    for path, content in FIXTURES.items():
        repo.write(path, content)
    return repo
