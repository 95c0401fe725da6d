"""Lucene's regular expressions, read into a tree; RE2's text for a tree where RE2 can say it.

Whole-value matching is left to whoever runs the tree (`engine/regex.py`). All of Lucene's optional
operators are on: `~` complement, `&` intersection, `@` anything, `#` nothing, `<1-9>` numbers, `"` quotes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

MAX_REPEAT = 1000
MAX_LENGTH = 1000
"""Elasticsearch's default of `index.max_regex_length`: a longer pattern fails the search."""
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class RegexError(ValueError):
    """Why a pattern is no regular expression; `position` is a 0-based offset in it."""

    reason: str
    position: int

    def __str__(self) -> str:
        return f"{self.reason} at character {self.position + 1}"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character in (or, negated, outside) these inclusive ranges of code points."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Concat:
    """The parts one after the other; none: the empty string."""

    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """Any of the parts; none: nothing at all."""

    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Intersection:
    """All of the parts at once."""

    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Complement:
    """Every string that the part does not match."""

    part: Regex


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part `low` to `high` times; None: without end."""

    part: Regex
    low: int
    high: int | None


Regex = Chars | Concat | Union | Intersection | Complement | Repeat

EMPTY = Concat(())
NOTHING = Union(())
ANY = Chars((), negated=True)
ANYTHING = Repeat(ANY, 0, None)

_CLASSES = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 10), (13, 13), (32, 32)),
}


@lru_cache(maxsize=256)  # one clause without a field asks the same of some thousand fields
def parse(pattern: str) -> Regex:
    """The tree of a pattern; raises RegexError. The empty pattern matches the empty string."""
    if not pattern:
        return EMPTY
    if len(pattern) > MAX_LENGTH:
        raise RegexError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
    reader = _Reader(pattern)
    tree = reader.union(0)
    if reader.at < len(pattern):
        raise RegexError(f"unexpected `{pattern[reader.at]}`", reader.at)
    return tree


class _Reader:
    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self, chars: str) -> bool:
        return self.at < len(self.text) and self.text[self.at] in chars

    def take(self, char: str) -> bool:
        if self.peek(char):
            self.at += 1
            return True
        return False

    def union(self, depth: int) -> Regex:
        """unionexp = interexp ( "|" interexp )*"""
        if depth > MAX_DEPTH:
            raise RegexError("too many nested groups", self.at)
        parts = [self.intersection(depth)]
        while self.take("|"):
            parts.append(self.intersection(depth))
        return parts[0] if len(parts) == 1 else Union(tuple(parts))

    def intersection(self, depth: int) -> Regex:
        """interexp = concatexp ( "&" concatexp )*"""
        parts = [self.concat(depth)]
        while self.take("&"):
            parts.append(self.concat(depth))
        return parts[0] if len(parts) == 1 else Intersection(tuple(parts))

    def concat(self, depth: int) -> Regex:
        """concatexp = repeatexp+"""
        parts = [self.repeat(depth)]
        while self.at < len(self.text) and not self.peek(")|&"):
            parts.append(self.repeat(depth))
        return parts[0] if len(parts) == 1 else Concat(tuple(parts))

    def repeat(self, depth: int) -> Regex:
        """repeatexp = complexp ( "?" | "*" | "+" | "{" n [ "," [ m ] ] "}" )*"""
        tree = self.complement(depth)
        for _ in range(MAX_DEPTH):
            if not self.peek("?*+{"):
                return tree
            char = self.text[self.at]
            self.at += 1
            match char:
                case "?":
                    tree = Repeat(tree, 0, 1)
                case "*":
                    tree = Repeat(tree, 0, None)
                case "+":
                    tree = Repeat(tree, 1, None)
                case _:
                    low, high = self.bounds()
                    tree = Repeat(tree, low, high)
        raise RegexError("too many repetitions of one part", self.at)

    def bounds(self) -> tuple[int, int | None]:
        """n [ "," [ m ] ] "}" """
        start = self.at
        low = self.number()
        if low is None:
            raise RegexError("a number is missing after `{`", start)
        high: int | None = low
        if self.take(","):
            high = self.number()
        if not self.take("}"):
            raise RegexError("`{` without `}`", start)
        if high is not None and high < low:
            raise RegexError(f"the range {{{low},{high}}} runs backwards", start)
        if max(low, high or 0) > MAX_REPEAT:
            raise RegexError(f"more than {MAX_REPEAT} repetitions", start)
        return low, high

    def number(self) -> int | None:
        start = self.at
        while self.peek("0123456789"):
            self.at += 1
        return int(self.text[start : self.at][:9]) if self.at > start else None

    def complement(self, depth: int) -> Regex:
        """complexp = "~"* charclassexp"""
        count = 0
        while self.take("~"):
            count += 1
        tree = self.charclass(depth)
        return Complement(tree) if count % 2 else tree

    def charclass(self, depth: int) -> Regex:
        """charclassexp = "[" [ "^" ] charclass+ "]" | simpleexp"""
        start = self.at
        if not self.take("["):
            return self.simple(depth)
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.peek("]"):
            if self.at >= len(self.text):
                raise RegexError("`[` without `]`", start)
            ranges.extend(self.class_range())
            first = False
        self.at += 1
        return Chars(tuple(ranges), negated)

    def class_range(self) -> tuple[tuple[int, int], ...]:
        """charclass = charexp [ "-" charexp ] | "\\" ( d | w | s | D | W | S )"""
        shorthand = self.shorthand()
        if shorthand is not None:
            return shorthand
        start = self.at
        low = self.char()
        if self.peek("-") and not self.text.startswith("-]", self.at):
            self.at += 1
            high = self.char()
            if high < low:
                raise RegexError("the range in `[ ]` runs backwards", start)
            return ((low, high),)
        return ((low, low),)

    def shorthand(self) -> tuple[tuple[int, int], ...] | None:
        name = self.text[self.at + 1 : self.at + 2]
        if not self.peek("\\") or not (name.isascii() and name.isalpha()):
            return None
        if name.lower() not in _CLASSES:
            raise RegexError(f"`\\{name}` is no escape; only \\d, \\w, \\s and their capitals are", self.at)
        self.at += 2
        ranges = _CLASSES[name.lower()]
        return ranges if name.islower() else outside(ranges)

    def char(self) -> int:
        """charexp = "\\" any | any"""
        self.take("\\")
        if self.at >= len(self.text):
            raise RegexError("the pattern ends in the middle", self.at)
        self.at += 1
        return ord(self.text[self.at - 1])

    def simple(self, depth: int) -> Regex:
        """simpleexp = "." | "#" | "@" | quoted | "(" [ unionexp ] ")" | "<" n "-" m ">" | charexp"""
        shorthand = self.shorthand()
        if shorthand is not None:
            return Chars(shorthand)
        start = self.at
        if self.take("."):
            return ANY
        if self.take("#"):
            return NOTHING
        if self.take("@"):
            return ANYTHING
        if self.take('"'):
            return self.until('"', start)
        if self.take("("):
            return self.group(start, depth)
        if self.take("<"):
            return self.interval(start)
        return Chars(((code := self.char(), code),))

    def until(self, quote: str, start: int) -> Regex:
        end = self.text.find(quote, self.at)
        if end < 0:
            raise RegexError('`"` without its end', start)
        literal = self.text[self.at : end]
        self.at = end + 1
        return Concat(tuple(Chars(((ord(c), ord(c)),)) for c in literal))

    def group(self, start: int, depth: int) -> Regex:
        if self.take(")"):
            return EMPTY
        tree = self.union(depth + 1)
        if not self.take(")"):
            raise RegexError("`(` without `)`", start)
        return tree

    def interval(self, start: int) -> Regex:
        end = self.text.find(">", self.at)
        if end < 0:
            raise RegexError("`<` without `>`", start)
        low, dash, high = self.text[self.at : end].partition("-")
        digits = low + high
        if not dash or not low or not high or not (digits.isascii() and digits.isdigit()):
            raise RegexError(
                "`<` starts a range of numbers such as <1-99>; write `\\<` for the character", start
            )
        if len(low) > 18 or len(high) > 18:
            raise RegexError("the numbers in `< >` are too large", start)
        self.at = end + 1
        width = len(low) if len(low) == len(high) else 0
        ends = sorted((int(low), int(high)))
        return numbers(ends[0], ends[1], width)


def outside(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The code points that lie in none of the ranges."""
    out: list[tuple[int, int]] = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            out.append((start, low - 1))
        start = max(start, high + 1)
    if start <= 0x10FFFF:
        out.append((start, 0x10FFFF))
    return tuple(out)


