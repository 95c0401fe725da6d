"""Kibana's rule types that look at more than one event: threshold, new terms, indicator match, anomalies.

How each counts alerts was read in Kibana's executors; see docs/decisions/0041. Which events satisfy the
query is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Any

from samefire.engine.alerts import Alert
from samefire.engine.events import Events, Scalar
from samefire.engine.values import address, number, text
from samefire.query.detection import IndicatorEntry, IndicatorMatch, NewTerms, Threshold

MAX_COMBINATIONS = 10_000
"""Buckets that one event with many array values may fall into."""

Keys = tuple[Scalar, ...]


def buckets(
    fields: Sequence[str], events: Events, ordinals: Sequence[int]
) -> dict[Any, tuple[Keys, list[int]]]:
    """Events by their values of `fields`, as a composite aggregation makes them: an event is in a bucket for
    each combination of its values, and in none when it lacks a field."""
    if len(ordinals) * 4 > len(events):
        events.read(fields)
    found: dict[Any, tuple[Keys, list[int]]] = {}
    for ordinal in ordinals:
        for keys in combinations([events.values(ordinal, field) for field in fields]):
            same = tuple(map(text, keys))
            found.setdefault(same, (keys, []))[1].append(ordinal)
    return found


def combinations(values: Sequence[Sequence[Scalar]]) -> Iterator[Keys]:
    """Every combination of distinct values, one of each field."""
    distinct = [list({text(value): value for value in some}.values()) for some in values]
    for count, keys in enumerate(product(*distinct)):
        if count >= MAX_COMBINATIONS:
            return
        yield keys


def threshold(body: Threshold, events: Events, ordinals: Sequence[int]) -> list[Alert]:
    """One alert a bucket with enough events, and enough distinct values of the (one) cardinality field;
    buckets in order of their keys."""
    if not body.fields:
        groups: list[tuple[Keys, list[int]]] = [((), list(ordinals))]
    else:
        found = buckets(body.fields, events, ordinals)
        groups = [found[same] for same in sorted(found)]
    return [
        Alert(tuple(members), keys)
        for keys, members in groups
        if len(members) >= body.value and _varied(body, events, members)
    ]


def _varied(body: Threshold, events: Events, members: Sequence[int]) -> bool:
    for field, minimum in body.cardinality[:1]:
        if len({text(value) for ordinal in members for value in events.values(ordinal, field)}) < minimum:
            return False
    return True


def new_terms(
    body: NewTerms,
    events: Events,
    ordinals: Sequence[int],
    seen: Callable[[Keys], bool],
    times: Sequence[int | None],
) -> list[Alert]:
    """One alert for each combination of values that was not seen before, with its oldest event."""
    found = buckets(body.fields, events, ordinals)
    alerts = []
    for same in sorted(found):
        keys, members = found[same]
        if not seen(keys):
            alerts.append(Alert((oldest(members, times),), keys))
    return alerts


def oldest(ordinals: Iterable[int], times: Sequence[int | None]) -> int:
    """The event with the earliest time; events without a time come last."""
    return min(ordinals, key=lambda i: (times[i] is None, times[i] or 0, i))


# ---- indicator match --------------------------------------------------------------------------------


class Indicators:
    """Threat documents, found by the value of a field."""

    def __init__(self, events: Events, ordinals: Sequence[int]) -> None:
        self.events = events
        self.ordinals = ordinals
        self._index: dict[str, dict[str, list[int]]] = {}

    def with_value(self, field: str, value: Scalar) -> Sequence[int]:
        """The documents that hold the value in the field."""
        index = self._index.get(field)
        if index is None:
            index = self._index[field] = {}
            column = self.events.column(field)
            for ordinal in self.ordinals:
                for same in {_same(v) for v in column[ordinal]}:
                    index.setdefault(same, []).append(ordinal)
        return index.get(_same(value), ())


def _same(value: Scalar) -> str:
    """What a value is compared by: its text, an IPv6 address in any spelling."""
    string = text(value)
    if ":" in string and (found := address(string)) is not None:
        return f"ip:{found:x}"
    return string


def indicator_match(
    body: IndicatorMatch, events: Events, ordinals: Sequence[int], indicators: Indicators
) -> list[Alert]:
    """One alert for each event that satisfies some group of the mapping with one and the same indicator."""
    return [
        Alert((i,)) for i in ordinals if any(_group_holds(g, events, i, indicators) for g in body.mapping)
    ]


def _group_holds(
    group: Sequence[IndicatorEntry], events: Events, ordinal: int, indicators: Indicators
) -> bool:
    """All entries hold with one indicator. A group of only negated entries never holds (Kibana refuses it)."""
    lead = next((entry for entry in group if not entry.negate), None)
    if lead is None:
        return False
    for value in events.values(ordinal, lead.field):
        for threat in indicators.with_value(lead.value, value):
            if all(_entry_holds(entry, events, ordinal, indicators, threat, len(group)) for entry in group):
                return True
    return False


def _entry_holds(
    entry: IndicatorEntry, events: Events, ordinal: int, indicators: Indicators, threat: int, size: int
) -> bool:
    """One entry of a mapping. An indicator with several values in a field is no match for an entry of a group,
    and nothing that a negated entry asks about; for an entry that stands alone its first value counts."""
    wanted = [_same(v) for v in indicators.events.column(entry.value)[threat]]
    values = {_same(v) for v in events.values(ordinal, entry.field)}
    if entry.negate:
        return bool(values) if not wanted else len(wanted) > 1 or wanted[0] not in values
    if size > 1 and len(wanted) != 1:
        return False
    return bool(wanted) and wanted[0] in values


# ---- anomalies --------------------------------------------------------------------------------------


def anomalies(jobs: Sequence[str], score: float, events: Events) -> list[int]:
    """The anomaly records of the jobs that score enough and are final, the highest scores first."""
    wanted = None if not jobs or tuple(jobs) == ("*",) else set(jobs)
    found = [
        (record, ordinal)
        for ordinal, names, record in _records(events)
        if record >= score and (wanted is None or wanted & names)
    ]
    return [ordinal for _, ordinal in sorted(found, key=lambda pair: -pair[0])]


def _records(events: Events) -> list[tuple[int, frozenset[str], float]]:
    """The final anomaly records: ordinal, job ids and score; worked out once for all rules."""
    known: list[tuple[int, frozenset[str], float]] | None = events.facts.get("anomalies")
    if known is None:
        events.read(["result_type", "is_interim"])
        known = events.facts["anomalies"] = []
        rows = zip(events.column("result_type"), events.column("is_interim"), strict=True)
        for ordinal, (kinds, interim) in enumerate(rows):
            if "record" in kinds and (False in interim or "false" in interim):
                names = frozenset(map(text, events.values(ordinal, "job_id")))
                scores = [n for v in events.values(ordinal, "record_score") if (n := number(v)) is not None]
                if scores:
                    known.append((ordinal, names, max(map(float, scores))))
    return known
