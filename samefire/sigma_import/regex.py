"""Sigma's regular expressions (PCRE, searched for in a value) as Lucene's, which must fit the whole value.

Anchors and word boundaries can only go where the expression begins or ends. `re` of the standard library parses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from samefire.query.ast import Fold, Regex
from samefire.query.lucene_regex import MAX_LENGTH
from samefire.sigma_import.losses import Unsayable

_LAST = 0x10FFFF
_SPECIAL = frozenset('.?+*|{}[]()"\\#@&<>~^$')
_IN_CLASS = frozenset('\\]^-["')
_DIGITS = ((48, 57),)
_WORDS = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACES = ((9, 10), (12, 13), (32, 32))
_CATEGORIES = {"DIGIT": _DIGITS, "WORD": _WORDS, "SPACE": _SPACES}
_LINE = ((10, 10),)
MAX_BRANCHES = 64

Ranges = tuple[tuple[int, int], ...]
Items = list[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class _Flags:
    """`fold`: letters are spelled in both cases; `dotall` and `multiline` as in PCRE."""

    fold: bool
    dotall: bool
    multiline: bool


def whole_value(test: Regex, *, spell: bool = False) -> str:
    """The Lucene expression that fits exactly the values in which `test` finds something. `spell`: letters that
    may have any case are written in both (for languages that have no flag for it). Raises Unsayable."""
    parser: Any = getattr(re, "_parser")  # noqa: B009 - it has no public name
    try:
        parsed = parser.parse(test.pattern, 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise _unsayable(f"the expression cannot be read ({error})") from error
    inline = bool(parsed.state.flags & re.IGNORECASE)
    flags = _Flags(
        (spell and test.fold is not Fold.NONE) or inline,
        test.dotall or bool(parsed.state.flags & re.DOTALL),
        test.multiline or bool(parsed.state.flags & re.MULTILINE),
    )
    made = "|".join(dict.fromkeys(_whole(branch, flags) for branch in _branches(list(parsed))))
    if len(made) > MAX_LENGTH:
        raise _unsayable(f"it has {len(made)} characters, and Elasticsearch takes {MAX_LENGTH}")
    return made


def _unsayable(what: str) -> Unsayable:
    return Unsayable("sigma-import-regex", f"a regular expression cannot be said in Lucene's syntax: {what}")


# ---- beginning and end -------------------------------------------------------------------------------


def _branches(items: Items) -> Iterator[Items]:
    """The alternatives of an expression, so that anchors stand at their beginnings and ends."""
    waiting = [items]
    count = 0
    while waiting:
        current = waiting.pop(0)
        at = next((n for n in (0, len(current) - 1) if current and _opens(current[n])), None)
        if at is None:
            count += 1
            yield current
            continue
        waiting[:0] = [[*current[:at], *inner, *current[at + 1 :]] for inner in _inner(current[at])]
        if len(waiting) + count > MAX_BRANCHES:
            raise _unsayable("anchors in too many alternatives")


def _opens(item: tuple[Any, Any]) -> bool:
    """Whether a group or alternation holds an anchor, and must be taken apart."""
    return str(item[0]) in ("SUBPATTERN", "BRANCH") and _anchored(item)


def _anchored(item: tuple[Any, Any]) -> bool:
    op, value = item
    match str(op):
        case "AT":
            return True
        case "SUBPATTERN":
            return any(map(_anchored, value[3]))
        case "BRANCH":
            return any(_anchored(below) for branch in value[1] for below in branch)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return any(map(_anchored, value[2]))
        case _:
            return False


def _inner(item: tuple[Any, Any]) -> list[Items]:
    op, value = item
    if str(op) == "BRANCH":
        return [list(branch) for branch in value[1]]
    if value[1] or value[2]:
        raise _unsayable("an anchor in a group with flags of its own")
    return [list(value[3])]


def _whole(items: Items, flags: _Flags) -> str:
    """One alternative, with what may stand before and after it."""
    before, after = ".*", ".*"
    while items and str(items[0][0]) == "AT":
        before = _edge(str(items[0][1]), before, flags, items[1:], start=True)
        items = items[1:]
    while items and str(items[-1][0]) == "AT":
        after = _edge(str(items[-1][1]), after, flags, items[:-1], start=False)
        items = items[:-1]
    body = _sequence(items, flags)
    if before == ".*" and body.startswith(".*") and not body.startswith((".*?", ".*{")):
        before = ""
    if after == ".*" and body.endswith(".*") and not body.endswith("\\.*"):
        after = ""
    return f"{before}{body}{after}"


def _edge(where: str, now: str, flags: _Flags, rest: Items, *, start: bool) -> str:
    """What stands before or after, given an anchor there."""
    lines = ("(.*\n)?" if start else "(\n.*)?") if flags.multiline else "" if start else "\n?"
    if where == ("AT_BEGINNING" if start else "AT_END"):
        return lines if now == ".*" else now
    if where == ("AT_BEGINNING_STRING" if start else "AT_END_STRING"):
        return ""
    if where == "AT_BOUNDARY" and rest and now == ".*":
        word = _is_word(rest[0] if start else rest[-1])
        if word is not None:
            apart = "[^A-Za-z0-9_]" if word else "[A-Za-z0-9_]"
            if word:
                return f"(.*{apart})?" if start else f"({apart}.*)?"
            return f".*{apart}" if start else f"{apart}.*"
    raise _unsayable("an anchor or word boundary in the middle")


def _is_word(item: tuple[Any, Any]) -> bool | None:
    """Whether what an item matches begins (and ends) with a letter of words; None: it may or may not."""
    op, value = item
    match str(op):
        case "LITERAL":
            return _within(value, _WORDS)
        case "IN" | "CATEGORY":
            ranges = _class(value) if str(op) == "IN" else _category(str(value))
            inside = all(_covered(r, _WORDS) for r in ranges)
            outside = not any(_overlaps(r, _WORDS) for r in ranges)
            return True if inside else False if outside else None
        case "SUBPATTERN":
            items = list(value[3])
            return _is_word(items[0]) if len(items) == 1 else None
        case "BRANCH":
            found = {_is_word(branch[0]) if len(branch) == 1 else None for branch in value[1]}
            return found.pop() if len(found) == 1 else None
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _is_word(value[2][0]) if value[0] > 0 and len(value[2]) == 1 else None
        case _:
            return None


# ---- inside -------------------------------------------------------------------------------------------


def _sequence(items: Sequence[tuple[Any, Any]], flags: _Flags) -> str:
    return "".join(_item(op, value, flags) for op, value in items)


def _item(op: Any, value: Any, flags: _Flags) -> str:
    match str(op):
        case "LITERAL":
            return _letter(value, flags)
        case "NOT_LITERAL":
            return _written(_complement(_folded(((value, value),), flags)))
        case "ANY":
            return "." if flags.dotall else _written(_complement(_LINE))
        case "IN":
            return _written(_folded(_class(value), flags))
        case "CATEGORY":
            return _written(_category(str(value)))
        case "BRANCH":
            return _alternatives([_sequence(branch, flags) for branch in value[1]])
        case "SUBPATTERN":
            return _group(value, flags)
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _repeat(value, flags)
        case "AT":
            raise _unsayable("an anchor or word boundary in the middle")
        case name:
            raise _unsayable(name.lower().replace("_", " "))


def _alternatives(branches: Sequence[str]) -> str:
    """Any of them; Lucene has no empty alternative, but a group that may be missing."""
    filled = "|".join(dict.fromkeys(branch for branch in branches if branch))
    if not filled:
        return "()"
    return f"({filled})" if all(branches) else f"(({filled})?)"


def _group(value: Any, flags: _Flags) -> str:
    _, added, removed, items = value
    if added or removed:
        flags = _Flags(
            (flags.fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE,
            (flags.dotall or bool(added & re.DOTALL)) and not removed & re.DOTALL,
            flags.multiline,
        )
    inside = _sequence(items, flags)
    plain = len(items) == 1 and str(items[0][0]) in ("BRANCH", "LITERAL", "IN", "ANY", "CATEGORY")
    return inside if plain else f"({inside})"


def _repeat(value: Any, flags: _Flags) -> str:
    low, high, items = value
    inside = _sequence(items, flags)
    single = len(items) == 1 and str(items[0][0]) not in ("MAX_REPEAT", "MIN_REPEAT", "LITERAL")
    atom = inside if single or len(inside.removeprefix("\\")) == 1 else f"({inside})"
    unlimited = "MAXREPEAT" in str(high)
    match (int(low), None if unlimited else int(high)):
        case (0, None):
            return f"{atom}*"
        case (1, None):
            return f"{atom}+"
        case (0, 1):
            return f"{atom}?"
        case (least, None):
            return f"{atom}{{{least},}}"
        case (least, most):
            return f"{atom}{{{least}}}" if least == most else f"{atom}{{{least},{most}}}"


def _letter(code: int, flags: _Flags) -> str:
    c = chr(code)
    if flags.fold and c.isalpha() and c.lower() != c.upper():
        return _written(_folded(((code, code),), flags))
    return f"\\{c}" if c in _SPECIAL else c


# ---- classes -----------------------------------------------------------------------------------------


def _class(members: Iterable[tuple[Any, Any]]) -> Ranges:
    found: list[tuple[int, int]] = []
    negated = False
    for op, value in members:
        match str(op):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found.append((value, value))
            case "RANGE":
                found.append((value[0], value[1]))
            case "CATEGORY":
                found.extend(_category(str(value)))
            case name:
                raise _unsayable(name.lower())
    merged = _merged(found)
    return _complement(merged) if negated else merged


def _category(name: str) -> Ranges:
    known = _CATEGORIES.get(name.removeprefix("CATEGORY_").removeprefix("NOT_"))
    if known is None:
        raise _unsayable(name.lower())
    return _complement(known) if "NOT_" in name else known


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def _complement(ranges: Ranges) -> Ranges:
    out: list[tuple[int, int]] = []
    at = 0
    for low, high in _merged(ranges):
        if low > at:
            out.append((at, low - 1))
        at = high + 1
    return (*out, (at, _LAST)) if at <= _LAST else tuple(out)


def _folded(ranges: Ranges, flags: _Flags) -> Ranges:
    """The ranges with both cases of each ASCII letter, and of single other letters."""
    if not flags.fold:
        return ranges
    out = list(ranges)
    for low, high in ranges:
        for first, shift in ((65, 32), (97, -32)):
            inside = (max(low, first), min(high, first + 25))
            if inside[0] <= inside[1]:
                out.append((inside[0] + shift, inside[1] + shift))
        if low == high and low > 127:
            out += [(ord(c), ord(c)) for c in (chr(low).lower(), chr(low).upper()) if len(c) == 1]
    return _merged(out)


def _within(code: int, ranges: Ranges) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _covered(inner: tuple[int, int], ranges: Ranges) -> bool:
    return any(low <= inner[0] and inner[1] <= high for low, high in ranges)


def _overlaps(inner: tuple[int, int], ranges: Ranges) -> bool:
    return any(low <= inner[1] and inner[0] <= high for low, high in ranges)


def _written(ranges: Ranges) -> str:
    """A class as it is shortest: plain or negated."""
    if ranges == ((0, _LAST),):
        return "."
    if not ranges:
        raise _unsayable("a class without characters")
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        c = chr(ranges[0][0])
        return f"\\{c}" if c in _SPECIAL else c
    other = _complement(ranges)
    if ranges[-1][1] == _LAST and other:
        return f"[^{''.join(map(_range, other))}]"
    return f"[{''.join(map(_range, ranges))}]"


def _range(ends: tuple[int, int]) -> str:
    low, high = (f"\\{c}" if c in _IN_CLASS else c for c in map(chr, ends))
    if ends[0] == ends[1]:
        return low
    return f"{low}{high}" if ends[1] == ends[0] + 1 else f"{low}-{high}"
