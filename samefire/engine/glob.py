"""Wildcard patterns over strings in linear time, and what shape a pattern has. Folding is the caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from samefire.query.ast import Fold, Pattern, Wild

Matcher = Callable[[str], bool]

_ASCII_LOWER = {code: code + 32 for code in range(65, 91)}


def fold_text(text: str, fold: Fold) -> str:
    """The text as it compares under a fold: A-Z lowered, or every character folded one to one."""
    if fold is Fold.NONE:
        return text
    if text.isascii():
        return text.lower()
    if fold is Fold.ASCII:
        return text.translate(_ASCII_LOWER)
    return text.translate(_SIMPLE)


class _SimpleFolding(dict[int, str]):
    """Unicode's simple case folding by code point, filled when asked; never changes the count of characters."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _simple(chr(code))
        return folded


_SIMPLE = _SimpleFolding()


def _simple(char: str) -> str:
    folded = char.casefold()
    if len(folded) == 1:
        return folded
    lower = char.lower()
    return lower if len(lower) == 1 else char


def fold_pattern(pattern: Pattern, fold: Fold) -> Pattern:
    """The pattern with its literals folded."""
    if fold is Fold.NONE:
        return pattern
    return tuple(fold_text(part, fold) if isinstance(part, str) else part for part in pattern)


class Shape(Enum):
    """What a pattern asks of a value."""

    EQUALS = "equals"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    CONTAINS = "contains"
    ANYTHING = "anything"
    GLOB = "glob"


def shape(pattern: Pattern) -> tuple[Shape, str]:
    """The simplest test that says the same as the pattern, and its literal ("" for the last two)."""
    match pattern:
        case (Wild.MANY, str(literal), Wild.MANY) if literal:
            return Shape.CONTAINS, literal
        case (Wild.MANY, str(literal)) if literal:
            return Shape.SUFFIX, literal
        case (str(literal), Wild.MANY) if literal:
            return Shape.PREFIX, literal
        case _:
            return _shape_of(simplify(pattern))


def _shape_of(parts: Pattern) -> tuple[Shape, str]:
    literals = [p for p in parts if isinstance(p, str)]
    if Wild.ONE in parts or len(literals) > 1:
        return Shape.GLOB, ""
    if not literals:
        return (Shape.ANYTHING if parts else Shape.EQUALS), ""
    literal = literals[0]
    if len(parts) == 1:
        return Shape.EQUALS, literal
    if len(parts) == 3:
        return Shape.CONTAINS, literal
    return (Shape.PREFIX if parts[0] == literal else Shape.SUFFIX), literal


def simplify(pattern: Pattern) -> Pattern:
    """The pattern without empty literals, with neighbouring literals joined and `**` as `*`."""
    out: list[str | Wild] = []
    for part in pattern:
        if part == "":
            continue
        last = out[-1] if out else None
        if isinstance(part, str) and isinstance(last, str):
            out[-1] = last + part
        elif not (part is Wild.MANY and last is Wild.MANY):
            out.append(part)
    return tuple(out)


def required(pattern: Pattern) -> str:
    """The longest literal of a pattern: a value without it does not fit."""
    return max((p for p in pattern if isinstance(p, str)), key=len, default="")


def glob(pattern: Pattern) -> Matcher:
    """Whether a whole value fits. Takes time in proportion to value times the longest run without `*`."""
    runs = list(_runs(simplify(pattern)))
    if len(runs) == 1:
        only = runs[0]
        width = _width(only)
        return lambda value: len(value) == width and _fits(only, value, 0)
    first, last, middle = runs[0], runs[-1], [(r, _width(r)) for r in runs[1:-1] if r]
    before, after = _width(first), _width(last)

    def matches(value: str) -> bool:
        at, end = before, len(value) - after
        if end < at or not _fits(first, value, 0) or not _fits(last, value, end):
            return False
        for run, width in middle:
            found = _find(run, width, value, at, end)
            if found < 0:
                return False
            at = found + width
        return True

    return matches


Run = tuple[str | Wild, ...]


def _runs(pattern: Pattern) -> Iterator[Run]:
    """The pieces between the `*`s; the first and last may be empty."""
    run: list[str | Wild] = []
    for part in pattern:
        if part is Wild.MANY:
            yield tuple(run)
            run = []
        else:
            run.append(part)
    yield tuple(run)


def _width(run: Run) -> int:
    return sum(len(p) if isinstance(p, str) else 1 for p in run)


def _fits(run: Run, value: str, at: int) -> bool:
    """Whether the run lies at `at`; the value is long enough."""
    for part in run:
        if isinstance(part, str):
            if not value.startswith(part, at):
                return False
            at += len(part)
        else:
            at += 1
    return True


def _find(run: Run, width: int, value: str, start: int, end: int) -> int:
    """The first place of the run in value[start:end], or -1. Leads with its first literal."""
    lead = 0
    literal = ""
    for part in run:
        if isinstance(part, str):
            literal = part
            break
        lead += 1
    if not literal:
        return start if start + width <= end else -1
    at = value.find(literal, start + lead, end)
    while at >= 0:
        begin = at - lead
        if begin + width > end:
            return -1
        if _fits(run, value, begin):
            return begin
        at = value.find(literal, at + 1, end)
    return -1
