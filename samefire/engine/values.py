"""One value against one test, with the coercions that Elasticsearch makes when it indexes a value.

`predicate(test, clock)` compiles a test; `Clock` resolves `now`. Lists, missing fields and logic are
`match.py`'s and `explain.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, assert_never

from samefire.engine.events import Scalar, date_nanos
from samefire.engine.events import text as text
from samefire.engine.glob import Matcher, Shape, fold_pattern, fold_text, glob, shape
from samefire.query import ast
from samefire.query.analysis import tokens
from samefire.query.ast import Fold, Pattern
from samefire.query.dates import SECOND, resolve

Predicate = Callable[[Scalar], bool]


def length(value: str) -> int:
    """Characters as Java counts them (UTF-16 units): what `ignore_above` is measured in."""
    return len(value) if value.isascii() else len(value) + sum(c > "\uffff" for c in value)


def ignored(value: str, ignore_above: int | None) -> bool:
    """Whether a keyword field leaves the value out of its index."""
    return ignore_above is not None and len(value) * 2 > ignore_above and length(value) > ignore_above


_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\s*", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)


def number(value: Scalar) -> int | float | None:
    """The value as a numeric field reads it; strings that hold a number count; None: it would be refused."""
    if isinstance(value, bool):
        return None
    if not isinstance(value, str):
        return value
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if len(value) <= 400 and _NUMBER.fullmatch(value) else None


def boolean(value: Scalar) -> bool | None:
    """The value as a boolean field reads it: true, false, their strings, and "" as false."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "": False}.get(value) if isinstance(value, str) else None


def address(value: Scalar) -> int | None:
    """An address as a 128-bit number, IPv4 mapped into ::ffff:0:0/96; None: no address."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    import socket

    try:
        if ":" not in value:
            return 0xFFFF_0000_0000 | int.from_bytes(socket.inet_pton(socket.AF_INET, value), "big")
        return int.from_bytes(socket.inet_pton(socket.AF_INET6, value), "big")
    except (OSError, ValueError):
        return None


_ZONE = re.compile(r"(?<=[T:0-9])(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$", re.ASCII)


def date_part(value: Scalar, part: str) -> int | None:
    """`minute`, `hour`, `day`, `week` (ISO), `month` or `year` of a date as it is written; None: no date."""
    if isinstance(value, str) and "T" in value:
        value = _ZONE.sub("", value)
    nanos = date_nanos(value)
    if nanos is None:
        return None
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=nanos // SECOND)
    except OverflowError:
        return None
    return moment.isocalendar().week if part == "week" else int(getattr(moment, part))


_VERSION = re.compile(r"([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII)
VersionKey = tuple[Any, ...]


def version_key(value: str) -> VersionKey:
    """Orders versions as Elasticsearch's `version` type does: semantic versions first, a pre-release before
    its release, then everything else by its text."""
    found = _VERSION.fullmatch(value)
    if found is None:
        return (1, value)
    main, pre, build = found.groups()
    return (0, _numbers(main), (0, *_identifiers(pre)) if pre else (1,), build or "")


def _numbers(main: str) -> tuple[tuple[int, str], ...]:
    stripped = [part.lstrip("0") or "0" for part in main.split(".")]
    return tuple((len(part), part) for part in stripped)


def _identifiers(pre: str) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, len(p), p) if p.isdigit() else (1, 0, p) for p in pre.split("."))


class Clock:
    """`now` of a run in nanoseconds since the epoch."""

    __slots__ = ("now",)

    def __init__(self, now: int) -> None:
        self.now = now

    def bound(self, bound: ast.DateBound) -> int:
        """The instant of one end of a range of time. Raises dates.DateError."""
        if bound.math is not None:
            return resolve(bound.math, self.now, round_up=bound.round_up)
        assert bound.nanos is not None
        return bound.nanos


EPOCH = Clock(0)


def predicate(test: ast.Test, clock: Clock = EPOCH) -> Predicate:
    """A function of one value. Raises RegexRefused for a pattern that cannot be run, DateError for a
    bound that is no date; the function itself may raise RegexTooHard."""
    match test:
        case ast.Exists(ignore_above=limit):
            return _anything if limit is None else lambda v: not ignored(text(v), limit)
        case ast.Term() | ast.Wildcard() | ast.Regex() | ast.TermRange():
            return _keyword(test)
        case ast.Phrase() | ast.TokenPattern() | ast.TokenRegex() | ast.TokenRange():
            return _analysed(test)
        case ast.Fuzzy():
            return _fuzzy(test)
        case ast.NumberIs(value=wanted):
            return lambda v: number(v) == wanted
        case ast.NumberRange():
            inside = between(test.low, test.high, test.low_inclusive, test.high_inclusive)
            return lambda v: (n := number(v)) is not None and inside(n)
        case ast.BooleanIs(value=truth):
            return lambda v: boolean(v) is truth
        case ast.DateRange():
            return _date_range(test, clock)
        case ast.DatePart(part=part, bounds=bounds):
            inside = between(bounds.low, bounds.high, bounds.low_inclusive, bounds.high_inclusive)
            return lambda v: (n := date_part(v, part)) is not None and inside(n)
        case ast.IpRange(low=low, high=high):
            return lambda v: (a := address(v)) is not None and low <= a <= high
        case ast.VersionRange():
            return _version_range(test)
        case _:
            assert_never(test)


def _anything(_: Scalar) -> bool:
    return True


def _keyword(test: ast.Term | ast.Wildcard | ast.Regex | ast.TermRange) -> Predicate:
    """Keyword tests: the value's text, unless it is too long to be indexed."""
    matches = keyword(test)
    limit = test.ignore_above
    if limit is None:
        return lambda v: matches(v if isinstance(v, str) else text(v))
    return lambda v: not ignored(s := text(v), limit) and matches(s)


