"""The tests that a plan has for one field, all at once: value → bit mask, remembered for each distinct value.

A bit stands for a group of tests, any of which may hold. Literals are found together (one automaton when
there are many), equal strings by a hash; only what is left is run test by test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from samefire.engine.events import Scalar
from samefire.engine.glob import Shape, fold_pattern, fold_text, glob, required, shape
from samefire.engine.refusals import RegexRefused, RegexTooHard
from samefire.engine.values import Clock, Predicate, address, between, ignored, number, predicate, text
from samefire.query import ast
from samefire.query.ast import Fold, Pattern
from samefire.query.dates import DateError

MAX_VALUES = 20_000
MAX_CHARACTERS = 16_000_000
MANY_LITERALS = 12
"""From here on an automaton over all literals is faster than looking for each."""

Key = str | tuple[Scalar, type, str]


def key_of(value: Scalar) -> Key:
    """What a value is remembered by: 1, 1.0 and true are three values, and so are 0.0 and -0.0."""
    return value if isinstance(value, str) else (value, type(value), "" if value else str(value))


class Memo(dict[Key, int]):
    """Masks by value, computed when asked for; bounded in count and in characters."""

    __slots__ = ("_characters", "_compute")

    def __init__(self, compute: Callable[[Key], int]) -> None:
        super().__init__()
        self._compute = compute
        self._characters = 0

    def __missing__(self, key: Key) -> int:
        if len(self) >= MAX_VALUES or self._characters >= MAX_CHARACTERS:
            self.clear()
            self._characters = 0
        mask = self._compute(key)
        self[key] = mask
        self._characters += len(key)
        return mask


class FieldMasks:
    """Masks of one field. `groups[i]` are the tests of bit i."""

    def __init__(self, groups: Sequence[tuple[ast.Test, ...]], clock: Clock) -> None:
        self.failures: dict[int, str] = {}
        self.objects = 0
        self._views: dict[tuple[Fold, int | None], View] = {}
        self._addresses: list[tuple[int, int, int]] = []
        self._numbers: dict[int | float, int] = {}
        self._ranges: list[tuple[Callable[[Any], bool], int]] = []
        self._chooser: Callable[[str], Iterable[int]] | None = None
        self._regexes: list[tuple[frozenset[str] | None, Predicate, int]] = []
        self._others: list[tuple[Predicate, int]] = []
        self._always = 0
        for bit, tests in enumerate(groups):
            for test in tests:
                try:
                    self._add(test, 1 << bit, clock)
                except (RegexRefused, DateError) as error:
                    self.failures[bit] = str(error)
        self.memo = Memo(self._mask)

    def _add(self, test: ast.Test, bit: int, clock: Clock) -> None:
        match test:
            case ast.Exists(ignore_above=None):
                self._always |= bit
                self.objects |= bit
            case ast.Term(value=value, fold=fold, ignore_above=limit):
                exact = self._view(fold, limit).exact
                folded = fold_text(value, fold)
                exact[folded] = exact.get(folded, 0) | bit
            case ast.Wildcard(pattern=pattern, fold=fold, ignore_above=limit):
                self._view(fold, limit).add(pattern, bit)
            case ast.Regex():
                self._add_regex(test, bit, clock)
            case ast.IpRange(low=low, high=high):
                self._addresses.append((low, high, bit))
            case ast.NumberIs(value=wanted):
                self._numbers[wanted] = self._numbers.get(wanted, 0) | bit
            case ast.NumberRange():
                inside = between(test.low, test.high, test.low_inclusive, test.high_inclusive)
                self._ranges.append((inside, bit))
            case _:
                self._others.append((predicate(test, clock), bit))

    def _add_regex(self, test: ast.Regex, bit: int, clock: Clock) -> None:
        from samefire.engine.regex import as_pattern, guard

        plain = as_pattern(test)
        if plain is not None:
            self._view(test.fold, test.ignore_above).add(plain, bit)
        else:
            self._regexes.append((guard(test), predicate(test, clock), bit))

    def prefilter(self) -> Callable[[str], bool] | None:
        """Whether any of many values may have a bit, found by one look at the texts of all of them together;
        None when that cannot be said without looking at each."""
        if self._always or self._numbers or self._ranges or self._addresses or self._others:
            return None
        found: set[str] = set()
        for view in self._views.values():
            if (literals := view.needles()) is None:
                return None
            found |= literals
        for needed, _, _ in self._regexes:
            if needed is None:
                return None
            found |= needed
        return _any_of(found)

    def _view(self, fold: Fold, limit: int | None) -> View:
        view = self._views.get((fold, limit))
        if view is None:
            view = self._views[fold, limit] = View(fold, limit)
        return view

    def _mask(self, key: Key) -> int:
        value = key if isinstance(key, str) else key[0]
        mask = self._always
        if self._views:
            string = value if isinstance(value, str) else text(value)
            for view in self._views.values():
                mask |= view.mask(string)
        if self._numbers or self._ranges:
            mask |= self._number_mask(number(value))
        if self._addresses and (found := address(value)) is not None:
            for low, high, bit in self._addresses:
                if low <= found <= high:
                    mask |= bit
        if self._regexes:
            mask |= self._regex_mask(value)
        return mask | self._other_mask(value) if self._others else mask

    def _regex_mask(self, value: Scalar) -> int:
        """Expressions run only on values that hold one of their needles."""
        if self._chooser is None:
            self._chooser = _chooser([needed for needed, _, _ in self._regexes])
        mask = 0
        for index in sorted(self._chooser(text(value).casefold())):
            _, test, bit = self._regexes[index]
            if not mask & bit:
                mask |= self._try(test, value, bit)
        return mask

    def _number_mask(self, value: int | float | None) -> int:
        if value is None:
            return 0
        mask = self._numbers.get(value, 0)
        for inside, bit in self._ranges:
            if inside(value):
                mask |= bit
        return mask

    def _other_mask(self, value: Scalar) -> int:
        mask = 0
        for test, bit in self._others:
            mask |= self._try(test, value, bit)
        return mask

    def _try(self, test: Predicate, value: Scalar, bit: int) -> int:
        """The bit when the test holds; a test that is given up fails the searches that need it."""
        try:
            return bit if test(value) else 0
        except RegexTooHard as error:
            self.failures[bit.bit_length() - 1] = str(error)
            return 0


class View:
    """Keyword tests that see a value alike: under one fold and one `ignore_above`."""

    def __init__(self, fold: Fold, limit: int | None) -> None:
        self.exact: dict[str, int] = {}
        self._fold = fold
        self._limit = limit
        self._always = 0
        self._literals: dict[str, Literal] = {}
        self._free: list[tuple[Callable[[str], bool], int]] = []
        self._finder: Any = None
        self._ordered: list[Literal] = []

    def add(self, pattern: Pattern, bit: int) -> None:
        """Make `bit` hold for values that fit the pattern."""
        kind, literal = shape(pattern)
        literal = fold_text(literal, self._fold)
        match kind:
            case Shape.ANYTHING:
                self._always |= bit
            case Shape.EQUALS:
                self.exact[literal] = self.exact.get(literal, 0) | bit
            case Shape.GLOB:
                folded = fold_pattern(pattern, self._fold)
                needed = required(folded)
                fits = (glob(folded), bit)
                (self._literal(needed).guarded if needed else self._free).append(fits)
            case _:
                self._literal(literal).add(kind, bit)

    def needles(self) -> set[str] | None:
        """Folded strings of which any value that has a bit holds one; None: there is no such set."""
        found = {literal.casefold() for literal in (*self._literals, *self.exact)}
        return None if self._always or self._free or "" in found else found

    def _literal(self, literal: str) -> Literal:
        found = self._literals.get(literal)
        if found is None:
            found = self._literals[literal] = Literal(literal)
            self._ordered.append(found)
            self._finder = None
        return found

    def mask(self, string: str) -> int:
        """The bits that hold for a value's text."""
        if ignored(string, self._limit):
            return 0
        string = fold_text(string, self._fold)
        mask = self._always | self.exact.get(string, 0)
        for fits, bit in self._free:
            if fits(string):
                mask |= bit
        if len(self._ordered) < MANY_LITERALS:
            for literal in self._ordered:
                if literal.text in string:
                    mask |= literal.mask(string)
        else:
            mask |= self._scan(string)
        return mask

    def _scan(self, string: str) -> int:
        """The bits of all literals that occur, found in one pass."""
        if self._finder is None:
            self._finder = _finder([literal.text for literal in self._ordered])
        mask = 0
        size = len(string)
        guarded: set[int] = set()
        for index, start, end in self._finder(string):
            literal = self._ordered[index]
            mask |= literal.contains
            if start == 0:
                mask |= literal.prefix
            if end == size:
                mask |= literal.suffix
            if literal.guarded:
                guarded.add(index)
        for index in guarded:
            mask |= self._ordered[index].guarded_mask(string)
        return mask


