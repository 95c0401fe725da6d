"""Regular expressions: what they match, what is refused and why, and that none can stall a run."""

from __future__ import annotations

import itertools
import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.engine.automaton import Automaton, RegexTooHard
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.engine.needles import lucene_needles, needles
from samefire.engine.regex import RegexRefused, as_pattern, grok_matcher, java, lucene, pcre
from samefire.query import ast
from samefire.query.ast import Fold, RegexSyntax, Wild
from samefire.query.lucene_regex import RegexError, parse

WORDS = ["".join(w) for n in range(5) for w in itertools.product("abc", repeat=n)]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("a.c", ["abc", "a\nc"], ["xabc", "abcx", "ac"]),
        ("(a|b)+", ["a", "abba"], ["", "abc"]),
        ("[^a-c]x?", ["d", "dx", "\n"], ["a", "ax"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[]a]", ["]", "a"], ["[", ""]),
        (r"\.\*", [".*"], ["ab"]),
        (r"\d{2,3}\w\s", ["12a ", "123_\t"], ["1a ", "1234a "]),
        (r"[\D]", ["a"], ["1"]),
        ('"a.b"c', ["a.bc"], ["axbc"]),
        ("@", ["", "anything\n"], []),
        ("#", [], ["", "a"]),
        ("a|", None, None),
        ("()", [""], ["a"]),
        ("<1-20>", ["1", "007", "20"], ["0", "21"]),
        ("<01-20>", ["01", "20"], ["1", "007"]),
        ("<20-1>", ["5"], ["21"]),
        ("~(ab)", ["", "a", "abc"], ["ab"]),
        ("~ab", ["b", "xyb"], ["ab"]),
        ("~(.*b.*)&.{2}", ["aa", "ac"], ["ab", "aaa"]),
        (".*a.*&.*b.*", ["ab", "cba"], ["a", "b"]),
        ("a&b", [], ["a", "b"]),
        ("(a{0,3}b){2}", ["aabb", "bb"], ["aaaabb", "b"]),
        ("^a$", ["^a$"], ["a"]),
    ],
)
def test_lucene(pattern: str, yes: list[str] | None, no: list[str] | None) -> None:
    if yes is None or no is None:
        with pytest.raises(RegexRefused):
            lucene(pattern)
        return
    matches = lucene(pattern)
    assert [s for s in yes if not matches(s)] == []
    assert [s for s in no if matches(s)] == []


def test_lucene_folds_ascii_only() -> None:
    assert lucene("[abc]É", Fold.ASCII)("BÉ")
    assert not lucene("[abc]É", Fold.ASCII)("Bé")
    assert not lucene("k", Fold.ASCII)("\u212a")
    assert lucene("~(a)", Fold.ASCII)("A") is False


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("[a-c]", ["a", "b"], ["A", "B"]),  # Lucene 9.12 and 10.5 fold no ranges
        ("[A-Z]+", ["AB"], ["ab"]),
        ("[ab-c]", ["a", "A", "b", "c"], ["B", "C"]),
        ("[^abc]", ["d"], ["a", "A"]),
        ("[^a-c]", ["A"], ["a"]),
        ("~[a-c]", ["A"], ["a"]),
        (r"\w[B]", ["Ab", "aB"], []),
    ],
)
def test_lucene_folds_no_ranges(pattern: str, yes: list[str], no: list[str]) -> None:
    matches = lucene(pattern, Fold.ASCII)
    assert [s for s in yes if not matches(s)] == []
    assert [s for s in no if matches(s)] == []
    assert all(lucene(pattern, Fold.UNICODE)(s) is not pattern.startswith(("[^", "~")) for s in no)


