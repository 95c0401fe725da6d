"""Values and modifiers: one `field|modifier|…: value` → nodes of the query tree.

Semantics of the Sigma v2.1 modifier appendix: values are caseless strings and match as a whole unless a
modifier says otherwise. Text becomes pieces (literals, wildcards, dashes), modifiers change the pieces in
the order written, the last step makes a test of them.
"""

from __future__ import annotations

import base64
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never

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
    Pattern,
    Regex,
    RegexSyntax,
    Relation,
    Term,
    Test,
    Wild,
    Wildcard,
)
from samefire.source import NOWHERE, Span

MAX_ALTERNATIVES = 1_000
DASHES = "-/\u2013\u2014\u2015"
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
ENCODINGS = {"wide": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf16": "utf-16-le"}
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


class ItemError(Exception):
    """An item that cannot be read: what, at which value (None: at `modifier`, or the key), what to do."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        value: int | None = None,
        modifier: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint
        self.value, self.modifier = value, modifier


class Dash(Enum):
    """Any one of the five dashes that `windash` treats as the same."""

    DASH = "-"


Piece = str | bytes | Wild | Dash
Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the meaning of values depends on beside the text. `column` tells where the values of a field
    lie when that is another name; `null_exists`: a field that holds null exists
    (in raw events, not in Elasticsearch)."""

    placeholders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    column: Callable[[str], str | None] = lambda name: None
    null_exists: bool = True


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
    pieces = _pieces(_text(value)) if isinstance(value, str) else (_text(value),)
    found = _transformed(pieces, transforms, settings)
    if item.field is None and not {"startswith", "endswith"} & set(transforms):
        found = [(Wild.MANY, *one, Wild.MANY) for one in found]
    return [_on(item, test, settings, span) for one in found for test in _tests(one, fold)]


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
    pieces = _pieces(value)
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
    return ["".join(str(piece) for piece in one) for one in _expanded((value,), settings)]


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
    return ["".join(str(piece) for piece in one) for one in _expanded((text,), settings)]


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


# ---- text -------------------------------------------------------------------------------------------


def _pieces(text: str) -> Pieces:
    """Sigma's escapes: `\\*`, `\\?` and `\\\\` are plain characters, any other backslash is itself."""
    if "*" not in text and "?" not in text and "\\\\" not in text:
        return (text,)
    out: list[Piece] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and text[at + 1 : at + 2] in ("*", "?", "\\"):
            literal.append(text[at + 1])
            at += 2
            continue
        if char in "*?":
            out += ["".join(literal), Wild(char)]
            literal = []
        else:
            literal.append(char)
        at += 1
    return tuple(piece for piece in (*out, "".join(literal)) if piece != "") or ("",)


def _transformed(pieces: Pieces, transforms: Sequence[str], settings: Settings) -> list[Pieces]:
    """The alternatives that the modifiers make of one text, applied in the order written."""
    found = [pieces]
    for name in transforms:
        found = [new for one in found for new in _transform(name, one, settings)]
        if len(found) > MAX_ALTERNATIVES:
            said = f"`{name}` makes more than {MAX_ALTERNATIVES:,} alternatives"
            raise ItemError("sigma-too-many", said, modifier=name)
    return found


def _transform(name: str, pieces: Pieces, settings: Settings) -> list[Pieces]:
    match name:
        case "contains":
            return [(Wild.MANY, *pieces, Wild.MANY)]
        case "startswith":
            return [(*pieces, Wild.MANY)]
        case "endswith":
            return [(Wild.MANY, *pieces)]
        case "windash":
            return [tuple(new for piece in pieces for new in _dashes(piece))]
        case "expand":
            return _expanded(pieces, settings)
        case "base64":
            return [(base64.b64encode(raw).decode(),) for raw in _bytes(name, pieces)]
        case "base64offset":
            return [one for raw in _bytes(name, pieces) for one in _offsets(raw)]
        case _:
            encoded = tuple(_encoded(name, piece) for one in _undashed(name, (pieces,)) for piece in one)
            return [(b"\xff\xfe", *encoded) if name == "utf16" else encoded]


_DASH = re.compile(rf"\B[{DASHES}]\b")


def _dashes(piece: Piece) -> Iterator[Piece]:
    """A dash or slash that opens an option (none of `\\w` before it, one after it) is any of five."""
    if not isinstance(piece, str):
        yield piece
        return
    first, *rest = _DASH.split(piece)
    yield first
    for text in rest:
        yield Dash.DASH
        yield text


def _encoded(name: str, piece: Piece) -> Piece:
    if isinstance(piece, bytes):
        raise ItemError("sigma-modifier", f"`{name}` comes after another encoding", modifier=name)
    return piece.encode(ENCODINGS[name], "surrogatepass") if isinstance(piece, str) else piece


def _bytes(name: str, pieces: Pieces) -> Iterator[bytes]:
    """The bytes that base64 encodes: text as UTF-8 unless an encoding came before."""
    if any(isinstance(piece, Wild) for piece in pieces):
        hint = "write `contains` after it, and `\\*` for a star"
        raise ItemError("sigma-wildcard", f"`{name}` cannot encode a wildcard", modifier=name, hint=hint)
    for one in _undashed(name, (pieces,)):
        yield b"".join(p if isinstance(p, bytes) else str(p).encode("utf-8", "surrogatepass") for p in one)


def _offsets(raw: bytes) -> Iterator[Pieces]:
    """The part of the encoded text that stays the same, for each place in a group of three bytes."""
    for shift in range(3):
        encoded = base64.b64encode(b" " * shift + raw).decode()
        start = (0, 2, 3)[shift]
        end = (None, -3, -2)[(shift + len(raw)) % 3]
        yield (encoded[start:end],)


def _undashed(name: str, found: Sequence[Pieces]) -> Iterator[Pieces]:
    """Each dash written out in its five forms."""
    for pieces in found:
        if sum(piece is Dash.DASH for piece in pieces) > 3:
            raise ItemError(
                "sigma-too-many", f"`{name}` after `windash` takes at most 3 dashes", modifier=name
            )
        yield from itertools.product(*(DASHES if piece is Dash.DASH else (piece,) for piece in pieces))


_PLACEHOLDER = re.compile(r"(?<!\\)%([^%]+)%")


def _expanded(pieces: Pieces, settings: Settings) -> list[Pieces]:
    """`%name%` replaced with each of its values; `\\%` is a percent sign."""
    choices: list[Sequence[Pieces]] = []
    size = 1
    for piece in pieces:
        for n, part in enumerate(_PLACEHOLDER.split(piece) if isinstance(piece, str) else (piece,)):
            if n % 2:
                choices.append([_pieces(value) for value in _placeholder(str(part), settings)])
                size *= len(choices[-1])
            else:
                choices.append([(part.replace("\\%", "%"),) if isinstance(part, str) else (part,)])
    if size > MAX_ALTERNATIVES:
        said = f"the placeholders make more than {MAX_ALTERNATIVES:,} alternatives"
        raise ItemError("sigma-too-many", said)
    return [tuple(itertools.chain(*one)) for one in itertools.product(*choices)]


def _placeholder(name: str, settings: Settings) -> Sequence[str]:
    if name not in settings.placeholders:
        known = did_you_mean(name, settings.placeholders)
        hint = known or "give its values as a placeholder, or write them into the rule"
        raise ItemError("sigma-placeholder", f"the placeholder `%{name}%` has no value", hint=hint)
    return settings.placeholders[name]


# ---- tests ------------------------------------------------------------------------------------------


def _tests(pieces: Pieces, fold: Fold) -> Iterator[Test]:
    """The test (or the alternatives) that finished pieces stand for."""
    dashes = sum(piece is Dash.DASH for piece in pieces)
    if dashes > 2:
        yield Regex(f"^{_as_regex(pieces)}$", RegexSyntax.PCRE, fold, dotall=True)
        return
    for one in _undashed("windash", (pieces,)) if dashes else (pieces,):
        pattern = _pattern(one)
        if len(pattern) == 1 and isinstance(pattern[0], str):
            yield Term(pattern[0], fold)
        else:
            yield Wildcard(pattern, fold) if pattern else Term("", fold)


def _pattern(pieces: Pieces) -> Pattern:
    """Neighbouring literals joined, `**` made `*`, bytes as the characters of their values."""
    out: list[str | Wild] = []
    for piece in pieces:
        part = piece.decode("latin-1") if isinstance(piece, bytes) else piece
        if part == "" or isinstance(part, Dash) or (part is Wild.MANY and out[-1:] == [Wild.MANY]):
            continue
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


def _as_regex(pieces: Pieces) -> str:
    out = []
    for piece in pieces:
        match piece:
            case Wild.MANY:
                out.append(".*")
            case Wild.ONE:
                out.append(".")
            case Dash():
                out.append(f"[{DASHES}]")
            case bytes():
                out.append(re.escape(piece.decode("latin-1")))
            case str():
                out.append(re.escape(piece))
    return "".join(out)
