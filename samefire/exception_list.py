"""One exception list, as its file says it: the value that rules carry. Reading files is left to `exceptions.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from samefire.problems import Problem
from samefire.source import Source, Span
from samefire.toml_places import Places, nearest_span, places_of

Table = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class ExceptionList:
    """One list of a file: its container and its items, as TOML gives them. `rule_ids` are those that the file
    names, `at` is the number of the list in the file. A problem that is an error refuses the rule."""

    source: Source
    container: Table
    items: tuple[Table, ...] = ()
    rule_ids: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    at: int = 0

    @property
    def list_id(self) -> str:
        return str(self.container["list_id"])

    @property
    def namespace(self) -> str:
        return str(self.container.get("namespace_type", "single"))

    @cached_property
    def places(self) -> Places:
        """Where every key and value of the file stands; computed when first asked for."""
        return places_of(self.source)

    def span(self, *path: str | int) -> Span:
        """Where a part of the list stands in the file (`"items", 0, "entries", 1`)."""
        return nearest_span(self.places, ("exceptions", self.at, *path), on_key=False)

    def is_named_by(self, reference: Table) -> bool:
        """Whether an entry of a rule's `exceptions_list` is this list."""
        same_space = reference.get("namespace_type", "single") == self.namespace
        return same_space and reference.get("list_id") == self.list_id
