"""Query languages, one file each.

`parse(Source) → tree`, `render(tree) → str`, `lower(tree, fields, source) → Node` (or a whole Body).

`parse` keeps how the text was written (quotes, lists) so that `render` and the Query DSL are exact;
`lower` says what it means, with field types, as nodes of `samefire.query.ast`. `lower_text` does both and
gives a Body. Find one with `language(name)`.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from samefire.fields import FieldTypes
from samefire.query.detection import Body, EventQuery
from samefire.source import Source

NAMES = ("eql", "esql", "kuery", "lucene", "sigma")
"""The languages that can be parsed and run."""


class Language(Protocol):
    """What a language's file offers."""

    def parse(self, source: Source) -> Any:
        """The syntax tree; raises ProblemError."""
        ...

    def lower(self, tree: Any, fields: FieldTypes, source: Source) -> Any:
        """What the tree means: a Node or a Body; raises ProblemError."""
        ...


class _Named:
    """A language module under one face."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def lower_text(self, source: Source, fields: FieldTypes) -> Body:
        """What a query text means, as a Body; raises ProblemError."""
        lowered = self.module.lower(self.module.parse(source), fields, source)
        return lowered if isinstance(lowered, Body) else EventQuery(lowered)


def language(name: str) -> _Named:
    """A language by its name; it is imported now."""
    return _Named(importlib.import_module(f"samefire.languages.{name}"))
