"""Lists of events for what is more than one event: sequences, samples, thresholds.

Each scenario is in order of time. Whether it fires is for the engine to say; the names say what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Listing
from dataclasses import dataclass
from random import Random
from typing import Any

from samefire.fields import FieldTypes
from samefire.generate.events import flattened, near_misses, nested, positives
from samefire.query.detection import Body, Sample, Sequence, Stage, Threshold

START = 1_772_442_900_000  # 2026-03-02T09:15:00Z in milliseconds
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Events in order of time and what they are for."""

    events: tuple[Event, ...]
    about: str


def scenarios(
    body: Body, fields: FieldTypes, *, count: int = 40, seed: int = 0, window: int = 540_000
) -> list[Scenario]:
    """Scenarios around a sequence, sample or threshold: complete, out of order, too late, another key, a key
    missing, one stage nearly met, and random ones. `window` (ms) is the look-back where the body has none."""
    match body:
        case Sequence(stages=stages, maxspan=maxspan):
            runs = [stage for stage in stages for _ in range(stage.runs)]
            maker = _Maker(runs, fields, seed, maxspan if maxspan is not None else window)
        case Sample(stages=stages):
            maker = _Maker(list(stages), fields, seed, window)
        case Threshold(where=where, fields=keys, value=value, cardinality=distinct):
            stage = Stage(where)
            least = max([value, *(n for _, n in distinct)])
            maker = _Maker([stage] * min(least, 200), fields, seed, window)
            maker.threshold = (keys, tuple(name for name, _ in distinct))
        case _:
            return []
    return maker.all(count)


class _Maker:
    """Makes the scenarios of one list of stages."""

    def __init__(self, runs: Listing[Stage], fields: FieldTypes, seed: int, span: int) -> None:
        self.runs = list(runs)
        self.fields = fields
        self.seed = seed
        self.span = span
        self.threshold: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self.good: dict[int, list[Event]] = {}
        self.near: dict[int, list[Event]] = {}

    def all(self, count: int) -> list[Scenario]:
        rng = Random(f"{self.seed}:scenarios")
        size = len(self.runs)
        step = max(1, self.span // max(1, size))
        even = [n * step for n in range(size)]
        found = [
            Scenario(self.line(even, rng), "complete"),
            Scenario(self.line([0] * size, rng), "at one time"),
            Scenario(self.line(self.ends(self.span), rng), "just within the time"),
            Scenario(self.line(self.ends(self.span + 1000), rng), "too late by a second"),
            Scenario(self.line(list(reversed(even)), rng), "in the other order"),
            Scenario(self.line(even, rng, other=size - 1), "the last with another key"),
            Scenario(self.line(even, rng, keyless=0), "the first without its key"),
        ]
        found += [
            Scenario(self.line(even, rng, missed=n), f"event {n + 1} nearly") for n in range(min(size, 6))
        ]
        found += [Scenario(self.line(even[:-1], rng), "the last missing")] if size > 1 else []
        while len(found) < count:
            found.append(Scenario(tuple(self.random(rng)), "at random"))
        return found[:count]

    def ends(self, span: int) -> list[int]:
        """The first at 0, the last at `span`, the others between."""
        size = len(self.runs)
        return [0] if size == 1 else [n * span // (size - 1) for n in range(size)]

    def line(
        self,
        offsets: Listing[int],
        rng: Random,
        *,
        other: int | None = None,
        keyless: int | None = None,
        missed: int | None = None,
    ) -> tuple[Event, ...]:
        """One event a stage at these times (ms after the start), sharing the keys."""
        events = []
        for at, offset in enumerate(offsets):
            pool = self.nearly(at) if at == missed else self.fitting(at)
            flat = flattened(rng.choice(pool))
            self.key(flat, at, 1 if at == other else 0, drop=at == keyless)
            events.append((offset, nested(_timed(flat, offset))))
        return tuple(event for _, event in sorted(events, key=lambda e: e[0]))

    def random(self, rng: Random) -> Iterator[Event]:
        """Up to three times as many events as stages, any stage, two keys, at any time."""
        size = len(self.runs)
        times = sorted(
            rng.randrange(0, 2 * self.span + 1, 500) for _ in range(rng.randint(1, min(3 * size, 60)))
        )
        for offset in times:
            at = rng.randrange(size)
            flat = flattened(rng.choice(self.nearly(at) if rng.random() < 0.2 else self.fitting(at)))
            self.key(flat, at, rng.choice((0, 0, 0, 1)), drop=rng.random() < 0.05)
            yield nested(_timed(flat, offset))

    def fitting(self, at: int) -> list[Event]:
        stage = self.runs[at]
        key = self.runs.index(stage)
        if key not in self.good:
            self.good[key] = [
                p.event for p in positives(stage.where, self.fields, seed=self.seed, limit=8)
            ] or [{}]
        return self.good[key]

    def nearly(self, at: int) -> list[Event]:
        stage = self.runs[at]
        key = self.runs.index(stage)
        if key not in self.near:
            misses = near_misses(stage.where, self.fields, seed=self.seed, limit=24)
            self.near[key] = [m.event for m in misses] or [{}]
        return self.near[key]

    def key(self, flat: dict[str, Any], at: int, which: int, *, drop: bool) -> None:
        """Set the join keys: the same value at the same position of every stage."""
        groups, counted = self.threshold
        names = [key.field for key in self.runs[at].keys] or list(groups)
        for position, name in enumerate(names):
            if drop:
                flat.pop(name, None)
            elif which or name not in flat:  # the query may ask for a value of its own
                flat[name] = self.value(name, position, which)
        for name in counted:
            flat[name] = f"value-{at}"

    def value(self, name: str, position: int, which: int) -> Any:
        kind = self.fields.get(name)
        if kind is not None and kind.type == "ip":
            return f"192.0.2.{10 * position + which + 1}"
        if kind is not None and kind.type in ("long", "integer", "short"):
            return 1000 * (position + 1) + which
        return f"key-{position}-{which}"


def _timed(flat: dict[str, Any], offset: int) -> dict[str, Any]:
    """The event at `offset` milliseconds after the start."""
    import datetime

    moment = datetime.datetime.fromtimestamp((START + offset) / 1000, datetime.UTC)
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{(START + offset) % 1000:03d}Z"
    return {**flat, "@timestamp": stamp}
