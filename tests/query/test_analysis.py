"""Tokens of the standard analyser, and the text of keyword values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.query import analysis
from samefire.query.analysis import keyword_text, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Quick-Brown fox", ["the", "quick", "brown", "fox"]),
        ("it's 10.0.0.5, v1.2 a.1 1,000.50", ["it's", "10.0.0.5", "v1.2", "a", "1", "1,000.50"]),
        ("www.example.com foo:bar user@host", ["www.example.com", "foo:bar", "user", "host"]),
        (r"C:\Windows\System32\cmd.exe /c", ["c", "windows", "system32", "cmd.exe", "c"]),
        ("a_b __x__ ___ .a. a..b", ["a_b", "__x__", "a", "a", "b"]),
        ("日本語 テキスト ひら 한국어", ["日", "本", "語", "テキスト", "ひ", "ら", "한국어"]),
        ("Ünïcode CAFÉ İX e\u0301x", ["ünïcode", "café", "ix", "e\u0301x"]),
        ("ภาษาไทย ok", ["ภาษาไทย", "ok"]),
        ('ab\u05d0"\u05d1 3;4', ['ab\u05d0"\u05d1', "3;4"]),
        ("👍🏽 👩\u200d👧 x", ["👍🏽", "👩\u200d👧", "x"]),
        ("", []),
        (" - * ", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_long_words_are_cut() -> None:
    assert [len(token) for token in tokens("x" * 600)] == [255, 255, 90]


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_the_quick_way_for_ascii_is_the_way_for_all(text: str) -> None:
    quick = tokens(text)
    slow = tokens(text + " \u4e00")
    assert slow == [*quick, "\u4e00"]


@given(st.text())
def test_tokens_are_parts_of_the_text(text: str) -> None:
    small = analysis.lower(text)
    at = 0
    for token in tokens(text):
        at = small.index(token, at) + len(token)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", "x"), (True, "true"), (80, "80"), (80.0, "80.0"), (None, None), ([], None), ({}, None)],
)
def test_keyword_text(value: Any, expected: str | None) -> None:
    assert keyword_text(value) == expected
