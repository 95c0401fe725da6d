"""Text values of Sigma: escapes, the modifiers that rewrite text, and the tests that finished text makes.

Text is pieces (literals, bytes, wildcards, dashes); each modifier makes alternatives of them.
"""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from samefire.problems import did_you_mean
from samefire.query.ast import Fold, Pattern, Regex, RegexSyntax, Term, Test, Wild, Wildcard

MAX_ALTERNATIVES = 1_000
DASHES = "-/\u2013\u2014\u2015"
ENCODINGS = {"wide": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf16": "utf-16-le"}


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


def pieces_of(text: str) -> Pieces:
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


def transformed(pieces: Pieces, transforms: Sequence[str], settings: Settings) -> list[Pieces]:
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
            return expanded(pieces, settings)
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


def expanded(pieces: Pieces, settings: Settings) -> list[Pieces]:
    """`%name%` replaced with each of its values; `\\%` is a percent sign."""
    choices: list[Sequence[Pieces]] = []
    size = 1
    for piece in pieces:
        for n, part in enumerate(_PLACEHOLDER.split(piece) if isinstance(piece, str) else (piece,)):
            if n % 2:
                choices.append([pieces_of(value) for value in _placeholder(str(part), settings)])
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


def tests_of(pieces: Pieces, fold: Fold) -> Iterator[Test]:
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
