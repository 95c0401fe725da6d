"""`Document` → TOML text in one layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from samefire.fmt import order
from samefire.fmt.document import Document, Entry, Item, Listing, Literal, Node, Pairs, Table, Value, tree
from samefire.fmt.strings import WIDTH, key_text, written


def write(document: Document, kind: order.Kind) -> str:
    """The document as text; lines end in `\\n`."""
    blocks = ["\n".join(document.head)] if document.head else []
    blocks += _node(tree(document), (), kind)
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _node(node: Node, path: tuple[str, ...], kind: order.Kind) -> Iterator[str]:
    """A table and the tables below it, a block of lines each."""
    if node.own is not None and (text := "\n".join(_table(node.own, kind))):
        yield text
    for name, nodes in order.children(node, path, kind):
        for child in nodes:
            yield from _node(child, (*path, name), kind)


def _table(table: Table, kind: order.Kind) -> Iterator[str]:
    yield from table.above
    if table.path:
        name = key_text(table.path)
        yield _commented(f"[[{name}]]" if table.repeated else f"[{name}]", table.behind)
    for number, entry in enumerate(order.entries(table.entries, table.path, kind)):
        if number and _apart(entry, table, kind):
            yield ""
        yield from entry.above
        yield _entry(entry)
    if table.below:
        if table.entries or table.path:
            yield ""
        yield from table.below


def _apart(entry: Entry, table: Table, kind: order.Kind) -> bool:
    """Whether a blank line parts the entry from the one before."""
    if kind is order.Kind.OTHER:
        return entry.spaced
    return table.path == ("rule",) and entry.key == ("query",)


def _entry(entry: Entry) -> str:
    start = f"{key_text(entry.key)} = "
    return _commented(start + _value(entry.value, entry.key[-1], len(start), 0), entry.behind)


def _commented(text: str, comment: str) -> str:
    return f"{text} {comment}" if comment else text


def _value(value: Value, key: str, used: int, indent: int) -> str:
    """A value, its first line standing behind `used` columns, further ones behind `indent` blanks."""
    match value:
        case Literal():
            return written(value, key, WIDTH - used)
        case Pairs(pairs=pairs):
            inner = (f"{key_text(name)} = {_value(item, name[-1], WIDTH, indent)}" for name, item in pairs)
            return f"{{ {', '.join(inner)} }}" if pairs else "{}"
        case Listing():
            flat = _flat(value)
            return flat if flat is not None and used + len(flat) <= WIDTH else _broken(value, indent + 4)
        case _:
            assert_never(value)


def _flat(value: Listing) -> str | None:
    """The list on one line, or None when it has comments or texts of several lines in it."""
    if value.commented:
        return None
    items = [_value(item.value, "", -(1 << 20), 0) for item in value.items]
    return None if any("\n" in item for item in items) else f"[{', '.join(items)}]"


def _broken(value: Listing, indent: int) -> str:
    """The list with a line for each item."""
    start = " " * indent
    lines = ["["]
    for item in value.items:
        lines += [start + comment for comment in item.above]
        lines.append(start + _item(item, indent))
    lines += [start + comment for comment in value.below]
    return "\n".join([*lines, " " * (indent - 4) + "]"])


def _item(item: Item, indent: int) -> str:
    return _commented(_value(item.value, "", indent, indent) + ",", item.behind)
