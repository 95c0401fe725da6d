"""Shapes of values, as data: what a string, number, list or table may be. Checks nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A string. `what` names it for people ("a date such as 2026/01/31"); `pattern` holds for all of it;
    `empty` False: it must hold more than white space. `suggest` gives what a wrong value was meant to be."""

    what: str = ""
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    empty: bool = True
    suggest: Callable[[Any], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; also one written as text or with a fraction, as the exporter of Elastic's rules takes
    it, with a warning."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false; also words and numbers that Elastic's exporter takes so, with a warning."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one shape."""

    item: Shape
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the keys that are named, no other. `strangers` says of a key that is refused why."""

    keys: Mapping[str, Key]
    strangers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Map:
    """A table with any keys, all values of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Free:
    """Anything that JSON can say."""


@dataclass(frozen=True, slots=True)
class Either:
    """A string, or a list of strings."""

    text: Text
    many: ListOf


Shape = Text | Whole | Flag | ListOf | Table | Map | Free | Either


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table; `about` explains it to editors."""

    shape: Shape
    required: bool = False
    about: str = ""
