"""A rule as its TOML file says it: reading, checking, places.

`load` gives a `Rule` or every problem of the file at once. What a rule becomes is up to `converters/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samefire.problems import Problem
from samefire.source import Source, Span


@dataclass(frozen=True)
class Rule:
    """One valid rule. The tables are plain dictionaries exactly as TOML gives them.

    `places` finds where a key or value stands in the file, on demand."""

    source: Source
    metadata: Mapping[str, Any]
    contents: Mapping[str, Any]  # [rule]
    transform: Mapping[str, Any]
    sigma: Mapping[str, Any]  # [sigma], ours
    problems: tuple[Problem, ...] = ()  # warnings found while reading

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def id(self) -> str:
        return str(self.contents["rule_id"])

    @property
    def name(self) -> str:
        return str(self.contents["name"])

    @property
    def type(self) -> str:
        return str(self.contents["type"])

    @property
    def language(self) -> str | None:
        """`kuery`, `lucene`, `eql`, `esql`; None for machine learning."""
        return self.contents.get("language")

    @property
    def deprecated(self) -> bool:
        return self.metadata.get("maturity") == "deprecated"

    def string(self, *key: str | int) -> Source:
        """The string at a key path of the file (`"rule", "query"`) as an `Embedded` source."""
        raise NotImplementedError

    def key_span(self, *key: str | int) -> Span:
        """Where the key stands in `source.text`."""
        raise NotImplementedError

    def value_span(self, *key: str | int) -> Span:
        """Where the value stands in `source.text`."""
        raise NotImplementedError


def load(source: Source) -> Rule:
    """The rule in a TOML text; raises ProblemError with every problem of the file."""
    raise NotImplementedError
