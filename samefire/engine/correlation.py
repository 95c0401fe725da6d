"""Sigma correlations over events that their rules have matched.

Windows slide and are closed: an event exactly `timespan` after another one is in its window. A condition
is looked at whenever something new has happened, over the window that ends there; nothing is asked of a
time at which nothing happened. An alert is the first window that satisfies the condition; the next alert
of the same group starts with an event more than `timespan` after the first event of that window.
What single events match is the caller's.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, islice, product
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from samefire.engine.alerts import Alert
from samefire.query.detection import Body, Correlation, CorrelationType
from samefire.query.expressions import Clause, clauses

MILLISECOND = 1_000_000
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
    "eq": eq,
    "neq": ne,
}
_TEMPORAL = (CorrelationType.TEMPORAL, CorrelationType.TEMPORAL_ORDERED)
MAX_KEYS = 256
"""Combinations of list values of one event that are told apart as groups."""

Keys = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """How events are asked. `hits`: ordinals that satisfy a body that is no correlation. `value`: what a
    field holds (a scalar, a list, or None). `time`: nanoseconds since the epoch, None when there is none."""

    hits: Callable[[Body], Sequence[int]]
    value: Callable[[int, str], Any]
    time: Callable[[int], int | None]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that happened: the event `ordinal`, which rule number `rule` matched, or an alert of a nested
    correlation that was complete with that event: then `parts` are its hits and `known` its group values."""

    time: int
    ordinal: int
    rule: int
    parts: Sequence[Hit] = ()
    known: tuple[tuple[str, Any], ...] = ()

    @property
    def ordinals(self) -> Iterator[int]:
        """The events behind it."""
        if not self.parts:
            yield self.ordinal
        for part in self.parts:
            yield from part.ordinals


class Slice(Sequence[Hit]):
    """Neighbours in a list that does not change, without a copy."""

    __slots__ = ("_high", "_hits", "_low")

    def __init__(self, hits: Sequence[Hit], low: int, high: int) -> None:
        self._hits, self._low, self._high = hits, low, high

    def __len__(self) -> int:
        return self._high - self._low

    def __getitem__(self, at: Any) -> Any:
        return (
            self._hits[self._low : self._high][at] if isinstance(at, slice) else self._hits[self._place(at)]
        )

    def _place(self, at: int) -> int:
        place = self._low + at if at >= 0 else self._high + at
        if not self._low <= place < self._high:
            raise IndexError(at)
        return place


