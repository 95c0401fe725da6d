"""Values and modifiers: one `field|modifier|…: value` → nodes of the query tree.

Semantics of the Sigma v2.1 modifier appendix: values are caseless strings and match as a whole unless a
modifier says otherwise. What modifiers make of text is in `sigma_text.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import assert_never

from samefire.languages.sigma_text import (
    ENCODINGS,
    ItemError,
    Settings,
    expanded,
    pieces_of,
    tests_of,
    transformed,
)
from samefire.languages.sigma_tree import Item, Scalar
from samefire.problems import did_you_mean
from samefire.query.ast import (
    And,
    AnyField,
    DatePart,
    Exists,
    FieldsCompare,
    Fold,
    IpRange,
    Leaf,
    Node,
    Not,
    NumberIs,
    NumberRange,
    Or,
    Regex,
    RegexSyntax,
    Relation,
    Test,
    Wild,
)
from samefire.source import NOWHERE, Span

COMPARES = ("lt", "lte", "gt", "gte")
DATE_PARTS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "week": (1, 53),
    "month": (1, 12),
    "year": (0, 9999),
}
FLAGS = {
    "i": "i",
    "ignorecase": "i",
    "m": "m",
    "multiline": "m",
    "s": "s",
    "dotall": "s",
}
PLACES = {"contains": Relation.CONTAINS, "startswith": Relation.STARTSWITH, "endswith": Relation.ENDSWITH}
TRANSFORMS = (*PLACES, *ENCODINGS, "base64", "base64offset", "windash", "expand")
_LINKS = ("all", "neq")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "re": (*FLAGS, "expand", "contains", *_LINKS),
    "cidr": ("expand", *_LINKS),
    "exists": (),
    "fieldref": (*PLACES, "cased", *_LINKS),
    **dict.fromkeys(COMPARES, (*DATE_PARTS, *_LINKS)),
    **dict.fromkeys(DATE_PARTS, (*COMPARES, *_LINKS)),
}
"""Modifiers that change what a value is, each with those that may stand beside it."""
MODIFIERS = (*TRANSFORMS, *_TYPES, *FLAGS, "cased", *_LINKS)


def lower_item(item: Item, settings: Settings, span: Span = NOWHERE) -> Node:
    """The meaning of one item; raises ItemError."""
    _check_modifiers(item)
    per_value = [_alternatives(item, number, settings, span) for number in range(len(item.values))]
    node: Node
    if "all" in item.modifiers:
        parts = tuple(_or(nodes, span) for nodes in per_value)
        node = parts[0] if len(parts) == 1 else And(parts, span)
    else:
        node = _or([one for nodes in per_value for one in nodes], span)
    return Not(node, span) if "neq" in item.modifiers else node


def _or(nodes: Sequence[Node], span: Span) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes), span)


# ---- which modifiers go together --------------------------------------------------------------------


def _check_modifiers(item: Item) -> None:
    for modifier in item.modifiers:
        if modifier not in MODIFIERS:
            raise _unknown(modifier)
    if len(set(item.modifiers)) != len(item.modifiers):
        twice = next(m for m in item.modifiers if item.modifiers.count(m) > 1)
        raise ItemError("sigma-modifier", f"the modifier `{twice}` stands twice", modifier=twice)
    flags = [m for m in item.modifiers if m in FLAGS]
    if flags and "re" not in item.modifiers:
        raise ItemError(
            "sigma-modifier", f"`{flags[0]}` belongs to `re`", modifier=flags[0], hint="write `|re|i`"
        )
    for kind in (m for m in item.modifiers if m in _TYPES):
        _check_kind(item, kind)


def _unknown(modifier: str) -> ItemError:
    said = f"there is no modifier `{modifier}`" if modifier else "a modifier is missing after `|`"
    hint = did_you_mean(modifier.lower(), MODIFIERS) or f"modifiers are {', '.join(MODIFIERS)}"
    return ItemError("sigma-unknown-modifier", said, modifier=modifier, hint=hint)


def _check_kind(item: Item, kind: str) -> None:
    for other in item.modifiers:
        if other != kind and other not in _TYPES[kind]:
            raise ItemError("sigma-modifier", f"`{other}` cannot go with `{kind}`", modifier=other)
    if item.field is None and kind != "re":
        raise ItemError("sigma-modifier", f"`{kind}` needs a field", modifier=kind)
    changing = [m for m in item.modifiers[: item.modifiers.index(kind)] if m in TRANSFORMS]
    if kind in ("re", "cidr") and changing:
        raise ItemError("sigma-modifier", f"`{kind}` must stand before `{changing[0]}`", modifier=kind)


# ---- one value --------------------------------------------------------------------------------------


def _alternatives(item: Item, number: int, settings: Settings, span: Span) -> list[Node]:
    """What one value of the item may be; any of them."""
    value = item.values[number]
    kind = next((m for m in item.modifiers if m in _TYPES), None)
    try:
        match kind:
            case None:
                return _plain(item, value, settings, span)
            case "re":
                tests: list[Test] = [_regex(p, item) for p in _regex_texts(item, value, settings)]
                return [_on(item, test, settings, span) for test in tests]
            case "cidr":
                return [_on(item, _network(p), settings, span) for p in _networks(item, value, settings)]
            case "exists":
                return [_exists(item, value, settings, span)]
            case "fieldref":
                return [_reference(item, value, span)]
            case _:
                return [_on(item, _compared(item, value), settings, span)]
    except ItemError as error:
        if error.value is None and error.modifier is None:
            error.value = number
        raise


def _on(item: Item, test: Test, settings: Settings, span: Span) -> Node:
    if item.field is None:
        return AnyField(test, span)
    return Leaf(item.field, test, span, settings.column(item.field))


def _plain(item: Item, value: Scalar, settings: Settings, span: Span) -> list[Node]:
    """A value of any type without a modifier that gives it another one."""
    transforms = [m for m in item.modifiers if m in TRANSFORMS]
    fold = Fold.NONE if "cased" in item.modifiers else Fold.UNICODE
    if value is None:
        if item.field is None or transforms or "cased" in item.modifiers:
            what = "a keyword" if item.field is None else f"a value of `{item.modifiers[0]}`"
            raise ItemError("sigma-null", f"null cannot be {what}")
        return [Not(_on(item, Exists(), settings, span), span)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = _finite(value)
        if item.field is not None and not transforms:
            return [_on(item, NumberIs(number), settings, span)]
    pieces = pieces_of(_text(value)) if isinstance(value, str) else (_text(value),)
    found = transformed(pieces, transforms, settings)
    if item.field is None and not {"startswith", "endswith"} & set(transforms):
        found = [(Wild.MANY, *one, Wild.MANY) for one in found]
    return [_on(item, test, settings, span) for one in found for test in tests_of(one, fold)]


def _text(value: Scalar) -> str:
    """A scalar as the string that an event would hold."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(_finite(value))
        case _:
            assert_never(value)


