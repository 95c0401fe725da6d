"""Sigma documents as YAML text: the keys' own order, four spaces, no anchors, no surprises.

Knows scalars, lists and maps; what the keys mean is left to `_sigma_documents.py`. A string is left plain only
when YAML 1.1 and YAML 1.2 readers agree that it is a string; everything else is quoted, and what cannot be
printed is escaped. `yaml.safe_load` gives back exactly what was written (a property test holds this).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

INDENT = 4
WIDTH = 100

_PLAIN = re.compile(r"[A-Za-z_][\w./|@+()*-]*(?:,? [\w./|@+(-][\w./|@+()*-]*)*", re.ASCII)
_SAFE = re.compile(
    r"https?://[\w./?=&%~+@-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[1-9][0-9]*[smhd]", re.ASCII
)  # addresses, UUIDs, timespans
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_ESCAPES = {"\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v"} | {
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
}


class Prose(str):
    """A text for people: long lines are folded, several lines become a block."""

    __slots__ = ()


def render(documents: Sequence[Mapping[str, Any]]) -> str:
    """The documents as one YAML stream, `---` between them; empty lists and maps stay `[]` and `{}`."""
    return "---\n".join("".join(_mapping(document, 0)) for document in documents)


def _mapping(value: Mapping[str, Any], column: int) -> list[str]:
    pad = " " * column
    lines: list[str] = []
    for key, item in value.items():
        lines += _entry(f"{pad}{scalar(str(key))}:", item, column)
    return lines


def _entry(head: str, item: Any, column: int) -> list[str]:
    """`key: scalar` on one line, or the key and the indented value below it."""
    if isinstance(item, Mapping):
        return [f"{head}\n", *_mapping(item, column + INDENT)] if item else [f"{head} {{}}\n"]
    if isinstance(item, list | tuple):
        return [f"{head}\n", *_list(item, column + INDENT)] if item else [f"{head} []\n"]
    return [f"{head} {_scalar(item, column + INDENT)}\n"]


def _list(value: Sequence[Any], column: int) -> list[str]:
    dash = " " * column + "-"
    lines: list[str] = []
    for item in value:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, column + 2)
            lines += [f"{dash} {first.lstrip(' ')}", *rest]
        else:
            lines += _entry(dash, item, column)
    return lines


def _scalar(value: Any, column: int) -> str:
    if isinstance(value, Prose):
        return _prose(value, column)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return _float(value) if isinstance(value, float) else scalar(str(value))


def _float(value: float) -> str:
    """With a dot and a signed exponent: YAML 1.1 reads `1e3` as a string."""
    text = repr(value)
    if "e" not in text:
        return text
    number, exponent = text.split("e")
    dotted = number if "." in number else f"{number}.0"
    return f"{dotted}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def scalar(text: str) -> str:
    """A string as a YAML scalar on one line."""
    if (_PLAIN.fullmatch(text) and text.lower() not in _WORDS) or _SAFE.fullmatch(text):
        return text
    if text.isprintable() and "\ufeff" not in text:
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c.isprintable() and c != "\ufeff":
        return c
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _prose(text: str, column: int) -> str:
    """One line as a scalar or folded, more lines as a literal block; quoted where a block would lose something."""
    lines = text.split("\n")
    if not all(line.isprintable() and line == line.strip() for line in lines) or not lines[0]:
        return _block(text, lines, column) if _literal(lines) else scalar(str(text))
    if len(lines) > 1:
        return _block(text, lines, column) if lines[-1] else scalar(str(text))
    if len(text) <= WIDTH or "  " in text or "\ufeff" in text:
        return scalar(str(text))
    pad = " " * column
    folded = textwrap.wrap(text, WIDTH - len(pad), break_long_words=False, break_on_hyphens=False)
    return ">-\n" + "\n".join(pad + line for line in folded)


def _literal(lines: list[str]) -> bool:
    """Whether a literal block gives these lines back: nothing unprintable, text in the first and last."""
    return (
        len(lines) > 1
        and all(line.replace("\t", "").isprintable() and "\ufeff" not in line for line in lines)
        and bool(lines[0].strip())
        and not lines[0].startswith((" ", "\t"))
        and bool(lines[-1].strip())
    )


def _block(text: str, lines: list[str], column: int) -> str:
    if not _literal(lines):
        return scalar(str(text))
    pad = " " * column
    return "|-\n" + "\n".join(pad + line if line else "" for line in lines)
