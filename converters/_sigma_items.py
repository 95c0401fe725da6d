"""Items as keys and values: `field|modifier…`, wildcards, escapes."""

from __future__ import annotations

from typing import Any

from samefire.query.ast import Pattern, Wild

from ._sigma_clause import Item, literal


def shape(patterns: tuple[Pattern, ...]) -> str:
    """`contains`, `startswith` or `endswith` when all patterns have that form with a text inside, else ""."""
    shapes = {form(pattern) for pattern in patterns}
    return shapes.pop() if len(shapes) == 1 else ""


def form(pattern: Pattern) -> str:
    if not any(literal(piece) for piece in pattern):
        return ""
    match pattern[0] is Wild.MANY, pattern[-1] is Wild.MANY:
        case True, True:
            return "contains"
        case False, True:
            return "startswith"
        case True, False:
            return "endswith"
        case _:
            return ""


def entry(item: Item) -> tuple[str, Any]:
    """The key (`field|modifier…`) and the value or list of values of an item."""
    modifiers = [m for m in item.modifiers if m != "all"]
    values: list[Any] = list(item.values)
    if item.patterns:
        common = shape(item.patterns)
        values = [written(bare(pattern, common)) for pattern in item.patterns]
        modifiers += [common] if common else []
        modifiers += ["all"] if "all" in item.modifiers else []
        modifiers += ["cased"] if item.cased else []
    key = "|".join([item.field or "", *modifiers])
    return key, values[0] if len(values) == 1 else values


def bare(pattern: Pattern, form: str) -> Pattern:
    """The pattern without the wildcards that its modifier adds."""
    start = 1 if form in ("contains", "endswith") else 0
    stop = len(pattern) - (1 if form in ("contains", "startswith") else 0)
    return pattern[start:stop]


def written(pattern: Pattern) -> str:
    """A pattern in Sigma's notation: wildcards bare, literal `*`, `?` and every backslash escaped."""
    return "".join(p.value if isinstance(p, Wild) else _escaped(p) for p in pattern)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