class Literal:
    """One literal and the bits that hold where it stands in a value."""

    __slots__ = ("contains", "guarded", "prefix", "suffix", "text")

    def __init__(self, literal: str) -> None:
        self.text = literal
        self.contains = self.prefix = self.suffix = 0
        self.guarded: list[tuple[Callable[[str], bool], int]] = []

    def add(self, kind: Shape, bit: int) -> None:
        match kind:
            case Shape.PREFIX:
                self.prefix |= bit
            case Shape.SUFFIX:
                self.suffix |= bit
            case _:
                self.contains |= bit

    def mask(self, string: str) -> int:
        """The bits for a string that holds the literal."""
        mask = self.contains
        if self.prefix and string.startswith(self.text):
            mask |= self.prefix
        if self.suffix and string.endswith(self.text):
            mask |= self.suffix
        return mask | self.guarded_mask(string) if self.guarded else mask

    def guarded_mask(self, string: str) -> int:
        """The bits of the longer patterns that need the literal."""
        mask = 0
        for fits, bit in self.guarded:
            if not mask & bit and fits(string):
                mask |= bit
        return mask


def _chooser(needed: Sequence[frozenset[str] | None]) -> Callable[[str], Iterable[int]]:
    """Which expressions may match a case-folded text: those of which a needle is in it, and those that have
    none."""
    always = [i for i, needles in enumerate(needed) if needles is None]
    by_needle: dict[str, list[int]] = {}
    for i, needles in enumerate(needed):
        for needle in needles or ():
            by_needle.setdefault(needle, []).append(i)
    if len(by_needle) < MANY_LITERALS:
        return lambda folded: {
            *always,
            *(i for needle, of in by_needle.items() if needle in folded for i in of),
        }
    find, owners = _finder(list(by_needle)), list(by_needle.values())
    return lambda folded: {*always, *(i for at, _, _ in find(folded) for i in owners[at])}


