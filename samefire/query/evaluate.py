"""Three-valued expressions (the inside of a `Script`): what each function gives, as Java computes it.

Whole numbers are longs, strings are counted in UTF-16 units, null in gives null out. Where the values of
fields come from is the caller's; so is matching `like` and `regex`, which only the engine does in bounded time.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from samefire.query.ast import Call, Constant, Expression, FieldValue, Fold
from samefire.query.java import Value, joined, read_double, text, units

__all__ = ["ExpressionError", "Matches", "Read", "Value", "apply", "compare", "evaluate", "is_number", "text"]

Read = Callable[[FieldValue], Value]
Matches = Callable[[Call, str], bool]
"""Whether a text fits the constant pattern of a `like` or `regex` call."""


@dataclass(frozen=True, slots=True)
class ExpressionError(ValueError):
    """Why an expression has no value at all: Elasticsearch's script would throw."""

    reason: str

    def __str__(self) -> str:
        return self.reason


LONG_MAX = 2**63 - 1
LONG_MIN = -(2**63)


def evaluate(expression: Expression, read: Read, matches: Matches) -> Value:
    """The value of an expression. Raises ExpressionError where a script would throw."""
    match expression:
        case Constant(value=value):
            return value
        case FieldValue():
            return read(expression)
        case Call(function=function, arguments=arguments):
            if function in ("like", "regex"):
                return _matched(expression, evaluate(arguments[0], read, matches), matches)
            return apply(function, [evaluate(a, read, matches) for a in arguments], expression.fold)
        case _:
            assert_never(expression)


def _matched(call: Call, value: Value, matches: Matches) -> Value:
    return None if value is None else matches(call, text(value))


def apply(function: str, arguments: Sequence[Value], fold: Fold = Fold.NONE) -> Value:
    """One function of constants by its canonical name."""
    if function in _LOGIC:
        return _LOGIC[function](*arguments)
    if function in _FOLDING:
        return _FOLDING[function](fold is not Fold.NONE, *arguments)
    return _PLAIN[function](*arguments)


# ---- logic and comparison ---------------------------------------------------------------------------


def _and(*values: Value) -> Value:
    if any(v is False for v in values):
        return False
    return None if any(v is None for v in values) else True


def _or(*values: Value) -> Value:
    if any(v is True for v in values):
        return True
    return None if any(v is None for v in values) else False


def _not(value: Value) -> Value:
    return None if value is None else value is not True


def _is_null(value: Value) -> Value:
    return value is None


def is_number(value: Any) -> bool:
    """Whether a value is a number (a boolean is none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def compare(left: Value, right: Value) -> int | None:
    """-1, 0 or 1; None when one is null or they are not of a kind."""
    if isinstance(left, str) and isinstance(right, str):
        a, b = _java_order(left), _java_order(right)
        return (a > b) - (a < b)
    same_kind = (is_number(left) and is_number(right)) or (isinstance(left, bool) and isinstance(right, bool))
    if not same_kind:
        return None
    if left != left or right != right:
        return (left != left) - (right != right)  # Java sorts NaN after all numbers, and equal to itself
    return (left > right) - (left < right)  # type: ignore[operator]


def _java_order(value: str) -> bytes:
    return value.encode("utf-16-be", "surrogatepass")


def _comparison(test: Callable[[int], bool]) -> Callable[[Value, Value], Value]:
    def apply_to(left: Value, right: Value) -> Value:
        order = compare(left, right)
        return None if order is None else test(order)

    return apply_to


_eq = _comparison(lambda o: o == 0)


def _seq(left: Value, right: Value) -> Value:
    """`:` and `in~` in a script: null equals null, letters fold one by one."""
    if left is None and right is None:
        return True
    if isinstance(left, str) and isinstance(right, str):
        return _folded(left) == _folded(right)
    return _eq(left, right)


def _folded(value: str) -> str:
    """Java's compareToIgnoreCase: each character upper, then lower."""
    if value.isascii():
        return value.lower()
    return "".join(map(_fold_char, value))


def _fold_char(char: str) -> str:
    upper = char.upper() if len(char.upper()) == 1 else char
    return upper.lower() if len(upper.lower()) == 1 else upper


def _in(value: Value, *listed: Value) -> Value:
    if value is None:
        return None
    if any(_eq(value, item) is True for item in listed):
        return True
    return None if any(item is None for item in listed) else False


# ---- numbers ----------------------------------------------------------------------------------------


def _numbers(operation: Callable[[Any, Any], int | float]) -> Callable[[Value, Value], Value]:
    def apply_to(left: Value, right: Value) -> Value:
        if left is None or right is None:
            return None
        if not (is_number(left) and is_number(right)):
            raise ExpressionError("a number is required")
        try:
            return _long(operation(left, right))
        except OverflowError:
            raise ExpressionError("the number is too large") from None

    return apply_to


def _long(value: int | float) -> int | float:
    if isinstance(value, int) and not LONG_MIN <= value <= LONG_MAX:
        raise ExpressionError("long overflow")
    return value


def _div(left: Any, right: Any) -> int | float:
    """Whole by whole truncates towards zero; with a double as IEEE says."""
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise ExpressionError("/ by zero")
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    if right == 0:
        sign = math.copysign(1.0, float(left)) * math.copysign(1.0, float(right))
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, sign)
    return float(left) / float(right)


def _mod(left: Any, right: Any) -> int | float:
    """The remainder has the sign of the dividend."""
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise ExpressionError("/ by zero")
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    if right == 0 or math.isinf(left):
        return math.nan
    return math.fmod(left, right)


