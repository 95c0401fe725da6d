"""Where the cursor stands in a TOML text that is being written, and so may be no TOML: in a header, a key, a value
or a query, in which table, and what has been typed of the word under it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from samefire.source import Span

_HEADER = re.compile(r"[ \t]*(\[\[?)([^\]\n]*)")
_ENTRY = re.compile(
    r"[ \t]*((?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')(?:[ \t]*\.[ \t]*[\w\"'-]+)*)[ \t]*=[ \t]*"
)
_STATEMENT = re.compile(r"(?:[A-Za-z0-9_.-]+[ \t]*=|\[)", re.MULTILINE)
_STRING = re.compile(
    r'"""[\s\S]*?(?:"""|\Z)|\'\'\'[\s\S]*?(?:\'\'\'|\Z)|"(?:[^"\\\n]|\\.)*(?:"|(?=\n)|\Z)|\'[^\'\n]*(?:\'|(?=\n)|\Z)'
)
_WORD_BEFORE = re.compile(r"[\w.@*-]*\Z")
_WORD_AFTER = re.compile(r"[\w.@*-]*")


class Part(Enum):
    """What the cursor is in."""

    HEADER = "header"
    KEY = "key"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Statement:
    """A header or an entry. `path` is the table of an entry, or what a header opens, without counts."""

    path: tuple[str, ...]
    key: str  # "" for a header
    whole: Span
    value: Span
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of the cursor. `word` is the word around it, `typed` what of it stands before it; `text` the string
    literal around it, when it is in one."""

    part: Part
    table: tuple[str, ...]
    key: str
    word: Span
    typed: str
    text: Span | None
    value: Span
    statements: tuple[Statement, ...]
    repeated: bool = False

    def siblings(self) -> set[str]:
        """The keys that the cursor's table has already."""
        return {one.key for one in self._own() if one.key}

    def _own(self) -> Iterator[Statement]:
        """The entries between the header before the cursor and the next one."""
        current: list[Statement] = []
        for one in self.statements:
            if not one.key:
                if one.whole.start > self.word.start:
                    break
                current = []
            current.append(one)
        yield from current


def statements(text: str) -> tuple[Statement, ...]:
    """Every header and entry of a text, as far as it can be told."""
    found: list[Statement] = []
    table: tuple[str, ...] = ()
    at = 0
    while at < len(text):
        if (match := _HEADER.match(text, at)) is not None:
            table = _path(match[2])
            stop = _line_end(text, at)
            found.append(Statement(table, "", Span(at, stop), Span(stop, stop), match[1] == "[["))
        elif (match := _ENTRY.match(text, at)) is not None:
            stop = _value_end(text, match.end())
            found.append(Statement(table, match[1].strip("\"'"), Span(at, stop), Span(match.end(), stop)))
        else:
            stop = _line_end(text, at)
        at = _line_end(text, max(stop, at)) + 1
    return tuple(found)


def cursor_at(text: str, offset: int) -> Cursor:
    """The place of the cursor at an offset of a TOML text."""
    found = statements(text)
    table: tuple[str, ...] = ()
    start = text.rfind("\n", 0, offset) + 1
    word = _word(text, offset)
    typed = text[word.start : offset]
    for one in found:
        if one.whole.start <= offset <= one.whole.end:
            if not one.key:
                inner = Span(_HEADER.match(text, one.whole.start).start(2), one.whole.end)  # type: ignore[union-attr]
                typed = text[inner.start : offset]
                return Cursor(
                    Part.HEADER,
                    one.path,
                    "",
                    Span(inner.start, offset),
                    typed,
                    None,
                    one.value,
                    found,
                    one.repeated,
                )
            part = Part.VALUE if offset >= one.value.start else Part.KEY
            literal = _literal(text, one.value, offset)
            return Cursor(part, one.path, one.key, word, typed, literal, one.value, found)
        if one.whole.start > offset:
            break
        table = one.path
    word = Span(max(word.start, start), word.end)
    return Cursor(Part.KEY, table, "", word, text[word.start : offset], None, Span(offset, offset), found)


def _path(text: str) -> tuple[str, ...]:
    parts = re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", text)
    return tuple(part.strip("\"'") for part in parts)


def _word(text: str, offset: int) -> Span:
    """The word of names, dots and wildcards around an offset."""
    before = _WORD_BEFORE.search(text[max(0, offset - 200) : offset])
    after = _WORD_AFTER.match(text, offset)
    assert before and after
    return Span(offset - len(before[0]), after.end())


def _line_end(text: str, at: int) -> int:
    stop = text.find("\n", at)
    return len(text) if stop < 0 else stop


def _value_end(text: str, at: int) -> int:
    """Where the value that starts at `at` ends; an unclosed list ends before the next statement."""
    if (match := _STRING.match(text, at)) is not None:
        return match.end()
    if not text.startswith(("[", "{"), at):
        return _line_end(text, at)
    depth = 0
    while at < len(text):
        c = text[at]
        if c in "\"'" and (match := _STRING.match(text, at)) is not None:
            at = match.end()
            continue
        if c == "#":
            at = _line_end(text, at)
            continue
        depth += (c in "[{") - (c in "]}")
        at += 1
        if depth == 0:
            return at
        if c == "\n" and _STATEMENT.match(text, at):
            return at - 1
    return len(text)


def _literal(text: str, value: Span, offset: int) -> Span | None:
    """The string literal of a value that the offset lies in."""
    for match in _STRING.finditer(text, value.start, value.end):
        if match.start() < offset <= match.end() and offset > match.start():
            closed = len(match[0]) > 1 and match[0][-1] == match[0][0] and offset == match.end()
            return None if closed else Span(*match.span())
    return None
