"""A rule that loads: its places, its coercions, what a deprecated one may be; the schema as JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.problems import Problem, ProblemError, Severity, render
from samefire.rule import Rule, load
from samefire.rule_schema import TYPES, file_schema
from samefire.source import Source, Span
from samefire.toml_text import MAX_CHARACTERS
from tests.conftest import HOME


def text_of(name: str) -> str:
    return (HOME / f"tests/golden/rules/{name}/rule.toml").read_text(encoding="utf-8")


def rule_of(name: str) -> Rule:
    return load(Source("rule.toml", text_of(name)))


def deprecated(text: str) -> Rule:
    changed = text.replace('"production"', '"deprecated"\ndeprecation_date = "2026/02/10"')
    return load(Source("rule.toml", changed))


def test_properties() -> None:
    rule = rule_of("threshold")
    assert (rule.path, rule.name, rule.type, rule.language) == (
        "rule.toml",
        "Threshold",
        "threshold",
        "kuery",
    )
    assert rule.id == "8a1c3d52-6f4b-4f0e-9c77-1f2b3c4d5e18"
    assert not rule.deprecated
    assert rule_of("deprecated").deprecated
    assert rule_of("machine_learning").language is None


def test_a_place_in_the_query_is_a_place_in_the_file() -> None:
    rule = rule_of("white_space")
    query = rule.string("rule", "query")
    at = query.text.index("process.parent.name")
    problem = Problem("x", "here", query, Span(at, at + len("process.parent.name")))
    assert render(problem) == (
        "rule.toml:17:3: error: here [x]\n"
        '  17 |   process.parent.name : "spoolsv.exe"\n'
        "     |   ^^^^^^^^^^^^^^^^^^^"
    )


def test_spans() -> None:
    rule = rule_of("threshold")
    text = rule.source.text
    assert text[slice(*rule.key_span("rule", "threshold"))] == "threshold"
    assert text[slice(*rule.value_span("rule", "threshold", "cardinality", 0, "value"))] == "5"
    assert text[slice(*rule.value_span("rule", "threshold", "field", 0))] == '"source.ip"'
    assert text[slice(*rule.key_span("rule", "threshold", "missing"))] == "threshold"
    assert rule.key_span("nothing") == Span(0, 0)


def test_only_strings_are_sources() -> None:
    rule = rule_of("threshold")
    for key in (("rule", "threshold"), ("rule", "missing"), ("missing",)):
        with pytest.raises(KeyError):
            rule.string(*key)


def test_coerced_values_are_what_they_are_read_as() -> None:
    contents = rule_of("coerced").contents
    assert [contents[k] for k in ("risk_score", "max_signals", "enabled")] == [47, 20, True]
    assert {p.code for p in rule_of("coerced").problems} == {"rule-coerced"}


@pytest.mark.parametrize("value", ['"47.5"', "true", "nan", "inf", '"x"', "[1]"])
def test_what_is_no_whole_number(value: str) -> None:
    with pytest.raises(ProblemError) as caught:
        load(Source("r", text_of("threshold").replace("risk_score = 47", f"risk_score = {value}")))
    assert [p.code for p in caught.value.problems] == ["rule-wrong-type"]


def test_a_deprecated_rule_may_be_of_its_time() -> None:
    text = text_of("esql").replace("risk_score = 47", 'risk_score = "47"\nold_key = 1')
    rule = deprecated(text.replace('severity = "medium"\n', ""))
    assert rule.contents["risk_score"] == "47"
    assert all(p.severity is Severity.WARNING for p in rule.problems)
    assert [p.code for p in rule.problems] == ["rule-missing-key", "rule-coerced", "rule-unknown-key"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("rule_id = ", "rule_idd = ", "rule-unknown-key"),
        ("rule_id = ", "# ", "rule-missing-key"),
        ('name = "Esql"', "name = 1", "rule-wrong-type"),
        ('type = "esql"', 'type = "esqll"', "rule-bad-value"),
        ("risk_score = 47", "risk_score = 47\nmeta = { when = 2026-01-01 }", "rule-not-json"),
        ("updated_date", "updated_on", "rule-unknown-key"),
    ],
)
def test_a_deprecated_rule_must_be_usable(old: str, new: str, code: str) -> None:
    with pytest.raises(ProblemError) as caught:
        deprecated(text_of("esql").replace(old, new))
    assert code in {p.code for p in caught.value.problems if p.severity is Severity.ERROR}


def test_error_too_large() -> None:
    with pytest.raises(ProblemError) as caught:
        load(Source("r.toml", "#" * (MAX_CHARACTERS + 1)))
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == (
        "file-too-large",
        "the file has 4,000,001 characters; 4,000,000 are the limit",
    )


def test_error_half_a_character() -> None:
    with pytest.raises(ProblemError) as caught:
        load(Source("r.toml", 'a = "\ud800"'))
    assert render(caught.value.problems[0]) == (
        "r.toml:1:6: error: U+D800 is half of a character [file-not-unicode]\n"
        '  1 | a = "\\ud800"\n'
        "    |      ^^^^^^"
    )


def test_problems_stand_in_file_order() -> None:
    text = text_of("threshold").replace('"low"', "1").replace("risk_score = 47", "risk_score = 470")
    with pytest.raises(ProblemError) as caught:
        load(Source("r", text.replace('name = "Threshold"', "name = 4").replace("value = 20", "value = 0")))
    spans = [p.span for p in caught.value.problems]
    assert len(spans) == 3
    assert spans == sorted(spans)


# ---- JSON Schema --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> Any:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(file_schema())
    return Draft202012Validator(file_schema())


def test_the_schema_accepts_what_loads(validator: Any) -> None:
    import tomllib

    for path in sorted((HOME / "rules").rglob("*.toml")):
        assert not list(validator.iter_errors(tomllib.loads(path.read_text(encoding="utf-8")))), path


def test_the_schema_refuses_unknown_keys_and_types(validator: Any) -> None:
    import tomllib

    data = tomllib.loads(text_of("esql"))
    assert validator.is_valid(data)
    changes: list[dict[str, Any]] = [
        {"severty": "low"},
        {"type": "eqll"},
        {"risk_score": 101},
        {"threshold": {}},
    ]
    for change in changes:
        assert not validator.is_valid({**data, "rule": {**data["rule"], **change}})


def test_the_schema_has_every_type() -> None:
    assert [s["title"] for s in file_schema()["properties"]["rule"]["oneOf"]] == [f"{t} rule" for t in TYPES]


def test_digits_are_ascii() -> None:
    with pytest.raises(ProblemError) as caught:
        load(Source("r", text_of("threshold").replace("[rule]", '[rule]\ninterval = "٥m"')))
    assert [p.code for p in caught.value.problems] == ["rule-bad-value"]
