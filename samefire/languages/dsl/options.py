"""Reading the JSON of a Query DSL clause: its parts, what they may be called, and complaints about the rest.

Whatever a clause holds is either understood or a problem; nothing is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from samefire.problems import Problem, did_you_mean
from samefire.source import Source, Span

_WHOLE = re.compile(r"-?[0-9]{1,9}")
Path = tuple[str | int, ...]
Place = Callable[[Path], Span]
"""Where a part of the clause stands in the source: its keys and list positions, outermost first."""

SCORING = frozenset({"boost", "_name"})
"""Options of every clause that have no say in whether a document matches."""


class Notes:
    """The problems found in one clause, and where its parts are."""

    def __init__(self, source: Source, place: Place) -> None:
        self.source = source
        self.place = place
        self.problems: list[Problem] = []

    def add(self, code: str, message: str, path: Path, hint: str | None = None) -> None:
        self.problems.append(Problem(code, message, self.source, self.place(path), hint=hint))

    def bad_value(self, path: Path, wanted: str, value: object) -> None:
        self.add("dsl-bad-value", f"`{_name(path)}` must be {wanted}, not {kind(value)}", path)

    def unknown(self, what: str, name: str, known: Iterable[str], path: Path) -> None:
        names = sorted(known)
        hint = did_you_mean(name, names) or "known here: " + ", ".join(f"`{known}`" for known in names)
        self.add(f"dsl-unknown-{what}", f"unknown {what} `{name}`", path, hint)

    def unsupported(self, path: Path, value: object) -> None:
        """An option that Elasticsearch knows and that is not imitated here."""
        text = value if isinstance(value, str) else kind(value)
        self.add(
            "dsl-unsupported",
            f"`{_name(path)}: {text}` is not supported",
            path,
            "say it with another clause, or take it away",
        )


def kind(value: object) -> str:
    """A JSON value as a sentence names it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"' if len(value) < 40 else "a text"
        case int() | float():
            return f"{value}"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def _name(path: Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else "clause"


class Options:
    """The options of one clause. Those that nobody knows are problems as soon as it is made."""

    def __init__(self, notes: Notes, body: Mapping[str, Any], path: Path, known: Iterable[str]) -> None:
        self.notes = notes
        self.body = body
        self.path = path
        allowed = SCORING.union(known)
        for name in body:
            if name not in allowed:
                notes.unknown("option", str(name), allowed, (*path, name))

    def __contains__(self, name: str) -> bool:
        return name in self.body

    def get(self, name: str) -> Any:
        return self.body.get(name)

    def flag(self, name: str) -> bool:
        """true or false, also as text, as Elasticsearch takes it; absent is false."""
        value = self.body.get(name, False)
        if value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            self.notes.bad_value((*self.path, name), "true or false", value)
            return False
        return value

    def number(self, name: str, default: int = 0) -> int:
        """A whole number, also as text."""
        value = self.body.get(name, default)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.notes.bad_value((*self.path, name), "a whole number", value)
            return default
        return value

    def word(self, name: str, default: str, among: Iterable[str]) -> str:
        """One of the words that the option takes, in any case of letters."""
        value = self.body.get(name, default)
        if isinstance(value, str) and value.lower() in among:
            return value.lower()
        self.notes.bad_value((*self.path, name), "one of " + ", ".join(f"`{w}`" for w in among), value)
        return default

    def refuse(self, *names: str) -> None:
        """Complain about options that are known and not imitated, when they are given."""
        for name in names:
            if name in self.body:
                self.notes.unsupported((*self.path, name), self.body[name])