def numbers(low: int, high: int, width: int) -> Regex:
    """Decimal numbers from `low` to `high`; `width` digits, or (0) any count of leading zeros."""
    parts: list[Regex] = []
    for first, last in _same_length(low, high):
        digits = max(width, len(str(first)))
        parts.extend(_digits(str(first).zfill(digits), str(last).zfill(digits)))
    tree = parts[0] if len(parts) == 1 else Union(tuple(parts))
    if width:
        return tree
    return Concat((Repeat(Chars(((48, 48),)), 0, None), tree))


def _same_length(low: int, high: int) -> list[tuple[int, int]]:
    out = []
    while len(str(low)) < len(str(high)):
        top = 10 ** len(str(low)) - 1
        out.append((low, top))
        low = top + 1
    return [*out, (low, high)]


def _digits(low: str, high: str) -> list[Regex]:
    """Strings of digits of one length from `low` to `high`, as a few patterns."""
    if not low:
        return [EMPTY]
    if low[0] == high[0]:
        head = Chars(((ord(low[0]), ord(low[0])),))
        return [Concat((head, *_flat(rest))) for rest in _digits(low[1:], high[1:])]
    rest = len(low) - 1
    first, last = int(low[0]), int(high[0])
    out: list[Regex] = []
    if low[1:].strip("0"):
        head = Chars(((48 + first, 48 + first),))
        out += [Concat((head, *_flat(r))) for r in _digits(low[1:], "9" * rest)]
        first += 1
    tail: list[Regex] = []
    if high[1:].strip("9"):
        head = Chars(((48 + last, 48 + last),))
        tail = [Concat((head, *_flat(r))) for r in _digits("0" * rest, high[1:])]
        last -= 1
    if first <= last:
        out.append(Concat((Chars(((48 + first, 48 + last),)), *([Chars(((48, 57),))] * rest))))
    return out + tail


