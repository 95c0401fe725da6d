"""KQL, the Kibana Query Language, as Kibana itself reads it.

`parse(Source) → Query` (the tree of `tree.py`), `render(Query) → str`, `field_names(Query) → set of str`,
`to_dsl(Query, FieldTypes | None) → dict` and `dsl_text`, its JSON; `lower(Query, FieldTypes, Source) → Node`.
"""

from samefire.languages.kuery.dsl import DslOptions, dsl_text, to_dsl
from samefire.languages.kuery.meaning import lower
from samefire.languages.kuery.parser import parse
from samefire.languages.kuery.render import render
from samefire.languages.kuery.tree import Query, field_names

__all__ = ["DslOptions", "Query", "dsl_text", "field_names", "lower", "parse", "render", "to_dsl"]
