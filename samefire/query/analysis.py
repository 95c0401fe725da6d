"""How Elasticsearch turns values into what its index holds: tokens of analysed text, the text of a keyword.

`tokens` is the standard analyser: words as Unicode's text segmentation (UAX #29) cuts them, in lower case.
The engine applies it to documents, the lowering of queries to what is searched.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

MAX_TOKEN = 255
"""Longer words are cut into pieces of this length."""

# One letter for each class of characters that the rules tell apart; all others are "O".
_PUNCTUATION = {
    **dict.fromkeys(":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a", "M"),  # between letters
    **dict.fromkeys(".\u2018\u2019\u2024\ufe52\uff07\uff0e'", "B"),  # between letters, and between digits
    **dict.fromkeys(",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b", "m"),
    '"': "D",  # between Hebrew letters
    "\u202f": "_",
}
_IDEOGRAPHS = (
    (0x3006, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303A),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x16FE0, 0x18D7F),
    (0x1B170, 0x1B2FB),
    (0x20000, 0x3FFFD),
)
_HIRAGANA = ((0x3041, 0x3096), (0x309D, 0x309F), (0x1B001, 0x1B11F), (0x1B150, 0x1B152), (0x1F200, 0x1F200))
_KATAKANA = (
    (0x3031, 0x3035),
    (0x309B, 0x309C),
    (0x30A0, 0x30FA),
    (0x30FC, 0x30FF),
    (0x31F0, 0x31FF),
    (0x32D0, 0x32FE),
    (0x3300, 0x3357),
    (0xFF66, 0xFF9D),
    (0x1B000, 0x1B000),
    (0x1B164, 0x1B167),
)
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x1950, 0x19DF),
    (0x1A20, 0x1AAF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAADF),
)  # Thai, Lao, Myanmar, Khmer, Tai: words without spaces stay whole
_PICTURES = ((0x1F1E6, 0x1F1FF), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF), (0x2600, 0x27BF))

_ASCII_WORD = re.compile(
    r"_*[A-Za-z0-9](?:\w|(?<=[A-Za-z])[.:'](?=[A-Za-z])|(?<=[0-9])[.,;'](?=[0-9]))*", re.A
)

_PART = r"(?:[LWN]|(?<=[LW])[MB](?=[LW])|(?<=N)[mB](?=N)|(?<=W)D(?=W))+"
_WORD = re.compile(rf"_*(?:K+|{_PART})(?:_+(?:K+|{_PART}))*_*|[IH]X*|S+|PX*(?:ZPX*)*")


def tokens(text: str) -> list[str]:
    """The tokens of `text` in order, as the standard analyser gives them."""
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        classes = _classes(text)
        found = [lower(text[match.start() : match.end()]) for match in _WORD.finditer(classes)]
    if all(len(token) <= MAX_TOKEN for token in found):
        return found
    return [token[at : at + MAX_TOKEN] for token in found for at in range(0, len(token), MAX_TOKEN)]


def lower(text: str) -> str:
    """Lower case, one character for one, as the analyser makes it (`İ` becomes `i`)."""
    if text.isascii():
        return text.lower()
    return "".join(_lower(c) for c in text)


def keyword_text(value: object) -> str | None:
    """A JSON scalar as a `keyword` field indexes it; None for null, lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return None


def _lower(c: str) -> str:
    small = c.lower()
    return small if len(small) == 1 else small[0]


def _classes(text: str) -> str:
    """One class letter for each character; a mark takes the class of what it stands on."""
    return "".join(_marked(text))


def _marked(text: str) -> Iterator[str]:
    before = "O"
    for c in text:
        kind = _class(c)
        if kind in "XZ" and before in "LWNKS_":
            kind = before
        elif kind == "X" and before not in "IHPX":
            kind = "O"
        yield kind
        before = kind


@lru_cache(maxsize=4096)
def _class(c: str) -> str:
    if c in _PUNCTUATION:
        return _PUNCTUATION[c]
    if c == "\u200d":
        return "Z"
    category = unicodedata.category(c)
    if category in ("Mn", "Me", "Mc", "Cf", "Sk") and (category != "Sk" or "\U0001f3fb" <= c <= "\U0001f3ff"):
        return "S" if _within(c, _UNSPACED) else "X"
    if category == "Nd":
        return "N"
    if category == "Pc":
        return "_"
    return _letter_class(c, category)


def _letter_class(c: str, category: str) -> str:
    scripts = (("I", _IDEOGRAPHS), ("H", _HIRAGANA), ("K", _KATAKANA), ("S", _UNSPACED), ("P", _PICTURES))
    for kind, ranges in scripts:
        if _within(c, ranges) and (kind != "P" or category == "So"):
            return kind
    if category[0] == "L" or category == "Nl" or "\u24b6" <= c <= "\u24e9":
        return "W" if "\u05d0" <= c <= "\u05f2" or "\ufb1d" <= c <= "\ufb4f" else "L"
    return "O"


def _within(c: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    code = ord(c)
    return any(low <= code <= high for low, high in ranges)
