"""A table: columns of values by name, and the events behind each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = Any
"""None, a scalar, or a list of two or more scalars."""

MAX_WARNINGS = 3
"""Expressions that are told one by one."""


@dataclass
class Table:
    """`columns` and `types` have the same names in the same order; `origins` are the ordinals of the events
    that each row is made of."""

    columns: dict[str, list[Value]]
    types: dict[str, str]
    origins: list[tuple[int, ...]]

    @property
    def size(self) -> int:
        return len(self.origins)

    def put(self, name: str, kind: str, values: list[Value]) -> None:
        """A column at the end; an old one of the name goes."""
        self.columns.pop(name, None)
        self.types.pop(name, None)
        self.columns[name] = values
        self.types[name] = kind

    def take(self, rows: Sequence[int]) -> Table:
        """The table of these rows, in this order."""
        columns = {name: [values[r] for r in rows] for name, values in self.columns.items()}
        return Table(columns, dict(self.types), [self.origins[r] for r in rows])

    def select(self, names: Iterable[str]) -> Table:
        """The table of these columns, in this order."""
        wanted = list(names)
        return Table({n: self.columns[n] for n in wanted}, {n: self.types[n] for n in wanted}, self.origins)


@dataclass
class Setting:
    """What a run knows beside its table: the clock, which events satisfy the asked queries, and warnings."""

    now: int
    asked: Sequence[frozenset[int]] = ()
    _warnings: dict[str, str] = field(default_factory=dict)

    def warn(self, shown: str, reason: str) -> None:
        """A value became null; the first reason of each expression is told."""
        if shown:
            self._warnings.setdefault(shown, reason)

    @property
    def warnings(self) -> list[str]:
        """What became null, and why; a few one by one, the others counted."""
        told = [f"`{shown}` gives null: {reason}" for shown, reason in self._warnings.items()]
        more = len(told) - MAX_WARNINGS
        return told if more <= 0 else [*told[:MAX_WARNINGS], f"{more} more expressions give null"]


def packed(values: Sequence[Value]) -> Value:
    """Several values as one: None, the only one, or a list."""
    if not values:
        return None
    return values[0] if len(values) == 1 else list(values)


def unpacked(value: Value) -> list[Value]:
    """The values of one, none for null."""
    if value is None:
        return []
    return value if type(value) is list else [value]
