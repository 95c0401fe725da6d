"""Any tree that is written as Sigma and not labelled means, read back, what it meant."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.engine.regex import lucene, pcre
from samefire.query import ast
from samefire.query.ast import And, AtLeast, Fold, Leaf, Node, Not, Or, Wild
from tests.converters.sigma_cases import back, of_node
from tests.reference import holds

pytestmark = pytest.mark.property

NAMES = ["a", "b.c", "process.name", "event.category", "@timestamp", "host.os.type", "d|e"]
TEXTS = [
    "",
    "x",
    "X",
    "xy",
    "Xy.exe",
    "*",
    "?",
    "\\",
    "\\*",
    "C:\\x\\",
    "é",
    "É",
    "x\ny",
    "1",
    "true",
    "'",
    "%x%",
]
TEXTS += ["yes", "0x1f", "2026-01-01", "null", "a: b", "\0", "\x85", "\u202e", "-", "'\""]

texts = st.sampled_from(TEXTS)
folds = st.sampled_from([Fold.NONE, Fold.ASCII])
pieces = st.one_of(texts.filter(bool), st.sampled_from(list(Wild)))


def _joined(parts: list[str | Wild]) -> tuple[str | Wild, ...]:
    """A pattern: literals never stand side by side."""
    out: list[str | Wild] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


patterns = st.lists(pieces, max_size=4).map(_joined)
regexes = st.sampled_from(
    ["x.*", "(x|X)y?", "[^x]+", "<1-12>", "a|x", ".*é", '"*"|\\?', "x{0,2}y", "@", "[a-c\\-]\\d*"]
)
numbers = st.sampled_from([0, 1, -1, 1.5, 10**6])
tests: st.SearchStrategy[ast.Test] = st.one_of(
    st.builds(ast.Exists),
    st.builds(ast.Term, texts, folds),
    st.builds(ast.Wildcard, patterns, folds),
    st.builds(ast.Regex, regexes, st.just(ast.RegexSyntax.LUCENE), folds),
    st.builds(ast.NumberIs, numbers),
    st.builds(ast.NumberRange, numbers, st.none(), st.booleans()),
    st.builds(ast.NumberRange, st.none(), numbers, st.booleans(), st.booleans()),
    st.builds(ast.IpRange, st.just(0xFFFF0A000000), st.sampled_from([0xFFFF0A000000, 0xFFFF0A0000FF])),
)
leaves = st.builds(Leaf, st.sampled_from(NAMES[:6]), tests)
nodes: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.builds(And, st.lists(below, max_size=4).map(tuple)),
        st.builds(Or, st.lists(below, max_size=4).map(tuple)),
        st.builds(Not, below),
        st.builds(AtLeast, st.integers(0, 3), st.lists(below, max_size=3).map(tuple)),
    ),
    max_leaves=9,
)
scalars = st.one_of(
    texts,
    texts.map(str.swapcase),
    st.sampled_from([0, 1, 1.5, True, "10.0.0.7", "x.y", "7", "b9", "xxy", None]),
)
documents = st.dictionaries(
    st.sampled_from(NAMES[:6]), st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=5
)


@given(nodes, st.lists(documents, min_size=1, max_size=6))
def test_read_back_means_the_same(node: Node, events: list[dict[str, Any]]) -> None:
    result = of_node(node)
    assert not result.problems
    returned = back(result)
    assert [holds(returned, event) for event in events] == [holds(node, event) for event in events]
    assert (
        match([node, returned], Events.of(events)).ordinals[1] == match([node], Events.of(events)).ordinals[0]
    )


@given(nodes)
def test_the_same_text_twice(node: Node) -> None:
    first, second = of_node(node), of_node(node)
    assert first.document is not None
    assert first == second


letters = st.text(st.sampled_from("ab1-. "), max_size=5)
trees = st.recursive(
    st.sampled_from(
        [
            "a",
            "b",
            "B",
            "1",
            ".",
            "[ab]",
            "[a-b]",
            "[A-Z]",
            "[^a]",
            "[^a-b]",
            "\\w",
            "\\.",
            "\\d",
            '"a."',
            "@",
            "<1-15>",
            "-",
        ]
    ),
    lambda below: st.one_of(
        st.tuples(below, below).map("".join),
        st.tuples(below, below).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        below.map(lambda part: f"({part})*"),
        below.map(lambda part: f"({part}){{1,3}}"),
        below.map(lambda part: f"({part})?"),
    ),
    max_leaves=6,
)


@given(
    trees, st.sampled_from(Fold), st.lists(st.one_of(letters, letters.map(str.upper)), min_size=1, max_size=8)
)
def test_regular_expressions_have_one_language(pattern: str, fold: Fold, values: list[str]) -> None:
    regex = importlib.import_module("samefire.converters._sigma_regex")
    made = regex.lucene_to_pcre(pattern, fold=fold)
    ours = lucene(pattern, fold)
    theirs = pcre(made.text, Fold.UNICODE if made.caseless else Fold.NONE, dotall=True)
    assert [theirs(value) for value in values] == [ours(value) for value in values]
