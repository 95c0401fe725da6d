"""EQL sequences: hits of stages, joined by keys and time, as Elasticsearch's state machine joins them.

`match_sequences` is the machine alone, over hits that are given. `run_sequence` makes the hits from events.
Each stage of each key keeps candidates; a hit of the next stage takes the latest one before it, and all older
ones are dropped with it, even when the candidate then proves too old or was ended by `until`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from samefire.engine.events import Events
from samefire.engine.joinkeys import JoinKey, join_keys, order
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sequence on its way: the hits so far, of the stages that are there."""

    hits: tuple[Hit, ...]

    @property
    def last(self) -> Hit:
        return self.hits[-1]


class Loss(StrEnum):
    """Why a candidate did not become a sequence."""

    WAITING = "waiting"
    REPLACED = "replaced"
    TOO_LATE = "too late"
    ENDED = "ended"
    HAPPENED = "happened"


Lost = Callable[[Candidate, Loss, Hit | None], None]
"""Told of each candidate that is lost, and by which hit."""


def _untold(candidate: Candidate, loss: Loss, by: Hit | None) -> None:
    """Nobody asks."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a sequence asks of its hits. `missing[i]`: stage i must not happen. `maxspan` in nanoseconds;
    None: unlimited."""

    missing: tuple[bool, ...]
    maxspan: int | None = None

    def too_long(self, first: Hit, last: Hit) -> bool:
        return self.maxspan is not None and last.time - first.time > self.maxspan


def match_sequences(
    machine: Machine, stages: Sequence[Iterable[Hit]], until: Iterable[Hit] = (), lost: Lost = _untold
) -> list[Match]:
    """The sequences that complete, in the order in which they do, those of one event by their keys. `stages`
    are the hits of each stage."""
    there = [i for i, absent in enumerate(machine.missing) if not absent]
    ends = _by_key(until)
    moved = [Candidate((hit,)) for hit in sorted(stages[there[0]])] if there else []
    for stage in there[1:]:
        moved = _stage(machine, moved, sorted(stages[stage]), ends, lost)
    moved.sort(key=_by_end)
    absent = {i: _by_key(stages[i]) for i, gone in enumerate(machine.missing) if gone}
    done: list[Match] = []
    for found in moved:
        if absent and (by := _happened(machine, there, found, absent)) is not None:
            lost(found, Loss.HAPPENED, by)
        else:
            done.append(_match(machine, there, found))
    return done


def _by_end(candidate: Candidate) -> tuple[Hit, tuple[Any, ...]]:
    return candidate.last, order(candidate.last.key)


def _stage(
    machine: Machine,
    before: list[Candidate],
    hits: list[Hit],
    ends: dict[JoinKey, list[Hit]],
    lost: Lost,
) -> list[Candidate]:
    """The candidates that the hits of one stage move on, ordered by those hits."""
    waiting: dict[JoinKey, list[Candidate]] = {}
    for candidate in before:
        waiting.setdefault(candidate.last.key, []).append(candidate)
    moved = [found for hit in hits if (found := _advance(machine, waiting, hit, ends, lost)) is not None]
    for group in waiting.values():
        for candidate in group:
            lost(candidate, Loss.WAITING, None)
    return moved


def _by_key(hits: Iterable[Hit]) -> dict[JoinKey, list[Hit]]:
    found: dict[JoinKey, list[Hit]] = {}
    for hit in hits:
        insort(found.setdefault(hit.key, []), hit)
    return found


def _advance(
    machine: Machine,
    waiting: dict[JoinKey, list[Candidate]],
    hit: Hit,
    ends: dict[JoinKey, list[Hit]],
    lost: Lost,
) -> Candidate | None:
    """The candidate that `hit` moves on, or None. It is taken from those that wait in any case."""
    group = waiting.get(hit.key)
    if not group:
        return None
    before = bisect_left(group, hit, key=lambda c: c.last)
    if before == 0:
        return None
    found = group[before - 1]
    for older in group[: before - 1]:
        lost(older, Loss.REPLACED, found.last)
    del group[:before]
    if machine.too_long(found.hits[0], hit):
        lost(found, Loss.TOO_LATE, hit)
        return None
    end = ended(ends.get(hit.key, ()), found.last, hit)
    if end is not None:
        lost(found, Loss.ENDED, end)
        return None
    return Candidate((*found.hits, hit))


def ended(ends: Sequence[Hit], last: Hit, hit: Hit) -> Hit | None:
    """The `until` event between two hits (one at the first hit counts, at the second it does not)."""
    before = bisect_left(ends, hit)
    return ends[before - 1] if before > 0 and ends[before - 1] >= last else None


def _match(machine: Machine, there: list[int], found: Candidate) -> Match:
    events = [EMPTY] * len(machine.missing)
    for stage, hit in zip(there, found.hits, strict=True):
        events[stage] = hit.event
    return Match(tuple(events), found.hits[0].key)


# ---- missing events ---------------------------------------------------------------------------------


def _happened(
    machine: Machine, there: list[int], found: Candidate, absent: dict[int, dict[JoinKey, list[Hit]]]
) -> Hit | None:
    """A missing event that happened: between its neighbours; at the ends so that no window of `maxspan` that
    holds the whole sequence is without it."""
    first, last = found.hits[0], found.hits[-1]
    span = machine.maxspan or 0
    before: list[Hit] = []
    after: list[Hit] = []
    for stage, by_key in absent.items():
        hits = by_key.get(first.key, [])
        place = sum(1 for i in there if i < stage)
        if place == 0:
            before += [h for h in hits if h < first and h.time >= last.time - span]
        elif place == len(there):
            after += [h for h in hits if h > last and h.time <= first.time + span]
        elif inside := [h for h in hits if found.hits[place - 1] < h < found.hits[place]]:
            return inside[0]
    return _spoiler(machine, max(before, default=None), min(after, default=None), span)


def _spoiler(machine: Machine, before: Hit | None, after: Hit | None, span: int) -> Hit | None:
    """With missing events at both ends the window may move between the one before and the one after."""
    if not (machine.missing[0] and machine.missing[-1]):
        return before or after
    if before is None or after is None or after.time - before.time > span:
        return None
    return before


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
