"""ES|QL as Elasticsearch reads it: pipes of commands over rows.

The public face: `parse`, `render`, `lower`, `field_names`. `tokens`, `reader`, `expressions` and `parse` read; `tree`
holds the syntax tree; `render` writes it; `lower`, `meaning` and `aggregates` say what it means. `to_body` gives
what a lowered query asks of single events, where that can be said.
"""

from __future__ import annotations

from samefire.languages.esql.events import Reduced, Remark, to_body
from samefire.languages.esql.lower import lower
from samefire.languages.esql.parse import parse
from samefire.languages.esql.render import render
from samefire.languages.esql.tree import Name, Query, expressions, walk

__all__ = ["Query", "Reduced", "Remark", "field_names", "lower", "parse", "render", "to_body"]


def field_names(tree: Query) -> tuple[str, ...]:
    """The columns that a query names, each once, in order of writing; those that it computes too."""
    found: dict[str, None] = {}
    for command in tree.commands:
        for expression in expressions(command):
            found |= {node.name: None for node in walk(expression) if isinstance(node, Name)}
    return tuple(found)
