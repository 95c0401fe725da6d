"""A TOML file as people wrote it: tables, entries, values and every comment. Pure data.

Reading it is left to `reading.py`, writing it to `writing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Literal:
    """A string, number, flag or time as it is written; `value` is what a string says, None for the others."""

    text: str
    value: str | None = None


@dataclass(slots=True)
class Item:
    """One value of a list, with the comments above it and behind it."""

    value: Value
    above: list[str] = field(default_factory=list)
    behind: str = ""


@dataclass(slots=True)
class Listing:
    """A list; `below` are the comments after its last item."""

    items: list[Item]
    below: list[str] = field(default_factory=list)

    @property
    def commented(self) -> bool:
        return bool(self.below) or any(i.above or i.behind for i in self.items)


@dataclass(slots=True)
class Pairs:
    """An inline table without comments."""

    pairs: list[tuple[tuple[str, ...], Value]]


Value = Literal | Listing | Pairs


@dataclass(slots=True)
class Entry:
    """`key = value`. `above`: comment lines, an empty text for a blank line after some."""

    key: tuple[str, ...]
    value: Value
    above: list[str] = field(default_factory=list)
    behind: str = ""
    spaced: bool = False  # a blank line stood before it


@dataclass(slots=True)
class Table:
    """What stands under one header (`path` empty: before the first). `below`: comments after its entries."""

    path: tuple[str, ...] = ()
    repeated: bool = False  # [[…]]
    above: list[str] = field(default_factory=list)
    behind: str = ""
    entries: list[Entry] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A whole file, tables in their order. `head`: comments at its top that stand for themselves."""

    tables: list[Table]
    head: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Node:
    """A table in the tree of tables; `own` None: it is only passed through. Each child is one table, or all
    tables of one `[[name]]`."""

    own: Table | None = None
    children: dict[str, list[Node]] = field(default_factory=dict)

    def child(self, name: str) -> Node:
        """The table `name`, the last one of several."""
        return self.children.setdefault(name, [Node()])[-1]


def tree(document: Document) -> Node:
    """The tables of a document by their place in each other."""
    root = Node()
    for table in document.tables:
        if not table.path:
            root.own = table
            continue
        parent = root
        for name in table.path[:-1]:
            parent = parent.child(name)
        name = table.path[-1]
        if table.repeated and name in parent.children:
            parent.children[name].append(Node(table))
        else:
            parent.child(name).own = table
    return root


def comments(document: Document) -> Iterator[str]:
    """Every comment of a document."""
    yield from document.head
    for table in document.tables:
        yield from table.above
        yield table.behind
        yield from table.below
        for entry in table.entries:
            yield from entry.above
            yield entry.behind
            yield from _inside(entry.value)


def _inside(value: Value) -> Iterator[str]:
    if isinstance(value, Listing):
        yield from value.below
        for item in value.items:
            yield from item.above
            yield item.behind
            yield from _inside(item.value)
    elif isinstance(value, Literal) and value.value is None and "#" in value.text:
        yield value.text  # an inline table that is kept as it is, with its comments
