"""EQL, the event query language, as Elasticsearch accepts it.

The public face: `parse`, `render`, `field_names`. `tokens`, `reader`, `expressions` and `parse` read; `tree`
holds the syntax tree; `render` writes it.
"""

from __future__ import annotations

from samefire.languages.eql.lower import lower
from samefire.languages.eql.parse import parse
from samefire.languages.eql.render import render
from samefire.languages.eql.tree import Field, Query, filters, terms, walk

__all__ = ["Query", "field_names", "lower", "parse", "render"]


def field_names(tree: Query) -> tuple[str, ...]:
    """The fields that a query names, each once, in order of writing; join keys too, the event category's
    field not."""
    found: dict[str, None] = {}
    for key in getattr(tree.body, "keys", ()):
        found[key.name] = None
    for event in filters(tree):
        for node in walk(event.condition):
            if isinstance(node, Field):
                found[node.name] = None
    for term in terms(tree):
        found |= dict.fromkeys(key.name for key in term.keys)
    return tuple(found)
