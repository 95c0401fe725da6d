"""`head` and `tail`: which results of a search are given, as Elasticsearch combines them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from samefire.query.detection import Pipe

T = TypeVar("T")


def limited(results: Sequence[T], pipes: Sequence[Pipe], size: int | None = None) -> list[T]:
    """The results (in ascending order) that pipes leave. `size` is the search's own limit, from the end; a
    first pipe takes over its direction. None: no limit."""
    steps = _steps(pipes, size)
    if not steps:
        return list(results)
    from_end, limit, offset = _combined(steps)
    view = list(results)[::-1] if from_end else list(results)
    found = _view(view, limit, offset)
    return found[::-1] if from_end else found


def limited_events(results: Sequence[T], pipes: Sequence[Pipe], size: int | None = None) -> list[T]:
    """As `limited`, of single events: the search skips the offset, however few events there are."""
    steps = _steps(pipes, size)
    if not steps:
        return list(results)
    from_end, limit, offset = _combined(steps)
    view = list(results)[::-1] if from_end else list(results)
    found = view[offset : offset + limit]
    return found[::-1] if from_end else found


def _steps(pipes: Sequence[Pipe], size: int | None) -> list[tuple[bool, int]]:
    """Whether each limit counts from the end, and how many it leaves."""
    steps = [(pipe.kind == "tail", pipe.count) for pipe in pipes]
    if size is not None:
        steps.insert(0, (steps[0][0] if steps else True, size))
    return steps


def _combined(steps: Sequence[tuple[bool, int]]) -> tuple[bool, int, int]:
    """One direction, limit and offset for all steps: the first one sets the direction, a smaller step the
    other way moves the offset."""
    from_end, limit = steps[0]
    offset = 0
    for backwards, count in steps[1:]:
        if backwards is from_end or 0 in (limit, count):
            limit = min(limit, count)
        elif count < limit:
            offset += limit - count
            limit = count
    return from_end, limit, offset


def _view(values: list[T], limit: int, offset: int) -> list[T]:
    """What the limit shows; when there are too few for the offset, the last ones."""
    if limit == 0:
        return []
    if len(values) >= offset + limit:
        return values[offset : offset + limit]
    return values if len(values) <= limit else values[len(values) - limit :]
