"""Rendering gives the tree back; a query that another language makes."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from samefire.fields import FieldTypes
from samefire.languages import lucene
from samefire.problems import ProblemError
from samefire.query.ast import Fails, walk
from samefire.source import Source, Span

WORDS = st.sampled_from(
    [
        "a",
        "b:c",
        "f:(x y)",
        '"q r"',
        "p*",
        "*s*",
        "/re/",
        "[1 TO 2}",
        "n:>=5",
        "w~1",
        '"s t"~2',
        "v^2",
        "-",
        "+ ",
    ]
)
JOINTS = st.sampled_from([" ", " AND ", " OR ", " && ", " || ", " NOT ", " +", " -", " !"])


@given(st.lists(st.tuples(WORDS, JOINTS), min_size=1, max_size=6))
def test_render_gives_the_tree_back(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + joint for word, joint in parts[:-1]) + parts[-1][0]
    try:
        tree = lucene.parse(Source("<query>", text))
    except ProblemError:
        return
    again = lucene.parse(Source("<query>", lucene.render(tree)))
    assert _bare(again) == _bare(tree)


def _bare(tree: lucene.Query) -> str:
    return re.sub(r"Span\(start=\d+, end=\d+\)", "", repr(tree))


@given(st.text(alphabet=' ab:*?()[]{}"~^/\\+-!&|<>=1.TOANDR\u3000é'))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    source = Source("<query>", text)
    try:
        tree = lucene.parse(source)
    except ProblemError as error:
        assert all(0 <= p.span.start <= p.span.end <= len(text) for p in error.problems)
        return
    lucene.lint(tree, source)
    for node in walk(lucene.lower(tree, FieldTypes({}), source)):
        assert 0 <= node.span.start <= node.span.end <= len(text)


def test_a_query_string_of_another_language() -> None:
    fields = FieldTypes.ecs()
    span = Span(4, 9)
    node = lucene.query_string("*enc SQ*", fields, span, on=["process.name"])
    assert {part.span for part in walk(node)} == {span}
    failed = lucene.query_string("a/b", fields, span, on=["process.name"])
    assert failed == Fails("Failed to parse query [a/b]: this `/` has no closing `/`")
