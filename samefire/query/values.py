"""The values of a query as Elasticsearch reads them: numbers, booleans, addresses, texts and patterns.

Every reader raises ValueError with the sentence that Elasticsearch gives.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from typing import TYPE_CHECKING

from samefire.query.analysis import lower
from samefire.query.ast import Fold, Pattern, Wild

if TYPE_CHECKING:
    from decimal import Decimal

LAST_ADDRESS = (1 << 128) - 1
_V4 = 0xFFFF << 32
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?", re.A)
_LONG = 2**64
_ASCII = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})

Scalar = str | int | float | bool


def text(value: Scalar) -> str:
    """The value as text: `true`, `80`, `80.5`."""
    return value if isinstance(value, str) else json.dumps(value)


def is_number(value: Scalar) -> bool:
    """Whether the value is a number, or text that is one."""
    return not isinstance(value, bool) and _NUMBER.fullmatch(text(value)) is not None


def _decimal(value: Scalar) -> Decimal:
    from decimal import Decimal

    if not is_number(value):
        raise ValueError(f'For input string: "{text(value)}"' if text(value) else "empty String")
    return Decimal(text(value))


def real(value: Scalar) -> int | float:
    """A number as it is written; whole ones stay exact."""
    number = _decimal(value)
    if number.copy_abs() < _LONG and number == number.to_integral_value():
        return int(number)
    if not math.isfinite(float(number)):
        raise ValueError(f"only finite values are supported, but got [{text(value)}]")
    return float(number)


def whole(value: Scalar) -> int | None:
    """A number for a field of whole numbers; None when it has decimals or is larger than any field holds, and
    so equals nothing."""
    number = _decimal(value)
    if number.copy_abs() >= _LONG or number != number.to_integral_value():
        return None
    return int(number)


def inward(
    low: float | None, high: float | None, low_inclusive: bool, high_inclusive: bool
) -> tuple[int | float | None, int | float | None]:
    """Bounds of whole numbers, both included."""
    if low is not None:
        low = math.ceil(low) if low_inclusive or low != math.floor(low) else math.floor(low) + 1
    if high is not None:
        high = math.floor(high) if high_inclusive or high != math.ceil(high) else math.ceil(high) - 1
    return low, high


def boolean(value: Scalar) -> bool:
    """`true` or `false`, in lower case."""
    if value is True or value == "true":
        return True
    if value is False or value == "false":
        return False
    raise ValueError(f"Can't parse boolean value [{text(value)}], expected [true] or [false]")


def address(written: str) -> int:
    """An address as a 128-bit number, IPv4 mapped into ::ffff:0:0/96."""
    try:
        found = ipaddress.ip_address(written)
    except ValueError:
        raise ValueError(f"'{written}' is not an IP string literal.") from None
    return int(found) | (_V4 if found.version == 4 else 0)


def network(written: str) -> tuple[int, int]:
    """First and last address of `10.0.0.0/8`; of a plain address, that one twice."""
    base, slash, length = written.partition("/")
    first = address(base)
    if not slash:
        return first, first
    limit = 32 if ":" not in base else 128
    if not length.isascii() or not length.isdigit() or int(length) > limit:
        raise ValueError(f"Expected [ip/prefix] but was [{written}]")
    mask = (1 << (limit - int(length))) - 1
    return first & ~mask, first | mask


def folded(value: str, fold: Fold) -> str:
    """The text as it is compared."""
    match fold:
        case Fold.NONE:
            return value
        case Fold.ASCII:
            return value.translate(_ASCII)
        case Fold.UNICODE:
            return value.lower()


def same(value: str, other: str, fold: Fold) -> bool:
    """Whether two texts are equal under a folding."""
    return folded(value, fold) == folded(other, fold)


def lower_pattern(pattern: Pattern) -> Pattern:
    """The pattern with its literal pieces in lower case."""
    return tuple(lower(piece) if isinstance(piece, str) else piece for piece in pattern)


def fits(pattern: Pattern, value: str, fold: Fold) -> bool:
    """Whether a whole text fits a pattern; looks back at the last `*` only, so it cannot stall."""
    pieces: list[str | Wild] = []
    for piece in pattern:
        pieces.extend(folded(piece, fold) if isinstance(piece, str) else (piece,))
    value = folded(value, fold)
    at = back = 0
    star = -1
    place = 0
    while at < len(value):
        if place < len(pieces) and pieces[place] is Wild.MANY:
            star, back = place, at
            place += 1
        elif place < len(pieces) and pieces[place] in (Wild.ONE, value[at]):
            place += 1
            at += 1
        elif star >= 0:
            back += 1
            place, at = star + 1, back
        else:
            return False
    return all(piece is Wild.MANY for piece in pieces[place:])
