"""In which order the parts of a rule file stand: keys by the alphabet, a rule's query last."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from samefire.fmt.document import Entry, Node

_TABLES = ("metadata", "rule", "transform", "sigma")
_FIRST = {"technique": "tactic", "container": ""}
"""Tables that do not stand where the alphabet would have them, and before which they do."""


class Kind(Enum):
    """What a file is: the order of a rule's or exception list's keys is ours, that of others their author's."""

    ORDERED = "ordered"
    OTHER = "other"


def kind_of(tables: Iterable[str]) -> Kind:
    """The kind of a file with these tables at its top."""
    return Kind.ORDERED if {"rule", "exceptions"} & set(tables) else Kind.OTHER


def entries(found: list[Entry], path: tuple[str, ...], kind: Kind) -> list[Entry]:
    """The entries of a table in their order."""
    if kind is Kind.OTHER:
        return found
    return sorted(found, key=lambda e: (path == ("rule",) and e.key == ("query",), e.key))


def children(node: Node, path: tuple[str, ...], kind: Kind) -> list[tuple[str, list[Node]]]:
    """The tables below a table in their order."""
    found = list(node.children.items())
    if kind is Kind.OTHER:
        return found
    if not path:
        return sorted(found, key=lambda c: _TABLES.index(c[0]) if c[0] in _TABLES else len(_TABLES))
    return sorted(found, key=lambda c: (_FIRST.get(c[0], c[0]), c[0] not in _FIRST))
