"""What a backend executes: the detections that every form is read into.

Pure data. `engine/` runs it, `languages/` and `converters/` make it. All durations are milliseconds,
all times nanoseconds since the epoch unless a name says otherwise.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from samefire.query.ast import TRUE, Node
from samefire.source import NOWHERE, Span

if TYPE_CHECKING:
    from samefire.query.pipeline import Command


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Each event that satisfies `where` is a hit; `pipes` as EQL has them (`head`, `tail`)."""

    where: Node
    pipes: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """One join key of a stage. `optional` (`?key`): a missing key is a key of its own, null = null. `type` is
    Elasticsearch's, by which values compare (`unmapped`: always missing); `column` where the values lie."""

    field: str
    optional: bool = False
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    type: str = "dynamic"
    column: str | None = None

    @property
    def reads(self) -> str:
        return self.column or self.field


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a sequence or sample. `runs` repeats it; `missing` is `![ ... ]`: no such event."""

    where: Node
    keys: tuple[Key, ...] = ()
    runs: int = 1
    missing: bool = False
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    """`head n` or `tail n`."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """EQL sequence: stages in order of time, joined by their keys position by position.
    `maxspan` in milliseconds from the first to the last event, inclusive; None = unlimited."""

    stages: tuple[Stage, ...]
    maxspan: int | None = None
    until: Stage | None = None
    pipes: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """EQL sample: one event for each stage sharing the keys, in any order."""

    stages: tuple[Stage, ...]
    pipes: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class Threshold:
    """Kibana threshold rule: at least `value` events for each tuple of `fields` (none: all events), and at
    least `minimum` distinct values of each cardinality field."""

    where: Node
    fields: tuple[str, ...]
    value: int
    cardinality: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NewTerms:
    """Kibana new-terms rule: a tuple of values of `fields` not seen in the history window before.
    `window_start` is date math such as `now-10d`."""

    where: Node
    fields: tuple[str, ...]
    window_start: str


@dataclass(frozen=True, slots=True)
class IndicatorEntry:
    """One clause of a threat mapping: a field of the event equals (or, negated, differs from) a field of
    the indicator."""

    field: str
    value: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class IndicatorMatch:
    """Kibana indicator-match rule. `mapping` is OR of ANDs; `indicators` filters the threat documents, which lie in
    `indices` (empty: anywhere)."""

    where: Node
    mapping: tuple[tuple[IndicatorEntry, ...], ...]
    indicators: Node = TRUE
    indicator_path: str = "threat.indicator"
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnomalyThreshold:
    """Kibana machine-learning rule: anomaly records of these jobs scored at least `score` (0 to 100)."""

    jobs: tuple[str, ...]
    score: float


class CorrelationType(StrEnum):
    """Sigma correlation types."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    VALUE_SUM = "value_sum"
    VALUE_AVG = "value_avg"
    VALUE_PERCENTILE = "value_percentile"
    VALUE_MEDIAN = "value_median"


@dataclass(frozen=True, slots=True)
class Fired:
    """The rule of this name has a hit."""

    rule: str


@dataclass(frozen=True, slots=True)
class NotFired:
    """The child does not hold."""

    child: Expression


@dataclass(frozen=True, slots=True)
class AllFired:
    """All children hold."""

    children: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyFired:
    """Some child holds."""

    children: tuple[Expression, ...]


Expression = Fired | NotFired | AllFired | AnyFired
"""Sigma's extended correlation condition: a boolean tree over the names of `Correlation.rules`."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Sigma correlation over `rules` (name → detection), sliding closed window of `timespan` ms.

    `group_by` holds group names; `aliases` maps a group name to the field it is in each rule. `condition`
    holds (operator, number) pairs that must all hold (`gte`, `gt`, `lte`, `lt`, `eq`, `neq`); `expression`
    is the extended condition over rule names, when there is one. `value_field`
    is the fields that are counted, summed …; `percentile` its rank."""

    type: CorrelationType
    rules: tuple[tuple[str, Body], ...]
    timespan: int
    group_by: tuple[str, ...] = ()
    aliases: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    condition: tuple[tuple[str, float], ...] = ()
    expression: Expression | None = None
    value_field: tuple[str, ...] = ()
    percentile: float | None = None
    generate: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, the first of which is a `Load` or a `MakeRow`. `indices` are the index patterns; `queries`
    what single events are asked (`Asked`); `aggregating`: rows are no longer events (a STATS)."""

    commands: tuple[Command, ...]
    indices: tuple[str, ...] = ()
    queries: tuple[Node, ...] = ()
    aggregating: bool = False


Body = (
    EventQuery
    | Sequence
    | Sample
    | Threshold
    | NewTerms
    | IndicatorMatch
    | AnomalyThreshold
    | Correlation
    | Pipeline
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """Alert suppression: alerts with the same values of `group_by` become one. `duration` ms, None = one
    rule run; `missing` is Kibana's missing_fields_strategy (`suppress` or `doNotSuppress`). `whole`: an
    array is one value; otherwise an event is in a group for each value (rules of type `query`)."""

    group_by: tuple[str, ...] = ()
    duration: int | None = None
    missing: str = "suppress"
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The frame in which a backend runs the body; what a form does not say stays at the default.

    `index` are index patterns (empty: any event); `lookback_from`/`lookback_to` date math (`now-9m`);
    `timestamp_fields` where an event's time is read, first present wins (timestamp_override, @timestamp).
    `window_fields` where the look-back reads it, when that is elsewhere (EQL). Of more than `max_signals`
    alerts the oldest are made, with `newest` the newest (EQL searches, indicator matches)."""

    index: tuple[str, ...] = ()
    lookback_from: str | None = None
    lookback_to: str | None = None
    timestamp_fields: tuple[str, ...] = ("@timestamp",)
    window_fields: tuple[str, ...] = ()
    tiebreaker_field: str | None = None
    max_signals: int = 100
    suppression: Suppression | None = None
    building_block: bool = False
    newest: bool = False


@dataclass(frozen=True, slots=True)
class Detection:
    """What a backend would execute, read back from the text of a form. `exclusions` are exception items:
    an event that satisfies one is no hit; they and `filters` apply to every event that the body reads.
    `expiries`: for each exclusion the last moment (nanoseconds) at which it holds, None for ever; none given:
    all hold for ever."""

    body: Body
    scope: Scope = Scope()
    filters: Node = TRUE
    exclusions: tuple[Node, ...] = ()
    expiries: tuple[int | None, ...] = ()
