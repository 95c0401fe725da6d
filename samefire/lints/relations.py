"""How two tests of one field stand to each other: whether one covers the other, whether they exclude each other.

Says yes only when it is certain; analysed text is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from samefire.query import ast
from samefire.query.ast import Fold, Pattern, Test, Wild
from samefire.query.values import folded

MANY, ONE = "\x00", "\x01"


@dataclass(frozen=True, slots=True)
class Shape:
    """A string test as one text, wildcards as control characters. `needle`: a literal that every value has."""

    raw: str
    small: str
    fold: Fold
    wild: bool
    needle: str

    def text(self, fold: Fold) -> str:
        return self.raw if fold is Fold.NONE else self.small


@lru_cache(maxsize=8192)
def shape(test: Test) -> Shape | None:
    """The shape of a term or wildcard; None for other tests, and for texts that cannot be told apart here."""
    match test:
        case ast.Term(value=value, fold=fold) if MANY not in value and ONE not in value:
            small = folded(value, Fold.ASCII)
            return Shape(value, small, fold, False, small)
        case ast.Wildcard(pattern=pattern, fold=fold):
            raw = _joined(pattern)
            small = folded(raw, Fold.ASCII)
            return Shape(raw, small, fold, True, max(small.replace(ONE, MANY).split(MANY), key=len))
        case _:
            return None


def _joined(pattern: Pattern) -> str:
    return "".join(p if isinstance(p, str) else MANY if p is Wild.MANY else ONE for p in pattern)


def fits(pattern: str, text: str) -> bool:
    """Whether a shape's text fits a pattern; a wildcard of the text fits a wildcard as wide."""
    at = place = back = 0
    star = -1
    while at < len(text):
        c = pattern[place] if place < len(pattern) else ""
        if c == MANY:
            star, back = place, at
            place += 1
        elif c and (c == text[at] or (c == ONE and text[at] != MANY)):
            place += 1
            at += 1
        elif star >= 0:
            back += 1
            place, at = star + 1, back
        else:
            return False
    return not pattern[place:].strip(MANY)


def covers(wide: Test, narrow: Test) -> bool:
    """Whether every value that passes `narrow` passes `wide`."""
    if wide == narrow or isinstance(wide, ast.Exists):
        return True
    one, other = shape(wide), shape(narrow)
    if one is not None and other is not None:
        return shape_covers(one, other)
    outer, inner = interval(wide), interval(narrow)
    return outer is not None and inner is not None and outer[0] == inner[0] and _within(inner[1], outer[1])


def shape_covers(wide: Shape, narrow: Shape) -> bool:
    """As `covers`, for strings. A test that folds case is not covered by one that does not, unless it has
    no letters."""
    if wide.needle not in narrow.small:
        return False
    if wide.fold is Fold.NONE and narrow.fold is not Fold.NONE and not _caseless(narrow):
        return False
    one, other = wide.text(wide.fold), narrow.text(wide.fold)
    return fits(one, other) if wide.wild else one == other


def _caseless(found: Shape) -> bool:
    return not any(c.isalpha() for c in found.raw)


def disjoint(left: Test, right: Test) -> bool:
    """Whether no value passes both."""
    one, other = shape(left), shape(right)
    if one is not None and other is not None:
        return _apart(one, other)
    a, b = interval(left), interval(right)
    return a is not None and b is not None and a[0] == b[0] and (_before(a[1], b[1]) or _before(b[1], a[1]))


def _apart(one: Shape, other: Shape) -> bool:
    fold = other.fold if one.fold is Fold.NONE else one.fold
    a, b = one.text(fold), other.text(fold)
    if not one.wild and not other.wild:
        return a != b
    if not (one.wild and other.wild):
        pattern, text = (a, b) if one.wild else (b, a)
        return not fits(pattern, text)
    return _clash(a, b) or _clash(a[::-1], b[::-1])


def _clash(a: str, b: str) -> bool:
    """Whether two patterns differ before either has a `*`."""
    for x, y in zip(a, b, strict=False):
        if MANY in (x, y):
            return False
        if x != y and ONE not in (x, y):
            return True
    return False


# ---- numbers, dates, addresses ------------------------------------------------------------------------

_Bound = tuple[float | int, bool]
_Interval = tuple[_Bound, _Bound]
_LOW: _Bound = (float("-inf"), True)
_HIGH: _Bound = (float("inf"), True)


def interval(test: Test) -> tuple[str, _Interval] | None:
    """What the test lets through, as bounds that are included or not; None for other tests and relative
    dates."""
    match test:
        case ast.NumberIs(value=value):
            return "number", ((value, True), (value, True))
        case ast.BooleanIs(value=flag):
            return "flag", ((int(flag), True), (int(flag), True))
        case ast.IpRange(low=first, high=last):
            return "address", ((first, True), (last, True))
        case ast.NumberRange(low=low, high=high):
            ends = (_bound(low, test.low_inclusive, _LOW), _bound(high, test.high_inclusive, _HIGH))
            return "number", ends
        case ast.DateRange(low=start, high=end):
            begins, stops = _moment(start, _LOW), _moment(end, _HIGH)
            return None if begins is None or stops is None else ("date", (begins, stops))
        case _:
            return None


def _bound(value: float | int | None, inclusive: bool, default: _Bound) -> _Bound:
    return default if value is None else (value, inclusive)


def _moment(bound: ast.DateBound | None, default: _Bound) -> _Bound | None:
    if bound is None:
        return default
    return None if bound.nanos is None else (bound.nanos, bound.inclusive)


def _before(a: _Interval, b: _Interval) -> bool:
    """Whether `a` ends before `b` begins."""
    (end, closed), (start, opened) = a[1], b[0]
    return end < start or (end == start and not (closed and opened))


def _within(a: _Interval, b: _Interval) -> bool:
    (low, low_in), (high, high_in) = a
    (least, least_in), (most, most_in) = b
    starts = low > least or (low == least and (least_in or not low_in))
    return starts and (high < most or (high == most and (most_in or not high_in)))


def empty(test: Test) -> bool:
    """Whether no value at all passes a range."""
    found = interval(test)
    return found is not None and _before(found[1], found[1])
