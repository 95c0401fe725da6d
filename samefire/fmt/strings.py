"""How a string is written in TOML: which quotation marks, one line or several.

Queries and texts with backslashes stand between `'''` or `'`, where nothing has to be escaped; other texts
between double quotation marks. Writing is exact: reading gives the same characters.
"""

from __future__ import annotations

import re

from samefire.fmt.document import Literal

WIDTH = 120
"""Columns of a line; a list or a long text that does not fit is broken."""
QUERIES = frozenset(("query", "threat_query"))
TEXTS = QUERIES | {"note", "setup", "description"}
"""Keys whose text, when it is too long for a line, starts on a line of its own."""

_KEPT = re.compile(r"\\(?:([ \t]*\n|[uUx])|.)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_SPECIAL = re.compile(r'[\x00-\x1f\x7f"\\]')
_SPECIAL_LONG = re.compile(r'[\x00-\x08\x0b-\x1f\x7f\\]|"(?="")|"\Z')


def written(literal: Literal, key: str, room: int) -> str:
    """A string in the layout of this house, for the value of `key` with `room` columns left on its line; one
    whose writing says more than its characters (codes of characters, folded lines) stays as it is."""
    value = literal.value
    if value is None or (literal.text[:1] == '"' and _kept(literal.text)):
        return literal.text
    return string(value, key, room)


def _kept(text: str) -> bool:
    """Whether a text in double quotation marks says a character by its code, or folds a line."""
    return any(m[1] is not None for m in _KEPT.finditer(text))


def string(value: str, key: str = "", room: int = WIDTH) -> str:
    """A text as a TOML string, for the value of `key`."""
    if "\n" in value:
        return _long(value, key)
    short = _short(value)
    return _long(value, key) if key in TEXTS and len(short) > room else short


def _short(value: str) -> str:
    if ('"' in value or "\\" in value) and "'" not in value and not re.search(r"[\x00-\x1f\x7f]", value):
        return f"'{value}'"
    return '"' + _SPECIAL.sub(_escape, value) + '"'


def _long(value: str, key: str) -> str:
    plain = "'''" not in value and not value.endswith("'") and not _CONTROL.search(value)
    if plain and (key in QUERIES or "\\" in value or '"""' in value):
        return f"'''\n{value}'''"
    return '"""\n' + _SPECIAL_LONG.sub(_escape, value) + '"""'


def _escape(found: re.Match[str]) -> str:
    c = found[0]
    return _ESCAPES.get(c) or f"\\u{ord(c):04x}"


_BARE = re.compile(r"[A-Za-z0-9_-]+")


def key_text(parts: tuple[str, ...]) -> str:
    """A key path, quoted where it has to be."""
    return ".".join(
        part if _BARE.fullmatch(part) else '"' + _SPECIAL.sub(_escape, part) + '"' for part in parts
    )
