"""Plans: what nodes mean, deep trees, routing, failures, bounds, reuse."""

from __future__ import annotations

import time
from typing import Any

import pytest

from samefire.engine import masks
from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import Plan, match
from samefire.query import ast
from samefire.query.ast import (
    FALSE,
    TRUE,
    And,
    AtLeast,
    Fails,
    Leaf,
    Nested,
    Node,
    Not,
    Or,
    Term,
    Wild,
    Wildcard,
)


def term(field: str, value: str) -> Leaf:
    return Leaf(field, Term(value))


def ordinals(node: Node, *documents: dict[str, Any]) -> list[int]:
    hits = match([node], Events.of(documents))
    assert hits.failures == (None,)
    return list(hits.ordinals[0])


def test_a_leaf_holds_for_any_value() -> None:
    documents = ({"a": ["x", "y"]}, {"a": "z"}, {"b": "x"}, {"a": [{"b": "x"}]}, {"a": None})
    assert ordinals(term("a", "x"), *documents) == [0]
    assert ordinals(Not(term("a", "x")), *documents) == [1, 2, 3, 4]
    assert ordinals(Leaf("a", ast.Exists()), *documents) == [0, 1, 3]


def test_a_leaf_reads_its_column() -> None:
    assert ordinals(Leaf("a.text", Term("x"), column="a"), {"a": "x"}, {"a": {"text": "x"}}) == [0]


def test_constants() -> None:
    assert ordinals(TRUE, {}, {}) == [0, 1]
    assert ordinals(FALSE, {}, {}) == []
    assert ordinals(AtLeast(0, ()), {}) == [0]
    assert ordinals(AtLeast(1, ()), {}) == []
    assert ordinals(Not(Or((FALSE, And((TRUE, FALSE))))), {}) == [0]


def test_at_least() -> None:
    node = AtLeast(2, (term("a", "x"), term("b", "x"), Not(term("c", "x")), FALSE, TRUE))
    assert ordinals(node, {"a": "x"}, {"c": "x"}, {"a": "x", "c": "x"}) == [0, 2]


def test_an_object_exists_when_a_part_of_it_does() -> None:
    documents: tuple[dict[str, Any], ...] = (
        {"a": {"b": 1}},
        {"a.b.c": 1},
        {"a": {"b": None}},
        {"a": {}},
        {"ab": 1},
        {"a.b": []},
    )
    assert ordinals(Leaf("a", ast.Exists()), *documents) == [0, 1]
    assert ordinals(Leaf("a.b", ast.Exists()), *documents) == [0, 1]


def test_a_field_that_is_there_with_null_can_be_asked_for() -> None:
    documents: tuple[dict[str, Any], ...] = ({"a": None}, {"a.b": []}, {"b": 1}, {"a": {"b": None}})
    assert ordinals(Leaf("a", ast.Exists(null=True)), *documents) == [0, 1, 3]
    assert ordinals(Leaf("a.b", ast.Exists(null=True)), *documents) == [1, 3]


def test_null_counts_as_the_value_that_the_mapping_gives_it() -> None:
    node = Leaf("a", Term("none"), null_value="none")
    assert ordinals(node, {"a": None}, {"a": ["x", None]}, {}, {"a": []}, {"a": "none"}) == [0, 1, 4]


def test_nested_objects_are_judged_one_by_one() -> None:
    both = And((term("n.a", "x"), term("n.b", "y")))
    apart = {"n": [{"a": "x", "b": "z"}, {"a": "w", "b": "y"}]}
    together = {"n": [{"a": "w"}, {"a": "x", "b": ["z", "y"]}]}
    assert ordinals(Nested("n", both), apart, together, {"n": {"a": "x", "b": "y"}}, {}) == [1, 2]
    assert ordinals(both, apart) == [0]
    assert ordinals(Nested("n", Not(term("n.a", "x"))), together, {"n": {"a": "x"}}, {}) == [0]