def _flat(tree: Regex) -> tuple[Regex, ...]:
    return tree.parts if isinstance(tree, Concat) else (tree,)


def fold_ascii(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The ranges with the other case of every letter A-Z and a-z that is written by itself. A range of a class
    (`[a-c]`) keeps its case: Lucene folds no ranges."""
    letters = [chr(low) for low, high in ranges if low == high < 128 and chr(low).isalpha()]
    return ranges + tuple((ord(c.swapcase()), ord(c.swapcase())) for c in letters)


def fold_letters(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The ranges with the other case of every A-Z and a-z in them."""
    extra: list[tuple[int, int]] = []
    for low, high in ranges:
        for base, shift in ((65, 32), (97, -32)):
            start, end = max(low, base), min(high, base + 25)
            if start <= end:
                extra.append((start + shift, end + shift))
    return ranges + tuple(extra)


def to_re2(tree: Regex, *, fold: bool = False) -> str | None:
    """The pattern in RE2's syntax, or None when it needs complement or intersection.

    `fold` makes A-Z and a-z the same, but not in ranges."""
    match tree:
        case Chars(ranges=ranges, negated=negated):
            return _class(fold_ascii(ranges) if fold else ranges, negated)
        case Concat(parts=parts):
            texts = [to_re2(part, fold=fold) for part in parts]
            return (
                None
                if None in texts
                else "".join(f"(?:{t})" if _loose(p) else t for t, p in _pairs(texts, parts))
            )
        case Union(parts=()):
            return r"[^\x{0}-\x{10FFFF}]"
        case Union(parts=parts):
            texts = [to_re2(part, fold=fold) for part in parts]
            return None if None in texts else "(?:" + "|".join(t for t in texts if t is not None) + ")"
        case Repeat(part=part, low=low, high=high):
            text = to_re2(part, fold=fold)
            return None if text is None else f"(?:{text}){_times(low, high)}"
        case _:
            return None


def _pairs(texts: list[str | None], parts: tuple[Regex, ...]) -> list[tuple[str, Regex]]:
    return [(t, p) for t, p in zip(texts, parts, strict=True) if t is not None]


def _loose(tree: Regex) -> bool:
    return isinstance(tree, Concat)


def _times(low: int, high: int | None) -> str:
    if high is None:
        return {0: "*", 1: "+"}.get(low, f"{{{low},}}")
    return "?" if (low, high) == (0, 1) else f"{{{low},{high}}}"


def _class(ranges: tuple[tuple[int, int], ...], negated: bool) -> str:
    if not ranges:
        return r"(?s:.)" if negated else r"[^\x{0}-\x{10FFFF}]"
    body = "".join(
        rf"\x{{{low:x}}}-\x{{{high:x}}}" if low < high else rf"\x{{{low:x}}}" for low, high in ranges
    )
    return f"[{'^' if negated else ''}{body}]"
