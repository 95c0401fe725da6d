"""Pipelines of commands over rows: ES|QL. Each row of the result is one alert.

The commands are here; what they need (functions, aggregates, patterns) lies in `rows/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, assert_never

from samefire.engine.alerts import Alert
from samefire.engine.events import Events
from samefire.engine.regex import RegexRefused
from samefire.engine.rows.calls import Refusal, evaluate
from samefire.engine.rows.extract import columns_of, dissect, grok
from samefire.engine.rows.load import load
from samefire.engine.rows.operators import loose_key
from samefire.engine.rows.reduce import reducer
from samefire.engine.rows.show import as_json, settled
from samefire.engine.rows.table import Setting, Table, Value, unpacked
from samefire.engine.values import text, version_key
from samefire.query.ast import Fold, Pattern
from samefire.query.detection import Pipeline
from samefire.query.pipeline import (
    Apply,
    Arrange,
    ColumnValue,
    Command,
    Compute,
    Cut,
    Expand,
    Expression,
    Extract,
    Filter,
    Load,
    MakeRow,
    Project,
    Refused,
    Relabel,
    Remove,
    Summarise,
    Take,
    walk,
)
from samefire.query.values import fits

MOST_GROUPS = 100_000
"""Groups that one row with several values may fall into."""

__all__ = ["Refusal", "Rows", "alerts", "execute", "rows"]


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer to a query: `columns` are names and types, `rows` hold values as JSON has them."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]


def alerts(
    body: Pipeline, events: Events, ordinals: Sequence[int], setting: Setting, show: Iterable[str] = ()
) -> list[Alert]:
    """One alert for each row, with the events that it is made of, and the values of the columns `show`. Raises
    Refusal."""
    table = execute(body, events, ordinals, setting, rest=False)
    wanted = [name for name in show if name in table.columns]
    return [
        Alert(
            tuple(table.origins[row]),
            (),
            {name: _texts(table, name, row) for name in wanted} if wanted else None,
        )
        for row in _distinct(body, table)
    ]


def _distinct(body: Pipeline, table: Table) -> Sequence[int]:
    """The rows that Kibana makes alerts of: where rows are events and keep their `_id`, one for each event and
    values of the columns that MV_EXPAND took apart (when those are gone, for each different row)."""
    if body.aggregating or "_id" not in table.columns:
        return range(table.size)
    expanded = [command.name for command in body.commands if isinstance(command, Expand)]
    kept = all(name in table.columns for name in expanded)
    columns = [table.columns[name] for name in (expanded if kept else table.columns)]
    first: dict[object, int] = {}
    for row, origin in enumerate(table.origins):
        values = [column[row] for column in columns]
        identity = tuple(repr(value) for value in values if value or not kept)
        first.setdefault((table.columns["_id"][row], origin, identity), row)
    return list(first.values())


def _texts(table: Table, name: str, row: int) -> tuple[str, ...]:
    shown = as_json(table.columns[name][row], table.types[name])
    return tuple(text(one) for one in unpacked(shown))


def rows(body: Pipeline, events: Events, ordinals: Sequence[int], setting: Setting) -> Rows:
    """All columns and rows of a query. Raises Refusal."""
    table = execute(body, events, ordinals, setting, rest=True)
    kinds = {name: settled(table.types[name], values) for name, values in table.columns.items()}
    shown = [[as_json(value, kinds[n]) for value in values] for n, values in table.columns.items()]
    lines = zip(*shown, strict=True) if shown else ()
    return Rows(tuple(kinds.items()), tuple(lines))


def execute(
    body: Pipeline, events: Events, ordinals: Sequence[int], setting: Setting, *, rest: bool = True
) -> Table:
    """The table after the last command. Raises Refusal."""
    first = body.commands[0]
    if isinstance(first, Load):
        if len(ordinals) > 1:
            events.read(s.reads for s in first.columns if s.reads is not None)
        table = load(first, events, ordinals, rest=rest)
    else:
        table = Table({}, {}, [()])
    for command in body.commands[0 if isinstance(first, MakeRow) else 1 :]:
        try:
            table = _step(command, table, setting)
        except RegexRefused as error:
            raise Refusal(str(error)) from None
    return table


def _step(command: Command, table: Table, setting: Setting) -> Table:
    match command:
        case Load():
            raise AssertionError("a source is the first command")
        case Filter(condition=condition):
            return table.take(_true_rows(condition, table, setting))
        case MakeRow(columns=columns) | Compute(columns=columns):
            return _computed(columns, table, setting)
        case Summarise():
            return (
                _inlined(command, table, setting) if command.inline else _summarised(command, table, setting)
            )
        case Project(names=names):
            return table.select(_projected(names, list(table.columns)))
        case Remove(names=names):
            return table.select(n for n in table.columns if not any(fits(p, n, Fold.NONE) for p in names))
        case Relabel(pairs=pairs):
            return _relabelled(pairs, table)
        case Arrange():
            return _arranged(command, table, setting)
        case Take(count=count):
            return table.take(range(min(count, table.size)))
        case Cut() | Extract():
            return _extracted(command, table, setting)
        case Expand(name=name):
            return _expanded(name, table)
        case Refused(reason=reason, columns=added):
            if table.size:
                raise Refusal(reason)
            return _computed_empty(added, table)
        case _:
            assert_never(command)


# ---- columns --------------------------------------------------------------------------------------------


def _computed(columns: Iterable[tuple[str, Expression]], table: Table, setting: Setting) -> Table:
    out = table.select(table.columns)
    for name, expression in columns:
        out.put(name, expression.type, evaluate(expression, out, setting))
    return out


def _computed_empty(columns: Iterable[tuple[str, str]], table: Table) -> Table:
    out = table.select(table.columns)
    for name, kind in columns:
        out.put(name, kind, [])
    return out


def _projected(names: Sequence[Pattern], columns: Sequence[str]) -> list[str]:
    """The columns in the order in which they are named; an exact name counts before one with wildcards, that
    before `*`, and of two equal ones the later."""
    found: dict[str, int] = {}
    for pattern in names:
        exact = len(pattern) == 1 and isinstance(pattern[0], str)
        rank = 0 if exact else 1 if any(isinstance(piece, str) for piece in pattern) else 2
        for name in columns:
            if fits(pattern, name, Fold.NONE) and found.get(name, 3) >= rank:
                found.pop(name, None)
                found[name] = rank
    return list(found)


def _relabelled(pairs: Iterable[tuple[str, str]], table: Table) -> Table:
    out = table
    for old, new in pairs:
        names = [name for name in out.columns if name != new or name == old]
        out = Table(
            {(new if n == old else n): out.columns[n] for n in names},
            {(new if n == old else n): out.types[n] for n in names},
            out.origins,
        )
    return out


def _extracted(command: Cut | Extract, table: Table, setting: Setting) -> Table:
    texts = evaluate(command.text, table, setting)
    out = table.select(table.columns)
    if isinstance(command, Cut):
        made = columns_of(texts, dissect(command), list(command.columns))
        kinds = dict.fromkeys(command.columns, "keyword")
    else:
        kinds = dict(command.columns)
        made = columns_of(texts, grok(command), list(kinds))
    for name, kind in kinds.items():
        out.put(name, kind, made[name])
    return out


def _true_rows(condition: Expression, table: Table, setting: Setting) -> Sequence[int]:
    """The rows for which a condition is true; each operand of AND is asked only where those before it are."""
    rows_: Sequence[int] = range(table.size)
    for part in _operands(condition):
        names = {e.name for e in walk(part) if isinstance(e, ColumnValue)}
        asked = table.select(n for n in table.columns if n in names)
        verdicts = evaluate(part, asked if len(rows_) == table.size else asked.take(rows_), setting)
        rows_ = [row for row, verdict in zip(rows_, verdicts, strict=True) if verdict is True]
    return rows_


def _operands(condition: Expression) -> Iterator[Expression]:
    """The operands of AND, or the condition itself."""
    if isinstance(condition, Apply) and condition.function == "and":
        for argument in condition.arguments:
            yield from _operands(argument)
    else:
        yield condition


# ---- rows -----------------------------------------------------------------------------------------------


def _expanded(name: str, table: Table) -> Table:
    """A row for each value; null stays one row."""
    cells = table.columns[name]
    numbers = [row for row, cell in enumerate(cells) for _ in (unpacked(cell) or [None])]
    out = table.take(numbers)
    out.columns[name] = [value for cell in cells for value in (unpacked(cell) or [None])]
    return out


def _arranged(command: Arrange, table: Table, setting: Setting) -> Table:
    """Rows in order: the last key first, each sort keeping what was equal. Several values count by the
    smallest, descending by the largest."""
    order = list(range(table.size))
    for key in reversed(command.orders):
        cells = evaluate(key.expression, table, setting)
        value_key = sort_key(key.expression.type)
        choose = max if key.descending else min
        keys: list[Any] = [None if c is None else choose(map(value_key, unpacked(c))) for c in cells]
        missing = [row for row in order if keys[row] is None]
        present = [row for row in order if keys[row] is not None]
        present.sort(key=keys.__getitem__, reverse=key.descending)
        order = missing + present if key.nulls_first else present + missing
    return table.take(order)


def sort_key(kind: str) -> Any:
    """What values of a type are sorted by."""
    if kind == "version":
        return version_key
    return loose_key if kind == "dynamic" else lambda value: value


# ---- groups ---------------------------------------------------------------------------------------------

Key = tuple[Value, ...]


def _groups(cells: Sequence[Sequence[Value]], size: int) -> dict[Key, list[int]]:
    """The rows of each combination of values; a row counts once for each of its values, null being one."""
    if not cells:
        return {(): list(range(size))}
    found: dict[Key, list[int]] = {}
    for row, values in enumerate(zip(*cells, strict=True)):
        if any(type(value) is list for value in values):
            choices = [dict.fromkeys(unpacked(value)) or (None,) for value in values]
            for count, key in enumerate(product(*choices)):
                if count >= MOST_GROUPS:
                    break
                found.setdefault(key, []).append(row)
        else:
            found.setdefault(values, []).append(row)
    return found


def _summarised(command: Summarise, table: Table, setting: Setting) -> Table:
    cells = [evaluate(expression, table, setting) for _, expression in command.groups]
    groups = _groups(cells, table.size)
    reduced = _reduced(command, table, groups.values(), setting)
    for place, (name, expression) in enumerate(command.groups):
        reduced.put(name, expression.type, [key[place] for key in groups])
    reduced.origins = [
        tuple(dict.fromkeys(o for row in members for o in table.origins[row])) for members in groups.values()
    ]
    out = _computed(command.results, reduced, setting)
    names = [*(name for name, _ in command.results), *(name for name, _ in command.groups)]
    return out.select(dict.fromkeys(names))


def _reduced(command: Summarise, table: Table, groups: Iterable[Sequence[int]], setting: Setting) -> Table:
    """A row for each group, with a column for each reduction."""
    members = list(groups)
    out = Table({}, {}, [()] * len(members))
    for reduction in command.reductions:
        columns = [evaluate(argument, table, setting) for argument in reduction.arguments]
        work = reducer(reduction, columns, setting)
        kept: Sequence[Sequence[int]] = members
        if reduction.condition is not None:
            verdicts = evaluate(reduction.condition, table, setting)
            kept = [[row for row in rows_ if verdicts[row] is True] for rows_ in members]
        out.put(reduction.name, reduction.type, [work(rows_) for rows_ in kept])
    return out


def _inlined(command: Summarise, table: Table, setting: Setting) -> Table:
    """The results of each group in every one of its rows; a row with several values of a key has none."""
    with_groups = _computed(
        [(name, value) for name, value in command.groups if name not in table.columns], table, setting
    )
    cells = [evaluate(expression, table, setting) for _, expression in command.groups]
    groups = _groups(cells, table.size)
    reduced = _reduced(command, table, groups.values(), setting)
    for place, (name, expression) in enumerate(command.groups):
        reduced.put(name, expression.type, [key[place] for key in groups])
    results = _computed(command.results, reduced, setting)
    numbers = {key: number for number, key in enumerate(groups)}
    keys = zip(*cells, strict=True) if cells else [()] * table.size
    places = [None if any(type(v) is list for v in key) else numbers[key] for key in keys]
    for name, expression in command.results:
        column = results.columns[name]
        with_groups.put(name, expression.type, [None if p is None else column[p] for p in places])
    return with_groups
