"""Kinds of rows that a pipeline tells apart before it groups them: the conditions of `CASE`, and those under which an
aggregate counts a row.

Each kind is a pipeline of its own, with the condition as one more filter; solving it is up to `rowtests.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from samefire.query.detection import Pipeline
from samefire.query.pipeline import Apply, Command, Compute, Expression, Filter, Refused, Summarise, walk

MOST = 16
"""Conditions that are looked at."""


def branches(body: Pipeline) -> list[Pipeline]:
    """The pipeline with one of its conditions on kinds of rows as a filter, for each of them."""
    found: dict[Expression, Pipeline] = {}
    for before, condition, after in _places(body.commands):
        commands = (*before, Filter(condition), *after)
        found.setdefault(condition, Pipeline(commands, queries=body.queries))
    return list(found.values())[:MOST]


def _places(
    commands: tuple[Command, ...],
) -> Iterator[tuple[tuple[Command, ...], Expression, tuple[Command, ...]]]:
    """Each condition with the commands before and after the place where its columns are known."""
    for at, command in enumerate(commands):
        before, after = commands[:at], commands[at:]
        match command:
            case Compute(columns=columns):
                for number, (_, expression) in enumerate(columns):
                    known = (*before, Compute(columns[:number])) if number else before
                    left = (Compute(columns[number:]), *after[1:])
                    yield from ((known, condition, left) for condition in conditions([expression]))
            case Summarise(reductions=reductions):
                named = [one.condition for one in reductions if one.condition is not None]
                inside = conditions(argument for one in reductions for argument in one.arguments)
                yield from ((before, condition, after) for condition in [*named, *inside])
                return
            case Refused():
                return
            case _:
                continue


def conditions(expressions: Iterable[Expression]) -> Iterator[Expression]:
    """The conditions of every `CASE` in the expressions."""
    for expression in expressions:
        for part in walk(expression):
            if isinstance(part, Apply) and part.function == "case":
                yield from part.arguments[: len(part.arguments) // 2 * 2 : 2]
