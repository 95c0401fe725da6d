"""Why a sequence did not complete: the candidate that came furthest, what it waited for, what came nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.explain import Clause, explain, failed_clauses
from samefire.engine.joinkeys import JoinKey, shown
from samefire.engine.sequence import Candidate, Hit, Loss, hits_of, machine_of, match_sequences
from samefire.query import detection

MAX_EXPLAINED = 200
"""Events that are looked at for the nearest one."""


class Near(StrEnum):
    """Why an event is not the one that was waited for."""

    OTHER_KEY = "other key"
    BEFORE = "before"
    NO_KEY = "no key"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Nearest:
    """The event that came nearest to the stage that was waited for. `key`: its own key (OTHER_KEY).
    `clauses`: what it would have to satisfy besides (FAILS)."""

    event: int
    why: Near
    key: JoinKey = ()
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class SequenceExplanation:
    """What became of the sequence. `completed`: how many there are; everything else is about the candidate
    that came furthest. `reached`: its events so far. `stage`: which stage was waited for, counted from 0
    with repeated and missing ones written out, of `stages`. `deadline`: until when, in nanoseconds (None: for
    ever). `by`: the event that ended it."""

    completed: int
    stages: int
    stage: int = 0
    reached: tuple[int, ...] = ()
    key: JoinKey = ()
    keys: tuple[str, ...] = ()
    deadline: int | None = None
    loss: Loss = Loss.WAITING
    by: int | None = None
    nearest: Nearest | None = None


def explain_sequence(
    sequence: detection.Sequence,
    hits: Sequence[Sequence[int]],
    events: Events,
    scope: detection.Scope,
    *,
    until: Sequence[int] = (),
    context: Context | None = None,
) -> SequenceExplanation:
    """What became of a sequence over events; the arguments are those of `run_sequence`."""
    written = [stage for stage in sequence.stages for _ in range(stage.runs)]
    found = [hits_of(s, h, events, scope) for s, h in zip(sequence.stages, hits, strict=True)]
    stages = [f for s, f in zip(sequence.stages, found, strict=True) for _ in range(s.runs)]
    ends = hits_of(sequence.until, until, events, scope) if sequence.until else []
    lost: list[tuple[Candidate, Loss, Hit | None]] = []
    machine = machine_of(sequence)
    done = match_sequences(machine, stages, ends, lambda *what: lost.append(what))
    if done:
        return SequenceExplanation(len(done), len(written))
    there = [i for i, gone in enumerate(machine.missing) if not gone]
    if not lost:
        nearest = _nearest(written[there[0]], [], None, events, scope, context)
        return SequenceExplanation(0, len(written), there[0], nearest=nearest)
    best, loss, by = max(lost, key=lambda what: (len(what[0].hits), what[1] is Loss.WAITING, what[0].last))
    stage = there[min(len(best.hits), len(there) - 1)]
    deadline = None if machine.maxspan is None else best.hits[0].time + machine.maxspan
    near = None
    if loss is Loss.WAITING:
        near = _nearest(written[stage], stages[stage], best, events, scope, context)
    return SequenceExplanation(
        0,
        len(written),
        stage,
        tuple(hit.event for hit in best.hits),
        best.hits[0].key,
        tuple(key.field for key in written[stage].keys),
        deadline,
        loss,
        by.event if by is not None else None,
        near,
    )


def _nearest(
    stage: detection.Stage,
    hits: Sequence[Hit],
    best: Candidate | None,
    events: Events,
    scope: detection.Scope,
    context: Context | None,
) -> Nearest | None:
    """The event that came nearest to `stage`: one that satisfies it under another key or too early, else the
    one that fails the fewest clauses."""
    if best is not None:
        later = [h for h in hits if h.key != best.last.key and h > best.last]
        if later:
            return Nearest(later[0].event, Near.OTHER_KEY, later[0].key)
        used = {hit.event for hit in best.hits}
        early = [h for h in hits if h.key == best.last.key and h.event not in used]
        if early:
            return Nearest(early[-1].event, Near.BEFORE)
    return _fewest(stage, best, events, scope, context)


def _fewest(
    stage: detection.Stage,
    best: Candidate | None,
    events: Events,
    scope: detection.Scope,
    context: Context | None,
) -> Nearest | None:
    times = events.times(scope.timestamp_fields)
    used = {hit.event for hit in best.hits} if best else set()
    start = best.last.time if best else None
    candidates = [
        i
        for i, time in enumerate(times)
        if i not in used and (start is None or (time is not None and time >= start))
    ]
    found: Nearest | None = None
    for event in candidates[:MAX_EXPLAINED]:
        explanation = explain(stage.where, events.documents[event], context)
        if explanation.matched:
            return Nearest(event, Near.NO_KEY)
        clauses = failed_clauses(explanation)
        if found is None or len(clauses) < len(found.clauses):
            found = Nearest(event, Near.FAILS, clauses=clauses)
    return found


# ---- in words ---------------------------------------------------------------------------------------


def lines(found: SequenceExplanation) -> list[str]:
    """The explanation in words; events and stages are numbered from 1. The clauses of the nearest event are
    left to the caller."""
    if found.completed:
        return [f"{found.completed} sequence{'' if found.completed == 1 else 's'} completed"]
    told = [_reached(found)]
    if found.reached:
        told.append(_waited(found))
    if found.nearest is not None:
        told.append(_near(found, found.nearest))
    return told


def _reached(found: SequenceExplanation) -> str:
    if not found.reached:
        return f"no event can begin the sequence: none satisfies stage {found.stage + 1} of {found.stages}"
    numbers = ", ".join(str(event + 1) for event in found.reached)
    shared = _key(found.keys, found.key)
    word = "event" if len(found.reached) == 1 else "events"
    return f"{word} {numbers} came furthest{f' ({shared})' if shared else ''}"


def _waited(found: SequenceExplanation) -> str:
    wanted = f"stage {found.stage + 1} of {found.stages}"
    until = f" until {moment(found.deadline)}" if found.deadline is not None else ""
    by = f"event {found.by + 1}" if found.by is not None else ""
    match found.loss:
        case Loss.WAITING:
            return f"waited for {wanted}{until}"
        case Loss.TOO_LATE:
            return f"waited for {wanted}{until}; {by} came too late"
        case Loss.ENDED:
            return f"waited for {wanted}; {by} is the `until` that ended it"
        case Loss.REPLACED:
            return f"{by} took its place before {wanted} came"
        case Loss.HAPPENED:
            return f"{by} happened, which must be missing"


def _near(found: SequenceExplanation, near: Nearest) -> str:
    event = f"nearest is event {near.event + 1}"
    match near.why:
        case Near.OTHER_KEY:
            return f"{event}, but under another key ({_key(found.keys, near.key)})"
        case Near.BEFORE:
            return f"{event}, but it came before"
        case Near.NO_KEY:
            return f"{event}, but it has no join key or no time"
        case Near.FAILS:
            return f"{event}, which fails {len(near.clauses)} clause{'' if len(near.clauses) == 1 else 's'}"


def _key(names: tuple[str, ...], key: JoinKey) -> str:
    pairs = zip(names or ("key",) * len(key), key, strict=False)
    return ", ".join(f"{name} = {shown(value) or 'nothing'}" for name, value in pairs)


def moment(nanos: int) -> str:
    """A time as people write it."""
    return shown(("date", nanos)) or ""
