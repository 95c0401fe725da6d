"""Values of a query: patterns against texts, networks, bounds."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.query import values
from samefire.query.ast import Fold, Wild

PIECES = st.one_of(st.sampled_from(list(Wild)), st.text("ab*", min_size=1, max_size=2))


@given(st.lists(PIECES, max_size=6), st.text("abAB*", max_size=8))
def test_fits_is_what_a_regular_expression_says(pieces: list[str | Wild], text: str) -> None:
    parts = {Wild.MANY: ".*", Wild.ONE: "."}
    expression = "".join(parts[p] if isinstance(p, Wild) else re.escape(p) for p in pieces)
    assert values.fits(tuple(pieces), text, Fold.NONE) is bool(re.fullmatch(expression, text))
    folded = values.fits(tuple(pieces), text, Fold.ASCII)
    assert folded is bool(re.fullmatch(expression, text, re.IGNORECASE))


def test_fits_does_not_stall() -> None:
    assert not values.fits((Wild.MANY, "a") * 30, "a" * 29 + "b" * 5000, Fold.NONE)


def test_folds() -> None:
    assert values.same("É", "é", Fold.UNICODE) and not values.same("É", "é", Fold.ASCII)


@given(st.ip_addresses(network="10.0.0.0/8"), st.integers(0, 32))
def test_network_is_what_the_standard_library_says(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    first, last = values.network(f"{address}/{length}")
    assert first & 0xFFFFFFFF == int(network.network_address)
    assert last & 0xFFFFFFFF == int(network.broadcast_address)


@pytest.mark.parametrize("text", ["1e3", "-1.5", "+2", ".5", "7."])
def test_numbers(text: str) -> None:
    assert values.is_number(text) and values.real(text) == float(text)


@pytest.mark.parametrize("text", ["", " 1", "0x10", "1_000", "NaN", "Infinity", "1e", "٣"])
def test_no_numbers(text: str) -> None:
    assert not values.is_number(text)


def test_large_numbers_stay_exact_and_huge_ones_cheap() -> None:
    assert values.whole("18446744073709551615") == 18446744073709551615
    assert values.real("9007199254740993") == 9007199254740993
    assert values.whole("1e999999999") is None
