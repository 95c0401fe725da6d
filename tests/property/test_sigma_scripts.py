"""A script that is rewritten is true exactly when Elasticsearch's script would be."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.engine import script as runs
from samefire.fields import FieldTypes
from samefire.query.ast import Call, Constant, Expression, FieldValue, Fold, Script
from tests.reference import holds

pytestmark = pytest.mark.property

FIELD = FieldValue("f", "keyword")
NUMBER = FieldValue("n", "long")
TEXTS = ["", "a", "ab", "aab", "aba", "B", "xaby", "abab"]

folds = st.sampled_from([Fold.NONE, Fold.ASCII])
texts = st.sampled_from(TEXTS).map(Constant)
places = st.integers(-3, 4).map(Constant)
orders = st.sampled_from(["eq", "neq", "lt", "lte", "gt", "gte"])
equal = st.sampled_from(["eq", "neq"])
comparisons: st.SearchStrategy[Expression] = st.one_of(
    st.builds(lambda op, n: Call(op, (Call("length", (FIELD,)), n)), orders, places),
    st.builds(lambda op, n: Call(op, (n, Call("length", (FIELD,)))), orders, places),
    st.builds(lambda op, a, t: Call(op, (Call("substring", (FIELD, a)), t)), equal, places, texts),
    st.builds(
        lambda op, a, b, t: Call(op, (Call("substring", (FIELD, a, b)), t)), equal, places, places, texts
    ),
    st.builds(
        lambda name, t, fold: Call(name, (FIELD, t), fold),
        st.sampled_from(["startsWith", "endsWith", "stringContains"]),
        texts,
        folds,
    ),
    st.builds(lambda op, t: Call(op, (FIELD, t)), equal, texts),
    st.builds(lambda op, n: Call(op, (NUMBER, n)), orders, places),
    st.builds(lambda ts: Call("in", (FIELD, *ts)), st.lists(texts, min_size=1, max_size=3)),
    st.builds(
        lambda t: Call("eq", (Call("string", (NUMBER,)), t)), st.sampled_from(["1", "-2"]).map(Constant)
    ),
    st.sampled_from([Call("isNull", (FIELD,)), Call("eq", (Call("length", (FIELD,)), Constant(2.5)))]),
)
expressions: st.SearchStrategy[Expression] = st.recursive(
    comparisons,
    lambda below: st.one_of(
        below.map(lambda one: Call("not", (one,))),
        st.builds(lambda a, b: Call("and", (a, b)), below, below),
        st.builds(lambda a, b: Call("or", (a, b)), below, below),
    ),
    max_leaves=4,
)
words = st.sampled_from([*TEXTS, "AB", "abc"])
events = st.fixed_dictionaries(
    {},
    optional={
        "f": st.one_of(words, st.none(), st.lists(words, max_size=3)),
        "n": st.one_of(st.sampled_from([-2, 0, 1, 3]), st.lists(st.sampled_from([-2, 1, 3]), max_size=2)),
    },
)


@given(expressions, st.lists(events, min_size=1, max_size=6))
def test_true_together(expression: Expression, documents: list[dict[str, Any]]) -> None:
    script = importlib.import_module("samefire.converters._sigma_script")
    try:
        cases = script.cases(expression)
    except script.CannotRewrite:
        return
    one = script.needs_one_value(cases.true)
    for document in documents:
        if not one or not any(isinstance(value, list) for value in document.values()):
            assert holds(cases.true, document) is runs.holds(expression, _values(document))


def _values(document: dict[str, Any]) -> Callable[[str], list[Any]]:
    def read(name: str) -> list[Any]:
        found = document.get(name)
        return found if isinstance(found, list) else [] if found is None else [found]

    return read


def test_refused_in_words() -> None:
    script = importlib.import_module("samefire.converters._sigma_script")
    module = importlib.import_module("samefire.converters._sigma_losses")
    from samefire.source import Source

    losses = module.Losses(Source("query", "x"))
    node = Script(Call("eq", (Call("between", (FIELD, Constant("a"), Constant("b"))), Constant("c"))))
    assert script.rewrite_script(node, FieldTypes({}), losses) is None
    assert [p.message for p in losses.problems] == ["Sigma cannot say the function `between` of a field"]
