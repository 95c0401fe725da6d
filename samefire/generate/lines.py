"""Cases for sequences and samples: a complete one, every stage just missed, and the time and keys at their bounds.

Events about the clauses of a stage come from `clausewise.py`; here they are put in a row and given their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from samefire.generate.build import Flat
from samefire.generate.clausewise import Made
from samefire.generate.drafts import Draft, Event, Plan
from samefire.generate.kinds import different
from samefire.query.ast import And
from samefire.query.detection import Sample, Stage
from samefire.query.detection import Sequence as Series

if TYPE_CHECKING:
    from samefire.generate.drafts import Maker

GAP = 540.0
"""Seconds that a sequence without `maxspan` takes."""
TRIED = 6
"""Events of a stage that are tried when the first does not fit its keys."""


class Lines:
    """Makes the cases of one sequence or sample."""

    def __init__(self, maker: Maker, body: Series | Sample) -> None:
        self.maker = maker
        self.body = body
        self.stages = body.stages
        self.span = (body.maxspan or GAP * 1000) / 1000 if isinstance(body, Series) else GAP
        self.queries = [maker.clausewise(stage.where) for stage in body.stages]
        self.good = [[made for made in query.made if made.fires] for query in self.queries]
        self.places = [at for at, stage in enumerate(body.stages) for _ in range(stage.runs)]
        self.present = [at for at in self.places if not body.stages[at].missing]
        self.keys: list[list[Any]] = []

    def all(self) -> Plan:
        if not all(self.good) or not self.present:
            return
        base = self._first()
        self.base = base
        yield Draft(True, "complete", self._count(), self.row())
        yield from self._branches()
        yield from self._times()
        yield from self._keys()
        yield from self._stages()
        yield from self._misses()

    def _count(self) -> str:
        kind = "sequence" if isinstance(self.body, Series) else "sample"
        return f"A complete {kind}: {len(self.present)} events with the same keys."

    # ---- rows

    def _first(self) -> list[Flat]:
        """An event for each stage such that all of them, with their keys, fire."""
        found = [self.good[at][0].flat for at in range(len(self.stages))]
        width = len(self.stages[0].keys)
        self.keys = [self._values(position, found) for position in range(width)]
        for turn in range(TRIED):
            candidate = [some[min(turn, len(some) - 1)].flat for some in self.good]
            self.base = candidate
            for shift in range(3):
                self.keys = [values[shift:] + values[:shift] for values in self._all_values(candidate)]
                if self.maker.fires(self.row()):
                    return candidate
        return found

    def _all_values(self, flats: Sequence[Flat]) -> list[list[Any]]:
        return [self._values(position, flats) for position in range(len(self.stages[0].keys))]

    def _values(self, position: int, flats: Sequence[Flat]) -> list[Any]:
        """Values for a key: those that stages ask for, then usual ones."""
        asked: list[Any] = []
        for stage, flat, query in zip(self.stages, flats, self.queries, strict=True):
            key = stage.keys[position]
            known = flat.get(key.reads, flat.get(key.field))
            if isinstance(known, str | int) and key.reads in query.asked:
                asked.append(known)
        first = self.stages[0].keys[position]
        usual = different(first.reads, 3, None, And(()), self.maker.fields)
        return list({repr(value): value for value in [*asked, *usual]}.values())

    def row(
        self,
        *,
        swap: dict[int, Flat] | None = None,
        times: Sequence[float] | None = None,
        other: int | None = None,
        key: int = 0,
        keyless: int | None = None,
        only: Sequence[int] | None = None,
    ) -> tuple[Event, ...]:
        """The events of the stages in `only` (all that must be there), in order of time. `swap`: events
        instead of the usual ones; `other`: the one with another value in `key`, `keyless`: without it."""
        places = self.present if only is None else list(only)
        offsets = times if times is not None else self.even(len(places))
        events = []
        for at, (place, offset) in enumerate(zip(places, offsets, strict=True)):
            flat = dict((swap or {}).get(at, self.base[place]))
            self._keyed(flat, self.stages[place], key if at == other else -1)
            if at == keyless:
                flat.pop(self.stages[place].keys[key].reads, None)
            events.append((offset, at, self.maker.event(flat, offset)))
        return tuple(event for _, _, event in sorted(events, key=lambda e: e[:2]))

    def _keyed(self, flat: Flat, stage: Stage, changed: int) -> None:
        for position, key in enumerate(stage.keys):
            values = self.keys[position]
            flat[key.reads] = values[1 % len(values)] if position == changed else values[0]

    def even(self, count: int) -> list[float]:
        """Times within the span, a second apart where there is room."""
        step = min(1.0, self.span / max(count, 1))
        return [round(at * step, 3) for at in range(count)]

    # ---- cases

    def _branches(self) -> Plan:
        """A sequence for each alternative of each stage."""
        for at, place in enumerate(self.present):
            if at and self.present[at - 1] == place:
                continue
            for made in self.good[place][1 : self.maker.limit]:
                name, about = self.maker.told(self.queries[place], made)
                words = f"stage {place + 1} {name}"
                yield Draft(True, words, f"Stage {place + 1}: {about}", self.row(swap={at: made.flat}))

    def _times(self) -> Plan:
        count = len(self.present)
        if not isinstance(self.body, Series) or count < 2:
            return
        inner = [0.0] + [self.span / 2] * (count - 2)
        if self.body.maxspan is not None:
            yield Draft(
                True,
                "at the end of the time",
                f"The last event {self.span:g} s after the first.",
                self.row(times=[*inner, self.span]),
            )
            late = self.span + 0.001
            yield Draft(
                False,
                "too late",
                f"The last event {late:.3f} s after the first.",
                self.row(times=[*inner, late]),
            )
        turned = list(reversed(self.even(count)))
        yield Draft(False, "in the other order", "The events in the other order.", self.row(times=turned))

    def _keys(self) -> Plan:
        if len(self.present) < 2:
            return
        last = len(self.present) - 1
        for position, key in enumerate(self.stages[0].keys):
            name = key.field
            yield Draft(
                False,
                f"another {name}",
                f"The last event has another {name}.",
                self.row(other=last, key=position),
            )
            if not _optional(self.stages, position):
                yield Draft(
                    False,
                    f"without {name}",
                    f"The first event has no {name}.",
                    self.row(keyless=0, key=position),
                )

    def _stages(self) -> Plan:
        """Each stage left out; a stage that must not be, put in; the end of the sequence come early."""
        for at in range(len(self.present)):
            rest = [place for other, place in enumerate(self.present) if other != at]
            place = self.present[at]
            yield Draft(
                False,
                f"without stage {place + 1}",
                f"The event of stage {place + 1} is not there.",
                self.row(only=rest),
            )
        for place in dict.fromkeys(self.places):
            if self.stages[place].missing:
                yield Draft(
                    False,
                    f"with stage {place + 1}",
                    f"The event is there that must be missing (stage {place + 1}).",
                    self.row(only=self.places),
                )
        until = self.body.until if isinstance(self.body, Series) else None
        if until is not None:
            yield from self._ended(until)

    def _ended(self, until: Stage) -> Plan:
        query = self.maker.clausewise(until.where)
        made = next((one for one in query.made if one.fires), None)
        events = self.row()
        if made is None or len(events) < 2:
            return
        flat = dict(made.flat)
        self._keyed(flat, until, -1)
        middle = self.even(len(events))[1] / 2
        ended = (events[0], self.maker.event(flat, middle), *events[1:])
        yield Draft(False, "ended before", "The event that ends the sequence comes after the first.", ended)

    def _misses(self) -> Plan:
        """Each clause of each stage missed, the rest complete: the ways to miss it one after the other."""
        for at, place in enumerate(self.present):
            if at and self.present[at - 1] == place:
                continue
            for where, missed in self.maker.misses(self.queries[place]):
                for one in sorted(missed, key=_plain):
                    events = self.row(swap={at: one.flat})
                    if not self.maker.fires(events):
                        draft = self.maker.missed(self.queries[place], where, events, [one])
                        words = f"stage {place + 1} {draft.name}"
                        yield Draft(False, words, f"Stage {place + 1}: {draft.about}", events)
                        break


def _plain(made: Made) -> bool:
    """Whether a clause is missed plainly: the most telling, a value just off, come first."""
    return made.what in ("usual", "missing", "null", "a list")


def _optional(stages: Sequence[Stage], position: int) -> bool:
    return any(stage.keys[position].optional for stage in stages if stage.keys)
