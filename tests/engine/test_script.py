"""Scripts over the values of an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from samefire.engine.script import doc_values, evaluate, holds
from samefire.query.ast import Call, Constant, Expression, FieldValue, Fold

N = FieldValue("n", "long")
S = FieldValue("s", "keyword")


def read(values: Mapping[str, Sequence[Any]]) -> Any:
    return lambda path: values.get(path, ())


def call(function: str, *arguments: Expression, fold: Fold = Fold.NONE) -> Call:
    return Call(function, arguments, fold)


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        (call("gt", N, Constant(3)), {"n": [1, 5]}, True),
        (call("gt", N, Constant(3)), {}, False),
        (call("isNull", call("gt", N, Constant(3))), {}, True),
        (call("isNull", call("gt", N, Constant(3))), {"n": [1]}, False),
        (call("eq", call("add", N, N), Constant(3)), {"n": [1, 2]}, False),
        (call("eq", call("divide", Constant(6), N), Constant(3)), {"n": [0, 2]}, True),
        (call("eq", call("concat", S, N), Constant("b2")), {"s": ["a", "b"], "n": [1, 2]}, True),
        (call("like", S, Constant("a*c")), {"s": ["abc"]}, True),
        (call("like", S, Constant("a*c")), {"s": ["a\nc"]}, False),
        (call("like", S, Constant("A?C"), fold=Fold.UNICODE), {"s": ["abc"]}, True),
        (call("like", S, Constant("a.c")), {"s": ["abc"]}, False),
        (call("regex", S, Constant("a|bc")), {"s": ["abc"]}, False),
        (call("regex", S, Constant("[a-c]+")), {"s": ["abc"]}, True),
        (call("regex", S, Constant("(?=a)abc")), {"s": ["abc"]}, False),
        (call("not", call("like", S, Constant("x"))), {}, False),
    ],
)
def test_holds(expression: Expression, values: dict[str, list[Any]], expected: bool) -> None:
    assert holds(expression, read(values)) is expected


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("long", [3, "2", 2.9, "x", True], [2, 3]),
        ("double", [1, "0.5"], [0.5, 1.0]),
        ("boolean", ["true", False, 3], [False, True]),
        ("keyword", ["b", 1, True, "a", "a"], ["1", "a", "b", "true"]),
        ("date", [0, "2024-05-01"], ["1970-01-01T00:00:00.000Z", "2024-05-01T00:00:00.000Z"]),
        ("dynamic", [2, "x", 1], [1, 2, "x"]),
    ],
)
def test_doc_values(kind: str, values: list[Any], expected: list[Any]) -> None:
    assert doc_values(FieldValue("f", kind), values) == expected


def test_evaluate_takes_the_first_value() -> None:
    assert evaluate(call("add", N, Constant(1)), read({"n": [5, 2]})) == 3
    assert evaluate(N, read({})) is None
