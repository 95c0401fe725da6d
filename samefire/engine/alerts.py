"""What a run gives: alerts, each with the events behind it, and what a run needs beside the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Context:
    """What a run needs beside its events. `now`: the clock, nanoseconds since the epoch (None: the newest
    event's time). `history`: documents from before (new terms). `indicators`: threat documents."""

    now: int | None = None
    history: Sequence[Mapping[str, Any]] = ()
    indicators: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: the ordinals of its events in the run's order (-1: an empty slot of a missing event), and
    the values that it is grouped by. `row`: an alert that is a row of its own (ES|QL) has its values here, as
    texts by column."""

    ordinals: tuple[int, ...]
    keys: tuple[Any, ...] = ()
    row: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts of one detection. `failure`: why the backend would have refused the whole search;
    `notes`: facts worth telling when it was silent (event outside the index patterns, cut by max_signals)."""

    alerts: tuple[Alert, ...] = ()
    failure: str | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.alerts)