def _shown(value: Scalar) -> str:
    """A scalar as YAML writes it, for messages."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _finite(value: int | float) -> int | float:
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        raise ItemError("sigma-type", f"`{value}` is no number")
    return int(value) if value.is_integer() else value


def _exists(item: Item, value: Scalar, settings: Settings, span: Span) -> Node:
    if not isinstance(value, bool):
        hint = "write `true` or `false`"
        raise ItemError("sigma-type", f"`exists` wants true or false, not `{_shown(value)}`", hint=hint)
    node = _on(item, Exists(null=settings.null_exists), settings, span)
    return node if value else Not(node, span)


def _reference(item: Item, value: Scalar, span: Span) -> Node:
    if not isinstance(value, str) or not value:
        raise ItemError("sigma-type", "`fieldref` wants the name of a field")
    pieces = pieces_of(value)
    if any(isinstance(piece, Wild) for piece in pieces):
        raise ItemError(
            "sigma-wildcard", "the name of a field holds no wildcards", hint="write `\\*` for a star"
        )
    places = [m for m in item.modifiers if m in PLACES]
    if len(places) > 1:
        raise ItemError("sigma-modifier", f"`{places[1]}` cannot go with `{places[0]}`", modifier=places[1])
    relation = PLACES[places[0]] if places else Relation.EQUALS
    fold = Fold.NONE if "cased" in item.modifiers else Fold.UNICODE
    other = "".join(str(piece) for piece in pieces)
    return FieldsCompare(str(item.field), relation, other, fold, span)


# ---- numbers, dates, addresses ----------------------------------------------------------------------


def _compared(item: Item, value: Scalar) -> Test:
    """`lt` … `gte` and parts of dates, alone or together."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        kind = next(m for m in item.modifiers if m in _TYPES)
        unquoted = isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", value)
        hint = f"write {value} without quotation marks" if unquoted else None
        raise ItemError("sigma-type", f"`{kind}` wants a number, not `{_shown(value)}`", hint=hint)
    number = _finite(value)
    compares = [m for m in item.modifiers if m in COMPARES]
    parts = [m for m in item.modifiers if m in DATE_PARTS]
    if not parts:
        return _range(compares[0], number)
    lowest, highest = DATE_PARTS[parts[0]]
    if not lowest <= number <= highest:
        raise ItemError(
            "sigma-date-part", f"`{parts[0]}` lies between {lowest} and {highest}, not at {number}"
        )
    bounds = _range(compares[0], number) if compares else NumberRange(number, number)
    return DatePart(parts[0], bounds)


