"""The columns that an ES|QL query gives, as far as its text alone tells: what `required_fields` are made of.

Without a stack nobody knows the columns of an index; after an explicit KEEP or a STATS everybody does.
"""

from __future__ import annotations

from samefire.languages.esql import tree as t

COMPUTED = ("Esql.", "Esql_priv.")
"""How Elastic's rules name the columns that a query computes; they are no fields of an event."""


def kept_fields(query: t.Query) -> tuple[str, ...]:
    """The fields among the query's last columns, sorted; none when only a live stack knows the columns (no KEEP
    or STATS, or a pattern in the last KEEP)."""
    columns: dict[str, None] | None = None
    for command in query.commands:
        columns = _after(command, columns)
    names = columns or ()
    return tuple(sorted(name for name in names if not name.startswith(COMPUTED)))


def _after(command: t.Command, columns: dict[str, None] | None) -> dict[str, None] | None:
    """The columns after one command; None: not known from the text."""
    match command:
        case t.Keep(names=names):
            plain = [n.name for n in names if isinstance(n, t.Name)]
            return dict.fromkeys(plain) if len(plain) == len(names) else None
        case t.Stats(aggregates=aggregates, groups=groups, inline=inline):
            made = dict.fromkeys([a.name for a in aggregates] + [g.name for g in groups])
            return made if not inline else None if columns is None else columns | made
    if columns is None:
        return None
    match command:
        case t.Eval(columns=added):
            return columns | dict.fromkeys(c.name for c in added)
        case t.Completion(name=name):
            return columns | {name: None}
        case t.Drop(names=names):
            dropped = {n.name for n in names if isinstance(n, t.Name)}
            plain_names = len(dropped) == len(names)
            return {name: None for name in columns if name not in dropped} if plain_names else None
        case t.Rename(pairs=pairs):
            renamed = {old.name: new.name for old, new in pairs}
            return {renamed.get(name, name): None for name in columns}
        case t.Dissect() | t.Grok() | t.Enrich() | t.LookupJoin():
            return None
        case _:
            return columns