def test_any_field_and_name_patterns() -> None:
    documents = ({"a": {"b": "xyz"}}, {"c": ["xyz"]}, {"a": 7})
    contains = Wildcard((Wild.MANY, "y", Wild.MANY))
    assert ordinals(ast.AnyField(contains), *documents) == [0, 1]
    assert ordinals(ast.AnyField(contains, without=frozenset({"c"})), *documents) == [0]
    assert ordinals(ast.AnyField(ast.NumberIs(7)), *documents) == [2]
    assert ordinals(ast.FieldPattern(("a", Wild.MANY), ast.Exists()), *documents) == [0, 2]
    assert ordinals(
        ast.FieldPattern(("a", Wild.MANY), ast.Exists(), without=frozenset({"a"})), *documents
    ) == [0]


@pytest.mark.parametrize(
    ("relation", "left", "right", "holds"),
    [
        (ast.Relation.EQUALS, "x", ["y", "x"], True),
        (ast.Relation.EQUALS, 80, "80", True),
        (ast.Relation.EQUALS, "X", "x", False),
        (ast.Relation.CONTAINS, "abc", "b", True),
        (ast.Relation.STARTSWITH, "abc", "b", False),
        (ast.Relation.ENDSWITH, "abc", "bc", True),
        (ast.Relation.LESS, 2, "10", True),
        (ast.Relation.LESS, "a", "b", False),
        (ast.Relation.GREATER_EQUAL, 2, 2.0, True),
        (ast.Relation.EQUALS, [], [], False),
    ],
)
def test_fields_compared(relation: ast.Relation, left: Any, right: Any, holds: bool) -> None:
    node = ast.FieldsCompare("a", relation, "b")
    assert ordinals(node, {"a": left, "b": right}) == ([0] if holds else [])


def test_fields_compared_under_a_fold() -> None:
    node = ast.FieldsCompare("a", ast.Relation.EQUALS, "b", ast.Fold.ASCII)
    assert ordinals(node, {"a": "AÉ", "b": "aÉ"}, {"a": "é", "b": "É"}) == [0]


def test_numbers_of_different_types_are_different_values() -> None:
    documents = ({"a": 1}, {"a": 1.0}, {"a": True}, {"a": "1"}, {"a": 0.0}, {"a": -0.0})
    for _ in range(2):
        assert ordinals(term("a", "1"), *documents) == [0, 3]
        assert ordinals(Leaf("a", ast.NumberIs(1)), *documents) == [0, 1, 3]
        assert ordinals(Leaf("a", ast.BooleanIs(True)), *documents) == [2]
        assert ordinals(term("a", "-0.0"), *documents) == [5]


def test_a_clause_that_fails_fails_the_whole_search() -> None:
    failing = Or((term("a", "x"), And((FALSE, Fails("no number")))))
    inside = Nested("n", Fails("not indexed"))
    hits = match([failing, term("a", "x"), inside], Events.of([{"a": "x"}]))
    assert hits.ordinals == ((), (0,), ())
    assert hits.failures == ("no number", None, "not indexed")


def test_a_pattern_that_cannot_be_run_fails_the_search() -> None:
    bad = Leaf("a", ast.Regex("(?=x)", ast.RegexSyntax.PCRE))
    nested = Nested("n", Leaf("n.a", ast.Regex("(", ast.RegexSyntax.LUCENE)))
    date = Leaf("a", ast.DateRange(ast.DateBound(None, math="now-5x"), None))
    hits = match([bad, nested, date], Events.of([{"a": "x"}]))
    assert hits.failures == (
        "look-around cannot be matched in bounded time",
        "the pattern ends in the middle at character 2",
        "operator not supported for date math [-5x]",
    )


@pytest.mark.parametrize("depth", [50, 100, 5_000])
@pytest.mark.parametrize("kind", ["not", "and-or", "at-least"])
def test_trees_of_any_depth(depth: int, kind: str) -> None:
    node: Node = term("a", "x")
    for level in range(depth):
        match kind:
            case "not":
                node = Not(node)
            case "and-or":
                other = term("b", str(level % 7))
                node = And((node, Not(other))) if level % 2 else Or((node, Not(Leaf("c", ast.Exists()))))
            case _:
                node = AtLeast(2, (node, term("a", "x"), term("b", "y")))
    found = ordinals(node, {"a": "x"}, {"a": "y", "c": 1})
    assert found == ([0] if kind != "not" or depth % 2 == 0 else [1])