def _range(compare: str, number: int | float) -> NumberRange:
    inclusive = compare.endswith("e")
    if compare.startswith("l"):
        return NumberRange(None, number, high_inclusive=inclusive)
    return NumberRange(number, None, low_inclusive=inclusive)


def _networks(item: Item, value: Scalar, settings: Settings) -> list[str]:
    if not isinstance(value, str):
        raise ItemError("sigma-type", f"`cidr` wants a network such as 10.0.0.0/8, not `{_shown(value)}`")
    if "expand" not in item.modifiers:
        return [value]
    return ["".join(str(piece) for piece in one) for one in expanded((value,), settings)]


def _network(text: str) -> IpRange:
    from ipaddress import IPv4Network, ip_network

    try:
        network = ip_network(text)
    except ValueError:
        hint = None
        with suppress(ValueError):
            hint = f"the network is {ip_network(text, strict=False)}"
        raise ItemError("sigma-cidr", f"`{text}` is no network", hint=hint) from None
    mapped = 0xFFFF << 32 if isinstance(network, IPv4Network) else 0
    return IpRange(mapped + int(network.network_address), mapped + int(network.broadcast_address))


# ---- regular expressions ----------------------------------------------------------------------------


def _regex_texts(item: Item, value: Scalar, settings: Settings) -> list[str]:
    if value is None or isinstance(value, bool):
        raise ItemError("sigma-type", f"`re` wants a regular expression, not `{_shown(value)}`")
    text = _text(value)
    if "expand" not in item.modifiers:
        return [text]
    return ["".join(str(piece) for piece in one) for one in expanded((text,), settings)]


def _regex(pattern: str, item: Item) -> Regex:
    flags = {FLAGS[m] for m in item.modifiers if m in FLAGS}
    _check_regex(pattern)
    fold = Fold.UNICODE if "i" in flags else Fold.NONE
    return Regex(pattern, RegexSyntax.PCRE, fold, multiline="m" in flags, dotall="s" in flags)


def _check_regex(pattern: str) -> None:
    """Refuse what is not a regular expression, and what no linear-time matcher can run."""
    from samefire.languages.sigma_regex import complaint

    said = complaint(pattern)
    if said is not None:
        hint = "Sigma allows . ^ $ * + ? {n,m} [ ] | ( )"
        raise ItemError("sigma-regex", f"the regular expression cannot be used: {said}", hint=hint)
