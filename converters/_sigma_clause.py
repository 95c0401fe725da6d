"""One test of a field as a Sigma detection item: value, modifiers, escapes.

Exact or not at all: what Sigma cannot say goes to `Losses`. How items become selections and a condition is
left to `_sigma_detection.py`, regular expressions to `_sigma_regex.py`, scripts to `_sigma_script.py`.
"""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from typing import assert_never

from samefire.fields import FieldTypes
from samefire.query.ast import (
    AnyField,
    BooleanIs,
    DatePart,
    DateRange,
    Exists,
    FieldPattern,
    FieldsCompare,
    Fold,
    Fuzzy,
    IpRange,
    Leaf,
    NumberIs,
    NumberRange,
    Pattern,
    Phrase,
    Regex,
    RegexSyntax,
    Relation,
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
from samefire.source import NOWHERE, Span

from ._sigma_losses import Losses
from ._sigma_regex import CannotTranslate, folded_pattern, lucene_to_pcre

NUMBERS = frozenset({"long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float"}) | {
    "unsigned_long"
}
INTEGERS = frozenset({"long", "integer", "short", "byte", "unsigned_long"})
LONGEST_LIST = 64  # a range of whole numbers up to this size is written out

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Item:
    """A field (None: any field) with values of which one must fit. `modifiers` without `cased`; `patterns` for
    text, `values` for everything else. `cased`: True and False as the rule compares, None where no value holds
    a letter."""

    field: str | None
    modifiers: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    values: tuple[Scalar, ...] = ()
    cased: bool | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Every:
    """All children hold; none: always."""

    children: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Some child holds; none: never."""

    children: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """The child does not hold."""

    child: Clause


Clause = Item | Every | Some | Without

NEVER = Some(())


def leaf(node: Leaf, fields: FieldTypes, losses: Losses) -> Clause:
    """The Sigma item of one test. What cannot be said is told to `losses` and stands as `NEVER`."""
    if "|" in node.reads:
        losses.refuse(
            "sigma-cannot-name-field",
            f"Sigma reads the `|` in the field `{node.reads}` as a modifier",
            node.span,
        )
        return NEVER
    if node.null_value is not None:
        losses.approximate(
            "approximate-null-value",
            f"the mapping puts `{node.null_value}` in the place of null in `{node.reads}`, Sigma sees null",
            node.span,
        )
    return _test(node.reads, node.test, node.span, fields, losses)


def _test(field: str, test: Test, span: Span, fields: FieldTypes, losses: Losses) -> Clause:
    match test:
        case Exists():
            return Item(field, ("exists",), values=(True,), span=span)
        case Term(value=value, fold=fold):
            return text(field, (value,) if value else (), fold, span)
        case Wildcard(pattern=pattern, fold=fold):
            return _wildcard(field, pattern, fold, span)
        case Regex():
            return _regex(field, test, span, losses)
        case NumberIs(value=value):
            return _number(field, value, span, losses)
        case NumberRange():
            return _number_range(field, test, span, fields, losses)
        case DatePart(part=part, bounds=bounds):
            return _dated(field, part, bounds, span)
        case BooleanIs(value=truth):
            return Item(field, values=(truth,), span=span)
        case IpRange(low=low, high=high):
            return Item(field, ("cidr",), values=networks(low, high), span=span)
        case Phrase() | TokenPattern() | TokenRegex():
            return _analysed(field, test, span, losses)
        case TermRange(low=low, high=high) if _numerals(low, high):
            return _numeral_range(field, test, span, fields, losses)
        case TermRange() | TokenRange() | DateRange() | VersionRange() | Fuzzy():
            _refuse_test(field, test, span, losses)
            return NEVER
        case _:
            assert_never(test)


def _refuse_test(
    field: str, test: TermRange | TokenRange | DateRange | VersionRange | Fuzzy, span: Span, losses: Losses
) -> None:
    match test:
        case TermRange() | TokenRange():
            code, what = (
                "sigma-cannot-order-strings",
                f"Sigma cannot compare the strings of `{field}` by order",
            )
        case DateRange():
            code, what = "sigma-cannot-compare-dates", f"Sigma cannot compare the dates of `{field}`"
        case VersionRange():
            code, what = "sigma-cannot-compare-versions", f"Sigma cannot compare the versions of `{field}`"
        case Fuzzy():
            code, what = "sigma-cannot-fuzzy", f"Sigma has no fuzzy match (`{field}`)"
        case _:
            assert_never(test)
    losses.refuse(code, what, span)


def text(field: str | None, pattern: Pattern, fold: Fold, span: Span) -> Item:
    """The whole value fits a pattern. Folding that Sigma would do otherwise (ASCII letters only, beside
    letters beyond ASCII) is spelled out in a regular expression."""
    pattern = tuple(p for at, p in enumerate(pattern) if p is not Wild.MANY or pattern[at - 1 : at] != (p,))
    if fold is Fold.ASCII and any(not c.isascii() and has_case(c) for p in pattern for c in literal(p)):
        return Item(field, ("re", "s"), values=(folded_pattern(pattern),), span=span)
    cased = None if not any(has_case(literal(p)) for p in pattern) else fold is Fold.NONE
    return Item(field, patterns=(pattern,), cased=cased, span=span)


def literal(piece: str | Wild) -> str:
    """The characters that a piece of a pattern stands for; none for a wildcard."""
    return piece if isinstance(piece, str) else ""


def has_case(value: str) -> bool:
    """Whether another case of the value is another value."""
    return value.lower() != value or value.upper() != value or value.casefold() != value


def _wildcard(field: str, pattern: Pattern, fold: Fold, span: Span) -> Item:
    if pattern and all(piece is Wild.MANY for piece in pattern):
        return Item(field, ("exists",), values=(True,), span=span)
    return text(field, pattern, fold, span)


def _regex(field: str, test: Regex, span: Span, losses: Losses) -> Clause:
    if test.syntax is RegexSyntax.PCRE:
        return _pcre(field, test, span)
    try:
        pattern = lucene_to_pcre(test.pattern, fold=test.fold)
    except CannotTranslate as problem:
        losses.refuse(
            "sigma-cannot-regex",
            f"this regular expression cannot be said in Sigma: {problem}",
            span,
            "rewrite it with groups, classes and repetitions only",
        )
        return NEVER
    return Item(
        field, ("re", "i", "s") if pattern.caseless else ("re", "s"), values=(pattern.text,), span=span
    )


def _pcre(field: str, test: Regex, span: Span) -> Item:
    flags = (("i", test.fold is not Fold.NONE), ("m", test.multiline), ("s", test.dotall))
    return Item(field, ("re", *(flag for flag, on in flags if on)), values=(test.pattern,), span=span)


def _number(field: str, value: int | float, span: Span, losses: Losses) -> Clause:
    if isinstance(value, float) and not math.isfinite(value):
        losses.refuse("sigma-cannot-number", f"Sigma has no number {value}", span)
        return NEVER
    return Item(field, values=(whole(value),), span=span)


def whole(value: int | float) -> int | float:
    """The number without a needless fraction: 80.0 is 80."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number_range(field: str, test: NumberRange, span: Span, fields: FieldTypes, losses: Losses) -> Clause:
    if test.low is not None and test.high is not None:
        return _between(field, test, test.low, test.high, span, fields, losses)
    if test.low is not None:
        return Item(field, ("gte" if test.low_inclusive else "gt",), values=(whole(test.low),), span=span)
    if test.high is not None:
        return Item(field, ("lte" if test.high_inclusive else "lt",), values=(whole(test.high),), span=span)
    return Item(field, ("exists",), values=(True,), span=span)


def _numerals(*bounds: str | None) -> bool:
    """Whether the bounds that are given are whole numbers as one writes them."""
    given = [bound for bound in bounds if bound is not None]
    return bool(given) and all(b.isascii() and b.isdigit() and (b == "0" or b[0] != "0") for b in given)


def _numeral_range(field: str, test: TermRange, span: Span, fields: FieldTypes, losses: Losses) -> Clause:
    """Numbers kept as keywords: the same answer as long as all have as many digits."""
    losses.approximate(
        "approximate-order",
        f"`{field}` is text: Elasticsearch puts `10` before `2`, Sigma compares numbers",
        span,
    )
    low, high = (None if bound is None else int(bound) for bound in (test.low, test.high))
    numbers = NumberRange(low, high, test.low_inclusive, test.high_inclusive)
    return _number_range(field, numbers, span, fields, losses)


def _dated(field: str, part: str, bounds: NumberRange, span: Span) -> Item:
    """A part of a date (Sigma's own test), alone or compared."""
    low, high = bounds.low, bounds.high
    if low is not None and low == high:
        return Item(field, (part,), values=(whole(low),), span=span)
    if low is not None:
        return Item(field, (part, "gte" if bounds.low_inclusive else "gt"), values=(whole(low),), span=span)
    assert high is not None
    return Item(field, (part, "lte" if bounds.high_inclusive else "lt"), values=(whole(high),), span=span)


def _between(
    field: str,
    test: NumberRange,
    low: int | float,
    high: int | float,
    span: Span,
    fields: FieldTypes,
    losses: Losses,
) -> Clause:
    """Both ends: few whole numbers are listed; otherwise two items, which two values of a list may meet."""
    kind = fields.get(field)
    if kind is not None and kind.type in INTEGERS:
        first = math.ceil(low) + (not test.low_inclusive and float(low).is_integer())
        last = math.floor(high) - (not test.high_inclusive and float(high).is_integer())
        if last - first < LONGEST_LIST:
            return Item(field, values=tuple(range(first, last + 1)), span=span) if first <= last else NEVER
    losses.approximate(
        "approximate-range",
        f"where `{field}` holds several numbers, Sigma lets one meet the lower and another the upper bound",
        span,
    )
    return Every(
        (
            Item(field, ("gte" if test.low_inclusive else "gt",), values=(whole(low),), span=span),
            Item(field, ("lte" if test.high_inclusive else "lt",), values=(whole(high),), span=span),
        )
    )


def networks(low: int, high: int) -> tuple[str, ...]:
    """The CIDR blocks that cover a range of addresses; IPv4 ones where it lies in ::ffff:0:0/96."""
    if low >> 32 == high >> 32 == 0xFFFF:
        first, last = ipaddress.IPv4Address(low & 0xFFFFFFFF), ipaddress.IPv4Address(high & 0xFFFFFFFF)
        return tuple(str(n) for n in ipaddress.summarize_address_range(first, last))
    start, stop = ipaddress.IPv6Address(low), ipaddress.IPv6Address(high)
    return tuple(str(n) for n in ipaddress.summarize_address_range(start, stop))


def _analysed(
    field: str | None, test: Phrase | TokenPattern | TokenRegex, span: Span, losses: Losses
) -> Clause:
    """Words of analysed text as a substring that holds them in order: never narrower."""
    losses.approximate(
        "approximate-analysed-text",
        f"{_named(field)} is analysed text: Elasticsearch looks for words, Sigma for a part of the text",
        span,
    )
    match test:
        case Phrase(tokens=tokens):
            words: list[str | Wild] = [Wild.MANY]
            for token in tokens:
                words += [token, Wild.MANY]
            return text(field, tuple(words), Fold.UNICODE, span)
        case TokenPattern(pattern=pattern):
            return text(field, contained(pattern), Fold.UNICODE, span)
        case TokenRegex(pattern=regex):
            return _token_regex(field, regex, span, losses)
        case _:
            assert_never(test)


def _named(field: str | None) -> str:
    return f"`{field}`" if field else "the whole event"


def contained(pattern: Pattern) -> Pattern:
    """The pattern anywhere in a value."""
    start: Pattern = () if pattern[:1] == (Wild.MANY,) else (Wild.MANY,)
    end: Pattern = () if pattern[-1:] == (Wild.MANY,) else (Wild.MANY,)
    return start + pattern + end if pattern else (Wild.MANY,)


def _token_regex(field: str | None, regex: str, span: Span, losses: Losses) -> Clause:
    try:
        pattern = lucene_to_pcre(regex, fold=Fold.UNICODE, anchored=False)
    except CannotTranslate as problem:
        losses.refuse(
            "sigma-cannot-regex", f"this regular expression cannot be said in Sigma: {problem}", span
        )
        return NEVER
    return Item(field, ("re", "i", "s"), values=(pattern.text,), span=span)


def any_field(node: AnyField, losses: Losses) -> Clause:
    """A value without a field: Sigma's keywords, which look into the whole event."""
    match node.test:
        case Phrase() | TokenPattern():
            return _analysed(None, node.test, node.span, losses)
        case Term(value=value):
            pattern: Pattern = (Wild.MANY, value, Wild.MANY) if value else (Wild.MANY,)
        case Wildcard(pattern=found):
            pattern = contained(found)
        case NumberIs(value=number):
            pattern = (Wild.MANY, str(whole(number)), Wild.MANY)
        case Regex(pattern=expression, syntax=RegexSyntax.LUCENE, fold=fold):
            return _regex_anywhere(expression, fold, node.span, losses)
        case _:
            losses.refuse("sigma-cannot-free-text", "Sigma's keywords know text only", node.span)
            return NEVER
    _tell_keywords(node.span, losses)
    return text(None, pattern, Fold.UNICODE, node.span)


def _tell_keywords(span: Span, losses: Losses) -> None:
    losses.approximate(
        "approximate-keywords",
        "a value without a field: Sigma's keywords look for it anywhere in the event's text",
        span,
        "name the field",
    )


def _regex_anywhere(expression: str, fold: Fold, span: Span, losses: Losses) -> Clause:
    """A regular expression that some field's value fits, as a keyword."""
    try:
        made = lucene_to_pcre(expression, fold=fold)
    except CannotTranslate as problem:
        losses.refuse(
            "sigma-cannot-regex", f"this regular expression cannot be said in Sigma: {problem}", span
        )
        return NEVER
    _tell_keywords(span, losses)
    return Item(None, ("re", "i", "s") if made.caseless else ("re", "s"), values=(made.text,), span=span)


def flattened(name: str, node: FieldPattern, losses: Losses) -> Clause:
    """A value under any key of an object: Sigma's keywords, which look into the whole event."""
    match node.test:
        case Term(value=value, fold=fold) if value:
            pattern: Pattern = (value,)
        case Wildcard(pattern=pattern, fold=fold):
            pass
        case _:
            message = f"`{name}` is an object of any keys, and Sigma cannot look into all of them"
            losses.refuse("sigma-cannot-field-pattern", message, node.span, f"name the key: `{name}.…`")
            return NEVER
    losses.approximate(
        "approximate-flattened",
        f"`{name}` is an object of any keys: Sigma's keywords look for the value anywhere in the event",
        node.span,
        f"name the key: `{name}.…`",
    )
    if pattern[0] is Wild.MANY and pattern[-1] is Wild.MANY:
        return text(None, pattern, fold, node.span)
    # A keyword is looked for inside a value; only an expression can ask for a whole one.
    flags = ("re", "s") if fold is Fold.NONE else ("re", "i", "s")
    whole_value = "".join(
        re.escape(p) if isinstance(p, str) else ".*" if p is Wild.MANY else "." for p in pattern
    )
    return Item(None, flags, values=(f"^{whole_value}$",), span=node.span)


_RELATIONS = {
    Relation.EQUALS: ("fieldref",),
    Relation.CONTAINS: ("fieldref", "contains"),
    Relation.STARTSWITH: ("fieldref", "startswith"),
    Relation.ENDSWITH: ("fieldref", "endswith"),
}


def fields_compare(node: FieldsCompare, fields: FieldTypes, losses: Losses) -> Clause:
    """`|fieldref`: exact for equal numbers and addresses; for strings Sigma does not say whether case counts."""
    modifiers = _RELATIONS.get(node.relation)
    if modifiers is None:
        losses.refuse(
            "sigma-cannot-order-fields",
            f"Sigma cannot say that `{node.left}` {node.relation.value} `{node.right}`",
            node.span,
        )
        return NEVER
    types = {kind.type for name in (node.left, node.right) if (kind := fields.get(name)) is not None}
    if node.relation is not Relation.EQUALS or len(types) != 1 or not types <= NUMBERS | {"ip", "boolean"}:
        losses.approximate(
            "approximate-fieldref",
            f"Sigma does not say whether case counts between `{node.left}` and `{node.right}`",
            node.span,
        )
    return Item(node.left, modifiers, values=(node.right,), span=node.span)