def _any_of(needles: set[str]) -> Callable[[str], bool]:
    """Whether any of the case-folded needles lies in a text."""
    if not needles:
        return lambda _: False
    import ahocorasick_rs

    kind, fast = ahocorasick_rs.MatchKind.LeftmostFirst, ahocorasick_rs.Implementation.DFA
    automaton = ahocorasick_rs.AhoCorasick(sorted(needles), matchkind=kind, implementation=fast)
    find = _scalars_only(automaton.find_matches_as_indexes)
    return lambda joined: bool(find(joined.casefold()))


def _finder(literals: list[str]) -> Callable[[str], Any]:
    """A function giving (index, start, end) of every occurrence, overlapping ones too."""
    import ahocorasick_rs

    find = ahocorasick_rs.AhoCorasick(
        literals, matchkind=ahocorasick_rs.MatchKind.Standard
    ).find_matches_as_indexes
    return _scalars_only(lambda string: find(string, overlapping=True))


def _scalars_only(find: Callable[[str], Any]) -> Callable[[str], Any]:
    """The search over strings that may hold lone surrogates, which the automaton refuses."""

    def found(string: str) -> Any:
        try:
            return find(string)
        except UnicodeEncodeError:
            return find(_without_surrogates(string))

    return found


def _without_surrogates(string: str) -> str:
    """The string with a character that no literal holds in the place of each lone surrogate."""
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in string)
