"""Query DSL clauses and Kibana filters: which documents they match, and what is said of those that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldType, FieldTypes
from samefire.languages.dsl import Path, lower, lower_filter
from samefire.languages.dsl.counting import minimum_should_match
from samefire.problems import ProblemError
from samefire.query.ast import AtLeast, Leaf, Node, Not
from samefire.source import Source, Span

SOURCE = Source("<filter>", "{}")
TYPES = {
    "k": FieldType("k", "keyword"),
    "w": FieldType("w", "wildcard"),
    "t": FieldType("t", "text"),
    "n": FieldType("n", "long"),
    "d": FieldType("d", "date"),
    "ip": FieldType("ip", "ip"),
    "l": FieldType("l", "nested"),
    "l.a": FieldType("l.a", "keyword", nested="l"),
    "l.b": FieldType("l.b", "keyword", nested="l"),
}
FIELDS = FieldTypes(TYPES)
DOCS: list[dict[str, Any]] = [
    {"k": "Red", "n": 1, "t": "the red fox"},
    {"k": ["red", "blue"], "n": 20, "t": "a fox is red"},
    {"k": "blue", "d": "2024-02-03", "l": [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]},
    {"w": "C:\\x*y", "ip": "10.0.0.1", "free": "red"},
]


def hits(node: Node) -> list[int] | str:
    found = match([node], Events(DOCS))
    return found.failures[0] or list(found.ordinals[0])


def of(clause: dict[str, Any], fields: FieldTypes = FIELDS) -> list[int] | str:
    return hits(lower(clause, fields, SOURCE))


RED = {"term": {"k": "red"}}
BLUE = {"term": {"k": "blue"}}
PREFIX_OF_A_NUMBER = "Can only use phrase prefix queries on text fields - not on [n] which is of type [long]"
SMALL = {"range": {"n": {"lt": 10}}}


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ({"match_all": {}}, [0, 1, 2, 3]),
        ({"match_all": {"boost": 2}}, [0, 1, 2, 3]),
        ({"match_none": {}}, []),
        ({"bool": {}}, [0, 1, 2, 3]),
        ({"bool": {"must": RED, "filter": [BLUE]}}, [1]),
        ({"bool": {"should": [RED, BLUE]}}, [1, 2]),
        ({"bool": {"must": [BLUE], "should": [RED]}}, [1, 2]),  # with must, should is free
        ({"bool": {"must": [BLUE], "should": [RED], "minimum_should_match": 1}}, [1]),
        ({"bool": {"must_not": RED}}, [0, 2, 3]),
        ({"bool": {"must_not": [RED, SMALL]}}, [2, 3]),
        ({"bool": {"must_not": RED, "adjust_pure_negative": False}}, []),
        ({"bool": {"should": [RED, BLUE, SMALL], "minimum_should_match": 2}}, [1]),
        ({"bool": {"should": [RED, BLUE, SMALL], "minimum_should_match": "67%"}}, [1]),
        ({"bool": {"should": [RED, BLUE, SMALL], "minimum_should_match": "-2"}}, [0, 1, 2]),
        ({"bool": {"should": [RED], "minimum_should_match": 2}}, []),
        ({"bool": {"must": [BLUE], "should": [], "minimum_should_match": 1}}, []),
        ({"constant_score": {"filter": RED, "boost": 1}}, [1]),
        ({"dis_max": {"queries": [RED, SMALL], "tie_breaker": 0.3}}, [0, 1]),
        ({"match": {"k": "red"}}, [1]),
        ({"match": {"t": "Fox RED"}}, [0, 1]),
        ({"match": {"t": {"query": "the red", "operator": "AND"}}}, [0]),
        ({"match": {"t": {"query": "a is fox", "minimum_should_match": "100%"}}}, [1]),
        ({"match": {"t": {"query": "!!", "zero_terms_query": "all"}}}, [0, 1, 2, 3]),
        ({"match": {"t": {"query": "!!"}}}, []),
        ({"match": {"n": {"query": "one", "lenient": True}}}, []),
        ({"match": {"n": "one"}}, 'For input string: "one"'),
        ({"match": {"k": None}}, "[match] requires a value, not null"),
        ({"match_phrase": {"t": "red fox"}}, [0]),
        ({"match_phrase": {"t": {"query": "fox red", "slop": 1}}}, [1]),
        ({"match_phrase_prefix": {"t": "is r"}}, [1]),
        (
            {"match_phrase_prefix": {"k": "re"}},
            "Can only use phrase prefix queries on text fields - not on [k] which is of type [keyword]",
        ),
        ({"match_phrase_prefix": {"n": "1"}}, PREFIX_OF_A_NUMBER),
        ({"multi_match": {"query": "re", "fields": ["n"], "type": "phrase_prefix"}}, PREFIX_OF_A_NUMBER),
        ({"match_phrase": {"t": {"query": "red fox", "slop": -1}}}, "No negative slop allowed."),
        (
            {"multi_match": {"query": "a b", "fields": ["t"], "type": "phrase", "slop": -1}},
            "No negative slop allowed.",
        ),
        ({"query_string": {"query": " "}}, []),
        (
            {"query_string": {"query": "red", "fields": ["k"], "default_field": "t"}},
            "[query_string] cannot use [fields] parameter in conjunction with [default_field]",
        ),
        ({"term": {"k": {"term": "red"}}}, [1]),
        ({"regexp": {"k": {"value": "red", "flags": "MANY"}}}, "Unknown regexp flag [MANY]"),
        (
            {"regexp": {"l": "("}},  # even where nobody is asked
            "failed to parse the regular expression [(]: the pattern ends in the middle at character 2",
        ),
        ({"regexp": {"k": {"value": "[A-Z]ED", "case_insensitive": True}}}, [0]),
        (
            {"fuzzy": {"k": {"value": "rxx", "fuzziness": 3}}},
            "Valid edit distances are [0, 1, 2] but was [3]",
        ),
        ({"fuzzy": {"k": {"value": "rad", "fuzziness": 1, "prefix_length": 3}}}, []),
        ({"range": {"n": {"gt": 1, "gte": 20}}}, [1]),
        ({"range": {"n": {"gte": 20, "gt": 0}}}, [0, 1]),  # the later one counts
        ({"range": {"n": {"gt": 1, "relation": "near"}}}, "near is not a valid relation"),
        ({"dis_max": {"queries": []}}, "[dis_max] requires 'queries' field with at least one clause"),
        (
            {"nested": {"path": "l", "query": {"match_all": {}}, "score_mode": "MAX"}},
            "No score mode for child query [MAX] found",
        ),
        ({"multi_match": {"query": "red", "fields": ["k^2", "t"]}}, [0, 1]),
        ({"multi_match": {"query": "red", "fields": ["*"]}}, [0, 1, 3]),
        ({"multi_match": {"query": "red"}}, [0, 1, 3]),
        ({"multi_match": {"query": "red fox", "type": "phrase"}}, [0]),
        ({"multi_match": {"query": "10.0.0.0/8"}}, [3]),
        ({"multi_match": {"query": "x", "fields": ["n"]}}, 'For input string: "x"'),
        ({"term": {"k": {"value": "RED", "case_insensitive": True}}}, [0, 1]),
        ({"term": {"n": 20}}, [1]),
        ({"term": {"free": "red"}}, [3]),
        ({"terms": {"k": ["Red", "blue"], "boost": 1.0}}, [0, 1, 2]),
        ({"terms": {"k": []}}, []),
        ({"wildcard": {"w": {"value": "c:\\\\x\\*?", "case_insensitive": True}}}, [3]),
        ({"wildcard": {"k": "?ed"}}, [0, 1]),
        ({"prefix": {"k": {"value": "R", "case_insensitive": "true"}}}, [0, 1]),
        ({"regexp": {"k": {"value": "[rR]ed|.*ue", "flags": "NONE"}}}, [0, 1, 2]),
        ({"fuzzy": {"k": {"value": "rad", "fuzziness": 1}}}, [1]),
        ({"range": {"n": {"gte": "2", "lte": None}}}, [1]),
        ({"range": {"n": {"from": 1, "to": 20, "include_lower": False}}}, [1]),
        ({"range": {"d": {"gte": "2024-02-03", "lte": "2024-02-03", "time_zone": "Zulu"}}}, [2]),
        ({"range": {"d": {"lt": "2024-02-03", "format": "strict_date_optional_time"}}}, []),
        ({"exists": {"field": "n"}}, [0, 1]),
        ({"exists": {"field": "l"}}, []),  # what is inside of a nested field is not asked from outside
        ({"exists": {"field": "fr*"}}, [3]),
        (
            {
                "nested": {
                    "path": "l",
                    "query": {"bool": {"must": [{"term": {"l.a": "1"}}, {"term": {"l.b": "2"}}]}},
                }
            },
            [2],
        ),
        (
            {
                "nested": {
                    "path": "l",
                    "query": {"bool": {"must": [{"term": {"l.a": "1"}}, {"term": {"l.b": "4"}}]}},
                }
            },
            [],
        ),
        ({"term": {"l.a": "1"}}, []),
        ({"nested": {"path": "k", "query": RED}}, "[nested] failed to find nested object under path [k]"),
        ({"nested": {"path": "k", "query": RED, "ignore_unmapped": True}}, []),
    ],
    ids=str,
)
def test_matches(clause: dict[str, Any], expected: list[int] | str) -> None:
    assert of(clause) == expected


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"meta": {}, "query": RED}, [1]),
        ({"query": RED, "$state": {"store": "appState"}}, [1]),
        ({"meta": {"negate": True, "alias": None}, "query": RED}, [0, 2, 3]),
        ({"meta": {"disabled": True}, "query": RED}, [0, 1, 2, 3]),
        ({"meta": {"negate": True, "disabled": True}, "query": RED}, [0, 1, 2, 3]),
        ({"meta": {"negate": True}, "exists": {"field": "n"}}, [2, 3]),
        ({"meta": {}, "range": {"n": {"gt": 1}}}, [1]),
        ({"meta": {}, "match_all": {}}, [0, 1, 2, 3]),
        ({"meta": {}, "query": {"match": {"t": {"query": "red fox", "type": "phrase"}}}}, [0]),
        ({"meta": {}, "query": {"match_phrase": {"l.a": "3"}}}, [2]),
        (
            {
                "meta": {
                    "type": "combined",
                    "relation": "OR",
                    "params": [{"meta": {"negate": True}, "query": BLUE}, {"query": RED}],
                }
            },
            [0, 1, 3],
        ),
        ({"meta": {"type": "combined", "relation": "AND", "params": [{"query": BLUE}, {"query": RED}]}}, [1]),
    ],
    ids=str,
)
def test_filters(filter_: dict[str, Any], expected: list[int]) -> None:
    assert hits(lower_filter(filter_, FIELDS, SOURCE)) == expected


@pytest.mark.parametrize(
    ("clause", "messages"),
    [
        ({"trem": {"k": "x"}}, ["unknown query `trem` (did you mean `term`?)"]),
        ({"script": {"source": "1"}}, ["unknown query `script`"]),
        ({}, ["a clause has one kind of query, here are none"]),
        ({"term": {"k": "a"}, "match": {}}, ["a clause has one kind of query, here are `term`, `match`"]),
        ({"term": "k"}, ['`term` must be an object, not "k"']),
        ({"term": {"k": 1, "n": 2}}, ["`term` asks one field, here are 2"]),
        (
            {"term": {"k": {"valeu": 1}}},
            ["unknown option `valeu` (did you mean `value`?)", "`term` on `k` has no `value`"],
        ),
        ({"term": {"k": ["a"]}}, ["`k` must be a text, a number, true or false, not a list"]),
        ({"terms": {"k": "a"}}, ['`k` must be a list of values, not "a"']),
        ({"terms": {"k": {"index": "i"}}}, ["`k: a lookup in another index` is not supported"]),
        ({"bool": {"mustnot": []}}, ["unknown option `mustnot` (did you mean `must_not`?)"]),
        ({"bool": {"must": [3, {"x": {}}]}}, ["`must` must be a query object, not 3", "unknown query `x`"]),
        (
            {"bool": {"should": [RED], "minimum_should_match": "half"}},
            ['`minimum_should_match` must be a number or a percentage, not "half"'],
        ),
        ({"match": {"k": {"query": "a", "fuzziness": "AUTO"}}}, ["`fuzziness: AUTO` is not supported"]),
        (
            {"match": {"k": {"query": "a", "operator": "nor"}}},
            ['`operator` must be one of `and`, `or`, not "nor"'],
        ),
        (
            {"wildcard": {"k": {"value": "a", "case_insensitive": 1}}},
            ["`case_insensitive` must be true or false, not 1"],
        ),
        ({"regexp": {"k": {"value": "~a", "flags": "NONE"}}}, ["`flags: NONE` is not supported"]),
        ({"range": {"n": 5}}, ["`range` asks one field, with its bounds in an object"]),
        ({"range": {"d": {"gt": "1", "format": "yyyy"}}}, ["`format: yyyy` is not supported"]),
        ({"range": {"d": {"gt": "1", "time_zone": "+02:00"}}}, ["`time_zone: +02:00` is not supported"]),
        ({"nested": {"query": RED}}, ["`path` must be the name of a nested field, not null"]),
        ({"multi_match": {"query": "a", "fields": 3}}, ["`fields` must be a list of field names, not 3"]),
        ({"fuzzy": {"k": {"value": "a", "fuzziness": "x"}}}, ['`fuzziness` must be a whole number, not "x"']),
    ],
    ids=str,
)
def test_problems(clause: dict[str, Any], messages: list[str]) -> None:
    with pytest.raises(ProblemError) as raised:
        lower(clause, FIELDS, SOURCE)
    found = [
        p.message + (f" ({p.hint})" if p.hint and p.hint.startswith("did") else "")
        for p in raised.value.problems
    ]
    assert found == messages


@pytest.mark.parametrize(
    ("filter_", "message"),
    [
        ({"meta": {"negated": True}, "query": RED}, "unknown option `negated`"),
        ({"meta": {"negate": "yes"}, "query": RED}, '`negate` must be true or false, not "yes"'),
        ({"meta": {}}, "the filter has no `query`"),
        ({"meta": 3}, "`meta` must be an object, not 3"),
        ({"meta": {}, "query": RED, "exists": {"field": "n"}}, "unknown option `exists`"),
        ({"meta": {"type": "combined"}}, "`params` must be a list of filters, not null"),
    ],
)
def test_filter_problems(filter_: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError) as raised:
        lower_filter(filter_, FIELDS, SOURCE)
    assert [problem.message for problem in raised.value.problems] == [message]


def test_problems_and_nodes_stand_where_the_parts_are() -> None:
    spans: dict[Path, Span] = {("bool", "must_not", 1, "trem"): Span(7, 9)}
    clause = {"bool": {"must_not": [RED, {"trem": {}}]}}
    with pytest.raises(ProblemError) as raised:
        lower(clause, FIELDS, SOURCE, place=lambda path: spans.get(path, Span(0, 1)))
    assert [problem.span for problem in raised.value.problems] == [Span(7, 9)]
    node = lower({"bool": {"must_not": RED}}, FIELDS, SOURCE, span=Span(3, 5))
    assert isinstance(node, Not) and isinstance(node.child, Leaf)
    assert node.span == node.child.span == Span(3, 5)


def test_depth() -> None:
    clause: dict[str, Any] = RED
    for _ in range(5_000):
        clause = {"bool": {"must": [clause]}}
    with pytest.raises(ProblemError) as raised:
        lower(clause, FIELDS, SOURCE)
    assert [(p.code, p.message) for p in raised.value.problems] == [
        ("dsl-too-deep", "too many queries inside each other")
    ]
    filter_: dict[str, Any] = {"query": RED}
    for _ in range(5_000):
        filter_ = {"meta": {"type": "combined", "params": [filter_]}}
    with pytest.raises(ProblemError) as raised:
        lower_filter(filter_, FIELDS, SOURCE)
    assert [p.message for p in raised.value.problems] == ["too many filters inside each other"]


@pytest.mark.parametrize(
    ("spec", "optional", "count"),
    [
        (2, 5, 2),
        ("3", 5, 3),
        (-1, 5, 4),
        ("75%", 5, 3),
        ("-25%", 5, 4),
        ("-25%", 3, 3),
        (-9, 5, 0),
        ("3<90%", 3, 3),
        ("3<90%", 10, 9),
        ("2<-25% 9<-3", 2, 2),
        ("2<-25% 9<-3", 8, 6),
        ("2<-25% 9<-3", 10, 7),
        ("half", 3, None),
        ("9" * 5000, 3, None),
        ("²%", 3, None),
        ("a<1", 3, None),
        (True, 3, None),
        (1.5, 3, None),
    ],
)
def test_minimum_should_match(spec: object, optional: int, count: int | None) -> None:
    assert minimum_should_match(spec, optional) == count


def test_at_least() -> None:
    node = lower({"bool": {"should": [RED, BLUE, SMALL], "minimum_should_match": 2}}, FIELDS, SOURCE)
    assert isinstance(node, AtLeast) and node.count == 2
