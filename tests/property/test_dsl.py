"""Any JSON at all, given as a clause or a filter: a node, or problems; never anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldType, FieldTypes
from samefire.languages.dsl import lower, lower_filter
from samefire.languages.dsl.clauses import readers
from samefire.problems import ProblemError
from samefire.source import Source

pytestmark = pytest.mark.property

SOURCE = Source("<filter>", "")
FIELDS = FieldTypes(
    {"k": FieldType("k", "keyword"), "n": FieldType("n", "long"), "d": FieldType("d", "date")}
)
OTHERS = """k n d value query fields field path must should must_not filter minimum_should_match case_insensitive
operator slop gt lte boost type meta negate params relation disabled flags fuzziness format lenient default_field
queries ~"""
KEYS = st.sampled_from([*readers(), *OTHERS.split()])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.sampled_from(["", "*", "k", "and", "2<50%", "now-1d"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
CLAUSES = st.dictionaries(KEYS, JSON, max_size=2)


@given(CLAUSES)
def test_clause(clause: dict[str, Any]) -> None:
    try:
        node = lower(clause, FIELDS, SOURCE)
    except ProblemError as refused:
        assert refused.problems
        return
    assert match([node], Events([{"k": "a", "n": 1}]))


@given(st.fixed_dictionaries({}, optional={"meta": JSON, "query": CLAUSES, "exists": JSON, "$state": JSON}))
def test_filter(filter_: dict[str, Any]) -> None:
    try:
        lower_filter(filter_, FIELDS, SOURCE)
    except ProblemError as refused:
        assert refused.problems