def keyword(test: ast.Term | ast.Wildcard | ast.Regex | ast.TermRange) -> Matcher:
    """A function of a keyword's text (without regard to `ignore_above`)."""
    match test:
        case ast.Term(value=wanted, fold=fold):
            folded = fold_text(wanted, fold)
            return lambda s: fold_text(s, fold) == folded
        case ast.Wildcard(pattern=pattern, fold=fold):
            return wildcard(pattern, fold)
        case ast.Regex():
            from samefire.engine.regex import matcher

            return matcher(test)
        case ast.TermRange():
            return _term_range(test)


def wildcard(pattern: Pattern, fold: Fold = Fold.NONE) -> Matcher:
    """Whether the whole text fits a pattern."""
    folded = fold_pattern(pattern, fold)
    kind, literal = shape(folded)
    fits = _shaped(kind, literal, folded)
    if fold is Fold.NONE or kind is Shape.ANYTHING:
        return fits
    return lambda s: fits(fold_text(s, fold))


def _shaped(kind: Shape, literal: str, pattern: Pattern) -> Matcher:
    match kind:
        case Shape.EQUALS:
            return lambda s: s == literal
        case Shape.PREFIX:
            return lambda s: s.startswith(literal)
        case Shape.SUFFIX:
            return lambda s: s.endswith(literal)
        case Shape.CONTAINS:
            return lambda s: literal in s
        case Shape.ANYTHING:
            return lambda s: True
        case Shape.GLOB:
            return glob(pattern)


def between(low: Any, high: Any, low_inclusive: bool, high_inclusive: bool) -> Callable[[Any], bool]:
    """Whether a comparable lies in a range; None = open."""

    def inside(value: Any) -> bool:
        if low is not None and not (low <= value if low_inclusive else low < value):
            return False
        return high is None or (value <= high if high_inclusive else value < high)

    return inside


def _bytes(value: str | None) -> bytes | None:
    """UTF-8, the order in which Lucene sorts terms."""
    return None if value is None else value.encode("utf-8", "surrogatepass")


def _term_range(test: ast.TermRange | ast.TokenRange) -> Matcher:
    inside = between(_bytes(test.low), _bytes(test.high), test.low_inclusive, test.high_inclusive)
    fold = test.fold if isinstance(test, ast.TermRange) else Fold.NONE
    return lambda s: inside(_bytes(fold_text(s, fold)))


def _date_range(test: ast.DateRange, clock: Clock) -> Predicate:
    low, high = test.low, test.high
    inside = between(
        clock.bound(low) if low else None,
        clock.bound(high) if high else None,
        low.inclusive if low else True,
        high.inclusive if high else True,
    )
    return lambda v: (n := date_nanos(v)) is not None and inside(n)


def _version_range(test: ast.VersionRange) -> Predicate:
    low = version_key(test.low) if test.low is not None else None
    high = version_key(test.high) if test.high is not None else None
    inside = between(low, high, test.low_inclusive, test.high_inclusive)
    return lambda v: inside(version_key(text(v)))


def _analysed(test: ast.Phrase | ast.TokenPattern | ast.TokenRegex | ast.TokenRange) -> Predicate:
    match test:
        case ast.Phrase():
            return lambda v: phrase_in(test, tokens(text(v)))
        case ast.TokenPattern(pattern=pattern):
            fits = wildcard(pattern)
        case ast.TokenRegex(pattern=regex, fold=fold):
            from samefire.engine.regex import lucene

            fits = lucene(regex, fold)
        case ast.TokenRange():
            fits = _term_range(test)
    return lambda v: any(fits(token) for token in tokens(text(v)))


def phrase_in(phrase: ast.Phrase, words: list[str]) -> bool:
    """Whether the tokens of a phrase stand in the words, in order, moved by at most `slop` places in all."""
    wanted = phrase.tokens
    if not wanted:
        return False
    if phrase.slop == 0 or len(wanted) == 1:
        starts = range(len(words) - len(wanted) + 1)
        return any(all(_is_token(phrase, i, words[at + i]) for i in range(len(wanted))) for at in starts)
    from samefire.engine.sloppy import within

    places = [[at for at, word in enumerate(words) if _is_token(phrase, i, word)] for i in range(len(wanted))]
    return within(places, phrase.slop)


def _is_token(phrase: ast.Phrase, index: int, word: str) -> bool:
    wanted = phrase.tokens[index]
    if phrase.prefix and index == len(phrase.tokens) - 1:
        return word.startswith(wanted)
    return word == wanted


def _fuzzy(test: ast.Fuzzy) -> Predicate:
    wanted, limit = fold_text(test.value, test.fold), test.ignore_above

    def near(word: str) -> bool:
        return fuzzy_equal(wanted, fold_text(word, test.fold), test.edits, test.prefix_length)

    if test.analysed:
        return lambda v: any(near(token) for token in tokens(text(v)))
    return lambda v: not ignored(s := text(v), limit) and near(s)


def fuzzy_equal(wanted: str, word: str, edits: int, prefix: int = 0) -> bool:
    """At most `edits` insertions, deletions, substitutions or swaps of neighbours, after an equal prefix."""
    if abs(len(wanted) - len(word)) > edits or wanted[:prefix] != word[:prefix]:
        return False
    a, b = wanted[prefix:], word[prefix:]
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, before = before, row
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if above and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > edits:
            return False
    return row[-1] <= edits
