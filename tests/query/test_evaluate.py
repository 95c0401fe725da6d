"""Functions of three-valued expressions, as Java computes them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from samefire.query.ast import Fold
from samefire.query.evaluate import ExpressionError, Value, apply, text


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("and", (True, None), None),
        ("and", (False, None), False),
        ("or", (True, None), True),
        ("or", (False, None), None),
        ("not", (None,), None),
        ("isNull", (None,), True),
        ("eq", (1, 1.0), True),
        ("eq", (1, True), None),
        ("eq", ("1", 1), None),
        ("eq", (True, True), True),
        ("lt", ("\U0001f600", "\uff41"), True),  # by UTF-16 units
        ("gte", (None, 1), None),
        ("seq", (None, None), True),
        ("seq", ("ÄB", "äb"), True),
        ("seq", ("ß", "SS"), False),
        ("seq", (1, 1), True),
        ("in", (None, 1), None),
        ("in", (2, 1, None), None),
        ("in", (1, 1, None), True),
        ("in", (2, 1), False),
        ("add", (2, 0.5), 2.5),
        ("divide", (7, -2), -3),
        ("divide", (7, 2.0), 3.5),
        ("divide", (1, 0.0), math.inf),
        ("divide", (-1.0, 0), -math.inf),
        ("modulo", (-7, 4), -3),
        ("modulo", (7, -4), 3),
        ("modulo", (-7.5, 2), -1.5),
        ("negate", (5,), -5),
        ("multiply", (None, 5), None),
        ("number", ("0xff",), 255),
        ("number", ("0xff", 16), 255),
        ("number", ("-12",), -12),
        ("number", (" 12.5 ",), 12.5),
        ("number", ("zz", 36), 1295),
        ("number", (None,), None),
        ("concat", ("a", 1, 2.0, True), "a12.0true"),
        ("concat", ("a", None), None),
        ("string", (1e7,), "1.0E7"),
        ("string", (None,), None),
        ("length", ("a😀",), 3),
        ("length", ("",), 0),
        ("startsWith", ("abc", "ab"), True),
        ("startsWith", ("abc", None), None),
        ("endsWith", ("abc", "BC"), False),
        ("stringContains", ("abc", "b"), True),
        ("stringContains", ("abc", ""), False),
        ("stringContains", ("", ""), False),
        ("indexOf", ("a.b.c", "."), 1),
        ("indexOf", ("a.b.c", ".", 2), 3),
        ("indexOf", ("a.b.c", ".", -6), 1),
        ("indexOf", ("abc", "", 9), 3),
        ("indexOf", ("abc", "z"), None),
        ("indexOf", ("😀x", "x"), 2),
        ("substring", ("abcdef", 2), "cdef"),
        ("substring", ("abcdef", -4, -1), "cde"),
        ("substring", ("abcdef", 4, 2), ""),
        ("substring", ("abcdef", -9, 9), "abcdef"),
        ("substring", ("a😀b", 1, 3), "😀"),
        ("substring", ("abc", None), "abc"),
        ("substring", (None, 1), None),
        ("between", ("a[b]c]", "[", "]"), "b"),
        ("between", ("a[b]c]", "[", "]", True), "b]c"),
        ("between", ("abc", "x", "c"), ""),
        ("between", ("abc", "", "c"), "abc"),
        ("cidrMatch", ("10.1.2.3", "10.0.0.0/8"), True),
        ("cidrMatch", ("::1", "10.0.0.0/8", "::1"), True),
        ("cidrMatch", (None, "10.0.0.0/8"), None),
    ],
)
def test_function(function: str, arguments: tuple[Value, ...], expected: Value) -> None:
    found = apply(function, arguments)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("startsWith", ("ABC", "ab"), True),
        ("endsWith", ("abc", "BC"), True),
        ("stringContains", ("ABC", "b"), True),
        ("indexOf", ("ABC", "c"), 2),
        ("between", ("xAByCD", "ab", "cd"), "y"),
    ],
)
def test_function_that_ignores_case(function: str, arguments: tuple[Value, ...], expected: Value) -> None:
    assert apply(function, arguments, Fold.UNICODE) == expected


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        ("divide", (1, 0), "/ by zero"),
        ("modulo", (1, 0), "/ by zero"),
        ("add", (2**63 - 1, 1), "long overflow"),
        ("negate", (-(2**63),), "long overflow"),
        ("negate", ("x",), "a number is required"),
        ("add", ("1", 1), "a number is required"),
        ("number", ("ten",), "Unable to convert [ten] to number of base [10]"),
        ("number", ("1", 99), "[99] is no base of a number"),
        ("number", (1,), "a string is required"),
        ("length", (1,), "a string is required; received [1]"),
        ("substring", ("abc", "1"), "a number is required"),
        ("substring", ("abc", math.inf), "a finite number is required"),
        ("between", ("abc", None, "c"), "a string is required; received [null]"),
        ("between", ("cab", "a", "c", True), "begin is larger than end"),
        ("cidrMatch", ("ten", "10.0.0.0/8"), "'ten' does not appear to be an IPv4 or IPv6 address"),
    ],
)
def test_function_that_fails(function: str, arguments: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        apply(function, arguments)
    assert str(raised.value) == reason


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (9999999.0, "9999999.0"),
        (12345678.9, "1.23456789E7"),
        (-2.5e300, "-2.5E300"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (True, "true"),
        (7, "7"),
    ],
)
def test_text_of_a_value(value: Value, expected: str) -> None:
    assert text(value) == expected
