"""Which events a backend would look at at all: index patterns and the look-back window.

Facts about events that fall out are told in notes; what the events must satisfy is the query's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samefire.engine.events import Document, Events, values_at
from samefire.query.dates import SECOND, resolve
from samefire.query.detection import Scope

MAX_NOTES = 3
"""Events that are named one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The ordinals that a scope leaves (None: all), each event's time, the window (None: open), and notes."""

    ordinals: frozenset[int] | None
    times: Sequence[int | None]
    low: int | None
    high: int | None
    notes: tuple[str, ...]

    def keep(self, ordinals: Sequence[int]) -> list[int]:
        """Those of `ordinals` that are in the frame."""
        if self.ordinals is None:
            return list(ordinals)
        return [ordinal for ordinal in ordinals if ordinal in self.ordinals]


def frame(scope: Scope, events: Events, now: int | None) -> Frame:
    """What `scope` leaves of the events. The look-back counts only when the run has a clock. Raises
    DateError when the look-back is no date math."""
    times = events.times(scope.timestamp_fields)
    low, high = window(scope, now)
    away = outside(scope.index, events)
    notes = _notes(away, ("lies", "lie"), "outside the index patterns")
    left = None if not away else frozenset(range(len(events))) - away.keys()
    if low is not None or high is not None:
        seen = events.times(scope.window_fields) if scope.window_fields else times
        off = {i: _distance(seen[i], low, high) for i in range(len(events)) if i not in away}
        late = {i: why for i, why in off.items() if why}
        left = frozenset(off.keys() - late.keys()) if late or away else None
        notes += _notes(late, ("is", "are"), "not in the look-back window")
    return Frame(left, times, low, high, notes)


def window(scope: Scope, now: int | None) -> tuple[int | None, int | None]:
    """The look-back window in nanoseconds, both ends included; None: open."""
    if now is None or (scope.lookback_from is None and scope.lookback_to is None):
        return None, None
    low = resolve(scope.lookback_from, now, round_up=False) if scope.lookback_from else None
    return low, resolve(scope.lookback_to or "now", now, round_up=True)


def _distance(time: int | None, low: int | None, high: int | None) -> str | None:
    """Why a time is outside the window, or None when it is inside."""
    if time is None:
        return "it has no time"
    if low is not None and time < low:
        return f"older by {duration(low - time)}"
    if high is not None and time > high:
        return f"later than now by {duration(time - high)}"
    return None


def duration(nanos: int) -> str:
    """A span of time in its two largest units: `3m`, `2d4h`, `0s` is written `less than 1s`."""
    seconds = nanos // SECOND
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "less than 1s"


def _notes(found: dict[int, str], verbs: tuple[str, str], where: str) -> tuple[str, ...]:
    """A line for each of the first events (counted from 1), and one for the rest."""
    lines = [f"event {i + 1} {verbs[0]} {where}: {why}" for i, why in list(found.items())[:MAX_NOTES]]
    rest = len(found) - MAX_NOTES
    if rest > 0:
        lines.append(f"{rest} more event{'s' if rest > 1 else ''} {verbs[rest > 1]} {where}")
    return tuple(lines)


def outside(patterns: Sequence[str], events: Events) -> dict[int, str]:
    """The events whose index is known and fits no pattern, with that index."""
    if not patterns:
        return {}
    by_index: dict[str, list[int]] | None = events.facts.get("index")
    if by_index is None:
        by_index = events.facts["index"] = {}
        for ordinal, document in enumerate(events.documents):
            name = index_of(document)
            if name is not None:
                by_index.setdefault(name, []).append(ordinal)
    wanted = index_filter(patterns)
    out = {ordinal: name for name, ordinals in by_index.items() if not wanted(name) for ordinal in ordinals}
    return dict(sorted(out.items()))


_BACKING = re.compile(
    r"(?P<cluster>.*:)?(?:\.ds-(?P<stream>.+)-\d{4}\.\d\d\.\d\d-\d{6}|\.internal(?P<alias>\.alerts-.+)-\d{6})"
)
"""The index behind a data stream, and the one behind the alias of Kibana's alerts."""


def index_of(document: Document) -> str | None:
    """The index or data stream that a document says it lies in (`_index`, or `data_stream.*`); None: it
    does not say."""
    index = _first(document, "_index")
    if index is not None:
        backing = _BACKING.fullmatch(index)
        if backing is None:
            return index
        return f"{backing['cluster'] or ''}{backing['stream'] or backing['alias']}"
    dataset = _first(document, "data_stream.dataset")
    if dataset is None:
        return None
    kind = _first(document, "data_stream.type") or "logs"
    return f"{kind}-{dataset}-{_first(document, 'data_stream.namespace') or 'default'}"


def _first(document: Document, path: str) -> str | None:
    return next((value for value in values_at(document, path) if isinstance(value, str)), None)


def index_filter(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a name is among the patterns: `*` any run, `-x` takes out what patterns before it named,
    `cluster:x` another cluster's."""
    rules = [
        (not p.startswith("-"), _pattern(p.removeprefix("-"))) for one in patterns for p in one.split(",")
    ]

    def wanted(name: str) -> bool:
        inside = False
        for include, fits in rules:
            if fits.fullmatch(name):
                inside = include
        return inside

    return wanted


def _pattern(text: str) -> re.Pattern[str]:
    """An index pattern as an expression without backtracking traps; `{now/d}` of date math is any run."""
    text = (
        re.sub(r"\{[^{}]*(?:\{[^{}]*\})?\}", "*", text.strip().strip("<>")) if "{" in text else text.strip()
    )
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", text))), re.DOTALL)
