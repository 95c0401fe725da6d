"""What a reason stands on: the events of a case that a detection looks at, and which satisfy a query.

Counts as a run does: index patterns, look-back, filters and exceptions hold here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from samefire.engine import aggregate, scope
from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.explain import seen
from samefire.engine.match import Plan
from samefire.engine.run import in_time, narrowed, newest, unexpired
from samefire.engine.scope import Frame
from samefire.harness.case import Case
from samefire.query.ast import Node
from samefire.query.detection import AnomalyThreshold, Detection

Group = tuple[tuple[Any, ...], list[int]]
"""Values of the fields that are grouped by, and the events that hold them."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """A detection on a case. `detection` is as it is at the time of the run."""

    detection: Detection
    case: Case
    context: Context

    @classmethod
    def of(cls, detection: Detection, case: Case, context: Context) -> Evidence:
        now = context.now if context.now is not None else newest(Events.of(case.events))
        return cls(unexpired(detection, now), case, context)

    @cached_property
    def events(self) -> Events:
        return Events.of(self.case.events)

    @property
    def now(self) -> int:
        """The clock of the run: the case's, or the newest event's time."""
        return self.context.now if self.context.now is not None else newest(self.events)

    @cached_property
    def frame(self) -> Frame:
        """What index patterns and look-back leave."""
        given = self.detection.scope
        if isinstance(self.detection.body, AnomalyThreshold):
            given = replace(given, index=(), timestamp_fields=("timestamp", *given.timestamp_fields))
        return scope.frame(given, self.events, self.context.now)

    def asked(self, node: Node) -> Node:
        """A query with the detection's filters and exceptions."""
        return narrowed(node, self.detection)

    def satisfying(self, node: Node) -> list[int]:
        """Events that satisfy a query, wherever they lie."""
        return list(Plan([self.asked(node)]).run(self.events, self.clocked).ordinals[0])

    def hits(self, node: Node) -> list[int]:
        """Events that satisfy a query and that the run looks at, oldest first."""
        return in_time(self.frame.keep(self.satisfying(node)), self.frame.times)

    def groups(self, node: Node, fields: Sequence[str]) -> list[Group]:
        """The events of a query by their values of some fields (none: all are one group), largest group first."""
        hits = self.hits(node)
        found = list(aggregate.buckets(fields, self.events, hits).values()) if fields else [((), hits)]
        return sorted(found, key=lambda group: -len(group[1]))

    def excepted(self, node: Node) -> list[tuple[int, Node]]:
        """Events that satisfy a query but for an exception, and that exception."""
        without = replace(self.detection, exclusions=())
        found = self.frame.keep(list(self.among(narrowed(node, without), self.case.events)))
        return [
            (i, e) for e in self.detection.exclusions for i in self.among(e, self.case.events) if i in found
        ]

    @property
    def clocked(self) -> Context:
        return replace(self.context, now=self.now)

    def among(self, node: Node, documents: Sequence[Mapping[str, Any]]) -> list[int]:
        """Which of other documents (history, indicators) satisfy a query."""
        return list(Plan([node]).run(Events.of(documents), self.clocked).ordinals[0])


def named(fields: Sequence[str], keys: Sequence[Any]) -> str:
    """`user.name = "ann", host.id = "7"`; all events when nothing is grouped by."""
    return ", ".join(f"{f} = {shown(k)}" for f, k in zip(fields, keys, strict=False)) or "all events"


def shown(key: Any) -> str:
    """One value that is grouped by."""
    return "none" if key is None else seen([key])


def count(number: int, noun: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
