"""Functions of multi-values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from samefire.engine.rows.calls import Function, built_whole, whole
from samefire.engine.rows.operators import order_key, within
from samefire.engine.rows.table import Setting, Value, packed, unpacked
from samefire.query.pipeline import Apply


def _on_values(*names: str) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """A function whose first argument is all values; null when there are none."""

    def register(function: Callable[..., Value]) -> Callable[..., Value]:
        def guarded(value: Value, *others: Value) -> Value:
            return None if value is None else function(unpacked(value), *others)

        whole(*names)(guarded)
        return function

    return register


@_on_values("mv_count")
def _count(values: list[Value]) -> int:
    return len(values)


@_on_values("mv_first")
def _first(values: list[Value]) -> Value:
    return values[0]


@_on_values("mv_last")
def _last(values: list[Value]) -> Value:
    return values[-1]


@_on_values("mv_dedupe")
def _dedupe(values: list[Value]) -> Value:
    return packed(list(dict.fromkeys(values)))


@built_whole("mv_min", "mv_max")
def _extreme(call: Apply, setting: Setting) -> Function:
    key = order_key(call.arguments)
    choose = min if call.function == "mv_min" else max
    return lambda value: None if value is None else choose(unpacked(value), key=key)


@built_whole("mv_sort")
def _sort(call: Apply, setting: Setting) -> Function:
    key = order_key(call.arguments[:1])

    def ordered(value: Value, order: str = "asc") -> Value:
        down = str(order).lower() == "desc"
        return None if value is None else packed(sorted(unpacked(value), key=key, reverse=down))

    return ordered


@built_whole("mv_sum")
def _sum(call: Apply, setting: Setting) -> Function:
    return _numeric(call, setting, lambda values: within(total(values), call.type))


@built_whole("mv_avg")
def _avg(call: Apply, setting: Setting) -> Function:
    return _numeric(call, setting, lambda values: float(total(values)) / len(values))


@built_whole("mv_median")
def _median(call: Apply, setting: Setting) -> Function:
    return _numeric(call, setting, lambda values: _as(call.type, middle(values, call.type)))


@built_whole("mv_median_absolute_deviation")
def _deviation(call: Apply, setting: Setting) -> Function:
    def work(values: list[Any]) -> Any:
        centre = middle(values, call.type)
        return middle([abs(v - centre) for v in values], call.type)

    return _numeric(call, setting, work)


def _as(kind: str, value: Any) -> Any:
    return float(value) if kind == "double" else value


def _numeric(call: Apply, setting: Setting, work: Callable[[list[Any]], Any]) -> Function:
    """A function of all numbers; a result that the type does not hold is null, with a warning."""

    def safely(value: Value) -> Value:
        if value is None:
            return None
        try:
            return work(unpacked(value))
        except (ValueError, OverflowError) as error:
            setting.warn(call.shown, str(error))
            return None

    return safely


def total(values: list[Any]) -> int | float:
    """The sum; of doubles without the loss that adding one by one has."""
    return sum(values) if all(isinstance(v, int) for v in values) else math.fsum(values)


def middle(values: list[Any], kind: str) -> Any:
    """The median; between two whole numbers the one below."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    both = ordered[half - 1] + ordered[half]
    return both / 2 if kind == "double" else both // 2


@built_whole("mv_percentile")
def _percentile(call: Apply, setting: Setting) -> Function:
    def work(value: Value, share: Value) -> Value:
        if value is None or share is None or type(share) is list:
            return None
        try:
            found = percentile(unpacked(value), share)
        except ValueError as error:
            setting.warn(call.shown, str(error))
            return None
        return found if call.type == "double" else int(found)

    return work


@whole("mv_pseries_weighted_sum")
def _weighted(value: Value, power: Value) -> Value:
    """Each value divided by its place to a power, added up."""
    if value is None or power is None or type(power) is list:
        return None
    return math.fsum(one / place**power for place, one in enumerate(unpacked(value), 1))


def percentile(values: list[Any], share: float) -> float:
    """The value below which `share` percent lie, between neighbours by proportion."""
    ordered = sorted(values)
    if not 0 <= share <= 100:
        raise ValueError("Percentile parameter must be a number between 0 and 100")
    place = share / 100 * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


@whole("mv_concat")
def _concat(value: Value, separator: Value) -> Value:
    if value is None or separator is None or type(separator) is list:
        return None
    return str(separator).join(unpacked(value))


@whole("mv_append")
def _append(first: Value, second: Value) -> Value:
    return None if first is None or second is None else unpacked(first) + unpacked(second)


@whole("mv_slice")
def _slice(value: Value, start: Value, end: Value = None) -> Value:
    """The values from `start` to `end`, both included and counted from 0 (negative: from the end)."""
    if value is None or start is None:
        return None
    values = unpacked(value)
    size = len(values)
    first = start if start >= 0 else size + start
    last = first if end is None else end if end >= 0 else size + end
    return packed(values[max(first, 0) : last + 1]) if last >= 0 else None


@whole("mv_zip")
def _zip(first: Value, second: Value, separator: Value = ",") -> Value:
    if first is None and second is None:
        return None
    left, right = unpacked(first), unpacked(second)
    size = max(len(left), len(right))
    pairs = ((v[i] for v in (left, right) if i < len(v)) for i in range(size))
    return packed([str(separator).join(pair) for pair in pairs])


@whole("mv_contains")
def _contains(value: Value, part: Value) -> bool:
    """Whether all values of the second are among the first; nothing is among everything."""
    have = set(unpacked(value))
    return all(one in have for one in unpacked(part))


@whole("mv_intersects")
def _intersects(first: Value, second: Value) -> bool:
    return not set(unpacked(first)).isdisjoint(unpacked(second))


@whole("mv_intersection")
def _intersection(first: Value, second: Value) -> Value:
    have = set(unpacked(second))
    return packed([one for one in dict.fromkeys(unpacked(first)) if one in have])


@whole("mv_union")
def _union(first: Value, second: Value) -> Value:
    return packed(list(dict.fromkeys(unpacked(first) + unpacked(second))))
