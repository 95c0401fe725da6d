"""Values for one test: some that pass it, and some that nearly do, each with what is wrong with it.

The first passing value is the plainest. Knows tests and nothing of events; whether a value really passes is
for the engine to say.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from random import Random
from typing import Any, assert_never

from samefire.query import lucene_regex
from samefire.query.ast import (
    BooleanIs,
    DatePart,
    DateRange,
    Exists,
    Fold,
    Fuzzy,
    IpRange,
    NumberIs,
    NumberRange,
    Pattern,
    Phrase,
    Regex,
    RegexSyntax,
    Term,
    TermRange,
    Test,
    TokenPattern,
    TokenRange,
    TokenRegex,
    VersionRange,
    Wild,
    Wildcard,
)
from samefire.query.lucene_regex import Chars, Complement, Concat, Intersection, Repeat, Union

Value = Any
"""A JSON scalar."""

FILL = ("", "x", "report-7", "a b", "C:\\Temp\\", "/opt/", "Ünï", "\n", "*", "?")
"""What stands for `*`: nothing first, then texts, other scripts, wildcards as plain characters."""

LONGEST = 400


def passing(test: Test, rng: Random) -> list[Value]:
    """Values that pass the test, plainest first; none for `Exists`, which any value passes."""
    match test:
        case Exists():
            return []
        case Term(value=value, fold=fold):
            return [value, *_other_cases(value, fold)]
        case Wildcard(pattern=pattern, fold=fold):
            return _fitting(pattern, fold, rng)
        case Regex(pattern=pattern, fold=fold):
            return _matching(pattern, test.syntax, fold, rng)
        case (
            TermRange(low=low, high=high) | TokenRange(low=low, high=high) | VersionRange(low=low, high=high)
        ):
            return [value for value in (low, high, f"{low}0" if low else None) if value is not None]
        case Phrase(tokens=tokens):
            phrase = " ".join(tokens)
            return [phrase, f"Before {phrase} after", phrase.upper()]
        case TokenPattern(pattern=pattern):
            return [value for value in _fitting(pattern, Fold.ASCII, rng) if " " not in value]
        case TokenRegex(pattern=pattern):
            return _matching(pattern, RegexSyntax.LUCENE, Fold.ASCII, rng)
        case Fuzzy(value=value):
            return [value]
        case NumberIs(value=value):
            return [value, str(value)]
        case NumberRange():
            return _in_range(test)
        case BooleanIs(value=truth):
            return [truth, "true" if truth else "false"]
        case IpRange(low=low, high=high):
            return [_address(n) for n in dict.fromkeys((low, high, (low + high) // 2))]
        case DateRange() | DatePart():
            return []
        case _:
            assert_never(test)


def failing(test: Test, rng: Random) -> list[tuple[str, Value]]:
    """Values that nearly pass, each with what was changed."""
    match test:
        case Term(value=value, fold=fold):
            return _near_text(value, fold)
        case Wildcard(pattern=pattern, fold=fold):
            return _near_pattern(pattern, fold, rng)
        case Regex() | TokenRegex():
            return [
                (f"{what} of a match", v)
                for t in passing(test, rng)[:2]
                for what, v in _near_text(t, Fold.NONE)
            ]
        case NumberIs(value=value):
            return [("one more", value + 1), ("one less", value - 1), ("a fraction more", value + 0.5)]
        case NumberRange():
            return _out_of_range(test)
        case BooleanIs(value=truth):
            return [("the other truth", not truth)]
        case IpRange(low=low, high=high):
            below, above = low - 1, high + 1
            near = [("the address before", below)] if below >= 0 else []
            near += [("the address after", above)] if above < 1 << 128 else []
            return [(what, _address(n)) for what, n in near]
        case Phrase(tokens=tokens):
            return (
                [("the words apart", " between ".join(tokens))]
                if len(tokens) > 1
                else _near_text(tokens[0], Fold.ASCII)
            )
        case Exists() | TermRange() | TokenRange() | VersionRange() | TokenPattern() | Fuzzy():
            return []
        case DateRange() | DatePart():
            return []
        case _:
            assert_never(test)


def odd(rng: Random) -> Value:
    """A value that no query expects."""
    return rng.choice(
        ("", " ", "*", "?", "\\", "a\\*b", "-", "0", "true", 0, -1, 1.5, True, False, "Ω", "x" * 40)
    )


# ---- text -----------------------------------------------------------------------------------------------


def _swapped(value: str) -> str:
    """The value with its ASCII letters in the other case."""
    return "".join(c.swapcase() if c.isascii() else c for c in value)


def _other_cases(value: str, fold: Fold) -> Iterable[str]:
    if fold is Fold.NONE:
        return ()
    return tuple(dict.fromkeys(v for v in (_swapped(value), _upper(value)) if v != value))


def _upper(value: str) -> str:
    return "".join(c.upper() if c.isascii() else c for c in value)


def _near_text(value: str, fold: Fold) -> list[tuple[str, str]]:
    """One step away: case (where it counts), an end more, an end less."""
    near = [("more before", f"x{value}"), ("more after", f"{value}x"), ("a line more", f"{value}\nx")]
    if len(value) > 1:
        near += [("cut at the start", value[1:]), ("cut at the end", value[:-1])]
    if fold is Fold.NONE and _swapped(value) != value:
        near.insert(0, ("another case", _swapped(value)))
    accented = value.replace("e", "é", 1)
    return [*near, ("an accent", accented)] if accented != value else near


def _fitting(pattern: Pattern, fold: Fold, rng: Random) -> list[str]:
    fills = [FILL[1], *rng.sample(FILL, 3), ""]
    values = ["".join(_filled(p, fill) for p in pattern) for fill in fills]
    if fold is not Fold.NONE:
        values.append(_swapped(values[0]))
    return list(dict.fromkeys(values))


def _filled(piece: str | Wild, fill: str) -> str:
    if isinstance(piece, str):
        return piece
    return fill if piece is Wild.MANY else (fill[:1] or "x")


def _near_pattern(pattern: Pattern, fold: Fold, rng: Random) -> list[tuple[str, str]]:
    """A fitting value with one literal part spoilt, and with wildcards taken by the letter."""
    near: list[tuple[str, str]] = []
    value = "".join(_filled(piece, "x") for piece in pattern)
    if fold is Fold.NONE and _swapped(value) != value:
        near.append(("another case", _swapped(value)))
    for at, piece in enumerate(pattern):
        if isinstance(piece, str):
            spoilt = [*pattern[:at], piece[1:], *pattern[at + 1 :]]
            near.append((f"without the `{piece[0]}` of `{piece}`", "".join(_filled(p, "x") for p in spoilt)))
    if pattern and pattern[0] is not Wild.MANY:
        near.append(("more before", f"x{value}"))
    if pattern and pattern[-1] is not Wild.MANY:
        near.append(("more after", f"{value}x"))
    if Wild.ONE in pattern:
        near.append(("nothing for `?`", "".join("" if p is Wild.ONE else _filled(p, "x") for p in pattern)))
    return near


# ---- regular expressions --------------------------------------------------------------------------------


def _matching(pattern: str, syntax: RegexSyntax, fold: Fold, rng: Random) -> list[str]:
    """Strings of the expression's language, as far as it can be walked; a PCRE is read without its anchors."""
    if syntax is RegexSyntax.PCRE:
        pattern = pattern.removeprefix("^").removesuffix("$")
    try:
        tree = lucene_regex.parse(pattern)
    except lucene_regex.RegexError:
        return []
    walked = [_walk(tree, rng, shortest) for shortest in (True, False, False, False)]
    found = [value[:LONGEST] for value in walked if value is not None and len(value) <= LONGEST]
    if fold is not Fold.NONE:
        found += [_swapped(value) for value in found[:1]]
    return list(dict.fromkeys(found))


