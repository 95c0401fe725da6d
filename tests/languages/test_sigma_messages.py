"""Every message about a Sigma text, word for word, in `tests/golden/sigma/messages.txt`.

`python -m tests.languages.test_sigma_messages` writes that file anew; read the difference before it is kept.
"""

from __future__ import annotations

import tomllib

from samefire.fields import FieldTypes
from samefire.languages import sigma, sigma_yaml
from samefire.problems import Problem, ProblemError, render
from samefire.source import Source
from tests.conftest import HOME

GOLDEN = HOME / "tests/golden/sigma/messages.txt"


def messages() -> str:
    """The problems of all cases that have one, each under the name of its case."""
    out = []
    for path in sorted((HOME / "tests/cases/sigma").glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            if "problem" in case:
                out.append(f"## {path.stem}: {case['name']}\n{_shown(_problems(case['query']))}\n")
    return "\n".join(out)


def _problems(text: str) -> tuple[Problem, ...]:
    try:
        return sigma.load(Source("rule.yml", text), FieldTypes({}))[-1].problems
    except ProblemError as error:
        return error.problems


def _shown(problems: tuple[Problem, ...]) -> str:
    return "\n".join(render(problem) for problem in problems)


def test_messages() -> None:
    assert messages() == GOLDEN.read_text(encoding="utf-8")


RULE = """title: t
id: not-a-uuid
falsepositive: []
logsource: {category: test}
detection:
    sel: {a|all: 1}
    other: {b: 1}
    timeframe: 5m
    condition: sel
"""


def test_warnings() -> None:
    assert _shown(_problems(RULE)).splitlines() == [
        "rule.yml:3:1: warning: the key `falsepositive` is not part of Sigma [sigma-unknown-key]",
        "  3 | falsepositive: []",
        "    | ^^^^^^^^^^^^^",
        "  help: did you mean `falsepositives`?",
        "rule.yml:2:5: warning: the id is not a UUID [sigma-id]",
        "  2 | id: not-a-uuid",
        "    |     ^^^^^^^^^^",
        "  help: pySigma refuses other ids; use `name` for a readable reference",
        "rule.yml:8:5: warning: `timeframe` has no effect [sigma-timeframe]",
        "  8 |     timeframe: 5m",
        "    |     ^^^^^^^^^",
        "  help: write a correlation document with `timespan`",
        "rule.yml:6:11: warning: `all` has only one value to apply to [sigma-all-single]",
        "  6 |     sel: {a|all: 1}",
        "    |           ^^^^^",
        "  help: leave `all` out",
        "rule.yml:7:5: warning: no condition uses `other` [sigma-unused-selection]",
        "  7 |     other: {b: 1}",
        "    |     ^^^^^",
    ]


def test_null_in_a_list() -> None:
    rule = RULE.replace("    sel: {a|all: 1}", "    sel: {a: [x, null]}")
    found = tuple(p for p in _problems(rule) if p.code == "sigma-null-in-list")
    assert _shown(found).splitlines() == [
        "rule.yml:6:18: warning: Sigma has no null among the values of a list [sigma-null-in-list]",
        "  6 |     sel: {a: [x, null]}",
        "    |                  ^^^^",
        "  help: write a selection of its own with null, and join both with `or`",
    ]


CORRELATION = """title: a
name: a
logsource: {category: t}
detection: {s: {k: a}, condition: s}
---
title: c
correlation:
    type: value_percentile
    rules: [a]
    timespan: 1m
    condition: {field: n, gt: 5}
"""


def test_warnings_of_correlations() -> None:
    assert _shown(_problems(CORRELATION)).splitlines() == [
        "rule.yml:11:5: warning: no `percentile` is given: the 50th is taken [sigma-percentile]",
        "  11 |     condition: {field: n, gt: 5}",
        "     |     ^^^^^^^^^",
        "  help: write for example `percentile: 95`",
        "rule.yml:7:1: warning: there is no `group-by`: all events are one group [sigma-group-by]",
        "  7 | correlation:",
        "    | ^^^^^^^^^^^",
        "  help: Sigma 2.1 wants one",
    ]


def test_a_text_that_is_too_large() -> None:
    text = "#" * (sigma_yaml.MAX_CHARACTERS + 1)
    assert [p.message for p in _problems(text)] == [
        "the text has 4,000,001 characters; at most 4,000,000 are read"
    ]


def test_a_text_that_is_too_deep() -> None:
    assert _shown(_problems("[" * 700)).splitlines()[0] == (
        "rule.yml:1:61: error: more than 60 levels inside each other [sigma-too-deep]"
    )


if __name__ == "__main__":
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(messages(), encoding="utf-8")
