"""Lucene's query language as Elasticsearch's `query_string` reads it and Kibana sends it.

`parse(Source) → Query` (the tree of `tree.py`), `render(Query) → str`, `lower(Query, FieldTypes, Source) → Node`,
`lint(Query, Source) → problems` (what is legal and seldom meant), and `query_string(text, FieldTypes, …) → Node`
for a query string that another language makes. Tokens and grammar follow Lucene's classic query parser.
"""

from samefire.languages.lucene.lint import lint
from samefire.languages.lucene.lower import lower, query_string
from samefire.languages.lucene.parser import parse
from samefire.languages.lucene.render import render
from samefire.languages.lucene.tree import Query

__all__ = ["Query", "lint", "lower", "parse", "query_string", "render"]