def _walk(tree: lucene_regex.Regex, rng: Random, shortest: bool) -> str | None:
    match tree:
        case Chars():
            return _character(tree, rng)
        case Concat(parts=parts):
            texts = [_walk(part, rng, shortest) for part in parts]
            return None if None in texts else "".join(t for t in texts if t is not None)
        case Union(parts=parts):
            return _walk(rng.choice(parts), rng, shortest) if parts else None
        case Repeat(part=part, low=low, high=high):
            most = min(high if high is not None else low + 3, low + 3)
            count = low if shortest else rng.randint(low, most)
            texts = [_walk(part, rng, shortest) for _ in range(count)]
            return None if None in texts else "".join(t for t in texts if t is not None)
        case Intersection() | Complement():
            return None
        case _:
            assert_never(tree)


def _character(tree: Chars, rng: Random) -> str:
    if not tree.negated and tree.ranges:
        low, high = rng.choice(tree.ranges)
        return chr(rng.randint(low, min(high, low + 40)))
    candidates = "x7-/ \\.Z"
    outside = [c for c in candidates if not any(low <= ord(c) <= high for low, high in tree.ranges)]
    return rng.choice(outside) if outside else "€"


# ---- numbers and addresses ------------------------------------------------------------------------------


def _in_range(test: NumberRange) -> list[Value]:
    low, high = test.low, test.high
    if low is None and high is None:
        return [0]
    if low is None:
        assert high is not None
        return [high if test.high_inclusive else high - 1, high - 100, str(high - 1)]
    if high is None:
        return [low if test.low_inclusive else low + 1, low + 100, str(low + 1)]
    return [
        low if test.low_inclusive else (low + high) / 2,
        (low + high) / 2,
        high if test.high_inclusive else low,
    ]


def _out_of_range(test: NumberRange) -> list[tuple[str, Value]]:
    near: list[tuple[str, Value]] = []
    if test.low is not None:
        near.append(("below the range", test.low - 1 if test.low_inclusive else test.low))
    if test.high is not None:
        near.append(("above the range", test.high + 1 if test.high_inclusive else test.high))
    return near


def _address(number: int) -> str:
    if number >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(number))
