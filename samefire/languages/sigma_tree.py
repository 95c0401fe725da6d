"""Syntax tree of a Sigma file: rules, correlations and filters as they are written.

Plain values; modifiers are kept by name and in order. What they mean is for `sigma_values.py` and
`sigma_lower.py`, the tree of conditions for `sigma_conditions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from samefire.languages.sigma_conditions import Condition
from samefire.languages.sigma_yaml import Documents, Path
from samefire.problems import Problem

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """`field|modifier|…: value` or, without a field, keywords. `values` holds one element for a plain
    value; `listed` tells a list of one from it. `path` leads to the value."""

    field: str | None
    modifiers: tuple[str, ...]
    values: tuple[Scalar, ...]
    listed: bool
    path: Path


@dataclass(frozen=True, slots=True)
class Both:
    """A mapping: all of its items."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """A list of mappings: any of them."""

    children: tuple[Definition, ...]


Definition = Item | Both | Either


@dataclass(frozen=True, slots=True)
class Search:
    """A detection section: named search identifiers and the conditions (any of them) over the names."""

    names: tuple[tuple[str, Definition], ...]
    conditions: tuple[Condition, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class Header:
    """What a document says of itself. `custom` are keys that Sigma does not define."""

    title: str
    id: str | None = None
    name: str | None = None
    level: str | None = None
    status: str | None = None
    taxonomy: str = "sigma"
    tags: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where the events come from; `None`: not said."""

    category: str | None = None
    product: str | None = None
    service: str | None = None

    def covers(self, other: LogSource) -> bool:
        """True when every part that this one names is the same in `other`."""
        return (
            self.category in (None, other.category)
            and self.product in (None, other.product)
            and self.service in (None, other.service)
        )


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """A rule over single events."""

    header: Header
    logsource: LogSource
    search: Search
    path: Path


@dataclass(frozen=True, slots=True)
class FilterDocument:
    """A filter: its search is added to the conditions of `rules` (None: of every rule of the log source)."""

    header: Header
    logsource: LogSource
    rules: tuple[str, ...] | None
    search: Search
    path: Path


@dataclass(frozen=True, slots=True)
class CorrelationDocument:
    """A correlation over other documents, which `rules` names by `name` or `id`. `timespan` is in
    milliseconds; `comparisons` are (operator, number) pairs; `expression` is the extended condition."""

    header: Header
    type: str
    rules: tuple[str, ...]
    timespan: int
    path: Path
    group_by: tuple[str, ...] = ()
    aliases: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    comparisons: tuple[tuple[str, float], ...] = ()
    expression: Condition | None = None
    value_field: tuple[str, ...] = ()
    percentile: float | None = None
    generate: bool = False


Document = RuleDocument | FilterDocument | CorrelationDocument


@dataclass(frozen=True)
class SigmaTree:
    """One file: its documents in order, the text they come from, and warnings found while reading."""

    documents: tuple[Document, ...]
    yaml: Documents = field(compare=False)
    problems: tuple[Problem, ...] = ()
    data: tuple[Mapping[str, Any], ...] = field(default=(), compare=False, repr=False)
