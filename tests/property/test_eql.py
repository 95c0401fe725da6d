"""EQL with generated inputs: rendering, any text, any bytes, and sequences against a plain reference."""

from __future__ import annotations

import math
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.engine.sequence import Hit, Machine, match_sequences
from samefire.fields import FieldTypes
from samefire.languages import eql
from samefire.languages.eql.render import quote
from samefire.languages.eql.tokens import KEYWORDS
from samefire.languages.eql.tree import (
    And,
    Arithmetic,
    Comparison,
    Duration,
    EventFilter,
    Expression,
    Field,
    Function,
    Literal,
    Not,
    Or,
    PipeCommand,
    Predicate,
    Query,
    SampleQuery,
    SequenceQuery,
    Sign,
    Term,
)
from samefire.problems import ProblemError, render
from samefire.query.detection import EventQuery
from samefire.source import Source
from tests.conftest import examples

pytestmark = pytest.mark.property

plain = st.from_regex(r"[A-Za-z_@][A-Za-z0-9_]{0,6}", fullmatch=True).filter(lambda n: n not in KEYWORDS)
fields = st.builds(
    lambda parts, optional: Field(tuple(parts), optional),
    st.lists(plain | st.text(max_size=4) | st.sampled_from(sorted(KEYWORDS)), min_size=1, max_size=3),
    st.booleans(),
)
raw_text = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
literals = st.one_of(
    st.builds(Literal, st.text(max_size=8)),
    st.builds(lambda t: Literal(t, True), raw_text.filter(lambda t: '"""' not in t)),
    st.builds(Literal, st.integers(0, 2**63 - 1)),
    st.builds(lambda f: Literal(math.fabs(f)), st.floats(allow_nan=False, allow_infinity=False)),
    st.builds(Literal, st.sampled_from([True, False, None])),
)


