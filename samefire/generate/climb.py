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
from samefire.engine.rows.table import Setting, Table
from samefire.engine.run import newest
from samefire.generate.branches import conditions
from samefire.generate.build import Flat
from samefire.query.detection import Pipeline
from samefire.query.pipeline import (
    Apply,
    Arrange,
    ColumnValue,
    Command,
    Compute,
    Expression,
    Filter,
    Literal,
    Project,
    Refused,
    Remove,
    Summarise,
    Take,
    walk,
)

STARTS = 12
STEPS = 110
FULL = 1000
MET = 10
MOST = 130
"""Events while searching."""
_COMPARED = frozenset({"gt", "gte", "lt", "lte", "eq"})
Values = Callable[[str, int], list[Any]]
"""So many different values of a field."""


@dataclass
class Found:
    """Events by dotted names, and the second of each."""

    flats: list[Flat]
    times: list[float]


class Climb:
    """The search for one pipeline. `pools`: values that the query names, by field; `different`: more values;
    `counts`: numbers of events worth a try; `events` makes events of what was found. `missing`: after a search in
    vain, the conditions that the best events did not meet."""

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
        self.missing: tuple[str, ...] = ()
        self.parts = list(_scored(body))
        self.whole = len(self.parts) * FULL

    def search(self, good: Sequence[Flat], fires: Callable[[Found], bool], seed: int) -> Found | None:
        """Events on which the rule fires, or None when none were found."""
        if not self.pools:
            return None
        self.good = good
        furthest = (-2, Found([], []))
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
            if best > furthest[0]:
                furthest = (best, found)
        self.missing = self._judged(furthest[1])[1]
        return None

    def score(self, found: Found) -> int:
        """How far the events come: FULL for each filter after a grouping that some group passes, and for the first
        that none does, MET for each of its conditions that the best group meets and a part of it for a number that
        comes near; -1 without a group."""
        return self._judged(found)[0]

    def _judged(self, found: Found) -> tuple[int, tuple[str, ...]]:
        """The score, and the conditions that keep it from being more."""
        data = Events.of(list(self.events(found)))
        now = newest(data)
        asked = (
            Plan(list(self.body.queries)).run(data, Context(now=now)).ordinals if self.body.queries else []
        )
        setting = Setting(now, [frozenset(one) for one in asked])
        for number, (commands, goals) in enumerate(self.parts):
            try:
                body = Pipeline(commands, queries=self.body.queries)
                table = execute(body, data, range(len(data)), setting, rest=False)
            except Refusal:
                return -1, ()
            scores = [(sum(goal.met(table, row) for goal in goals), -row) for row in range(table.size)]
            met, row = max(scores, default=(-1, 0))
            if met < len(goals) * MET:
                held = [met >= 0 and goal.met(table, -row) == MET for goal in goals]
                missing = (goal.shown for goal, holds in zip(goals, held, strict=True) if not holds)
                return number * FULL + met, tuple(missing)
        return self.whole, ()

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
            if rng.random() < 0.2:  # the last alone is new
                times[-1] += rng.choice((700.0, 4000.0, 90_000.0))
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


@dataclass(frozen=True, slots=True)
class _Goal:
    """One condition of a filter: the columns that hold it and the number it compares, and with what. `ways`: the
    conditions of a `CASE` that it looks at, each in its parts. `shown`: the condition as it is written."""

    column: str
    shown: str = ""
    number: str = ""
    aim: float = 0.0
    most: bool = False
    ways: tuple[tuple[_Goal, ...], ...] = ()

    def met(self, table: Table, row: int) -> int:
        """MET where the condition holds, less where the number is on its way."""
        if self.column in table.columns and table.columns[self.column][row] is True:
            return MET
        if self.ways:
            shares = (sum(goal.met(table, row) for goal in way) / len(way) / MET for way in self.ways)
            return int(max(shares) * (MET - 1))
        value = table.columns[self.number][row] if self.number in table.columns else None
        if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0 or self.aim <= 0:
            return 0
        share = self.aim / value if self.most else value / self.aim
        return min(int(share * (MET - 1)), MET - 1)


def _scored(body: Pipeline) -> Iterator[tuple[tuple[Command, ...], tuple[_Goal, ...]]]:
    """For each filter after the first grouping the commands up to it, with its conditions as columns."""
    commands: list[Command] = []
    defined: dict[str, Expression] = {}
    grouped = False
    for command in body.commands:
        if isinstance(command, Refused):
            return
        if isinstance(command, Project | Remove | Take | Arrange):
            continue
        if isinstance(command, Filter) and grouped:
            columns: list[tuple[str, Expression]] = []
            goals = tuple(_goal(part, columns, defined) for part in _parts(command.condition))
            yield (*commands, Compute(tuple(columns))), goals
        if isinstance(command, Compute) and grouped:
            defined |= dict(command.columns)
        grouped = grouped or isinstance(command, Summarise)
        commands.append(command)


def _goal(
    part: Expression, columns: list[tuple[str, Expression]], defined: Mapping[str, Expression]
) -> _Goal:
    """A condition as a goal, and what it needs as columns; `defined` are columns that groups have been given."""
    column, compared = f"\x00{len(columns)}", f"\x01{len(columns)}"
    columns.append((column, part))
    shown = part.shown if isinstance(part, Apply) else ""
    if isinstance(part, Apply) and part.function in _COMPARED and isinstance(part.arguments[1], Literal):
        aim = part.arguments[1].value
        if isinstance(aim, int | float) and not isinstance(aim, bool):
            columns.append((compared, part.arguments[0]))
            return _Goal(column, shown, compared, float(aim), most=part.function in ("lt", "lte"))
    read = [defined[one.name] for one in walk(part) if isinstance(one, ColumnValue) and one.name in defined]
    ways = [tuple(_goal(one, columns, {}) for one in _parts(way)) for way in conditions(read)]
    return _Goal(column, shown, ways=tuple(ways))


def _parts(condition: Expression) -> Iterator[Expression]:
    """The conditions that `and` joins."""
    if isinstance(condition, Apply) and condition.function == "and":
        for argument in condition.arguments:
            yield from _parts(argument)
    else:
        yield condition
