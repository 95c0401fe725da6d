"""EQL, the event query language, as Elasticsearch accepts it.

The public face: `parse`, `field_names`. `eql_tokens` and `eql_parse` read, `eql_tree` holds the tree.
"""

from __future__ import annotations

from samefire.languages.eql_parse import parse
from samefire.languages.eql_tree import Field, Query, filters, terms, walk

__all__ = ["Query", "field_names", "parse"]


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
