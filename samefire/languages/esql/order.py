"""Where commands and full-text functions may stand: what Elasticsearch refuses by the order of a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from samefire.languages.esql.functions import FULL_TEXT
from samefire.languages.esql.tree import (
    Call,
    Command,
    Comparison,
    Expression,
    From,
    Limit,
    Logical,
    Matches,
    MvExpand,
    Name,
    Not,
    Query,
    Row,
    Sort,
    Stats,
    Where,
    children,
    expressions,
    walk,
)
from samefire.source import Span


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Something at the wrong place of a query."""

    code: str
    message: str
    span: Span
    hint: str


def misplaced(query: Query) -> Iterator[Misplaced]:
    """What stands where the server refuses it, in order of writing."""
    for at, command in enumerate(query.commands):
        before = query.commands[:at]
        yield from _full_text(command, before)
        if isinstance(command, Stats) and command.inline and any(isinstance(c, Limit) for c in before):
            message = "INLINE STATS cannot stand after LIMIT"
            yield Misplaced("query-order", message, _head(command), "move the LIMIT behind it")
        if isinstance(command, Where):
            yield from _unbounded(command, before, query.commands[at + 1 :])


def _head(command: Command) -> Span:
    return Span(command.span.start, command.span.start + len("INLINE"))


def _unbounded(
    command: Where, before: tuple[Command, ...], after: tuple[Command, ...]
) -> Iterator[Misplaced]:
    """`SORT … | MV_EXPAND a | WHERE a …` without LIMIT: nothing bounds what has to be sorted."""
    if any(isinstance(c, Sort) or (isinstance(c, Stats) and not c.inline) for c in after):
        return
    named = {e.name for e in walk(command.condition) if isinstance(e, Name)}
    expanded = False
    for earlier in reversed(before):
        match earlier:
            case Limit() | Stats(inline=False):
                return
            case MvExpand(name=name) if name.name in named:
                expanded = True
            case Sort() if expanded:
                message = "SORT has no LIMIT before MV_EXPAND and this WHERE: Elasticsearch refuses an unbounded sort"
                yield Misplaced(
                    "query-order", message, earlier.span, "move it behind the WHERE, or add `| LIMIT …`"
                )
                return


# ---- full text ---------------------------------------------------------------------------------------


def _full_text(command: Command, before: tuple[Command, ...]) -> Iterator[Misplaced]:
    if isinstance(command, Row):
        return  # there are no events at all, which is told
    groups = [g.expression for g in command.groups] if isinstance(command, Stats) else []
    for expression in expressions(command):
        asked = [node for node in walk(expression) if _asks(node)]
        for node in asked:
            if not isinstance(command, Where | Stats) or expression in groups:
                message = f"{_shown(node)} stands in WHERE only, or in a condition of STATS"
                yield Misplaced("query-match", message, node.span, "write it into a WHERE")
            elif isinstance(command, Where) and (blocking := _blocking(node, before)) is not None:
                message = f"{_shown(node)} cannot stand after {blocking}"
                yield Misplaced("query-match", message, node.span, "move it to a WHERE right after FROM")
        if isinstance(command, Where) and asked:
            yield from _inside(expression)


def _blocking(node: Expression, before: tuple[Command, ...]) -> str | None:
    """The command that may not stand before a full-text question."""
    whole = isinstance(node, Call) and node.function in ("kql", "qstr")
    for command in before:
        if isinstance(command, Limit):
            return "LIMIT"
        if isinstance(command, Stats) and command.inline:
            return "INLINE STATS"
        if whole and not isinstance(command, From | Where | Sort | Stats):
            return (
                type(command).__name__.upper().replace("MVEXPAND", "MV_EXPAND").replace("LOOKUPJ", "LOOKUP J")
            )
    return None


def _inside(node: Expression) -> Iterator[Misplaced]:
    """Full-text questions inside anything but AND, OR, NOT and comparisons."""
    for child in children(node):
        if _asks(child):
            if not isinstance(node, Logical | Not | Comparison):
                message = f"{_shown(child)} stands in AND, OR, NOT and comparisons only"
                yield Misplaced("query-match", message, child.span, "make it a condition of its own")
        else:
            yield from _inside(child)


def _asks(node: Expression) -> bool:
    return isinstance(node, Matches) or (isinstance(node, Call) and node.function in FULL_TEXT)


def _shown(node: Expression) -> str:
    return f"`{node.function.upper()}`" if isinstance(node, Call) else "`:`"
