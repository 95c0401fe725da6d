"""KQL to the Query DSL: Kibana's clauses by type of field and by setting, and their meaning by the way of JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.fields import FieldType, FieldTypes
from samefire.languages import dsl, kuery
from samefire.languages.kuery import DslOptions
from samefire.problems import ProblemError
from samefire.query.ast import And, Leaf, Node, Not, Or, Term, walk
from samefire.source import Source, Span

FIELDS = FieldTypes(
    {
        "k": FieldType("k", "keyword", 1024),
        "k.text": FieldType("k.text", "text", column="k"),
        "w": FieldType("w", "wildcard"),
        "n": FieldType("n", "long"),
        "d": FieldType("d", "date"),
        "o": FieldType("o", "object"),
        "o.p": FieldType("o.p", "keyword", 1024),
        "l": FieldType("l", "nested"),
        "l.k": FieldType("l.k", "keyword", 1024, nested="l"),
        "l.m": FieldType("l.m", "nested", nested="l"),
        "l.m.k": FieldType("l.m.k", "keyword", 1024, nested="l.m"),
        "f": FieldType("f", "flattened"),
    }
)


RULE = DslOptions()


def read(text: str) -> kuery.Query:
    return kuery.parse(Source("<query>", text))


def made(text: str, fields: FieldTypes | None = FIELDS, options: DslOptions = RULE) -> Any:
    return kuery.to_dsl(read(text), fields, options)


def one(clause: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": [clause], "minimum_should_match": 1}}


def nested(path: str | bool | None, query: dict[str, Any]) -> dict[str, Any]:
    return {"nested": {"path": path, "query": query, "score_mode": "none"}}


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("k: a b", one({"term": {"k": {"value": "a b"}}})),
        ('k: "a"', one({"term": {"k": {"value": "a"}}})),
        ("k: true", one({"term": {"k": {"value": True}}})),
        ("k: null", one({"term": {"k": {"value": None}}})),
        ("k: a/b*", one({"wildcard": {"k": {"value": "a\\/b*"}}})),
        ("k: *", one({"exists": {"field": "k"}})),
        ("k: **", one({"wildcard": {"k": {"value": "**"}}})),
        ("k > a*", one({"range": {"k": {"gt": "a*"}}})),
        ("w: a", one({"match": {"w": "a"}})),
        ('w: "a"', one({"match_phrase": {"w": "a"}})),
        (r"w: +-=&|\>\<*", one({"query_string": {"fields": ["w"], "query": "\\+\\-\\=\\&\\|\\>\\<*"}})),
        ("k.text: a", one({"match": {"k.text": "a"}})),
        ("n: 1", one({"match": {"n": "1"}})),
        ("d: 2024-01-01", one({"range": {"d": {"gte": "2024-01-01", "lte": "2024-01-01", "time_zone": "Zulu"}}})),
        ("d: 1700000000000", one({"range": {"d": {"gte": "1700000000000", "lte": "1700000000000"}}})),
        ("d < now-1d", one({"range": {"d": {"lt": "now-1d", "time_zone": "Zulu"}}})),
        ("d <= 17", one({"range": {"d": {"lte": "17"}}})),
        ("o: a", one({"match": {"o": "a"}})),
        ("f.x: a", one({"match": {"f.x": "a"}})),
        ("gone: a", one({"match": {"gone": "a"}})),
        ("true: a", one({"match": {"true": "a"}})),
        ("true: *", one({"exists": {"field": True}})),
        ("true: a*", one({"query_string": {"fields": [True], "query": "a*"}})),
        ("null: a", {"multi_match": {"type": "best_fields", "query": "a", "lenient": True}}),
        ("null", {"multi_match": {"type": "best_fields", "query": None, "lenient": True}}),
        ('"a"', {"multi_match": {"type": "phrase", "query": "a", "lenient": True}}),
        ("*", {"query_string": {"query": "*"}}),
        ("*: *", {"match_all": {}}),
        ("not k: a", {"bool": {"must_not": one({"term": {"k": {"value": "a"}}})}}),
        ("l: { k: a }", nested("l", one({"term": {"l.k": {"value": "a"}}}))),
        ("gone: { x }", nested("gone", one({"match": {"gone.null": "x"}}))),
        ("null: { x: y }", nested(None, one({"match": {"x": "y"}}))),
        ("true: { x: y }", nested(True, one({"match": {"true.x": "y"}}))),
        (
            "l*k: a",
            {
                "bool": {
                    "should": [
                        nested("l", {"term": {"l.k": {"value": "a"}}}),
                        nested("l.m", {"term": {"l.m.k": {"value": "a"}}}),
                    ],
                    "minimum_should_match": 1,
                }
            },
        ),
        ("no*thing: a", one({"match": {"no*thing": "a"}})),
    ],
)  # fmt: skip
def test_clauses(text: str, clause: dict[str, Any]) -> None:
    assert made(text) == clause


def test_without_a_data_view_types_do_not_matter() -> None:
    assert made("k: a", None) == one({"match": {"k": "a"}})
    assert made("k*: a*", None) == one({"query_string": {"fields": ["k*"], "query": "a*"}})
    assert made("l.k: a", None) == one({"match": {"l.k": "a"}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l.k: a", "`l.k` is a nested field, but stands outside of its nested group `l`"),
        ("l: { m.k: a }", "`l.m.k` stands in the nested group `l`, but belongs to `l.m`"),
        ("o: { p: a }", "`o.p` is not a nested field, but stands in the nested group `o`"),
        ("l: { *k > a }", "`l.m.k` stands in the nested group `l`, but belongs to `l.m`"),
    ],
)
def test_a_field_outside_of_its_nested_group(text: str, message: str) -> None:
    source = Source("<query>", text)
    with pytest.raises(ProblemError) as raised:
        kuery.to_dsl(read(text), FIELDS, source=source)
    (problem,) = raised.value.problems
    assert (problem.code, problem.message) == ("query-nested-field", message)
    assert problem.hint == "ask for a nested field inside of its group, as in `path: { field: value }`"
    assert 0 <= problem.span.start < problem.span.end <= len(text)


def test_settings() -> None:
    options = DslOptions(
        time_zone=None, case_insensitive=True, nested_ignore_unmapped=False, filters_in_must_clause=True
    )
    folded = one({"term": {"k": {"value": "a", "case_insensitive": True}}})
    assert made("k: a and d: 2", FIELDS, options) == {
        "bool": {"must": [folded, one({"range": {"d": {"gte": "2", "lte": "2"}}})]}
    }
    assert made("l: { k: a* }", FIELDS, options)["nested"]["ignore_unmapped"] is False
    assert made("d > 2024-01-01", FIELDS, options) == one({"range": {"d": {"gt": "2024-01-01"}}})
    with pytest.raises(ProblemError) as raised:
        made("k: a or k: (b or *c)", None, DslOptions(allow_leading_wildcards=False))
    assert [(p.code, p.message) for p in raised.value.problems] == [
        ("query-leading-wildcard", "a value may not start with a wildcard")
    ]
    assert made("k: * or k > *c", None, DslOptions(allow_leading_wildcards=False))


def test_text() -> None:
    assert kuery.dsl_text(read("é: true"), indent=None) == (
        '{"bool": {"should": [{"match": {"é": true}}], "minimum_should_match": 1}}'
    )


def test_nodes_stand_on_the_text() -> None:
    text = 'k: (a or "b") and not n > 5'
    source = Source("<query>", text)
    node = kuery.lower(read(text), FIELDS, source)
    assert node == And(
        (
            Or((Leaf("k", Term("a", ignore_above=1024)), Leaf("k", Term("b", ignore_above=1024)))),
            Not(kuery.lower(read("n > 5"), FIELDS, source)),
        )
    )
    shown = [text[slice(*part.span)] for part in walk(node)]
    assert shown == [text, 'k: (a or "b")', "a", '"b"', "not n > 5", "n > 5"]


NAMES = st.sampled_from(["k", "w", "n", "d", "o.p", "gone", "f.x", "k.text", "l.k", "k*", "*"])
VALUES = st.sampled_from(["a", "true", "7", '"x y"', "a*", "*", "a b*", "2024-01-01", "null", "10.0.0.1"])
CLAUSES = st.tuples(NAMES, st.sampled_from([": ", " > ", " <= "]), VALUES).map("".join)
QUERIES = st.recursive(
    CLAUSES | VALUES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
        inner.map(lambda part: f"not ({part})"),
        inner.map(lambda part: f"l: {{ {part} }}"),
    ),
    max_leaves=6,
)


@pytest.mark.property
@given(QUERIES)
def test_the_meaning_is_that_of_the_json(text: str) -> None:
    """Without a data view, lowering a query and lowering its DSL give the same tree."""
    source = Source("<query>", text)
    tree = read(text)
    direct = kuery.lower(tree, FIELDS, source, load_fields=False)
    by_json = dsl.lower(kuery.to_dsl(tree, None), FIELDS, source, span=Span(0, len(text)))
    assert direct == by_json
    assert all(0 <= part.span.start <= part.span.end <= len(text) for part in nodes(direct))


def nodes(node: Node) -> list[Node]:
    return list(walk(node))