@dataclass(frozen=True, slots=True)
class Window:
    """A window in which the condition held: the hits that made it hold, by time."""

    hits: Sequence[Hit]

    @property
    def start(self) -> int:
        return self.hits[0].time

    @property
    def end(self) -> int:
        return self.hits[-1].time

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands among others: by the hit that completes it."""
        return self.hits[-1].time, self.hits[-1].ordinal


def run(body: Correlation, events: Events) -> list[Alert]:
    """The alerts of a correlation in order of time; `keys` are the values of `group_by`."""
    found = [(window, keys) for keys, windows in _groups(body, events) for window in _apart(body, windows)]
    found.sort(key=lambda pair: pair[0].place)
    return [Alert(_ordinals(window.hits), keys) for window, keys in found]


def _ordinals(hits: Iterable[Hit]) -> tuple[int, ...]:
    """The events behind hits, each once, in order of happening."""
    return tuple(dict.fromkeys(ordinal for hit in hits for ordinal in hit.ordinals))


def _apart(body: Correlation, windows: Iterable[Window]) -> Iterator[Window]:
    """Windows that do not overlap, the earliest first."""
    span = body.timespan * MILLISECOND
    until = None
    for window in windows:
        if until is None or window.start > until:
            yield window
            until = window.start + span


# ---- hits and groups --------------------------------------------------------------------------------


def _groups(body: Correlation, events: Events) -> Iterator[tuple[Keys, Iterator[Window]]]:
    """Each group of hits by its values, with the windows in which the condition holds."""
    parts: dict[Keys, list[tuple[Hit, Keys]]] = defaultdict(list)
    for hit in _hits(body, events):
        for keys in _keys(body, hit, events):
            parts[tuple(map(_same, keys))].append((hit, keys))
    for part in parts.values():
        yield part[0][1], _windows(body, [hit for hit, _ in part], events)


def _hits(body: Correlation, events: Events) -> list[Hit]:
    """All hits of all rules by time; an event that several rules match is a hit of each."""
    found: list[Hit] = []
    for number, (_, rule) in enumerate(body.rules):
        if isinstance(rule, Correlation):
            found.extend(_nested(number, rule, events, completions=body.type in _TEMPORAL))
            continue
        for ordinal in events.hits(rule):
            time = events.time(ordinal)
            if time is not None:
                found.append(Hit(time, ordinal, number))
    found.sort(key=lambda hit: (hit.time, hit.ordinal, hit.rule))
    return found


def _nested(number: int, body: Correlation, events: Events, *, completions: bool) -> Iterator[Hit]:
    """Alerts of a nested correlation as hits at the time they are complete. A temporal correlation asks
    whether there was one, so every completion counts; the others count alerts."""
    for keys, windows in _groups(body, events):
        known = tuple(zip(body.group_by, keys, strict=True))
        for window in windows if completions else _apart(body, windows):
            yield Hit(window.end, window.hits[-1].ordinal, number, window.hits, known)


def _keys(body: Correlation, hit: Hit, events: Events) -> Iterator[Keys]:
    """The groups that a hit belongs to: one for each value when a field holds several, none when a field
    is missing. A nested alert that is not grouped by a field belongs to the groups of all its events."""
    yield from islice(_combinations(body, hit, body.group_by, events), MAX_KEYS)


def _combinations(body: Correlation, hit: Hit, names: Sequence[str], events: Events) -> Iterator[Keys]:
    """What the named fields hold, each different combination once."""
    known = dict(hit.known)
    settled = all(name in known for name in names)
    seen: set[Keys] = set()
    for ordinal in (hit.ordinal,) if settled else hit.ordinals:
        values = [
            [known[name]] if name in known else _scalars(events.value(ordinal, _field(body, hit, name)))
            for name in names
        ]
        for keys in product(*values):
            same = tuple(map(_same, keys))
            if same not in seen:
                seen.add(same)
                yield keys


def _field(body: Correlation, hit: Hit, name: str) -> str:
    """The field that a group name, or an alias, means in the events of the hit's rule."""
    rule = body.rules[hit.rule][0]
    for alias, pairs in body.aliases:
        if alias == name:
            return dict(pairs).get(rule, name)
    return name