@pytest.mark.parametrize("pattern", [r"\n", r"a\b", r"[\t]", r"(\Q|a)"])
def test_an_escaped_letter_is_no_expression(pattern: str) -> None:
    with pytest.raises(RegexError, match="is no escape; only"):
        parse(pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a(b", "`(` without `)` at character 2"),
        ("a)b", "unexpected `)` at character 2"),
        ("[ab", "`[` without `]` at character 1"),
        ("[b-a]", "the range in `[ ]` runs backwards at character 2"),
        ("a{", "a number is missing after `{` at character 3"),
        ("a{2", "`{` without `}` at character 3"),
        ("a{3,2}", "the range {3,2} runs backwards at character 3"),
        ("a{1001}", "more than 1000 repetitions at character 3"),
        ('"ab', '`"` without its end at character 1'),
        ("<1-", "`<` without `>` at character 1"),
        ("<a>", "`<` starts a range of numbers such as <1-99>; write `\\<` for the character at character 1"),
        ("a\\", "the pattern ends in the middle at character 3"),
        ("a" * 1001, "longer than 1000 characters at character 1001"),
        ("(" * 100 + "a" + ")" * 100, "too many nested groups at character 62"),
        ("a" + "*" * 100, "too many repetitions of one part at character 62"),
    ],
)
def test_lucene_problems(pattern: str, message: str) -> None:
    with pytest.raises(RegexError) as raised:
        parse(pattern)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("b", ["abc"], ["ac"]),
        ("^a.c$", ["abc", "a\nc", "abc\n"], ["xabc", "abc\n\n"]),
        (r"[$]x$", ["$x"], ["x"]),
        (r"(?<n>a)\Z", ["a", "a\n"], ["ab"]),
        (r"\h+\/x", ["\t /x"], ["/x"]),
    ],
)
def test_pcre(pattern: str, yes: list[str], no: list[str]) -> None:
    matches = pcre(pattern)
    assert [s for s in yes if not matches(s)] == []
    assert [s for s in no if matches(s)] == []


def test_pcre_flags() -> None:
    assert pcre("AB", Fold.UNICODE)("xabx")
    assert not pcre("a.c", dotall=False)("a\nc")
    assert pcre("^b$", multiline=True)("a\nb\nc")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?=a)b", "look-around cannot be matched in bounded time"),
        ("(?<!a)b", "look-around cannot be matched in bounded time"),
        (r"(a)\1", "back-references cannot be matched in bounded time"),
        ("a++b", "atomic groups and possessive repetition cannot be matched in bounded time"),
        ("(a", "it is not a regular expression that can be read"),
    ],
)
def test_pcre_refusals(pattern: str, message: str) -> None:
    with pytest.raises(RegexRefused) as raised:
        pcre(pattern)
    assert str(raised.value) == message


STALLING = [
    ast.Regex(r"(a+)+$", RegexSyntax.PCRE),
    ast.Regex(r"\w+`", RegexSyntax.PCRE),
    ast.Regex(r"(x+x+)+y", RegexSyntax.PCRE, Fold.UNICODE),
    ast.Regex("(a|a)*b&~((a|b)*c)", RegexSyntax.LUCENE),
    ast.Regex("~(.*a.{12})", RegexSyntax.LUCENE),
    ast.Regex(".*.*.*.*.*x", RegexSyntax.LUCENE),
    ast.Wildcard(("a", Wild.MANY) * 30 + ("b",)),
    ast.Wildcard((Wild.MANY, "a", Wild.ONE, "a", Wild.MANY, "b")),
]


@pytest.mark.parametrize("test", STALLING, ids=lambda t: str(t.pattern)[:20])
@pytest.mark.parametrize("value", ["a" * 10_000 + "!", "ab" * 5_000, "x" * 10_000], ids=["a", "ab", "x"])
def test_no_pattern_stalls_a_run(test: ast.Test, value: str) -> None:
    nodes = [ast.Leaf("f", test), *(ast.Leaf("f", ast.Wildcard((str(n), Wild.MANY))) for n in range(20))]
    started = time.process_time()
    match(nodes, Events.of([{"f": value}]))
    assert time.process_time() - started < 2


HARD = "~(.*a.{40}b)"
MIXED = "".join(random.Random(7).choices("ab", k=60_000))


