"""Why events that must come together did not: stages of sequences and samples, correlations, rows of pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from samefire.engine.explain import seen
from samefire.harness.clauses import clause_lines, nearest, unsatisfied
from samefire.harness.evidence import Evidence, count
from samefire.query import detection as bodies
from samefire.query import pipeline as commands
from samefire.query.detection import Body

if TYPE_CHECKING:
    from samefire.engine import pipeline

MOST_ROWS = 3
MOST_COLUMNS = 6


def not_joined(body: bodies.Sequence | bodies.Sample | bodies.Correlation, about: Evidence) -> Iterator[str]:
    """Which parts have events at all, and then why these do not join."""
    match body:
        case bodies.Correlation():
            yield from _correlation(body, about)
        case bodies.Sequence():
            yield from _stages(body, about)
        case bodies.Sample():
            yield from _stages(body, about)
            if all(about.hits(stage.where) for stage in body.stages):
                keys = ", ".join(key.field for key in body.stages[0].keys)
                yield f"no value of {keys} is shared by an event of every stage"


def _stages(body: bodies.Sequence | bodies.Sample, about: Evidence) -> Iterator[str]:
    for number, stage in enumerate(body.stages, 1):
        hits = about.hits(stage.where)
        word = "missing stage" if stage.missing else "stage"
        numbers = ", ".join(str(i + 1) for i in hits)
        told = f"{'event' if len(hits) == 1 else 'events'} {numbers}" if hits else "no event"
        yield f"{word} {number}: {told}"
        if not hits and not stage.missing:
            yield from unsatisfied(stage.where, about)
            return
    if isinstance(body, bodies.Sequence):
        yield from _waited(body, about)


def _waited(body: bodies.Sequence, about: Evidence) -> Iterator[str]:
    """What the candidate that came furthest waited for, and what came nearest."""
    from samefire.engine.sequence_explain import explain_sequence, lines

    stages = [about.hits(stage.where) for stage in body.stages]
    until = about.hits(body.until.where) if body.until else []
    scope = about.detection.scope
    found = explain_sequence(body, stages, about.events, scope, until=until, context=about.clocked)
    yield from lines(found)
    if found.nearest is not None:
        yield from clause_lines(found.nearest.clauses)


# ---- correlations -------------------------------------------------------------------------------------


def _correlation(body: bodies.Correlation, about: Evidence) -> Iterator[str]:
    for name, rule in body.rules:
        if isinstance(rule, bodies.EventQuery):
            hits = about.hits(rule.where)
            yield f"{name}: {count(len(hits), 'event')}"
            if not hits:
                yield from unsatisfied(rule.where, about)
    yield from _most(body, about)
    asked = " and ".join(f"{operator} {number:g}" for operator, number in body.condition)
    window = f" within {_span(body.timespan)}"
    group = f" for each {', '.join(body.group_by)}" if body.group_by else ""
    yield f"{body.type}{f' {asked}' if asked else ''}{window}{group} was not reached"


def _span(milliseconds: int) -> str:
    """A time span in its largest whole unit: `5m`, `90s`."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds % size == 0 and milliseconds:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def _most(body: bodies.Correlation, about: Evidence) -> Iterator[str]:
    """The largest group of a correlation that counts the events of one rule."""
    rules: list[tuple[str, Body]] = list(body.rules)
    if len(rules) != 1 or not body.group_by or body.aliases or not isinstance(rules[0][1], bodies.EventQuery):
        return
    groups = about.groups(rules[0][1].where, body.group_by)
    if not groups:
        yield f"no event has {' and '.join(body.group_by)}"
        return
    keys, members = groups[0]
    told = ", ".join(f"{f} = {seen([k])}" for f, k in zip(body.group_by, keys, strict=True))
    line = f"the largest group is {told}: {count(len(members), 'event')}"
    for field in body.value_field:
        line += f", {count(len({str(v) for i in members for v in about.events.values(i, field)}), 'value')} of {field}"
    yield line


# ---- pipelines ----------------------------------------------------------------------------------------

_NAMES: dict[type, str] = {
    commands.Filter: "WHERE",
    commands.Summarise: "STATS",
    commands.Take: "LIMIT",
    commands.Expand: "MV_EXPAND",
}


def no_row(body: bodies.Pipeline, about: Evidence) -> Iterator[str]:
    """After which command no row is left, and the rows before it."""
    before: pipeline.Rows | None = None
    for length in range(1, len(body.commands) + 1):
        rows = _rows(replace(body, commands=body.commands[:length]), about)
        if rows is None:
            return
        if not rows.rows:
            yield from _last_rows(body, length - 1, before, about)
            return
        before = rows


def _rows(body: bodies.Pipeline, about: Evidence) -> pipeline.Rows | None:
    from samefire.engine import pipeline
    from samefire.engine.rows.table import Setting
    from samefire.query.ast import TRUE

    kept = about.frame.keep(about.satisfying(TRUE))
    asked = [frozenset(about.satisfying(node)) for node in body.queries]
    try:
        return pipeline.rows(body, about.events, sorted(kept), Setting(about.now, asked))
    except pipeline.Refusal:
        return None


def _last_rows(
    body: bodies.Pipeline, at: int, before: pipeline.Rows | None, about: Evidence
) -> Iterator[str]:
    command = body.commands[at]
    if before is None:
        yield "no event that the rule looks at"
        return
    name = _NAMES.get(type(command), "a command")
    yield f"no row is left after {name}; before it: {count(len(before.rows), 'row')}"
    if isinstance(command, commands.Filter) and isinstance(command.condition, commands.Asked):
        yield from nearest(
            about.asked(body.queries[command.condition.number]), about.case.events, about.clocked
        )
        return
    for row in before.rows[:MOST_ROWS]:
        cells = [
            (name, value) for (name, _), value in zip(before.columns, row, strict=True) if value is not None
        ]
        yield ", ".join(f"{name} = {seen([value])}" for name, value in cells[:MOST_COLUMNS])
