"""Sigma: whatever the text, a tree or placed problems; and values as pySigma reads them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from samefire.engine import correlation
from samefire.fields import FieldTypes
from samefire.languages import sigma
from samefire.languages.sigma_text import pieces_of
from samefire.languages.sigma_values import MODIFIERS
from samefire.problems import ProblemError, render
from samefire.query.ast import TRUE, Wild
from samefire.query.detection import Body, Correlation, CorrelationType, EventQuery
from samefire.source import Source

pytestmark = pytest.mark.property

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["a*", "\\*", "%x%", "10.0.0.0/8", "^a.*$", "(", "-a /b", "1 of them", "sel", "a"]),
)
KEYS = st.builds(
    lambda name, modifiers: "|".join([name, *modifiers]),
    st.sampled_from(["", "f", "a.b", "condition", "timeframe"]),
    st.lists(st.sampled_from([*MODIFIERS, "nope", ""]), max_size=3),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(KEYS, SCALARS), inner, max_size=3)
    ),
    max_leaves=8,
)
CONDITIONS = st.lists(
    st.sampled_from(
        ["sel", "other", "and", "or", "not", "(", ")", "1", "all", "of", "s*", "them", "|", "a-b"]
    ),
    max_size=8,
).map(" ".join)
DETECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "sel": st.dictionaries(KEYS, VALUES, max_size=3),
        "other": VALUES,
        "condition": st.one_of(CONDITIONS, VALUES),
    },
)
SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from([str(one) for one in CorrelationType]), VALUES),
        "rules": st.one_of(st.lists(st.sampled_from(["r", "c", "x"]), max_size=3), VALUES),
        "group-by": VALUES,
        "timespan": st.one_of(st.sampled_from(["1m", "5s", "0d", "1y"]), VALUES),
        "aliases": VALUES,
        "generate": VALUES,
        "condition": st.one_of(
            st.fixed_dictionaries({}, optional={"gte": VALUES, "field": VALUES, "percentile": VALUES}),
            st.lists(st.sampled_from(["r", "c", "and", "or", "not", "(", ")"]), max_size=6).map(" ".join),
        ),
    },
)
DOCUMENTS = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {"title": st.just("t"), "logsource": st.just({"category": "a"})},
        optional={
            "name": st.sampled_from(["r", "c", "x"]),
            "id": VALUES,
            "action": st.sampled_from(["global", "reset", "repeat", "x"]),
            "level": VALUES,
            "date": VALUES,
            "tags": VALUES,
            "detection": st.one_of(DETECTIONS, VALUES),
            "filter": st.one_of(DETECTIONS, VALUES),
            "correlation": st.one_of(SECTIONS, VALUES),
        },
    ),
)


def _read(text: str) -> None:
    try:
        loaded = sigma.load(Source("x.yml", text), FieldTypes({}), logsource=True, places=True)
    except ProblemError as error:
        assert error.problems
        for problem in error.problems:
            assert 0 <= problem.span.start <= len(text)
            assert render(problem)
    else:
        assert loaded


@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_any_documents(documents: list[Any]) -> None:
    _read(yaml.safe_dump_all(copy.deepcopy(documents), allow_unicode=True))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text(text: str) -> None:
    _read(text)


@given(
    st.lists(
        st.sampled_from(
            [*"-:[]{}&*!|>'\"#%@`,? \n\ta1", "title: ", "detection:\n  ", "- ", "&a ", "*a", "<<: "]
        ),
        max_size=60,
    )
)
def test_any_marks(marks: list[str]) -> None:
    _read("".join(marks))


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000 + "a", "{a: " * 100_000, "? " * 100_000])
def test_deep_text(text: str) -> None:
    _read(text)


@given(st.text(alphabet="a\\*?%b", max_size=10))
def test_escapes_are_read_as_pysigma_does(text: str) -> None:
    types = pytest.importorskip("sigma.types")
    wild = {types.SpecialChars.WILDCARD_MULTI: Wild.MANY, types.SpecialChars.WILDCARD_SINGLE: Wild.ONE}
    theirs = [part if isinstance(part, str) else wild[part] for part in types.SigmaString(text).s]
    assert [piece for piece in pieces_of(text) if piece != ""] == theirs


# ---- correlations: the engine against every window -------------------------------------------------


HAPPENINGS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2), st.sampled_from("xy"), st.integers(0, 3)), max_size=12
)


def _fires(
    kind: CorrelationType, condition: tuple[tuple[str, float], ...], happenings: list[Any]
) -> set[str]:
    rules: tuple[tuple[str, Body], ...] = tuple((name, EventQuery(TRUE)) for name in "abc")
    nodes = {id(body): number for number, (_, body) in enumerate(rules)}
    body = Correlation(kind, rules, 4_000, ("u",), condition=condition, value_field=("v",))
    view = correlation.Events(
        lambda part: [n for n, h in enumerate(happenings) if h[1] == nodes[id(part)]],
        lambda ordinal, name: happenings[ordinal][2 if name == "u" else 3],
        lambda ordinal: happenings[ordinal][0] * 1_000_000_000,
    )
    return {alert.keys[0] for alert in correlation.run(body, view)}


def _windows(happenings: list[Any], user: str) -> list[list[Any]]:
    own = sorted((h for h in enumerate(happenings) if h[1][2] == user), key=lambda h: (h[1][0], h[0]))
    return [[h for _, h in own if end - 4 <= h[0] <= end] for end in {h[1][0] for h in own}]


@given(HAPPENINGS, st.integers(1, 4))
def test_event_count_is_the_count_of_some_window(happenings: list[Any], least: int) -> None:
    expected = {u for u in "xy" if any(len(w) >= least for w in _windows(happenings, u))}
    assert _fires(CorrelationType.EVENT_COUNT, (("gte", least),), happenings) == expected


@given(HAPPENINGS, st.integers(1, 4))
def test_value_count_is_that_of_some_window(happenings: list[Any], least: int) -> None:
    expected = {u for u in "xy" if any(len({h[3] for h in w}) >= least for w in _windows(happenings, u))}
    assert _fires(CorrelationType.VALUE_COUNT, (("gte", least),), happenings) == expected


@given(HAPPENINGS, st.integers(1, 8))
def test_value_sum_is_that_of_some_window(happenings: list[Any], least: int) -> None:
    expected = {u for u in "xy" if any(w and sum(h[3] for h in w) >= least for w in _windows(happenings, u))}
    assert _fires(CorrelationType.VALUE_SUM, (("gte", least),), happenings) == expected


@given(HAPPENINGS)
def test_temporal_has_all_rules_in_some_window(happenings: list[Any]) -> None:
    expected = {u for u in "xy" if any({h[1] for h in w} == {0, 1, 2} for w in _windows(happenings, u))}
    assert _fires(CorrelationType.TEMPORAL, (), happenings) == expected
    assert _fires(CorrelationType.TEMPORAL, (("gte", 3),), happenings) == expected


@given(HAPPENINGS)
def test_temporal_ordered_has_them_in_order_in_some_window(happenings: list[Any]) -> None:
    def ordered(window: list[Any]) -> bool:
        wanted = 0
        for happening in window:
            wanted += happening[1] == wanted
        return wanted == 3

    expected = {u for u in "xy" if any(ordered(w) for w in _windows(happenings, u))}
    assert _fires(CorrelationType.TEMPORAL_ORDERED, (), happenings) == expected
    assert _fires(CorrelationType.TEMPORAL_ORDERED, (("gte", 3),), happenings) == expected