def _deeper(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    constants = st.lists(literals, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(And, several),
        st.builds(Or, several),
        st.builds(Not, inner),
        st.builds(Sign, st.sampled_from("+-"), inner),
        st.builds(Arithmetic, st.sampled_from("+-*/%"), inner, inner),
        st.builds(Comparison, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(Function, st.builds(str.__add__, plain, st.sampled_from(["", "~"])).filter(
            lambda n: n not in KEYWORDS), st.lists(inner, max_size=3).map(tuple)),
        st.builds(Predicate, st.sampled_from([":", "like", "like~", "regex", "regex~"]), inner, constants,
                  st.just(True)),
        st.builds(lambda o, n, v: Predicate(o, n, (v,)), st.sampled_from([":", "like", "regex~"]), inner, literals),
        st.builds(Predicate, st.sampled_from(["in", "in~"]), inner, several, st.just(True), st.booleans()),
    )  # fmt: skip


expressions = st.recursive(literals | fields, _deeper, max_leaves=12)
filters = st.one_of(
    st.builds(EventFilter, st.none(), expressions),
    st.builds(EventFilter, plain, expressions),
    st.builds(EventFilter, st.text(max_size=5), expressions, st.just(True)),
)
key_lists = st.lists(fields, max_size=2).map(tuple)
runs = st.none() | st.integers(1, 100)
terms = st.builds(Term, filters, key_lists, runs, st.booleans())
term_lists = st.lists(terms, min_size=1, max_size=3).map(tuple)
spans = st.none() | st.builds(Duration, st.integers(1, 10**6), st.sampled_from(["ms", "s", "m", "h", "d"]))
ends = st.none() | st.builds(Term, filters, key_lists, st.none(), st.booleans())
samples = st.builds(
    SampleQuery, st.lists(st.builds(Term, filters, key_lists), min_size=1, max_size=3).map(tuple), key_lists
)
bodies = filters | st.builds(SequenceQuery, term_lists, key_lists, spans, ends) | samples
pipes = st.lists(
    st.builds(PipeCommand, st.sampled_from(["head", "tail"]), st.integers(0, 2**31 - 1)), max_size=2
)
queries = st.builds(lambda body, after: Query(body, tuple(after)), bodies, pipes)


@given(queries)
def test_rendered_trees_read_back(tree: Query) -> None:
    text = eql.render(tree)
    again = eql.parse(Source("<query>", text))
    assert again == tree
    assert eql.render(again) == text


@given(st.text())
def test_quoted_strings_read_back(value: str) -> None:
    tree = eql.parse(Source("<query>", f"any where f == {quote(value)}"))
    assert tree == Query(EventFilter(None, Comparison("==", Field(("f",)), Literal(value))))


def _read(text: str) -> None:
    """Parsing gives a tree or placed problems, and never anything else; so does what follows."""
    source = Source("<query>", text)
    try:
        tree = eql.parse(source)
        assert eql.parse(Source("<query>", eql.render(tree))) == tree
        eql.field_names(tree)
        body = eql.lower(tree, FieldTypes({}), source)
    except ProblemError as error:
        assert error.problems
        for problem in error.problems:
            assert 0 <= problem.span.start <= problem.span.end <= len(text)
            assert render(problem).startswith("<query>:")
        return
    if isinstance(body, EventQuery):
        match([body.where], Events([{"a": 1, "b": ["x", "y"], "s": "text"}, {}]))


MARKS = '[ ] ( ) . , | : = + - * / % ? ! ` " \' == != < <= > >= ![ \\ // /* */ "x" """y""" "*" `q`'
NAMES = "a b.c s 1 2.5 1e3 5m maxspan=1s runs=2 head tail length(s) startsWith~(s, add(a, cidrMatch(ip,"
WORDS = [
    *sorted(KEYWORDS),
    *MARKS.split(" "),
    *NAMES.split(" "),
    "\n",
    "any where",
    "sequence by a [any where true]",
]


@examples(4_000)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_words(text: str) -> None:
    _read(text)


@examples(4_000)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(lambda w: "any where " + "".join(w)))
def test_any_condition(text: str) -> None:
    _read(text)


@examples(8_000)
@given(st.text(max_size=60) | st.text(string.printable, max_size=60))
def test_any_text(text: str) -> None:
    _read(text)


@examples(4_000)
@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    _read(data.decode("utf-8", "surrogateescape"))
    _read("any where a == " + data.decode("latin-1"))


@given(expressions, st.fixed_dictionaries({"a": st.integers() | st.text(max_size=3) | st.none()}))
def test_conditions_run(condition: Expression, document: dict[str, Any]) -> None:
    source = Source("<query>", eql.render(Query(EventFilter(None, condition))))
    try:
        body = eql.lower(eql.parse(source), FieldTypes({}), source)
    except ProblemError:
        return
    assert isinstance(body, EventQuery)
    hits = match([body.where], Events([document]))
    assert hits.failures[0] is not None or set(hits.ordinals[0]) <= {0}


# ---- sequences --------------------------------------------------------------------------------------

Row = tuple[int, int, str]  # stage (-1: until), time, key
rows = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 9), st.sampled_from("xy")), max_size=14)


def reference(rows: list[Row], stages: int, maxspan: int | None) -> list[tuple[int, ...]]:
    """Sequences found event by event, with one slot a stage and key holding every candidate."""
    order = sorted(range(len(rows)), key=lambda i: (rows[i][1], i))
    waiting: dict[tuple[str, int], list[list[int]]] = {}
    until: dict[str, list[int]] = {}
    done = []
    place = {event: at for at, event in enumerate(order)}
    for event in order:
        stage, time, key = rows[event]
        if stage < 0:
            until.setdefault(key, []).append(place[event])
            continue
        if stage >= stages:
            continue
        if stage == 0:
            moved = [event]
        else:
            group = waiting.get((key, stage - 1), [])
            if not group:
                continue
            found = group[-1]
            group.clear()
            late = maxspan is not None and time - rows[found[0]][1] > maxspan
            if late or any(place[found[-1]] <= at < place[event] for at in until.get(key, [])):
                continue
            moved = [*found, event]
        if stage == stages - 1:
            done.append(tuple(moved))
        else:
            waiting.setdefault((key, stage), []).append(moved)
    return done


@given(rows, st.integers(2, 3), st.none() | st.integers(0, 9))
def test_sequences_are_those_of_the_reference(rows: list[Row], stages: int, maxspan: int | None) -> None:
    hits: list[list[Hit]] = [[] for _ in range(stages)]
    until: list[Hit] = []
    for event, (stage, time, key) in enumerate(rows):
        hit = Hit(time, (0, 0), event, (("string", key),))
        if stage < 0:
            until.append(hit)
        elif stage < stages:
            hits[stage].append(hit)
    found = match_sequences(Machine((False,) * stages, maxspan), hits, until)
    assert [m.events for m in found] == reference(rows, stages, maxspan)
