"""The columns that a pipeline reads from events, and where its text names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from samefire.query.detection import Pipeline
from samefire.query.pipeline import ColumnValue, Load
from samefire.source import NOWHERE, Span


def read_columns(body: Pipeline) -> Iterator[tuple[str, Span]]:
    """Columns that come from the events, not those that the query computes; each at its first place, by name."""
    first = body.commands[0]
    read = {s.name for s in first.columns if s.reads} if isinstance(first, Load) else set()
    spans: dict[str, Span] = {}
    for column in _columns(body.commands):
        if column.name in read:
            spans.setdefault(column.name, column.span)
    yield from ((name, spans.get(name, NOWHERE)) for name in sorted(read))


def _columns(value: object) -> Iterator[ColumnValue]:
    """Every column that commands read."""
    if isinstance(value, tuple):
        for item in value:
            yield from _columns(item)
    elif isinstance(value, ColumnValue):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            if part.compare:
                yield from _columns(getattr(value, part.name))
