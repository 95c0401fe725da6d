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
from samefire.generate.build import Judge, flattened, nested
from samefire.generate.events import near_misses, positives
from samefire.query.ast import Leaf, Wildcard, walk
from samefire.query.detection import Body, Sample, Sequence, Stage, Threshold

MOST = 400  # events of one scenario
START = 1_772_442_900_000  # 2026-03-02T09:15:00Z in milliseconds
Event = Mapping[str, Any]
_WHOLE = frozenset({"long", "integer", "short"})
_BLOCKS = ("192.0.2", "198.51.100", "203.0.113", "10.20.30", "9.9.9", "172.16.5")


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
            maker = _Maker([stage] * min(least, MOST), fields, seed, window)
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
        self.judge = Judge()
        self.values: dict[int, list[Any]] = {}
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
        counted = self.threshold[1]
        for position, name in enumerate(self.names(at)):
            if drop:
                flat.pop(name, None)
            else:
                flat[name] = self.value(position, which)
        for name in counted:
            flat[name] = self.another(name, at)

    def another(self, name: str, at: int) -> Any:
        """A value for each event of a field whose values are counted, of a form that the query asks for."""
        kind = self.fields.get(name)
        if kind is not None and kind.type in _WHOLE:
            return at + 1
        for part in walk(self.runs[0].where):
            if isinstance(part, Leaf) and part.reads == name and isinstance(part.test, Wildcard):
                return "".join(p if isinstance(p, str) else f"{at}" for p in part.test.pattern)
        return f"value-{at}"

    def names(self, at: int) -> list[str]:
        """The key fields of a stage, or what a threshold groups by."""
        return [key.field for key in self.runs[at].keys] or list(self.threshold[0])

    def value(self, position: int, which: int) -> Any:
        """The first or second value for a key that leaves every stage satisfied, as far as there is one."""
        known = self.values.get(position)
        if known is None:
            candidates = list(dict.fromkeys(self.candidates(position)))
            fitting = [value for value in candidates if self.fits(position, value)]
            known = self.values[position] = [*fitting, *candidates][:2]
        return known[which]

    def candidates(self, position: int) -> Iterator[Any]:
        """Values that some stage asks for in the key, then ones of the field's type."""
        name = self.names(0)[position]
        for at in range(len(self.runs)):
            for event in self.fitting(at):
                asked = flattened(event).get(self.names(at)[position])
                if isinstance(asked, str | int):
                    yield asked
        kind = self.fields.get(name)
        if kind is not None and kind.type == "ip":
            yield from (f"{block}.{position + 1}" for block in _BLOCKS)
        elif kind is not None and kind.type in _WHOLE:
            yield from (1000 * (position + 1), 1000 * (position + 1) + 1)
        else:
            yield from (f"key-{position}-0", f"key-{position}-1", f"{position + 1}001", f"{position + 1}002")

    def fits(self, position: int, value: Any) -> bool:
        """Whether each stage has an event that satisfies it with this key."""
        for at, stage in enumerate(self.runs):
            if self.runs.index(stage) < at:
                continue
            name = self.names(at)[position]
            tried: list[Event] = [nested({**flattened(event), name: value}) for event in self.fitting(at)]
            if not self.judge.firing(stage.where, tried):
                return False
        return True


def _timed(flat: dict[str, Any], offset: int) -> dict[str, Any]:
    """The event at `offset` milliseconds after the start."""
    import datetime

    moment = datetime.datetime.fromtimestamp((START + offset) / 1000, datetime.UTC)
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{(START + offset) % 1000:03d}Z"
    return {**flat, "@timestamp": stamp}
