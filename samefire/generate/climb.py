"""Events for what a pipeline asks of groups, found step by step: a change that meets more conditions stays.

Works on the events that pass the conditions on rows. How many conditions some group meets is read off the pipeline,
whose filters after the first grouping are worked out as columns; whether the rule fires is for the whole of it to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import Plan
from samefire.engine.pipeline import Refusal, execute
from samefire.engine.rows.table import Setting
from samefire.generate.build import Flat
from samefire.generate.clausewise import START
from samefire.query.detection import Pipeline
from samefire.query.pipeline import (
    Apply,
    Arrange,
    Command,
    Compute,
    Expression,
    Filter,
    Project,
    Refused,
    Remove,
    Summarise,
    Take,
)

STARTS = 12
STEPS = 110
FULL = 100
MOST = 130
"""Events while searching."""
Values = Callable[[str, int], list[Any]]
"""So many different values of a field."""


@dataclass
class Found:
    """Events by dotted names, and the second of each."""

    flats: list[Flat]
    times: list[float]


class Climb:
    """The search for one pipeline. `pools`: values that the query names, by field; `different`: more values;
    `counts`: numbers of events worth a try; `events` makes events of what was found."""

    def __init__(
        self,
        body: Pipeline,
        pools: Mapping[str, Sequence[Any]],
        different: Values,
        counts: Sequence[int],
        events: Callable[[Found], Sequence[Mapping[str, Any]]],
    ) -> None:
        self.body = body
        self.pools = {name: list(pool) for name, pool in pools.items()}
        self.different = different
        self.counts = [count for count in counts if count <= MOST]
        self.events = events
        self.good: Sequence[Flat] = ()
        self.parts = list(_scored(body))
        self.whole = len(self.parts) * FULL

    def search(self, good: Sequence[Flat], fires: Callable[[Found], bool], seed: int) -> Found | None:
        """Events on which the rule fires, or None when none were found."""
        if not self.pools:
            return None
        self.good = good
        for start in range(STARTS):
            rng = Random(f"{seed}:climb:{start}")
            count = self.counts[start % len(self.counts)]
            found = Found([dict(rng.choice(good)) for _ in range(count)], [float(n) for n in range(count)])
            best = self.score(found)
            for _ in range(STEPS):
                if best >= self.whole and fires(found):
                    return found
                changed = self.changed(found, rng)
                score = self.score(changed)
                if score >= best:
                    found, best = changed, score
        return None

    def score(self, found: Found) -> int:
        """How far the events come: FULL for each filter after a grouping that some group passes, and for the first
        that none does, how many of its conditions the best group meets; -1 without a group."""
        data = Events.of(list(self.events(found)))
        asked = (
            Plan(list(self.body.queries)).run(data, Context(now=START)).ordinals if self.body.queries else []
        )
        setting = Setting(START, [frozenset(one) for one in asked])
        for number, (commands, names) in enumerate(self.parts):
            try:
                body = Pipeline(commands, queries=self.body.queries)
                table = execute(body, data, range(len(data)), setting, rest=False)
            except Refusal:
                return -1
            columns = [table.columns[name] for name in names if name in table.columns]
            met = max((sum(c[row] is True for c in columns) for row in range(table.size)), default=-1)
            if met < len(names):
                return number * FULL + met
        return self.whole

    def changed(self, found: Found, rng: Random) -> Found:
        """The events with one thing changed: a field of all or some, their number, their times."""
        flats, times = [dict(flat) for flat in found.flats], list(found.times)
        roll = rng.random()
        if roll < 0.12:
            count = rng.choice(self.counts)
            flats = [dict(flats[n % len(flats)]) for n in range(count)]
            times = [float(n) for n in range(count)]
        elif roll < 0.2:
            step = rng.choice((0.0, 0.2, 1.0, 20.0, 60.0, 400.0))
            times = [n * step for n in range(len(flats))]
            if rng.random() < 0.4:
                rng.shuffle(times)
        elif roll < 0.32 and len(self.good) > 1:
            self._other(flats, rng)
        else:
            for _ in range(rng.choice((1, 1, 2))):
                self._field(flats, rng)
        return Found(flats, times)

    def _other(self, flats: list[Flat], rng: Random) -> None:
        """Some of the events of another kind, with the values that they had in fields that it leaves open."""
        kind = rng.choice(self.good)
        share = rng.choice((0.2, 0.5))
        for at, flat in enumerate(flats):
            if rng.random() < share:
                flats[at] = {**{name: flat[name] for name in self.pools if name in flat}, **kind}

    def _field(self, flats: list[Flat], rng: Random) -> None:
        name = rng.choice(list(self.pools))
        pool = self.pools[name]
        roll = rng.random()
        if roll < 0.22:
            values = self.different(name, rng.choice((len(flats), len(flats), 2, 3, 4)))
            for at, flat in enumerate(flats):
                flat[name] = values[at % len(values)]
        elif roll < 0.28:
            for flat in flats:
                flat.pop(name, None)
        elif roll < 0.65 and pool:
            turn = rng.sample(pool, min(len(pool), rng.choice((2, 3, 6, len(flats)))))
            for at, flat in enumerate(flats):
                flat[name] = turn[at % len(turn)]
        elif pool:
            share = rng.choice((0.2, 0.5, 1.0, 1.0))
            value = rng.choice(pool)
            for flat in flats:
                if rng.random() < share:
                    flat[name] = value


def _scored(body: Pipeline) -> Iterator[tuple[tuple[Command, ...], tuple[str, ...]]]:
    """For each filter after the first grouping the commands up to it, with its conditions as columns."""
    commands: list[Command] = []
    grouped = False
    for command in body.commands:
        if isinstance(command, Refused):
            return
        if isinstance(command, Project | Remove | Take | Arrange):
            continue
        if isinstance(command, Filter) and grouped:
            parts = tuple((f"\x00{n}", part) for n, part in enumerate(_parts(command.condition)))
            yield (*commands, Compute(parts)), tuple(name for name, _ in parts)
        grouped = grouped or isinstance(command, Summarise)
        commands.append(command)


def _parts(condition: Expression) -> Iterator[Expression]:
    """The conditions that `and` joins."""
    if isinstance(condition, Apply) and condition.function == "and":
        for argument in condition.arguments:
            yield from _parts(argument)
    else:
        yield condition
