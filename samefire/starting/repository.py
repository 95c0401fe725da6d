"""The files of a new rules repository: settings, hooks, a workflow, editors. Texts only."""

from __future__ import annotations

from collections.abc import Mapping

from samefire.starting.answers import Answers

SETTINGS = """\
# Settings of samefire. Editors that read .taplo.toml know the keys and what they mean.

# Where things lie.
rules = ["rules"]
fixtures = "fixtures"

# The forms that are judged; none named: all.
forms = ["elastic", "sigma"]

[gate]
# What a change is compared with.
base = "origin/main"
# How many cases each rule must have.
positive = 1
negative = 1
# The share of a query's clauses that the cases must prove (samefire cover), from 0 to 1.
proven = 0.9
"""

WORKFLOW = """\
name: rules

on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: read

jobs:
  rules:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install samefire
      - run: samefire fmt --check
      - run: samefire check
      - run: samefire gate --all --summary
"""

PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: samefire-fmt
        name: samefire fmt
        entry: samefire fmt
        language: system
        files: ^(rules|exceptions)/.*\\.toml$
      - id: samefire-check
        name: samefire check
        entry: samefire check
        language: system
        pass_filenames: false
        files: ^(rules|fixtures|exceptions|fields)/|^samefire\\.toml$
      - id: samefire-test
        name: samefire test
        entry: samefire test
        language: system
        pass_filenames: false
        files: ^(rules|fixtures|exceptions|fields)/|^samefire\\.toml$
"""

TAPLO = """\
[[rule]]
include = ["rules/**/*.toml"]
[rule.schema]
path = "./.vscode/schemas/rule.schema.json"

[[rule]]
include = ["samefire.toml"]
[rule.schema]
path = "./.vscode/schemas/settings.schema.json"

[[rule]]
include = ["fields/*.toml"]
[rule.schema]
path = "./.vscode/schemas/fields.schema.json"

[[rule]]
include = ["exceptions/**/*.toml"]
[rule.schema]
path = "./.vscode/schemas/exceptions.schema.json"
"""

EDITOR = """\
{
  "json.schemas": [
    {
      "fileMatch": ["fixtures/**/*.json"],
      "url": "./.vscode/schemas/fixture.schema.json"
    }
  ],
  "yaml.schemas": {
    "./.vscode/schemas/fixture.schema.json": ["fixtures/**/*.yml", "fixtures/**/*.yaml"]
  }
}
"""

EXTENSIONS = """\
{
  "recommendations": ["tamasfe.even-better-toml", "redhat.vscode-yaml"]
}
"""

IGNORE = """\
.samefire/
.venv/
"""

README = """\
# Detection rules

Rules lie in `rules/`, the events that each of them must and must not fire on in `fixtures/`.

```sh
samefire new                      # another rule
samefire watch                    # judge what you save
samefire lock && samefire gate --all   # what the workflow will say
```
"""

FIRST = Answers(
    name="AWS Audit Log Switched Off",
    type="query",
    description=(
        "Somebody stopped or deleted an AWS CloudTrail trail. What follows is not recorded, which is what an "
        "intruder wants before the loud part."
    ),
    query=(
        "event.dataset:aws.cloudtrail and event.provider:cloudtrail.amazonaws.com\n"
        "  and event.action:(StopLogging or DeleteTrail) and event.outcome:success\n"
    ),
    index=("logs-aws.cloudtrail-*",),
    severity="high",
    techniques=("T1562.008",),
)
FIRST_PATH = "rules/aws/audit_log_switched_off.toml"


def files() -> Mapping[str, str]:
    """The files by path, without the first rule and the schemas."""
    return {
        "samefire.toml": SETTINGS,
        "README.md": README,
        ".gitignore": IGNORE,
        ".pre-commit-config.yaml": PRE_COMMIT,
        ".github/workflows/rules.yml": WORKFLOW,
        ".taplo.toml": TAPLO,
        ".vscode/settings.json": EDITOR,
        ".vscode/extensions.json": EXTENSIONS,
    }