def _neg(value: Value) -> Value:
    if value is None:
        return None
    if not is_number(value):
        raise ExpressionError("a number is required")
    return _long(-value)  # type: ignore[operator]


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _number(value: Value, base: Value = None) -> Value:
    """`number("0x1f")`, `number("12.5")`, `number("ff", 16)`."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ExpressionError("a string is required")
    prefixed = value.startswith("0x")
    if base is None:
        base = 16 if prefixed else 10
    if isinstance(base, bool) or not isinstance(base, int) or not 2 <= base <= 36:
        raise ExpressionError(f"[{text(base)}] is no base of a number")
    digits = value[2:] if prefixed and base == 16 else value
    found: int | float | None = _whole(digits, base)
    if found is None and base == 10 and len(digits) < 400:
        found = read_double(digits)
    if found is None:
        raise ExpressionError(f"Unable to convert [{value}] to number of base [{base}]")
    return found


def _whole(digits: str, base: int) -> int | None:
    body = digits[1:] if digits[:1] in ("+", "-") else digits
    if not body or len(body) > 70 or any(c not in _DIGITS[:base] for c in body.lower()):
        return None
    value = int(digits, base)
    return value if LONG_MIN <= value <= LONG_MAX else None


# ---- strings ----------------------------------------------------------------------------------------


def _string(value: Value) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"a string is required; received [{text(value)}]")
    return value


def _concat(*values: Value) -> Value:
    return None if any(v is None for v in values) else "".join(map(text, values))


def _to_string(value: Value) -> Value:
    return None if value is None else text(value)


def _length(value: Value) -> Value:
    return None if value is None else len(units(_string(value)))


def _two(fold: bool, value: Value, other: Value) -> tuple[str, str] | None:
    """Both strings, folded when asked; None when one is null."""
    if value is None or other is None:
        return None
    a, b = _string(value), _string(other)
    return (a.lower(), b.lower()) if fold else (a, b)


def _starts_with(fold: bool, value: Value, start: Value) -> Value:
    pair = _two(fold, value, start)
    return None if pair is None else pair[0].startswith(pair[1])


def _ends_with(fold: bool, value: Value, end: Value) -> Value:
    pair = _two(fold, value, end)
    return None if pair is None else pair[0].endswith(pair[1])


def _string_contains(fold: bool, value: Value, part: Value) -> Value:
    """An empty string contains nothing and lies in nothing."""
    pair = _two(fold, value, part)
    return None if pair is None else bool(pair[0] and pair[1] and pair[1] in pair[0])


def _index_of(fold: bool, value: Value, part: Value, start: Value = None) -> Value:
    """The place of the first occurrence at or after `start`; null when there is none."""
    pair = _two(fold, value, part)
    if pair is None:
        return None
    inside, sought = units(pair[0]), units(pair[1])
    first = max(0, _index(start) if start is not None else 0)
    at = min(first, len(inside)) if not sought else inside.find(sought, first)
    return None if at < 0 else at


def _index(value: Value) -> int:
    if not is_number(value):
        raise ExpressionError("a number is required")
    number = float(value) if isinstance(value, float) else value
    if isinstance(number, float) and not math.isfinite(number):
        raise ExpressionError("a finite number is required")
    return int(number)  # type: ignore[arg-type]


def _substring(value: Value, start: Value, end: Value = None) -> Value:
    """A slice; negative places count from the end."""
    if value is None or start is None:
        return value
    inside = units(_string(value))
    size = len(inside)
    first = _index(start)
    last = size if end is None else _index(end)
    first = max(0, first + size) if first < 0 else first
    last = max(0, last + size) if last < 0 else min(last, size)
    return joined(inside[first:last]) if first < last else ""


def _between(fold: bool, value: Value, left: Value, right: Value, greedy: Value = False) -> Value:
    """What stands between the first `left` and the next (greedy: the last) `right`."""
    if value is None:
        return None
    whole, before, after = _string(value), _string(left), _string(right)
    if not whole or not before or not after:
        return whole
    sought = whole.lower() if fold else whole
    if fold:
        before, after = before.lower(), after.lower()
    at = sought.find(before)
    if at < 0:
        return ""
    start = at + len(before)
    end = sought.rfind(after) if greedy is True else sought.find(after, start)
    if 0 <= end < start:
        raise ExpressionError("begin is larger than end")
    return whole[start:end] if end >= 0 else ""


def _cidr_match(address: Value, *blocks: Value) -> Value:
    """Whether an address lies in one of the blocks; a block may be a plain address."""
    if address is None or any(block is None for block in blocks):
        return None
    try:
        found = ipaddress.ip_address(_string(address))
        networks = [ipaddress.ip_network(_string(block), strict=False) for block in blocks]
    except ValueError as error:
        raise ExpressionError(str(error)) from None
    return any(found.version == n.version and found in n for n in networks)


_LOGIC: dict[str, Callable[..., Value]] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "isNull": _is_null,
    "eq": _eq,
    "neq": _comparison(lambda o: o != 0),
    "lt": _comparison(lambda o: o < 0),
    "lte": _comparison(lambda o: o <= 0),
    "gt": _comparison(lambda o: o > 0),
    "gte": _comparison(lambda o: o >= 0),
    "seq": _seq,
    "in": _in,
}
_PLAIN: dict[str, Callable[..., Value]] = {
    "add": _numbers(lambda a, b: a + b),
    "subtract": _numbers(lambda a, b: a - b),
    "multiply": _numbers(lambda a, b: a * b),
    "divide": _numbers(_div),
    "modulo": _numbers(_mod),
    "negate": _neg,
    "number": _number,
    "concat": _concat,
    "string": _to_string,
    "length": _length,
    "substring": _substring,
    "cidrMatch": _cidr_match,
}
_FOLDING: dict[str, Callable[..., Value]] = {
    "startsWith": _starts_with,
    "endsWith": _ends_with,
    "stringContains": _string_contains,
    "indexOf": _index_of,
    "between": _between,
}
