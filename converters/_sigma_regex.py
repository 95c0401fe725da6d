"""Lucene's regular expressions as the ones that Sigma's `|re|s` means: PCRE, in the subset RE2 reads.

Writes only what the Sigma specification lists: `.`, anchors, quantifiers, classes, alternation, groups. Lucene's
intersection and complement have no place there and are refused. Reading Lucene's syntax is left to
`samefire.query.lucene_regex`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import assert_never

from samefire.query.ast import Fold, Pattern, Wild
from samefire.query.lucene_regex import (
    ANY,
    ANYTHING,
    NOTHING,
    Chars,
    Complement,
    Concat,
    Intersection,
    Regex,
    RegexError,
    Repeat,
    Union,
    fold_ascii,
    parse,
)

LIMIT = 1000  # RE2's largest repetition; more is written as several in a row
LARGEST = 20_000

_SPECIAL = frozenset(".^$*+?{}[]()|\\")
_IN_CLASS = frozenset("\\]^-[")
_LETTERS = string.ascii_letters
_CONTROLS = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


class CannotTranslate(Exception):
    """What in the expression has no equal; the message names it."""


@dataclass(frozen=True, slots=True)
class Translated:
    """The expression, and whether it needs the flag `i`."""

    text: str
    caseless: bool = False


def lucene_to_pcre(pattern: str, *, fold: Fold = Fold.NONE, anchored: bool = True) -> Translated:
    """A Lucene expression over a whole value as one that is searched for in it. `Fold.ASCII` makes A-Z and a-z
    the same, but not in ranges (`[a-c]`), and leaves letters beyond ASCII alone: with any of those each ASCII
    letter is spelled out as a class."""
    try:
        tree = parse(pattern)
    except RegexError as error:
        raise CannotTranslate(str(error)) from None
    spell = fold is Fold.ASCII and (not pattern.isascii() or _keeps_case(tree))
    text = _anchored(tree, spell) if anchored else _written(tree, spell)
    _check(text)
    return Translated(text, fold is not Fold.NONE and not spell)


def _keeps_case(tree: Regex) -> bool:
    """Whether a range of letters stands in the expression without its other case: Lucene folds no ranges."""
    match tree:
        case Chars(ranges=ranges):
            inside = set(map(ord, _LETTERS)) & {
                c for low, high in ranges for c in range(low, min(high, 127) + 1)
            }
            alone = {low for low, high in ranges if low == high}
            return any(c not in alone and c ^ 32 not in inside for c in inside)
        case Concat(parts=parts) | Union(parts=parts) | Intersection(parts=parts):
            return any(map(_keeps_case, parts))
        case Complement(part=part) | Repeat(part=part):
            return _keeps_case(part)
        case _:
            assert_never(tree)


def folded_pattern(pattern: Pattern) -> str:
    """A wildcard pattern whose ASCII letters match in both cases and whose other letters in one."""
    parts: list[Regex] = []
    for piece in pattern:
        if isinstance(piece, str):
            parts += [Chars(((ord(c), ord(c)),)) for c in piece]
        else:
            parts.append(ANYTHING if piece is Wild.MANY else ANY)
    return _anchored(Concat(tuple(parts)), True)


def length_pattern(low: int, high: int | None) -> str:
    """A value of `low` to `high` characters (None: or more)."""
    return f"^{_repeated('.', low, high)}$"


def _anchored(tree: Regex, spell: bool) -> str:
    """`^…$`; an end that takes any text needs no anchor."""
    body = _written(tree, spell)
    if isinstance(tree, Union):
        return f"^({body})$"
    parts = tree.parts if isinstance(tree, Concat) else (tree,)
    start = "" if parts[:1] == (ANYTHING,) else "^"
    end = "" if parts[-1:] == (ANYTHING,) else "$"
    return f"{start}{body}{end}"


def _check(text: str) -> None:
    """RE2 has the last word: it runs what is read back, and pySigma asks it too."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise CannotTranslate(f"RE2 refuses it ({error})") from None


def _written(tree: Regex, spell: bool) -> str:
    match tree:
        case Chars():
            return _chars(tree, spell)
        case Concat(parts=parts):
            return "".join(_part(part, spell) for part in parts)
        case Union(parts=()):
            raise CannotTranslate("`#`, which matches nothing")
        case Union(parts=parts):
            return "|".join(_part(part, spell) for part in parts)
        case Repeat(part=part, low=low, high=high):
            atom = _written(part, spell)
            return _repeated(atom if isinstance(part, Chars) else f"({atom})", low, high)
        case Intersection():
            raise CannotTranslate("the intersection `&`")
        case Complement():
            raise CannotTranslate("the complement `~`")
        case _:
            assert_never(tree)


def _part(tree: Regex, spell: bool) -> str:
    """A part of a concatenation or an alternative."""
    text = _written(tree, spell)
    return f"({text})" if isinstance(tree, Union) and tree != NOTHING else text


def _repeated(atom: str, low: int, high: int | None) -> str:
    """`atom{low,high}` in steps that RE2 accepts."""
    if max(low, high or 0) > LARGEST:
        raise CannotTranslate(f"more than {LARGEST} repetitions")
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
    if short:
        return atom + short
    if max(low, high or 0) <= LIMIT:
        return f"{atom}{{{low}}}" if low == high else f"{atom}{{{low},{'' if high is None else high}}}"
    required = "".join(f"{atom}{{{step}}}" for step in _steps(low))
    if high is None:
        return f"{required}{atom}*"
    return required + "".join(f"{atom}{{0,{step}}}" for step in _steps(high - low))


def _steps(count: int) -> list[int]:
    return [LIMIT] * (count // LIMIT) + ([count % LIMIT] if count % LIMIT else [])


def _chars(tree: Chars, spell: bool) -> str:
    if tree == ANY:
        return "."
    ranges = tuple(dict.fromkeys(fold_ascii(tree.ranges) if spell else tree.ranges))
    if not tree.negated and len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        c = chr(ranges[0][0])
        return _CONTROLS.get(c) or (f"\\{c}" if c in _SPECIAL else c)
    body = "".join(_range(chr(low), chr(high)) for low, high in ranges)
    return f"[{'^' if tree.negated else ''}{body}]"


def _range(low: str, high: str) -> str:
    if low == high:
        return _member(low)
    return f"{_member(low)}{'' if ord(high) == ord(low) + 1 else '-'}{_member(high)}"


def _member(c: str) -> str:
    return _CONTROLS.get(c) or (f"\\{c}" if c in _IN_CLASS else c)