def test_an_automaton_that_grows_too_large_gives_up() -> None:
    with pytest.raises(RegexTooHard) as raised:
        Automaton(parse(HARD)).accepts(MIXED)
    assert str(raised.value) == "the regular expression needs too many states"


def test_giving_up_fails_the_searches_that_need_it_and_no_other() -> None:
    hard = ast.Leaf("f", ast.Regex(HARD, RegexSyntax.LUCENE))
    easy = ast.Leaf("f", ast.Exists())
    reason = "the regular expression needs too many states"
    hits = match([hard, easy, ast.Or((easy, hard))], Events.of([{"f": MIXED}, {"f": "x"}]))
    assert hits.failures == (reason, None, reason)
    assert hits.ordinals == ((), (0, 1), ())


def test_expressions_of_literals_become_patterns() -> None:
    def pattern(text: str) -> object:
        return as_pattern(ast.Regex(text, RegexSyntax.LUCENE))

    assert pattern(r".*ab\.c.*") == (Wild.MANY, "ab.c", Wild.MANY)
    assert pattern("a.b.+") == ("a", Wild.ONE, "b", Wild.ONE, Wild.MANY)
    assert pattern('a"b.c"') == ("ab.c",)
    assert pattern("a|b") is None
    assert pattern("(") is None


PIECES = st.sampled_from(
    ["a", "b", "c", ".", "a*", "b+", "c?", "[ab]", "(a|b)", "(bc)", "(ab)+", "|", "a{2}", "~(a)", "&", "@"],
)


@given(st.lists(PIECES, min_size=1, max_size=5).map("".join))
def test_the_automaton_and_re2_agree(pattern: str) -> None:
    try:
        fast, tree = lucene(pattern), parse(pattern)
    except (RegexRefused, RegexError):
        return
    slow = Automaton(tree)
    needed = lucene_needles(tree)
    for word in WORDS:
        assert fast(word) is slow.accepts(word)
        assert needed is None or not fast(word) or any(needle in word for needle in needed)


PERL = st.sampled_from(
    [
        *("a", "b", "A", ".", "a*", "b+", "c?", "[ab]", "(a|b)", "(?:bc)"),
        *("(ab)+", "|", "a{2}", "a{0,2}b", r"\w", "^", "$", "(?i)"),
    ]
)


@given(st.lists(PERL, min_size=1, max_size=5).map("".join), st.sampled_from(WORDS))
def test_needles_lose_no_match(pattern: str, word: str) -> None:
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    needed = needles(pattern)
    for value in (word, word.upper()):
        if compiled.search(value) and needed is not None:
            assert any(needle in value.casefold() for needle in needed)


def test_needles_of_usual_patterns() -> None:
    assert needles(r"\w+`") == frozenset({"`"})
    assert needles(r"\\Temp\\(foo|barbar)\.exe$") == frozenset({"\\temp\\"})
    assert needles("(?:powershell|pwsh)") == frozenset({"powershell", "pwsh"})
    assert needles("(a|b*)") is None
    assert needles("(?x) a b") is None


@pytest.mark.parametrize(
    "pattern", [r"[\\^`\"]", r"[^0-9A-Za-z\s#=-]", r"\d+", "x", r"a[\s\S]b", r"(?i)ab+|c$"]
)
def test_java_patterns_are_compiled(pattern: str) -> None:
    assert java(pattern).sub(lambda _: "", "") == ""


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[a-z&&[^b]]", "classes inside classes cannot be run"),
        ("[a[bc]]", "classes inside classes cannot be run"),
        ("(?=a)", "look-around cannot be matched in bounded time"),
        ("(a", "it is not a regular expression that can be read"),
    ],
)
def test_java_patterns_that_would_mean_something_else_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(RegexRefused) as refused:
        java(pattern)
    assert str(refused.value) == reason


def test_grok_searches_line_by_line() -> None:
    found = grok_matcher("^b(?P<g0>.*)$")("a\nbc\nd")
    assert found.group("g0") == "c"
