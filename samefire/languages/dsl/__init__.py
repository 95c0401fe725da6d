"""The Query DSL of Elasticsearch, and Kibana's filters made of it: JSON to the query tree.

`lower(clause, fields, source) → Node`, `lower_filter(filter, fields, source) → Node`. Both raise ProblemError
with every problem of the JSON: an unknown query or option is never passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages.dsl.clauses import Clauses
from samefire.languages.dsl.filters import filter_node
from samefire.languages.dsl.options import Notes, Path, Place
from samefire.problems import ProblemError
from samefire.query.ast import Node
from samefire.source import NOWHERE, Source, Span

__all__ = ["Clauses", "Notes", "Path", "Place", "lower", "lower_filter"]


def lower(
    clause: Mapping[str, Any],
    fields: FieldTypes,
    source: Source,
    *,
    span: Span = NOWHERE,
    place: Place | None = None,
    within: str | None = None,
) -> Node:
    """What a clause asks of a document. Nodes and problems stand at `span`, or where `place` says that a part
    of the clause is; `within` is the nested path around it."""
    notes = Notes(source, place or (lambda _path: span))
    node = Clauses(fields, notes).clause(clause, (), within)
    return _checked(node, notes)


def lower_filter(
    filter_: Mapping[str, Any],
    fields: FieldTypes,
    source: Source,
    *,
    span: Span = NOWHERE,
    place: Place | None = None,
) -> Node:
    """What a filter of Kibana (`{"meta": {"negate": …}, "query": {…}}`) asks of a document."""
    notes = Notes(source, place or (lambda _path: span))
    return _checked(filter_node(Clauses(fields, notes), filter_, ()), notes)


def _checked(node: Node, notes: Notes) -> Node:
    if notes.problems:
        raise ProblemError(notes.problems)
    return node
