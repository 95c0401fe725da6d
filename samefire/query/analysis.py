"""Elasticsearch's standard analyser: text cut into words by Unicode's rules (UAX 29), then lower-cased.

Used when a query on a text field is lowered (its tokens) and when a text value is matched.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

MAX_TOKEN = 255
"""Longer words are cut into pieces of this many UTF-16 units, as the standard tokenizer does."""

_KINDS = {
    "'": "Q",
    "\u2019": "B",
    "\u2018": "B",
    "\u2024": "B",
    "\ufe52": "B",
    "\uff07": "B",
    "\uff0e": "B",
    ".": "B",
    ":": "L",
    "\u00b7": "L",
    "\u0387": "L",
    "\u05f4": "L",
    "\u2027": "L",
    "\ufe13": "L",
    "\ufe55": "L",
    "\uff1a": "L",
    ",": "M",
    ";": "M",
    "\u037e": "M",
    "\u0589": "M",
    "\u060c": "M",
    "\u060d": "M",
    "\u066c": "M",
    "\u07f8": "M",
    "\u2044": "M",
    "\ufe10": "M",
    "\ufe14": "M",
    "\ufe50": "M",
    "\ufe54": "M",
    "\uff0c": "M",
    "\uff1b": "M",
}


@lru_cache(maxsize=16384)
def _kind(char: str) -> str:
    """The class of a character: a letter, d digit, k katakana, h hiragana, i ideograph, s south-east Asian,
    e joins words (underscore), x extends what stands before it, B/Q/L/M stand inside words, ' ' none."""
    known = _KINDS.get(char)
    if known:
        return known
    category = unicodedata.category(char)
    if category in ("Nd",):
        return "d"
    if category == "Pc":
        return "e"
    if category in ("Mn", "Me", "Mc", "Cf"):
        return " " if char == "\u200b" else "x"
    if category[0] == "L" or category == "Nl":
        return _letter(char)
    return "e" if char == "\u202f" else " "


def _letter(char: str) -> str:
    code = ord(char)
    if code < 0x0E00:
        return "a"
    name = unicodedata.name(char, "")
    if "KATAKANA" in name:
        return "k"
    if "HIRAGANA" in name:
        return "h"
    if name.startswith(("CJK ", "IDEOGRAPHIC", "HANGZHOU")):
        return "i"
    if name.startswith(("THAI ", "LAO ", "KHMER ", "MYANMAR ", "TAI ", "NEW TAI ")):
        return "s"
    return "a"


def tokens(text: str) -> list[str]:
    """The words of a text, lower-cased, in order."""
    words: list[str] = []
    at, size = 0, len(text)
    while at < size:
        end, word = _segment(text, at, size)
        if word:
            words.extend(_pieces(text[at:end].lower()))
        at = end
    return words


def _pieces(word: str) -> list[str]:
    if len(word) <= MAX_TOKEN // 2:
        return [word]
    units = word.encode("utf-16-le", "surrogatepass")
    cuts = range(0, len(units), MAX_TOKEN * 2)
    return [units[i : i + MAX_TOKEN * 2].decode("utf-16-le", "surrogatepass") for i in cuts]


_JOIN = {"aa", "ad", "da", "dd", "kk", "ae", "de", "ke", "ee", "ea", "ed", "ek", "ss"}
_STARTS = frozenset("adkhise")


def _segment(text: str, at: int, size: int) -> tuple[int, bool]:
    """Where the segment that starts at `at` ends, and whether it is a word (holds a letter or digit)."""
    kind = _kind(text[at])
    if kind not in _STARTS:
        return at + 1, False
    word = kind != "e"  # underscores alone are no word
    at = _skip_marks(text, at + 1, size)
    while at < size:
        following = _kind(text[at])
        if kind + following in _JOIN:
            kind = following
        elif (over := _bridge(text, at, size, kind, following)) is not None:
            at, kind = over
        else:
            break
        word = word or kind != "e"
        at = _skip_marks(text, at + 1, size)
    return at, word


def _bridge(text: str, at: int, size: int, kind: str, mark: str) -> tuple[int, str] | None:
    """Punctuation inside a word (`can't`, `a.b`, `3,4`): place and class of the character after it."""
    inside = {"a": "BQL", "d": "BQM"}.get(kind, "")
    if mark not in inside:
        return None
    after = _skip_marks(text, at + 1, size)
    if after < size and _kind(text[after]) == kind:
        return after, kind
    return None


def _skip_marks(text: str, at: int, size: int) -> int:
    while at < size and _kind(text[at]) == "x":
        at += 1
    return at
