"""Reports made out of real rules and cases, for the tests of every format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.harness.case import load_text
from samefire.harness.report import Report, RuleReport
from samefire.harness.run import Subject, judge_rule
from samefire.problems import Problem
from samefire.rule import load
from samefire.source import Source, Span
from tests.gate.repository import FIXTURES, RULE, RULES

HOSTILE = (
    "</script><script>owned=1</script><img src=x onerror=owned=1> \"'`|*_[x](javascript:1) @all &amp; "
    "{data} ${7} \x1b[31mred\x1b[0m \x07 \u202eltr\u202c \ufeff ::error::x%0A "
    "=cmd|' /C calc'!A0 ../../etc/passwd ]]> --> "
) + "w" * 3000
THREAT = """
[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = "TA0002"
name = "Execution"
reference = "https://attack.mitre.org/tactics/TA0002/"
[[rule.threat.technique]]
id = "T1059"
name = "Command and Scripting Interpreter"
reference = "https://attack.mitre.org/techniques/T1059/"
"""


def toml(text: str) -> str:
    """A string as it may stand between quotation marks in TOML."""
    return json.dumps(text)[1:-1]


def rule_report(path: str, values: Mapping[str, str], cases: Mapping[str, Any]) -> RuleReport:
    """One rule judged in both forms; `cases` by `positive/x.json`."""
    rule = load(Source(path, RULE.format(**values)))
    loaded = [
        load_text(json.dumps(event, indent=1).encode(), f"fixtures/{name}", positive="positive/" in name)
        for name, event in cases.items()
    ]
    whole = replace(loaded[0], cases=tuple(c for found in loaded for c in found.cases))
    forms = [converters()[name] for name in ("elastic", "sigma")]
    return judge_rule(Subject(rule, whole), forms, FieldTypes.known(), Options())


def small(name: str = "Shell of the Web Server", value: str = "bash") -> Report:
    """Two rules: one loses an alternative (a positive case stays silent), one is as it should be."""
    query = 'event.category : process and process.parent.name : "nginx" and process.name : "sh"'
    values = {**RULES["rules/shell.toml"], "name": toml(name), "query": query, "more": THREAT}
    shell = {p.removeprefix("fixtures/"): e for p, e in FIXTURES.items() if "/shell/" in p}
    if value != "bash":
        event = json.loads(json.dumps(shell["shell/positive/bash.json"]))
        event["process"]["name"] = value
        shell = {**shell, "shell/positive/bash.json": event}
    shell = {k: v for k, v in shell.items() if "sh.json" in k}
    logins = {p.removeprefix("fixtures/"): e for p, e in FIXTURES.items() if "/logins/" in p}
    first = rule_report("rules/shell.toml", values, shell)
    second = rule_report("rules/logins.toml", {**RULES["rules/logins.toml"]}, logins)
    problem = Problem(
        "fixture-foreign-event",
        "event 1 has no field of the rule",
        Source("fixtures/x.json", '{"evnt": 1}\n'),
        Span(1, 7),
        hint="the rule asks for `event.category`",
    )
    first = replace(first, problems=(*first.problems, problem))
    return Report((first, second), (), {"rules that sleep": 3}, "all rules")


def large(number: int) -> Report:
    """As many rules as somebody may have, each as it should be."""
    one = small().rules[1]
    return Report(tuple(one for _ in range(number)))
