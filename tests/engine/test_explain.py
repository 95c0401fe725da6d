"""Explanations: every part of a node, why a leaf does not match, and which parts decide."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.explain import (
    Explanation,
    Reason,
    breaking_clauses,
    explain,
    failed_clauses,
    parts,
    reached_branches,
)
from samefire.query import ast
from samefire.query.ast import And, AtLeast, Fails, Leaf, Nested, Node, Not, Or, Term, Wild, Wildcard
from samefire.source import Span


def term(field: str, value: str) -> Leaf:
    return Leaf(field, Term(value), Span(len(field), len(value)))


def leaves(found: tuple[Explanation, ...]) -> list[Node]:
    return [part.node for part in found]


@pytest.mark.parametrize(
    ("test", "document", "reason", "values"),
    [
        (Term("x"), {}, Reason.ABSENT, ()),
        (Term("x"), {"a": [None]}, Reason.ABSENT, ()),
        (Term("x"), {"a": {"b": 1}}, Reason.OBJECT, ()),
        (Term("x"), {"a": ["y", 7]}, Reason.DIFFERS, ("y", 7)),
        (Term("x"), {"a": ["y", "X"]}, Reason.CASE, ("y", "X")),
        (Term("é", ast.Fold.ASCII), {"a": "É"}, Reason.CASE, ("É",)),
        (Wildcard((Wild.MANY, "X")), {"a": "ax"}, Reason.CASE, ("ax",)),
        (Term("abcd", ignore_above=3), {"a": "abcd"}, Reason.TOO_LONG, ("abcd",)),
        (ast.Exists(3), {"a": "abcd"}, Reason.TOO_LONG, ("abcd",)),
        (ast.Exists(), {"a": []}, Reason.ABSENT, ()),
        (ast.NumberIs(1), {"a": ["x", True]}, Reason.TYPE, ("x", True)),
        (ast.NumberIs(1), {"a": ["x", 2]}, Reason.DIFFERS, ("x", 2)),
        (ast.BooleanIs(True), {"a": "yes"}, Reason.TYPE, ("yes",)),
        (ast.DateRange(None, None), {"a": "soon"}, Reason.TYPE, ("soon",)),
        (ast.IpRange(0, 1), {"a": "host"}, Reason.TYPE, ("host",)),
        (ast.Regex("(?=a)", ast.RegexSyntax.PCRE), {"a": "x"}, Reason.REFUSED, ("x",)),
    ],
)
def test_reasons(test: ast.Test, document: dict[str, Any], reason: Reason, values: tuple[Any, ...]) -> None:
    found = explain(Leaf("a", test), document)
    assert (found.matched, found.reason, found.values) == (False, reason, values)


def test_a_match_has_its_values_and_no_reason() -> None:
    found = explain(term("a", "x"), {"a": ["w", "x"]})
    assert (found.matched, found.reason, found.values, found.span) == (True, None, ("w", "x"), Span(1, 1))


def test_nothing_is_cut_short() -> None:
    node = Or((term("a", "x"), And((term("b", "x"), Not(term("c", "x"))))))
    found = explain(node, {"a": "x", "c": "x"})
    assert [(part.matched, type(part.node).__name__) for part in parts(found)] == [
        (True, "Or"),
        (True, "Leaf"),
        (False, "And"),
        (False, "Leaf"),
        (False, "Not"),
        (True, "Leaf"),
    ]


def test_nested_objects_are_explained_one_by_one() -> None:
    node = Nested("n", And((term("n.a", "x"), term("n.b", "y"))))
    found = explain(node, {"n": [{"a": "x"}, {"a": "x", "b": "y"}]})
    assert (found.matched, [child.matched for child in found.children]) == (True, [True, False])
    assert explain(node, {"m": 1}).reason is Reason.ABSENT


def test_fails_and_comparisons() -> None:
    assert explain(Fails("no"), {}).reason is Reason.REFUSED
    compare = ast.FieldsCompare("a", ast.Relation.EQUALS, "b")
    assert explain(compare, {"a": "x"}).reason is Reason.ABSENT
    assert explain(compare, {"a": "x", "b": "y"}).reason is Reason.DIFFERS
    assert explain(compare, {"a": "x", "b": "x"}).matched


def test_the_clock_is_the_events_own_unless_it_is_given() -> None:
    node = Leaf("@timestamp", ast.DateRange(ast.DateBound(None, math="now-1h"), None))
    event = {"@timestamp": "2024-01-01T00:00:00Z"}
    assert explain(node, event).matched
    assert not explain(node, event, Context(now=1_704_075_000_000_000_000)).matched


def test_failed_clauses_are_the_fewest_that_would_have_to_change() -> None:
    a, b, c, d = (term(name, "x") for name in "abcd")
    node = And((a, Or((And((b, c)), d)), Not(term("e", "bad"))))
    found = failed_clauses(explain(node, {"b": "x", "e": "bad"}))
    assert [(clause.part.node, clause.excluded) for clause in found] == [
        (a, False),
        (c, False),
        (term("e", "bad"), True),
    ]
    assert failed_clauses(explain(a, {"a": "x"})) == ()


def test_alternatives_on_one_field_are_one_clause() -> None:
    node = Or((term("a", "x"), term("a", "y")))
    (clause,) = failed_clauses(explain(node, {"a": "z"}))
    assert clause.part.node == node


def test_what_cannot_be_turned_is_told_as_a_whole() -> None:
    nothing = Or(())
    (clause,) = failed_clauses(explain(nothing, {}))
    assert clause.part.node == nothing
    found = failed_clauses(explain(Or((nothing, term("a", "x"))), {}))
    assert [clause.part.node for clause in found] == [term("a", "x")]


def test_at_least_needs_the_cheapest() -> None:
    node = AtLeast(2, (term("a", "x"), And((term("b", "x"), term("c", "x"))), term("d", "x")))
    found = failed_clauses(explain(node, {"a": "x"}))
    assert [clause.part.node for clause in found] == [term("d", "x")]
    broken = breaking_clauses(explain(node, {"a": "x", "d": "x"}))
    assert [clause.part.node for clause in broken] == [term("a", "x")]


def test_reached_branches_are_the_leaves_that_made_it_match() -> None:
    unless = Not(term("e", "bad"))
    node = And((Or((term("a", "x"), term("b", "x"), And((term("c", "x"), term("d", "x"))))), unless))
    assert leaves(reached_branches(explain(node, {"b": "x", "c": "x"}))) == [term("b", "x"), unless]
    assert reached_branches(explain(node, {})) == ()


def test_trees_of_any_depth() -> None:
    node: Node = term("a", "x")
    for _ in range(3_000):
        node = Not(And((node, Not(term("b", "y")))))
    found = explain(node, {"a": "x"})
    assert found.matched
    assert len(breaking_clauses(found)) == 1
    assert reached_branches(found)
