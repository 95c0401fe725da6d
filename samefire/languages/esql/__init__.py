"""ES|QL as Elasticsearch reads it: pipes of commands over rows.

The public face: `parse`, `render`, `field_names`. `tokens`, `reader`, `expressions` and `parse` read; `tree`
holds the syntax tree; `render` writes it.
"""

from __future__ import annotations

from samefire.languages.esql.parse import parse
from samefire.languages.esql.render import render
from samefire.languages.esql.tree import Query

__all__ = ["Query", "parse", "render"]
