"""Generated trees over generated documents: the plan, the plain evaluator and the explanation agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samefire.engine.events import Events
from samefire.engine.explain import explain, failed_clauses, parts, reached_branches
from samefire.engine.match import Plan, match
from samefire.query import ast
from samefire.query.ast import Fold, Node, Wild
from tests.conftest import examples
from tests.reference import holds

pytestmark = pytest.mark.property

NAMES = ["a", "a.b", "a.b.c", "d", "a.d"]
WORDS = [
    "",
    "x",
    "X",
    "xy",
    "yx",
    "xyx",
    "É",
    "é",
    "ß",
    "ss",
    "1",
    "1.0",
    "true",
    "x\ny",
    "10.0.0.1",
    "2024-03-01",
]

scalars = st.one_of(
    st.none(), st.booleans(), st.sampled_from(WORDS), st.sampled_from([0, 1, -1, 1.0, 1.5, 0.0, -0.0, 2**70])
)
keys = st.sampled_from(["a", "b", "c", "d", "a.b", "b.c", "a.b.c", "a.d", "e", "e.f"])
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)
documents = st.dictionaries(keys, values, max_size=4)

folds = st.sampled_from(list(Fold))
limits = st.sampled_from([None, 1, 2])
pieces = st.one_of(st.sampled_from(["x", "y", "xy", "É", "\n"]), st.sampled_from(list(Wild)))
patterns = st.lists(pieces, max_size=4).map(tuple)
bounds = st.one_of(st.none(), st.sampled_from([0, 1, 1.5]))
tests: st.SearchStrategy[ast.Test] = st.one_of(
    st.builds(ast.Exists, limits),
    st.builds(ast.Term, st.sampled_from(WORDS), folds, limits),
    st.builds(ast.Wildcard, patterns, folds, limits),
    st.builds(
        ast.Regex,
        st.sampled_from([".*x.*", "x|y", "~(x)", "x.y", ".+", "(x|y)*&.{2}", "<0-10>"]),
        st.just(ast.RegexSyntax.LUCENE),
        st.sampled_from([Fold.NONE, Fold.ASCII]),
    ),
    st.builds(ast.Regex, st.sampled_from(["x", "^y", "x$", "(x)+"]), st.just(ast.RegexSyntax.PCRE), folds),
    st.builds(ast.TermRange, st.sampled_from([None, "a"]), st.sampled_from([None, "xy"]), st.booleans()),
    st.builds(ast.TermRange, st.just("a"), st.just("xy"), fold=st.just(ast.Fold.UNICODE)),
    st.builds(ast.NumberIs, st.sampled_from([0, 1, 1.5])),
    st.builds(ast.NumberRange, bounds, bounds, st.booleans(), st.booleans()),
    st.builds(ast.BooleanIs, st.booleans()),
    st.builds(ast.Phrase, st.sampled_from([("x",), ("x", "y"), ("xyx",)])),
    st.just(ast.IpRange(0xFFFF0A000000, 0xFFFF0AFFFFFF)),
    st.just(ast.DateRange(ast.DateBound(0), None)),
)
names = st.sampled_from(NAMES)
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(ast.Leaf, names, tests),
    st.builds(ast.Leaf, names, tests),
    st.builds(ast.Leaf, names, tests, null_value=st.sampled_from(["x", 1, True])),
    st.builds(ast.Leaf, names, st.just(ast.Exists(null=True))),
    st.builds(ast.AnyField, tests, without=st.sampled_from([frozenset(), frozenset({"a"})])),
    st.builds(ast.FieldPattern, st.just(("a", Wild.MANY)), tests),
    st.builds(ast.FieldsCompare, names, st.sampled_from(list(ast.Relation)), names, folds),
)


def nodes(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, max_size=4).map(tuple)
    return st.one_of(
        st.builds(ast.And, some),
        st.builds(ast.Or, some),
        st.builds(ast.Not, inner),
        st.builds(ast.AtLeast, st.integers(-1, 4), some),
        st.builds(ast.Nested, st.sampled_from(["a", "a.b"]), inner),
    )


trees = st.recursive(leaves, nodes, max_leaves=10)


@examples(400)
@given(st.lists(trees, min_size=1, max_size=4), st.lists(documents, max_size=4))
@example([ast.Leaf("a", ast.Exists())], [{"a.b": "x"}, {"a": {"b": None}}, {"a.b": None}, {"a.b.c": 1}])
@example([ast.Leaf("a", ast.Exists()), ast.Leaf("a.b", ast.Exists())], [{"a.b.c": "x"}, {"a": {"b.c": 1}}])
@example(
    [ast.Leaf("a.b", ast.Exists(null=True))], [{"a": {"b": None}}, {"a": [{"b": []}]}, {"a.b.c": 1}, {"a": 1}]
)
@example([ast.Leaf("a", ast.Exists(), null_value=True)], [{"a": {"a": False}}, {"a.b": 1}, {"a": None}])
def test_match_equals_the_plain_evaluator(some: list[Node], events: list[dict[str, Any]]) -> None:
    hits = match(some, Events.of(events))
    expected = [tuple(i for i, e in enumerate(events) if holds(node, e)) for node in some]
    assert list(hits.ordinals) == expected
    assert hits.failures == (None,) * len(some)


@examples(60)
@given(
    st.lists(trees, min_size=17, max_size=40),
    st.lists(documents, max_size=6),
    st.sampled_from(["d", "a.b", "a.b.c"]),
    st.sampled_from([ast.Term("x"), ast.NumberIs(1), ast.Exists()]),
)
@example([ast.Leaf("a", ast.Exists())] * 17, [{"a.b": False}], "a.b", ast.Exists())
@example([ast.Leaf("a", ast.Term("x"))] * 17, [{"a.b": 1, "a": [{"b": 1}, "x"]}], "a.b", ast.NumberIs(1))
def test_many_nodes_take_the_routed_way_to_the_same_hits(
    some: list[Node], events: list[dict[str, Any]], name: str, test: ast.Test
) -> None:
    required = ast.Leaf(name, test)
    routed = [ast.And((required, node)) for node in some]
    plan = Plan(routed)
    expected = tuple(tuple(i for i, e in enumerate(events) if holds(node, e)) for node in routed)
    assert plan.run(Events.of(events)).ordinals == expected
    assert plan.run(Events.of(events)).ordinals == expected  # remembered verdicts say the same


@examples(300)
@given(trees, documents)
def test_explanations_agree_with_the_verdict(node: Node, event: dict[str, Any]) -> None:
    found = explain(node, event)
    assert found.matched is holds(node, event)
    assert all(part.reason is None for part in parts(found) if part.matched)
    assert bool(failed_clauses(found)) is not found.matched
    assert all(part.matched for part in reached_branches(found))
