"""EQL sequences: hits of stages, joined by keys and time, as Elasticsearch's state machine joins them.

`match_sequences` is the machine alone, over hits that are given. `run_sequence` makes the hits from events.
Each stage of each key keeps candidates; a hit of the next stage takes the latest one before it, and all older
ones are dropped with it, even when the candidate then proves too old or was ended by `until`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from samefire.engine.events import Events
from samefire.engine.joinkeys import JoinKey, join_keys
from samefire.engine.limits import limited
from samefire.query import detection

MILLISECOND = 1_000_000
EMPTY = -1
"""The slot of a missing event."""


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """An event that satisfies a stage. Hits are ordered by time (nanoseconds), then the tiebreaker (those
    without one last), then the place in the index. `key` does not count for the order."""

    time: int
    tiebreaker: tuple[int, Any]
    event: int
    key: JoinKey = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """A sequence: one event a stage (`EMPTY`: a missing event that is missing), and what they share."""

    events: tuple[int, ...]
    key: JoinKey = ()


@dataclass(slots=True)
class _Candidate:
    """A sequence on its way: the hits so far, of the stages that are there."""

    hits: list[Hit]

    @property
    def last(self) -> Hit:
        return self.hits[-1]


@dataclass(frozen=True, slots=True)
class Machine:
    """What a sequence asks of its hits. `missing[i]`: stage i must not happen. `maxspan` in nanoseconds;
    None: unlimited."""

    missing: tuple[bool, ...]
    maxspan: int | None = None

    def too_long(self, first: Hit, last: Hit) -> bool:
        return self.maxspan is not None and last.time - first.time > self.maxspan


def match_sequences(
    machine: Machine, stages: Sequence[Iterable[Hit]], until: Iterable[Hit] = ()
) -> list[Match]:
    """The sequences that complete, in the order in which they do. `stages` are the hits of each stage."""
    there = [i for i, absent in enumerate(machine.missing) if not absent]
    positives = [sorted(stages[i]) for i in there]
    ends = _by_key(until)
    waiting: list[dict[JoinKey, list[_Candidate]]] = [{} for _ in there]
    done: list[tuple[Hit, _Candidate]] = []
    for place, hits in enumerate(positives):
        for hit in hits:
            moved = _Candidate([hit]) if place == 0 else _advance(machine, waiting[place - 1], hit, ends)
            if moved is None:
                continue
            if place == len(there) - 1:
                done.append((hit, moved))
            else:
                waiting[place].setdefault(hit.key, []).append(moved)
    done.sort(key=lambda pair: pair[0])
    absent = {i: _by_key(stages[i]) for i, gone in enumerate(machine.missing) if gone}
    kept = [found for _, found in done if not absent or _nothing_between(machine, there, found, absent)]
    return [_match(machine, there, found) for found in kept]


def _by_key(hits: Iterable[Hit]) -> dict[JoinKey, list[Hit]]:
    found: dict[JoinKey, list[Hit]] = {}
    for hit in hits:
        insort(found.setdefault(hit.key, []), hit)
    return found


def _advance(
    machine: Machine,
    waiting: dict[JoinKey, list[_Candidate]],
    hit: Hit,
    ends: dict[JoinKey, list[Hit]],
) -> _Candidate | None:
    """The candidate that `hit` moves on, or None. It is taken from those that wait in any case."""
    group = waiting.get(hit.key)
    if not group:
        return None
    before = bisect_left(group, hit, key=lambda c: c.last)
    if before == 0:
        return None
    found = group[before - 1]
    del group[:before]
    if machine.too_long(found.hits[0], hit) or ended(ends.get(hit.key, ()), found.last, hit):
        return None
    return _Candidate([*found.hits, hit])


def ended(ends: Sequence[Hit], last: Hit, hit: Hit) -> bool:
    """Whether an `until` event lies between two hits (at the first one counts, at the second does not)."""
    before = bisect_left(ends, hit)
    return before > 0 and ends[before - 1] >= last


def _match(machine: Machine, there: list[int], found: _Candidate) -> Match:
    events = [EMPTY] * len(machine.missing)
    for stage, hit in zip(there, found.hits, strict=True):
        events[stage] = hit.event
    return Match(tuple(events), found.hits[0].key)


# ---- missing events ---------------------------------------------------------------------------------


def _nothing_between(
    machine: Machine, there: list[int], found: _Candidate, absent: dict[int, dict[JoinKey, list[Hit]]]
) -> bool:
    """Whether no missing event happened: none between its neighbours; at the ends none within some window of
    `maxspan` that holds the whole sequence."""
    first, last = found.hits[0], found.hits[-1]
    span = machine.maxspan or 0
    before: Hit | None = None
    after: Hit | None = None
    for stage, by_key in absent.items():
        hits = by_key.get(first.key, [])
        place = sum(1 for i in there if i < stage)
        if place == 0:
            seen = [h for h in hits[: bisect_left(hits, first)] if h.time >= last.time - span]
            before = max((before, *seen), key=_latest) if seen else before
        elif place == len(there):
            seen = [h for h in hits if h > last and h.time <= first.time + span]
            after = min((h for h in (after, *seen) if h is not None), default=None)
        elif bisect_left(hits, found.hits[place]) > _after(hits, found.hits[place - 1]):
            return False
    return _window_free(machine, there, before, after, span)


def _latest(hit: Hit | None) -> tuple[int, Any]:
    return (0, 0) if hit is None else (1, hit)


def _after(hits: list[Hit], hit: Hit) -> int:
    """How many hits are at or before `hit`."""
    at = bisect_left(hits, hit)
    return at + 1 if at < len(hits) and hits[at] == hit else at


def _window_free(
    machine: Machine, there: list[int], before: Hit | None, after: Hit | None, span: int
) -> bool:
    """With missing events at both ends the window may move between the one before and the one after."""
    both = machine.missing[0] and machine.missing[-1]
    if not both:
        return before is None and after is None
    return before is None or after is None or after.time - before.time > span


# ---- over events ------------------------------------------------------------------------------------


def machine_of(sequence: detection.Sequence) -> Machine:
    """The machine of a sequence, its repeated stages written out."""
    missing = tuple(stage.missing for stage in sequence.stages for _ in range(stage.runs))
    span = None if sequence.maxspan is None else sequence.maxspan * MILLISECOND
    return Machine(missing, span)


def hits_of(
    stage: detection.Stage, ordinals: Iterable[int], events: Events, scope: detection.Scope
) -> list[Hit]:
    """The hits of a stage: each event that satisfies it, once for each of its keys; events without time and
    without a mandatory key have none."""
    times = events.times(scope.timestamp_fields)
    found: list[Hit] = []
    for event in ordinals:
        time = times[event]
        if time is None:
            continue
        tie = tiebreaker(events, event, scope.tiebreaker_field)
        found.extend(Hit(time, tie, event, key) for key in join_keys(stage.keys, events, event))
    return found


def tiebreaker(events: Events, event: int, name: str | None) -> tuple[int, Any]:
    """The value that orders events of the same time; without one they come last."""
    values = events.values(event, name) if name else ()
    if not values:
        return (2, 0)
    first = values[0]
    return (1, first.encode("utf-8", "surrogatepass")) if isinstance(first, str) else (0, first)


def run_sequence(
    sequence: detection.Sequence,
    hits: Sequence[Sequence[int]],
    events: Events,
    scope: detection.Scope,
    *,
    until: Sequence[int] = (),
    size: int | None = None,
) -> list[Match]:
    """The sequences of events. `hits[i]` are the ordinals that satisfy stage i, `until` those of the `until`
    stage; `size` is how many sequences the search asks for (the last ones, unless a pipe says otherwise)."""
    stages: list[list[Hit]] = []
    for stage, ordinals in zip(sequence.stages, hits, strict=True):
        found = hits_of(stage, ordinals, events, scope)
        stages.extend(found for _ in range(stage.runs))
    ends = hits_of(sequence.until, until, events, scope) if sequence.until else []
    return limited(match_sequences(machine_of(sequence), stages, ends), sequence.pipes, size)
