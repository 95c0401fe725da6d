"""KQL, the Kibana Query Language, as Kibana itself reads it.

`parse(Source) → Query` (the tree of `tree.py`), `render(Query) → str`, `field_names(Query) → set of str`.
"""

from samefire.languages.kuery.parser import parse
from samefire.languages.kuery.tree import Query, field_names

__all__ = ["Query", "field_names", "parse"]
