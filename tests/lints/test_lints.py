"""The cases of `tests/lints/*.toml`, and that there are true and false ones for each lint.

A case has `language`, `query`, and `finds`: of each finding its code, the text that it marks, its message and its
hint. `rule` and `more` are lines of the `[rule]` table and tables after it.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from samefire import lints
from samefire.check import check_rule
from samefire.fields import FieldTypes
from samefire.problems import Problem, Severity
from samefire.rule import load
from samefire.source import Source

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.toml"))
CASES = [(path.stem, case) for path in FILES for case in tomllib.loads(path.read_text())["case"]]

TEMPLATE = """
[metadata]
creation_date = "2025/01/01"
integration = ["endpoint"]
maturity = "production"
updated_date = "2025/01/01"

[rule]
author = ["us"]
description = "A rule of the tests."
name = "A rule of the tests"
risk_score = 21
rule_id = "6d1a1f6e-3b0b-4a6e-9a3f-1f0d4b9f2c11"
severity = "low"
type = "{type}"
language = "{language}"
query = {query}
{rule}

{more}
"""


def problems(case: dict[str, Any]) -> list[Problem]:
    kind = "eql" if case["language"] == "eql" else "query"
    query, rule, more = json.dumps(case["query"]), case.get("rule", ""), case.get("more", "")
    text = TEMPLATE.format(type=kind, language=case["language"], query=query, rule=rule, more=more)
    found = check_rule(load(Source("rule.toml", text)), FieldTypes.known())
    assert all(p.severity is Severity.WARNING and p.code.startswith("lint-") for p in found), found
    return found


def marked(problem: Problem) -> str:
    source, span = problem.source, problem.span
    return source.text[span.start : span.end]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{n}-{c['query'][:40]}" for n, c in CASES])
def test_case(name: str, case: dict[str, Any]) -> None:
    found = [[p.code, marked(p), p.message, p.hint or ""] for p in problems(case)]
    assert found == case.get("finds", [])


def test_every_lint_has_a_case() -> None:
    found = {finding[0] for _, case in CASES for finding in case.get("finds", [])}
    assert found == set(lints.CODES)


def test_every_kind_has_a_query_that_it_leaves_alone() -> None:
    assert {name for name, case in CASES if not case.get("finds")} == {path.stem for path in FILES}


def test_every_code_is_documented() -> None:
    text = (HERE.parents[1] / "docs" / "lints.md").read_text()
    assert [code for code in lints.CODES if f"`{code}`" not in text] == []


def test_levels() -> None:
    query = "process.name: (a.exe or a.exe) and not event.type: strt"
    found = problems({"language": "kuery", "query": query})
    levels = {"lint-duplicate": "off", "lint-value-not-allowed": "error"}
    assert [(p.code, p.severity) for p in lints.levelled(found, levels)] == [
        ("lint-value-not-allowed", Severity.ERROR)
    ]


def test_the_place_is_one_of_the_file() -> None:
    case = {"language": "kuery", "query": 'process.name: "\\\\a" and event.type: strt'}
    (found,) = problems(case)
    at = found.location
    assert at.excerpt[at.column - 1 : at.end_column - 1] == "event.type: strt"
