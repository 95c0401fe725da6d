"""A rule as its TOML file says it: reading, checking, places.

`load` gives a `Rule` or every problem of the file at once. What its keys may be is in `rule_schema.py`, what
they must be to each other in `rule_checks.py`, what a rule becomes up to `converters/`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from samefire.exception_list import ExceptionList
from samefire.files import read_source
from samefire.problems import Problem, ProblemError, Severity, nearest
from samefire.rule_checks import check_file
from samefire.schema import Finding, Report
from samefire.source import Embedded, Source, Span
from samefire.toml_places import Places, nearest_span, places_of
from samefire.toml_text import tables


@dataclass(frozen=True, eq=False)
class Rule:
    """One valid rule. The tables are plain dictionaries as TOML gives them; whole numbers and flags that were
    written in another type are already what they are read as.

    `places` finds where a key or value stands in the file, on demand."""

    source: Source
    metadata: Mapping[str, Any]
    contents: Mapping[str, Any]  # [rule]
    transform: Mapping[str, Any]
    sigma: Mapping[str, Any]  # [sigma], ours
    problems: tuple[Problem, ...] = ()  # warnings found while reading
    exceptions: tuple[ExceptionList, ...] = ()  # the lists that hold for it, from other files

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

    def takes(self, form: str, *, derived: bool) -> bool:
        """Whether there can be a form of this name of the rule (`derived`: another program makes it)."""
        del form, derived
        return True

    def judged_as(self, form: str, *, derived: bool) -> bool:
        """Whether its fixtures say anything about that form."""
        return self.takes(form, derived=derived)

    @cached_property
    def places(self) -> Places:
        """Where every key and value stands; computed when first asked for."""
        return places_of(self.source)

    def string(self, *key: str | int) -> Embedded:
        """The string at a key path of the file (`"rule", "query"`) as a source of its own, whose places are
        places of the file; KeyError when there is none."""
        value: Any = {
            "metadata": self.metadata,
            "rule": self.contents,
            "transform": self.transform,
            "sigma": self.sigma,
        }
        for part in key:
            value = value[part]
        if not isinstance(value, str):
            raise KeyError(key)
        return Embedded(self.source.path, value, self.source, lambda: self._offsets(*key))

    def _offsets(self, *key: str | int) -> Sequence[int]:
        return self.places.characters(*key)

    def key_span(self, *key: str | int) -> Span:
        """Where the key stands in `source.text`; when it does not, where the nearest table around it does."""
        return nearest_span(self.places, key, on_key=True)

    def value_span(self, *key: str | int) -> Span:
        """Where the value stands in `source.text`; when it does not, the nearest table around it."""
        return nearest_span(self.places, key, on_key=False)


class RuleError(ProblemError):
    """A file whose tables are no usable rule, for `problems`. `draft` is what it says all the same, values of any
    type under any key: for checks that need few of them."""

    def __init__(self, draft: Rule) -> None:
        super().__init__(draft.problems)
        self.draft = draft


def load(source: Source) -> Rule:
    """The rule in a TOML text; raises ProblemError with every problem of the tables, in file order, and when there
    is a `[rule]`, as RuleError."""
    data, warnings = tables(source)
    report = Report()
    check_file(data, report)
    findings = report.findings
    deprecated = _deprecated(data)
    if deprecated:
        findings = [_relaxed(f) for f in findings]
    else:
        for container, key, value in report.coerced:
            container[key] = value
    problems = [*warnings, *_placed(findings, source)] if findings else warnings
    get = data.get
    rule = Rule(
        source, get("metadata", {}), get("rule", {}), get("transform", {}), get("sigma", {}), tuple(problems)
    )
    if any(p.severity is Severity.ERROR for p in problems):
        raise RuleError(rule) if isinstance(rule.contents, dict) else ProblemError(problems)
    return rule


def load_path(path: str | os.PathLike[str]) -> Rule:
    """The rule in a file; raises ProblemError."""
    return load(read_source(path))


def _deprecated(data: Mapping[str, Any]) -> bool:
    metadata = data.get("metadata")
    return isinstance(metadata, dict) and metadata.get("maturity") == "deprecated"


_IDENTITY = ("rule_id", "name", "type")


def _relaxed(finding: Finding) -> Finding:
    """What a deprecated rule may be: its `[rule]` was valid for some stack of its time, so that only what
    makes it unusable is an error (no table, no identity, values that JSON cannot say)."""
    path = finding.path
    if path[:1] != ("rule",) or finding.code == "rule-not-json":
        return finding
    if len(path) == 1:
        missed = finding.code == "rule-missing-key"
        usable = missed and not any(f"`{key}`" in finding.message for key in _IDENTITY)
    else:
        usable = len(path) > 2 or nearest(str(path[1]), _IDENTITY) is None
    return replace(finding, warning=True) if usable else finding


def _placed(findings: Iterable[Finding], source: Source) -> list[Problem]:
    """Findings with their places, in file order."""
    places = places_of(source)
    problems = []
    for f in findings:
        span = nearest_span(places, f.path, on_key=f.on_key)
        severity = Severity.WARNING if f.warning else Severity.ERROR
        problems.append(Problem(f.code, f.message, source, span, severity, f.hint))
    return sorted(problems, key=lambda p: p.span)
