"""Forms: what a rule is exported as. The contract of a converter, and how converters are found.

A converter is one file in `converters/` that ends in `converter = X()`; a scan finds it. A file may instead have
`found()`, which gives the converters that other installed packages make possible, and `packages`, which tells what
to install for others. Nothing in `samefire/` names a converter.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from samefire.fields import FieldTypes
from samefire.problems import Problem
from samefire.query.detection import Detection
from samefire.rule import Rule

KNOWN = "known-fault-"
"""How the codes of known faults start: of a program that is not ours, and that made the text."""


@dataclass(frozen=True, slots=True)
class Document:
    """One exported text. `name` is its file name in a bundle (`<stem><suffix>`)."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Converted:
    """What `write` gives: one document (none when the form refuses the rule) and what was lost.

    A problem of severity error means refused; codes starting `approximate-` (severity warning) mean the
    document differs from the rule as told, `known-fault-` that a tool which made it is known to be wrong there.
    `unread`: why nothing here can run the document on the events of cases (None: it can be read)."""

    document: Document | None
    problems: tuple[Problem, ...] = ()
    unread: Problem | None = None

    @property
    def refused(self) -> bool:
        return self.document is None

    @property
    def approximate(self) -> bool:
        return any(p.code.startswith(("approximate-", KNOWN)) for p in self.problems)


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of a conversion that a user can make; each form reads those it knows."""

    caseless: bool = False
    approximate: bool = False
    taxonomy: str = "ecs"
    profile: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)  # rule_id → locked version
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Companions:
    """What a bundle may hold of a form beside rules: connectors (objects of an export), and whether a file of
    rules ends with a count of what is in it."""

    connectors: Sequence[Mapping[str, Any]] = ()
    details: bool = False


@dataclass(frozen=True, slots=True)
class Collected:
    """The files of a form in a bundle, and the file that each rule is in, by the rule's path."""

    files: Mapping[str, bytes]
    places: Mapping[str, str]


class Converter(Protocol):
    """A form. Pure: no disk, clock or network. `counts_alerts`: the form says how many alerts there are, not
    only whether it fires. `derived`: another program makes it of a form, so that it is judged and only exported
    when it is named. A form whose bundle is more than a file for each rule also has
    `collect(parts: Sequence[tuple[Rule, Document]], companions: Companions) -> Collected`."""

    @property
    def name(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def counts_alerts(self) -> bool: ...
    @property
    def derived(self) -> bool: ...

    def write(self, rule: Rule, fields: FieldTypes, options: Options) -> Converted:
        """The rule as a text of this form."""
        ...

    def read(self, text: str, fields: FieldTypes, name: str = "<export>") -> Detection:
        """What a backend of this form would execute; raises ProblemError when the text is not of the form."""
        ...


@cache
def converters() -> Mapping[str, Converter]:
    """All forms by name, in alphabetical order."""
    found: dict[str, Converter] = {}
    for module in _modules():
        given = module.found() if hasattr(module, "found") else [module.converter]
        found.update((converter.name, converter) for converter in given)
    return found


@cache
def form_named(name: str) -> Converter | None:
    """A form by its name; the module of that name is imported alone where there is one, since reading another
    program's forms costs more than judging a rule."""
    import importlib.util

    path = f"samefire.converters.{name}"
    if name.isidentifier() and not name.startswith("_") and importlib.util.find_spec(path) is not None:
        found = getattr(importlib.import_module(path), "converter", None)
        if found is not None and found.name == name:
            given: Converter = found
            return given
    return converters().get(name)


def packages() -> Mapping[str, str]:
    """Forms that are not there, by name, and the package to install for each."""
    told: dict[str, str] = {}
    for module in _modules():
        told.update(getattr(module, "packages", {}))
    return {name: package for name, package in told.items() if name not in converters()}


def _modules() -> Iterator[Any]:
    import pkgutil

    package = importlib.import_module("samefire.converters")
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if not module.name.startswith("_"):
            yield importlib.import_module(f"samefire.converters.{module.name}")
