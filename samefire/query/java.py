"""How Java writes values and counts the characters of strings."""

from __future__ import annotations

import math
import re

Value = str | int | float | bool | None
"""A value inside a script; None is null."""


def text(value: Value) -> str:
    """A value as Java's toString writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return _java_double(value)
        case _:
            return str(value)


def _java_double(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        found = f"{value:.17f}".rstrip("0") if "e" in repr(value) else repr(value)
        return found + "0" if found.endswith(".") else found
    mantissa, _, exponent = f"{value:e}".partition("e")
    digits = repr(value).lower().split("e")[0].replace("-", "").replace(".", "").strip("0") or "0"
    mantissa = ("-" if value < 0 else "") + digits[0] + "." + (digits[1:] or "0")
    return f"{mantissa}E{int(exponent)}"


_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?")
_WORD = re.compile(r"([+-]?)(NaN|Infinity)")
_BLANKS = "".join(map(chr, range(0x21)))


def read_double(value: str) -> float | None:
    """A text as Java's Double reads it: with blanks around it, a `d` or `f` behind, `NaN` and `Infinity`. None: it is
    no number, or one of more than 400 characters."""
    bare = value.strip(_BLANKS)
    word = _WORD.fullmatch(bare)
    if word is not None:
        return math.nan if word[2] == "NaN" else math.copysign(math.inf, -1 if word[1] == "-" else 1)
    return float(bare.rstrip("dDfF")) if len(bare) <= 400 and _NUMBER.fullmatch(bare) else None


def units(value: str) -> str:
    """The text as UTF-16 units, one character each, so that indices count as in Java."""
    if value.isascii() or max(value) <= "\uffff":
        return value
    raw = value.encode("utf-16-le", "surrogatepass")
    return "".join(chr(raw[i] | raw[i + 1] << 8) for i in range(0, len(raw), 2))


def joined(value: str) -> str:
    """The text of UTF-16 units, pairs of surrogates joined again."""
    if not any("\ud800" <= c <= "\udfff" for c in value):
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