def _scalars(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [one for part in value for one in _scalars(part)]
    return [] if value is None or isinstance(value, dict) else [value]


def _same(value: Any) -> str:
    """Values are the same when their texts are: 80 and "80"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# ---- windows ----------------------------------------------------------------------------------------


def _windows(body: Correlation, hits: list[Hit], events: Events) -> Iterator[Window]:
    """The windows of one group in which the condition holds, by the time they end."""
    if body.type not in _TEMPORAL:
        return _aggregated(body, hits, events)
    if body.expression is None and body.condition:
        return _counted_rules(body, hits)
    every = [(frozenset(name for name, _ in body.rules), frozenset[str]())]
    found = every if body.expression is None else clauses(body.expression)
    parts = [_clause(body, clause, hits) for clause in found]
    return iter(sorted((w for part in parts for w in part), key=lambda window: window.place))


def _moments(hits: Sequence[Hit], span: int) -> Iterator[tuple[Slice, Slice, Slice]]:
    """Each time at which something happens: hits that come in, hits that go out, hits in the window."""
    low = high = 0
    while high < len(hits):
        first, before, time = high, low, hits[high].time
        while high < len(hits) and hits[high].time == time:
            high += 1
        while hits[low].time < time - span:
            low += 1
        yield Slice(hits, first, high), Slice(hits, before, low), Slice(hits, low, high)


def _holds(body: Correlation, value: Any) -> bool:
    return value is not None and all(_OPERATORS[name](value, number) for name, number in body.condition)


def _clause(body: Correlation, clause: Clause, hits: list[Hit]) -> Iterator[Window]:
    """Windows with hits of all wanted rules and, however the window is laid over them, of no unwanted one."""
    wanted, unwanted = clause
    span = body.timespan * MILLISECOND
    numbers = [n for n, (name, _) in enumerate(body.rules) if name in wanted]
    absent = {n for n, (name, _) in enumerate(body.rules) if name in unwanted}
    bad = [hit.time for hit in hits if hit.rule in absent]
    own = [hit for hit in hits if hit.rule in numbers]
    search = _chains if body.type is CorrelationType.TEMPORAL_ORDERED else _sets
    for window in search(numbers, own, span):
        at = bisect_left(bad, window.end - span)
        if at == len(bad) or bad[at] > window.start + span:
            yield window


def _sets(numbers: Sequence[int], hits: Sequence[Hit], span: int) -> Iterator[Window]:
    """Windows with a hit of each rule, in any order: the latest hit of each."""
    latest: dict[int, Hit] = {}
    for new, _, _ in _moments(hits, span):
        for hit in new:
            latest[hit.rule] = hit
        if len(latest) == len(numbers):
            chosen = sorted(latest.values(), key=lambda hit: (hit.time, hit.ordinal, hit.rule))
            if chosen[-1].time - chosen[0].time <= span:
                yield Window(chosen)


def _chains(numbers: Sequence[int], hits: Sequence[Hit], span: int) -> Iterator[Window]:
    """Hits of the rules one after another, each another event; the chain that starts latest."""
    chains: list[tuple[Hit, ...] | None] = [None] * len(numbers)
    places = {number: place for place, number in enumerate(numbers)}
    for _, together in groupby(hits, key=lambda hit: (hit.time, hit.ordinal)):
        for hit in sorted(together, key=lambda hit: -hit.rule):
            place = places[hit.rule]
            before = chains[place - 1] if place else ()
            if before is None or (before and hit.time - before[0].time > span):
                continue
            if place + 1 == len(numbers):
                yield Window((*before, hit))
            chains[place] = (*before, hit)


def _counted_rules(body: Correlation, hits: list[Hit]) -> Iterator[Window]:
    """temporal with a number: how many different rules have hits in the window (in order, when ordered)."""
    ordered = body.type is CorrelationType.TEMPORAL_ORDERED
    count: Counter[int] = Counter()
    for new, old, window in _moments(hits, body.timespan * MILLISECOND):
        count.update(hit.rule for hit in new)
        count.subtract(hit.rule for hit in old)
        value = _longest(window, len(body.rules)) if ordered else sum(n > 0 for n in count.values())
        if _holds(body, value):
            yield Window(window)


def _longest(hits: Iterable[Hit], rules: int) -> int:
    """The most rules that have hits one after another in the order of the rules."""
    best = [0] * rules
    for _, together in groupby(hits, key=lambda hit: (hit.time, hit.ordinal)):
        for hit in sorted(together, key=lambda hit: -hit.rule):
            best[hit.rule] = max(best[hit.rule], 1 + max(best[: hit.rule], default=0))
    return max(best, default=0)


# ---- numbers over a window --------------------------------------------------------------------------


def _aggregated(body: Correlation, hits: list[Hit], events: Events) -> Iterator[Window]:
    """event_count and the value types. An event counts once however many rules match it."""
    aggregate = _AGGREGATES[body.type](body)
    for new, old, window in _moments(_distinct(hits), body.timespan * MILLISECOND):
        for hit in new:
            aggregate.add(_values(body, hit, events))
        for hit in old:
            aggregate.remove(_values(body, hit, events))
        if _holds(body, aggregate.value()):
            yield Window(window)


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """The same event only once; alerts of nested correlations are all different."""
    kept: dict[int, Hit] = {}
    for hit in hits:
        kept.setdefault(id(hit) if hit.parts else -1 - hit.ordinal, hit)
    return list(kept.values())


def _values(body: Correlation, hit: Hit, events: Events) -> list[Keys]:
    """What the hit's fields hold: tuples, one for each combination; none when a field is missing."""
    return list(_combinations(body, hit, body.value_field, events)) if body.value_field else []


class _Count:
    """event_count: hits in the window."""

    def __init__(self, body: Correlation) -> None:
        self.count = 0

    def add(self, values: list[Keys]) -> None:
        self.count += 1

    def remove(self, values: list[Keys]) -> None:
        self.count -= 1

    def value(self) -> float | None:
        return self.count


class _Distinct:
    """value_count: different values (tuples, for several fields)."""

    def __init__(self, body: Correlation) -> None:
        self.counts: dict[tuple[str, ...], int] = {}

    def add(self, values: list[Keys]) -> None:
        for keys in values:
            same = tuple(map(_same, keys))
            self.counts[same] = self.counts.get(same, 0) + 1

    def remove(self, values: list[Keys]) -> None:
        for keys in values:
            same = tuple(map(_same, keys))
            self.counts[same] -= 1
            if not self.counts[same]:
                del self.counts[same]

    def value(self) -> float | None:
        return len(self.counts)


class _Sum:
    """value_sum, value_avg: exact, so that what goes out leaves nothing behind."""

    def __init__(self, body: Correlation) -> None:
        self.total: Fraction | int = 0
        self.count = 0
        self.average = body.type is CorrelationType.VALUE_AVG

    def add(self, values: list[Keys]) -> None:
        for number in _numbers(values):
            self.total += number if isinstance(number, int) else Fraction(number)
            self.count += 1

    def remove(self, values: list[Keys]) -> None:
        for number in _numbers(values):
            self.total -= number if isinstance(number, int) else Fraction(number)
            self.count -= 1

    def value(self) -> Any:
        if not self.count:
            return None
        return Fraction(self.total) / self.count if self.average else self.total


class _Percentile:
    """value_percentile and value_median: between two values, in proportion (linear interpolation)."""

    def __init__(self, body: Correlation) -> None:
        given = body.percentile if body.type is CorrelationType.VALUE_PERCENTILE else None
        self.rank = (50.0 if given is None else given) / 100
        self.numbers: list[int | float] = []

    def add(self, values: list[Keys]) -> None:
        for number in _numbers(values):
            insort(self.numbers, number)

    def remove(self, values: list[Keys]) -> None:
        for number in _numbers(values):
            del self.numbers[bisect_right(self.numbers, number) - 1]

    def value(self) -> float | None:
        if not self.numbers:
            return None
        place = self.rank * (len(self.numbers) - 1)
        low, high = self.numbers[math.floor(place)], self.numbers[math.ceil(place)]
        return low if low == high else low + (high - low) * (place - math.floor(place))


_Aggregate = _Count | _Distinct | _Sum | _Percentile
_AGGREGATES: dict[CorrelationType, Callable[[Correlation], _Aggregate]] = {
    CorrelationType.EVENT_COUNT: _Count,
    CorrelationType.VALUE_COUNT: _Distinct,
    CorrelationType.VALUE_SUM: _Sum,
    CorrelationType.VALUE_AVG: _Sum,
    CorrelationType.VALUE_PERCENTILE: _Percentile,
    CorrelationType.VALUE_MEDIAN: _Percentile,
}


_MOST = 1e300


def _numbers(values: Iterable[Keys]) -> Iterator[int | float]:
    """The values that are numbers, or strings that hold one."""
    for (value,) in values:
        if isinstance(value, str):
            try:
                value = float(value) if len(value) <= 400 else math.nan
            except ValueError:
                continue
        if isinstance(value, int | float) and not isinstance(value, bool) and -_MOST <= value <= _MOST:
            yield value
