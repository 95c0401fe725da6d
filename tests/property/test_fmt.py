"""Any TOML is formatted: the proof inside never fails, and formatting twice changes nothing more."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from samefire.fmt import formatted, same
from samefire.problems import ProblemError
from samefire.source import Source
from samefire.toml_text import tables
from tests.property.test_toml_places import DOCUMENT

pytestmark = pytest.mark.property


@given(st.sampled_from(["", "[rule]\n", "[metadata]\nx = 1\n[rule.a.b]\n"]), DOCUMENT)
@example("", "[a.b]\n[a]\n")
@example("", "a = '''\r\nx\\\r\n'''\r\n")
@example("", "a = { b = [1, # c\n2], c = { } }\n")
@example("[rule]\n", "[[rule.x]]\n[rule.x.y]\n[[rule.x]]\n[a]\n[rule.z]\n")
def test_any_document(head: str, text: str) -> None:
    source = Source("x.toml", head + text)
    try:
        data = tables(source)[0]
    except ProblemError:
        assume(False)
    once = formatted(source)
    again = Source("x.toml", once)
    assert same(tables(again)[0], data)
    assert formatted(again) == once
