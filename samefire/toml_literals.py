"""Literals of TOML: the forms of strings, the place of each character that one decodes to, and what to say of a
word that is no value. Where literals stand in a text is found by `toml_places.py`.
"""

from __future__ import annotations

import datetime
import re

from samefire.source import Span

STRINGS = {
    '"""': re.compile(r'"""(?:[^"\\]++|\\[\s\S]|"{1,2}(?!"))*+"{3,5}'),
    "'''": re.compile(r"'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"),
    '"': re.compile(r'"(?:[^"\\\n]++|\\[^\n])*+"'),
    "'": re.compile(r"'[^'\n]*+'"),
}
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}
_HEX = {"x": 2, "u": 4, "U": 8}
FOLD = re.compile(r"\\[ \t]*+\r?\n(?:[ \t\n]|\r\n)*+")


def decode(text: str, span: Span) -> tuple[str, list[int]]:
    """The value of the string literal at `span`, and the offset of each of its characters and of its end."""
    literal = text[span.start : span.start + 3]
    size = 3 if literal in STRINGS else 1
    start, end = span.start + size, span.end - size
    if size == 3:  # a first line break belongs to the quotes
        start += 2 if text.startswith("\r\n", start) else 1 if text.startswith("\n", start) else 0
    if literal[0] == "'":
        return _plain(text, start, end)
    return _escaped(text, start, end)


def _plain(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """Characters as they stand; CRLF is one line break."""
    if "\r" not in text[start:end]:
        return text[start:end], list(range(start, end + 1))
    offsets = [i for i in range(start, end) if not (text[i] == "\n" and text[i - 1] == "\r" and i > start)]
    value = "".join("\n" if text[i] == "\r" else text[i] for i in offsets)
    return value, [*offsets, end]


def _escaped(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """Characters with escapes resolved; a backslash at the end of a line swallows white space."""
    pieces: list[str] = []
    offsets: list[int] = []
    at = start
    while at < end:
        slash = text.find("\\", at, end)
        stop = end if slash < 0 else slash
        value, places = _plain(text, at, stop)
        pieces.append(value)
        offsets += places[:-1]
        if slash < 0:
            break
        at = _escape(text, slash, pieces, offsets)
    return "".join(pieces), [*offsets, end]


def _escape(text: str, at: int, pieces: list[str], offsets: list[int]) -> int:
    """One escape at `at`; the offset after it."""
    if fold := FOLD.match(text, at):
        return fold.end()
    letter = text[at + 1]
    stop = at + 2 + _HEX.get(letter, 0)
    pieces.append(chr(int(text[at + 2 : stop], 16)) if letter in _HEX else _ESCAPES[letter])
    offsets.append(at)
    return stop


def is_time(text: str) -> bool:
    """Whether a date or time, well written, is one of the calendar."""
    for read in (datetime.datetime.fromisoformat, datetime.time.fromisoformat):
        try:
            read(text.upper())
        except ValueError:
            continue
        return True
    return False


def no_value(word: str) -> tuple[str, str]:
    """What to say of a word that is no TOML value."""
    fold = word.casefold()
    if fold in ("null", "none", "nil"):
        return f"TOML has no `{word}`", "leave the key out"
    if fold in ("true", "yes", "on", "false", "no", "off"):
        right = "true" if fold in ("true", "yes", "on") else "false"
        return f"`{word}` is not a TOML value", f"write {right}"
    return f"`{word}` is not a TOML value", f'put text in quotation marks: "{word}"'
