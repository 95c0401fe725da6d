"""Aggregates: the values of a group of rows as one value. Null values count for nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from samefire.engine.rows.calls import Refusal
from samefire.engine.rows.lists import percentile, total
from samefire.engine.rows.operators import order_key, within
from samefire.engine.rows.table import Setting, Value, packed, unpacked
from samefire.query.pipeline import Literal, Reduction

Rows = Sequence[int]
Reducer = Callable[[Rows], Value]


def reducer(reduction: Reduction, columns: list[list[Value]], setting: Setting) -> Reducer:
    """A function of the rows of a group. `columns` are the arguments, row by row. Raises Refusal."""
    name = reduction.function
    if name == "count":
        return _count(columns)
    if name in _OF_ROWS:
        return _OF_ROWS[name](reduction, columns)
    made = _OF_VALUES.get(name)
    if made is None:
        raise Refusal(f"samefire does not run the aggregate {name.upper()}")
    function = made(reduction)
    column = columns[0]

    def work(rows: Rows) -> Value:
        found = [value for row in rows if (cell := column[row]) is not None for value in unpacked(cell)]
        try:
            return function(found)
        except (ValueError, OverflowError, ArithmeticError) as error:
            setting.warn(name.upper(), str(error))
            return None

    return work


def _count(columns: list[list[Value]]) -> Reducer:
    """Rows, or values of a column."""
    if not columns:
        return len
    column = columns[0]
    return lambda rows: sum(len(unpacked(column[row])) for row in rows)


# ---- of all values --------------------------------------------------------------------------------------

Maker = Callable[[Reduction], Callable[[list[Any]], Value]]


def _extreme(reduction: Reduction) -> Callable[[list[Any]], Value]:
    key = order_key(reduction.arguments)
    choose = max if reduction.function == "max" else min
    return lambda values: choose(values, key=key) if values else None


def _sum(reduction: Reduction) -> Callable[[list[Any]], Value]:
    return lambda values: within(total(values), reduction.type) if values else None


def _avg(reduction: Reduction) -> Callable[[list[Any]], Value]:
    return lambda values: float(total(values)) / len(values) if values else None


def _values(reduction: Reduction) -> Callable[[list[Any]], Value]:
    return lambda values: packed(list(dict.fromkeys(values)))


def _percentile(reduction: Reduction) -> Callable[[list[Any]], Value]:
    share = 50 if reduction.function == "median" else _constant(reduction, 1)
    return lambda values: percentile(values, share) if values else None


def _deviation(reduction: Reduction) -> Callable[[list[Any]], Value]:
    def work(values: list[Any]) -> Value:
        if not values:
            return None
        centre = percentile(values, 50)
        return percentile([abs(v - centre) for v in values], 50)

    return work


def _spread(reduction: Reduction) -> Callable[[list[Any]], Value]:
    """The variance of all values, or its root."""

    def work(values: list[Any]) -> Value:
        if not values:
            return None
        mean = math.fsum(values) / len(values)
        variance = math.fsum((v - mean) ** 2 for v in values) / len(values)
        return variance if reduction.function == "variance" else math.sqrt(variance)

    return work


def _top(reduction: Reduction) -> Callable[[list[Any]], Value]:
    count = _constant(reduction, 1)
    order = _constant(reduction, 2) if len(reduction.arguments) > 2 else "asc"
    key = order_key(reduction.arguments[:1])
    down = str(order).lower() == "desc"
    return lambda values: packed(sorted(values, key=key, reverse=down)[: int(count)])


def _constant(reduction: Reduction, place: int) -> Any:
    argument = reduction.arguments[place]
    if not isinstance(argument, Literal):
        raise Refusal(f"an argument of {reduction.function.upper()} has to be a constant")
    return argument.value


_OF_VALUES: dict[str, Maker] = {
    "absent": lambda _: lambda values: not values,
    "avg": _avg,
    "count_distinct": lambda _: lambda values: len(set(values)),
    "max": _extreme,
    "median": _percentile,
    "median_absolute_deviation": _deviation,
    "min": _extreme,
    "percentile": _percentile,
    "present": lambda _: bool,
    "std_dev": _spread,
    "sum": _sum,
    "top": _top,
    "values": _values,
    "variance": _spread,
}


# ---- of rows --------------------------------------------------------------------------------------------


def _by_time(reduction: Reduction, columns: list[list[Value]]) -> Reducer:
    """FIRST and LAST: the value of the row with the smallest or greatest key."""
    column = columns[0]
    keys = columns[1] if len(columns) > 1 else list(range(len(column)))
    choose = min if reduction.function == "first" else max

    def work(rows: Rows) -> Value:
        having = [r for r in rows if column[r] is not None and keys[r] is not None]
        if not having:
            return None
        return column[choose(having, key=lambda r: _edge(keys[r], choose))]

    return work


def _edge(key: Value, choose: Callable[..., Any]) -> Any:
    return choose(key) if type(key) is list else key


def _weighted(reduction: Reduction, columns: list[list[Value]]) -> Reducer:
    numbers, weights = columns

    def work(rows: Rows) -> Value:
        pairs = [(numbers[r], weights[r]) for r in rows if numbers[r] is not None and weights[r] is not None]
        plain = [(n, w) for n, w in pairs if type(n) is not list and type(w) is not list]
        weight = math.fsum(w for _, w in plain)
        return math.fsum(n * w for n, w in plain) / weight if weight else None

    return work


_OF_ROWS: dict[str, Callable[[Reduction, list[list[Value]]], Reducer]] = {
    "first": _by_time,
    "last": _by_time,
    "weighted_avg": _weighted,
}
