"""KQL's grammar: what is read as what, what is refused, and that a written tree reads back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.languages import kuery
from samefire.languages.kuery.tree import And, Is, Literal, Nested, Not, Or, Pattern, Range, leaves
from samefire.problems import ProblemError
from samefire.source import Source, Span

ANY = Pattern(("", ""))


def read(text: str) -> kuery.Query:
    return kuery.parse(Source("<query>", text))


def is_(field: str | None, value: str, quoted: bool = False) -> Is:
    return Is(None if field is None else Literal(field), Literal(value, quoted))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Is(ANY, ANY)),
        (" \t\r\n\xa0", Is(ANY, ANY)),
        ("f: *", Is(Literal("f"), ANY)),
        ("f: **", Is(Literal("f"), Pattern(("", "", "")))),
        ("f: a*b*", Is(Literal("f"), Pattern(("a", "b", "")))),
        ("f*: x", Is(Pattern(("f", "")), Literal("x"))),
        ("two words: x  y", is_("two words", "x  y")),
        ('"f" : "v"', Is(Literal("f", True), Literal("v", True))),
        ("f: null", Is(Literal("f"), Literal(None))),
        ("null: true", Is(Literal(None), Literal(True))),
        ("f: \\u0066alse", Is(Literal("f"), Literal(False))),
        ("f: TRUE", is_("f", "TRUE")),
        ('f: "null"', is_("f", "null", True)),
        ("alone", is_(None, "alone")),
        ("f > -1.5", Range(Literal("f"), "gt", Literal("-1.5"))),
        ("f<=a*", Range(Literal("f"), "lte", Pattern(("a", "")))),
        ("not f: x", Not(is_("f", "x"))),
        ("p: { c: x }", Nested(Literal("p"), is_("c", "x"))),
        ("a or b and c", Or((is_(None, "a"), And((is_(None, "b"), is_(None, "c")))))),
        ("f: (a or not b)", Or((is_("f", "a"), Not(is_("f", "b"))))),
        ("f: ((a))", is_("f", "a")),
        ("a AND\xa0b", And((is_(None, "a"), is_(None, "b")))),
        # words of the language inside values
        ("f: android or order", Or((is_("f", "android"), is_(None, "order")))),
        ("f: and", is_("f", "and")),
        ("not", is_(None, "not")),
        ("a or", is_(None, "a or")),
        ("f: a \\and b", is_("f", "a and b")),
        ("f: a and and b", And((is_("f", "a"), is_(None, "and b")))),
        ("f: \\not", is_("f", "ot")),  # `\n` is a line break, and ends are cut
        # escapes
        (r"f: \(\)\:\<\>\"\*\{\}\\", is_("f", '():<>"*{}\\')),
        (r"f: a\tb\nc\rd", is_("f", "a\tb\nc\rd")),
        (r"f: \u00e9\ud83d\ude00", is_("f", "é😀")),
        (r"f: \ud83d!", is_("f", "\ufffd!")),
        (r'f: "C:\dir\\\"*\u0041\u12"', is_("f", 'C:\\dir\\"*A\\u12', True)),
        ("f: \\t", is_("f", "")),
        ("f: \u2003x\ufeff", is_("f", "x")),
        ("f: \x85x\x1f", is_("f", "\x85x\x1f")),
        ("f: a?b=c&&d!", is_("f", "a?b=c&&d!")),
    ],
)
def test_reads(text: str, tree: kuery.Query) -> None:
    assert read(text) == tree


def test_spans_lie_on_the_text() -> None:
    text = 'user.name : ( ann or "bob" ) and not  age >= 7'
    tree = read(text)
    assert isinstance(tree, And)
    names, negated = tree.children
    assert text[slice(*names.span)] == 'user.name : ( ann or "bob" )'
    assert text[slice(*negated.span)] == "not  age >= 7"
    assert [text[slice(*leaf.span)] for leaf, _ in leaves(tree)] == ["ann", '"bob"', "age >= 7"]
    assert tree.span == Span(0, len(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", set()),
        ("*: x or y or null: z", set()),
        ("a: (x or y) and not b > 3", {"a", "b"}),
        ("a.*: x or true: y", {"a.*", "true"}),
        ("p: { q: x and r: { s: y } } and z: *", {"p", "p.q", "p.r", "p.r.s", "z"}),
    ],
)
def test_field_names(text: str, names: set[str]) -> None:
    assert kuery.field_names(read(text)) == names


@pytest.mark.parametrize("deep", ["(" * 64 + "x" + ")" * 64, "f:{" * 64 + "x" + "}" * 64])
def test_depth_that_is_read(deep: str) -> None:
    tree = read(deep)
    assert read(kuery.render(tree)) == tree


@pytest.mark.parametrize("opening", ["(", "not (", "f:{", "f:{ not (", "(a or not ("])
def test_depth_that_is_refused(opening: str) -> None:
    with pytest.raises(ProblemError) as raised:
        read(opening * 20_000)
    assert [problem.code for problem in raised.value.problems] == ["query-too-deep"]


def test_many_mistakes_are_told_in_part() -> None:
    with pytest.raises(ProblemError) as raised:
        read("\\x" * 10_000)
    assert len(raised.value.problems) == 20


PIECES = st.sampled_from(
    [
        "a",
        "b c",
        "f:",
        "x: ",
        " and ",
        " or ",
        "not ",
        "(",
        ")",
        "{",
        "}",
        " ",
        "\n",
        "\xa0",
        '"',
        '\\"',
        "\\\\",
        "*",
        "null",
        "cannot",
        "or",
        "n",
        "ot ",
        "\\n",
        "\\u006e",
        "\\and",
        "\\not",
        "<",
        ">=",
        "é",
        "\x00",
        "\\x",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=40))


@pytest.mark.property
@given(TEXTS)
def test_any_text_is_a_tree_or_a_placed_problem(text: str) -> None:
    try:
        tree = read(text)
    except ProblemError as refused:
        for problem in refused.problems:
            assert 0 <= problem.span.start <= problem.span.end <= len(text)
            assert problem.hint
        return
    assert 0 <= tree.span.start <= tree.span.end <= len(text)
    for width in (0, 30, 100):
        assert read(kuery.render(tree, width=width)) == tree
