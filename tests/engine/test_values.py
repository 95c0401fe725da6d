"""One value against one test: the coercions that Elasticsearch makes."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.engine.values import (
    Clock,
    address,
    boolean,
    date_part,
    fuzzy_equal,
    length,
    number,
    predicate,
    text,
    version_key,
)
from samefire.query import ast
from samefire.query.ast import Fold, Wild

MANY, ONE = Wild.MANY, Wild.ONE


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        (ast.Exists(), ["", 0, False], []),
        (ast.Exists(2), ["ab", 10], ["abc", 100]),
        (ast.Term("80"), ["80", 80], ["080", 80.0, "80 "]),
        (ast.Term("80.0"), [80.0], [80]),
        (ast.Term("true"), [True, "true"], ["True", 1]),
        (ast.Term("É", Fold.ASCII), ["É"], ["é"]),
        (ast.Term("É", Fold.UNICODE), ["é", "É"], ["e"]),
        (ast.Term("straße", Fold.UNICODE), ["STRAßE", "STRAẞE"], ["STRASSE"]),
        (ast.Term("k", Fold.ASCII), ["K"], ["\u212a"]),
        (ast.Term("k", Fold.UNICODE), ["K", "\u212a"], []),
        (ast.Term("abc", ignore_above=3), ["abc"], []),
        (ast.Term("abcd", ignore_above=3), [], ["abcd"]),
        (ast.Term("\U0001f600", ignore_above=1), [], ["\U0001f600"]),
        (ast.Term("\U0001f600", ignore_above=2), ["\U0001f600"], []),
        (ast.Wildcard(("a", MANY)), ["a", "ab", "a\nb"], ["ba", "A"]),
        (ast.Wildcard((MANY, "a")), ["a", "ba"], ["ab"]),
        (ast.Wildcard((MANY, "a", MANY)), ["a", "bab"], ["b", ""]),
        (ast.Wildcard(("a", ONE, "c")), ["abc", "a\nc", "a\U0001f600c"], ["ac", "abbc"]),
        (ast.Wildcard(("a", MANY, "b", MANY, "c")), ["abc", "a-b-b-c"], ["acb", "ab"]),
        (ast.Wildcard((ONE, MANY)), ["a", "ab"], [""]),
        (ast.Wildcard((MANY, ONE, "b")), ["ab", "xab"], ["b"]),
        (ast.Wildcard((MANY,)), ["", "x", 7], []),
        (ast.Wildcard(()), [""], ["x"]),
        (ast.Wildcard(("AB", MANY), Fold.ASCII), ["abc", "AbC"], ["b"]),
        (ast.Wildcard(("a", MANY, "aba")), ["aaba", "abaaba"], ["aba"]),
        (ast.TermRange("b", "d"), ["b", "c", "d"], ["a", "da"]),
        (ast.TermRange("b", "d", False, False), ["ba", "c"], ["b", "d"]),
        (ast.TermRange("\uffff", None), ["\U00010000"], ["\ufffe"]),
        (ast.NumberIs(80), [80, 80.0, "80", "80.0", " 8e1 "], ["abc", True, "", 81, "0x50"]),
        (ast.NumberIs(73.5), [73.5, "73.5"], [73]),
        (ast.NumberRange(1, 2, False, True), [1.5, 2, "2"], [1, 2.5, "x"]),
        (ast.NumberRange(None, None), [0, "1"], ["x", True]),
        (ast.BooleanIs(True), [True, "true"], [False, "TRUE", 1]),
        (ast.BooleanIs(False), [False, "false", ""], [True, 0]),
        (ast.DateRange(ast.DateBound(0), ast.DateBound(10**9)), [0, 1000, "1970-01-01"], [1001, "x", True]),
        (ast.DateRange(ast.DateBound(0, inclusive=False), None), [1], [0]),
        (ast.DateRange(ast.DateBound(None, math="now-1s"), None), [9000, 10**6], [8999]),
        (ast.DatePart("hour", ast.NumberRange(9, 17)), ["2024-03-01T09:59:00+05:00"], ["2024-03-01T18:00:00Z"]),
        (ast.IpRange(0xFFFF0A000000, 0xFFFF0AFFFFFF), ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.1", "::1", "x", 10]),
        (ast.VersionRange("1.2.0", "1.10.0"), ["1.2.0", "1.9.9", "1.10.0-rc1"], ["1.10.1", "1.2.0-a", "x"]),
        (ast.Phrase(("quick", "fox")), ["The Quick-Fox!"], ["quick brown fox", "fox quick", ""]),
        (ast.Phrase(("quick", "fox"), 1), ["quick brown fox"], ["quick brown red fox"]),
        (ast.Phrase(("fox", "quick"), 2), ["quick fox"], []),
        (ast.Phrase(("fox", "fox"), 2), ["fox a fox"], ["fox"]),
        (ast.Phrase(("quick", "fo"), prefix=True), ["quick foxes"], ["quick afox"]),
        (ast.Phrase(()), [], ["", "a"]),
        (ast.TokenPattern(("qu", MANY)), ["The QUICK fox"], ["a-z"]),
        (ast.TokenRegex("f.x"), ["quick fox"], ["quick foxes"]),
        (ast.TokenRange("fa", "fz"), ["quick fox"], ["quick"]),
        (ast.Fuzzy("fox", 1), ["fx", "foox", "fix", "ofx"], ["ffixx", "FOXY"]),
        (ast.Fuzzy("fox", 1, 1), ["fix"], ["box"]),
        (ast.Fuzzy("fox", 1, analysed=True), ["a FIX b"], ["a b"]),
    ],
)  # fmt: skip
def test_predicates(test: ast.Test, yes: list[Any], no: list[Any]) -> None:
    holds = predicate(test, Clock(10 * 10**9))
    assert [value for value in yes if not holds(value)] == []
    assert [value for value in no if holds(value)] == []


def test_texts_of_values() -> None:
    assert [text(v) for v in ("x", True, False, 7, 1.5, 1e300, float("inf"))] == [
        "x", "true", "false", "7", "1.5", "1e+300", "inf"
    ]  # fmt: skip
    assert text(1 << 20_000).startswith("0x1")


def test_numbers_of_values() -> None:
    assert number("9" * 400) == int("9" * 400)
    assert number("9" * 401) is None
    assert number("1e309") == float("inf")
    assert number("١") is None


def test_booleans_and_lengths() -> None:
    assert [boolean(v) for v in ("true", "", "no", 1)] == [True, False, None, None]
    assert length("aé\U0001f600") == 4


def test_addresses() -> None:
    assert address("1.2.3.4") == 0xFFFF01020304
    assert address("::FFFF:1.2.3.4") == address("1.2.3.4")
    assert [address(v) for v in ("1.2.3", "01.2.3.4", "1.2.3.4/8", "fe80::1%eth0", "", "\0", "x" * 99)] == [
        None
    ] * 7


def test_parts_of_dates() -> None:
    written = "2024-12-30T23:30:00-05:00"
    parts = [date_part(written, part) for part in ("minute", "hour", "day", "week", "month", "year")]
    assert parts == [30, 23, 30, 1, 12, 2024]
    assert date_part("soon", "hour") is None


def test_versions_in_order() -> None:
    ordered = [
        *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.0+b"),
        *("1.2", "1.2.0", "1.10.0", "2.0.0-1", "10", "a", "b"),
    ]
    assert sorted(sorted(ordered), key=version_key) == ordered


def test_swaps_count_as_one_edit() -> None:
    assert fuzzy_equal("abcd", "abdc", 1)
    assert not fuzzy_equal("abcd", "bacde", 1)
