"""What is wrong, where, and what to do: one record for every message that a user can see.

A `Problem` is a value; `render` draws it. Reports in other shapes (JSON, SARIF, annotations) are
made from the same record under `reports/`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from samefire.source import NOWHERE, Location, Source, Span


class Severity(StrEnum):
    """How much it matters: an error fails the command, a warning does not, a note explains."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `code` is stable (`query-unclosed-string`), `message` one sentence in lower case,
    `hint` what to do. `span` counts in `source.text`."""

    code: str
    message: str
    source: Source
    span: Span = NOWHERE
    severity: Severity = Severity.ERROR
    hint: str | None = None

    @property
    def location(self) -> Location:
        return self.source.locate(self.span)


class ProblemError(Exception):
    """Raised by a reader that cannot give a result; carries every problem found, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("; ".join(p.message for p in self.problems))


def visible(text: str) -> str:
    """`text` with control, bidi and other invisible characters shown as escapes: safe on a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(c: str) -> str:
    if c == "\t":
        return " "
    return f"\\u{ord(c):04x}" if ord(c) <= 0xFFFF else f"\\U{ord(c):08x}"


def _width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def render(problem: Problem, *, width: int = 160) -> str:
    """The problem as text: place, message and code; the line with a caret; the hint."""
    at = problem.location
    head = (
        f"{visible(at.path)}:{at.line}:{at.column}: {problem.severity}: "
        f"{visible(problem.message)} [{problem.code}]"
    )
    lines = [head]
    if at.excerpt.strip():
        before = at.excerpt[: at.column - 1]
        stop = at.end_column - 1 if at.end_line == at.line else len(at.excerpt)
        marked = at.excerpt[at.column - 1 : max(stop, at.column - 1)]
        after = at.excerpt[at.column - 1 + len(marked) :]
        cut_before, cut_marked, cut_after = _window(visible(before), visible(marked), visible(after), width)
        number = str(at.line)
        lines.append(f"  {number} | {cut_before}{cut_marked}{cut_after}".rstrip())
        carets = "^" * max(1, _width(cut_marked))
        lines.append(f"  {' ' * len(number)} | {' ' * _width(cut_before)}{carets}")
    if problem.hint:
        lines.append(f"  help: {visible(problem.hint)}")
    return "\n".join(lines)


def _window(before: str, marked: str, after: str, width: int) -> tuple[str, str, str]:
    """Cut a long line so that the marked part stays in sight."""
    if len(before) + len(marked) + len(after) <= width:
        return before, marked, after
    if len(marked) > width // 2:
        marked = marked[: width // 2 - 1] + "…"
        after = ""
    room = width - len(marked)
    if len(before) > room * 2 // 3:
        before = "…" + before[-(room * 2 // 3) + 1 :]
    rest = max(0, width - len(before) - len(marked))
    if len(after) > rest:
        after = after[: max(0, rest - 1)] + "…"
    return before, marked, after


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` was most likely meant to be, or None."""
    import difflib

    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.72)
    if close:
        return close[0]
    folded = {name.casefold().replace("-", "_"): name for name in names}
    return folded.get(word.casefold().replace("-", "_"))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint such as ``did you mean `severity_override`?``, or None when nothing is near."""
    name = nearest(word, known)
    return f"did you mean `{name}`?" if name else None