def test_the_clock_of_date_math() -> None:
    node = Leaf("@timestamp", ast.DateRange(ast.DateBound(None, math="now-1h"), None))
    events = Events.of([{"@timestamp": "2024-01-01T00:00:00Z"}, {"@timestamp": "2024-01-01T02:00:00Z"}])
    plan = Plan([node])
    assert plan.run(events).ordinals == ((1,),)
    assert plan.run(events, Context(now=1_704_067_200_000_000_000)).ordinals == ((0, 1),)
    assert plan.run(events).ordinals == ((1,),)


def test_scripts_are_asked_for_each_combination_of_values() -> None:
    call = ast.Call("length", (ast.FieldValue("a", "keyword"),))
    node = ast.Script(ast.Call("gt", (call, ast.Constant(2))))
    assert ordinals(node, {"a": "xyz"}, {"a": "xy"}, {}, {"a": "xyz"}) == [0, 3]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "MAX_VALUES", 8)
    monkeypatch.setattr(masks, "MAX_CHARACTERS", 50)
    nodes = [term("a", str(n)) for n in range(30)]
    documents = [{"a": str(n % 30)} for n in range(300)]
    hits = match(nodes, Events.of(documents))
    assert hits.ordinals == tuple(tuple(range(n, 300, 30)) for n in range(30))


def test_many_nodes_with_a_common_field_are_split_by_it() -> None:
    nodes = [And((term("kind", f"k{n % 3}"), term("name", f"n{n}"))) for n in range(60)]
    documents = [{"kind": f"k{n % 4}", "name": [f"n{n}", "n1"]} for n in range(60)]
    expected = tuple(
        tuple(i for i, d in enumerate(documents) if d["kind"] == f"k{n % 3}" and f"n{n}" in d["name"])
        for n in range(60)
    )
    assert match(nodes, Events.of(documents)).ordinals == expected


def test_alternatives_over_several_fields_are_ways_to_hold() -> None:
    nodes: list[Node] = [
        Or((And((term("a", f"x{n}"), term("k", "1"))), And((term("b", f"x{n}"), Not(term("k", "2"))))))
        for n in range(40)
    ]
    documents = [{"a": f"x{n}", "k": "1"} for n in range(40)] + [
        {"b": f"x{n}", "k": str(n)} for n in range(40)
    ]
    expected = tuple((n,) if n == 2 else (n, 40 + n) for n in range(40))
    assert match(nodes, Events.of(documents)).ordinals == expected


def test_lone_surrogates_and_control_characters_are_values_like_others() -> None:
    nodes = [Leaf("a", Wildcard((Wild.MANY, f"w{n}", Wild.MANY))) for n in range(20)]
    nodes.append(Leaf("a", ast.Regex("w1", ast.RegexSyntax.PCRE)))
    nodes.append(Leaf("a", ast.TermRange("w", None)))
    hits = match(nodes, Events.of([{"a": "\ud800w1\0"}, {"a": "\x00\udfff"}]))
    assert [i for i, found in enumerate(hits.ordinals) if found] == [1, 20, 21]


def test_one_rule_on_a_few_events_is_quick() -> None:
    alternatives = tuple(Leaf("process.name", Term(f"p{n}.exe")) for n in range(40))
    node = And((term("event.category", "process"), Or(alternatives), Not(term("user.name", "root"))))
    events = Events.of(
        [{"event": {"category": ["process"]}, "process": {"name": f"p{n}.exe"}} for n in range(6)]
    )
    match([node], events)
    started = time.process_time()
    for _ in range(20):
        assert len(match([node], events).ordinals[0]) == 6
    assert (time.process_time() - started) / 20 < 0.005
