"""TOML text → `Document`: a walk over a text that a parser has accepted, which loses no comment.

Wrong TOML is not told here (`samefire.toml_text` does); a text that this walk cannot follow raises `Lost`.
"""

from __future__ import annotations

import re

from samefire.fmt.document import Document, Entry, Item, Listing, Literal, Pairs, Table, Value
from samefire.source import Span
from samefire.toml_literals import STRINGS, decode

_LINE = re.compile(r"[ \t]*(?:(#[^\n]*)|)(\n|\Z)")
_BLANK = re.compile(r"[ \t]*+")
_GAP = re.compile(r"(?:[ \t\n]|#[^\n]*+)*+")
_BARE = re.compile(r"[A-Za-z0-9_-]++")
_SCALAR = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:[^\s,\]}#]++|[^\s,\]}#]++")
_COMMENT = re.compile(r"#[^\n]*")


class Lost(Exception):
    """The walk came to a place that it does not understand."""


def read(text: str) -> Document:
    """The document of a TOML text whose lines end in `\\n`; raises Lost."""
    return _Walk(text).document()


class _Walk:
    """One walk over one text; `at` is the offset."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def document(self) -> Document:
        """document = { comment | blank line | header | entry }"""
        table = Table()
        document = Document([table])
        waiting: list[str] = []  # comment lines and blank lines ("") since the last statement
        while self.at < len(self.text):
            match = _LINE.match(self.text, self.at)
            if match:
                waiting.append((match[1] or "").rstrip())
                self.at = match.end()
                continue
            self.blank()
            if self.text[self.at] == "[":
                table = self.header(document, table, waiting)
            else:
                self.statement(document, table, waiting)
            waiting = []
        table.below += _stripped(_lines(waiting))
        return document

    def statement(self, document: Document, table: Table, waiting: list[str]) -> None:
        if len(document.tables) == 1 and not table.entries:
            waiting = _head(document, waiting)
        spaced = bool(waiting) and not waiting[0]
        key = self.key()
        self.expect("=")
        value = self.value()
        above = _lines(waiting)
        table.entries.append(Entry(key, value, above, self.rest(), spaced))

    def header(self, document: Document, before: Table, waiting: list[str]) -> Table:
        """header = "[" key "]" | "[[" key "]]" """
        if len(document.tables) == 1 and not before.entries:
            above = _head(document, waiting)
        else:
            above = _below(before, waiting)
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        path = self.key()
        self.expect("]]" if repeated else "]")
        table = Table(path, repeated, _lines(above), self.rest())
        document.tables.append(table)
        return table

    # ---- parts -----------------------------------------------------------------------------------

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        assert match
        self.at = match.end()

    def expect(self, mark: str) -> None:
        self.blank()
        if not self.text.startswith(mark, self.at):
            raise Lost(self.at)
        self.at += len(mark)
        self.blank()

    def rest(self) -> str:
        """The comment behind a statement, and the end of its line."""
        match = _LINE.match(self.text, self.at)
        if not match:
            raise Lost(self.at)
        self.at = match.end()
        return (match[1] or "").rstrip()

    def key(self) -> tuple[str, ...]:
        """key = part { "." part }"""
        parts = [self.part()]
        self.blank()
        while self.text.startswith(".", self.at):
            self.at += 1
            parts.append(self.part())
            self.blank()
        return tuple(parts)

    def part(self) -> str:
        """part = bare | "…" | '…'"""
        self.blank()
        if self.text.startswith(('"', "'"), self.at):
            found = self.string()
            assert found.value is not None
            return found.value
        match = _BARE.match(self.text, self.at)
        if not match:
            raise Lost(self.at)
        self.at = match.end()
        return match[0]

    def value(self) -> Value:
        """value = string | list | inline table | anything else"""
        if self.text.startswith(('"', "'"), self.at):
            return self.string()
        if self.text.startswith("[", self.at):
            return self.listing()
        if self.text.startswith("{", self.at):
            return self.pairs()
        match = _SCALAR.match(self.text, self.at)
        if not match:
            raise Lost(self.at)
        self.at = match.end()
        return Literal(match[0])

    def string(self) -> Literal:
        three = self.text[self.at : self.at + 3]
        match = STRINGS[three if three in STRINGS else three[0]].match(self.text, self.at)
        if not match:
            raise Lost(self.at)
        self.at = match.end()
        return Literal(match[0], decode(self.text, Span(*match.span()))[0])

    # ---- lists and inline tables -----------------------------------------------------------------

    def gap(self) -> tuple[str, list[str]]:
        """The comment on this line and those on the next ones."""
        match = _GAP.match(self.text, self.at)
        assert match
        self.at = match.end()
        if "#" not in match[0]:
            return "", []
        first, _, others = match[0].partition("\n")
        return first.strip(), [found.rstrip() for found in _COMMENT.findall(others)]

    def listing(self) -> Listing:
        """list = "[" { value "," } [ value ] "]" """
        self.at += 1
        behind, above = self.gap()
        above = [behind, *above] if behind else above
        items: list[Item] = []
        while not self.text.startswith("]", self.at):
            item = Item(self.value(), above)
            items.append(item)
            behind, above = self.gap()
            if self.text.startswith(",", self.at):
                self.at += 1
                later, more = self.gap()
                if later and (behind or above):
                    above.append(later)
                else:
                    behind = behind or later
                above += more
            item.behind = behind
        self.at += 1
        return Listing(items, above)

    def pairs(self) -> Value:
        """inline table = "{" { entry "," } [ entry ] "}"; kept as it is when there are comments in it"""
        start = self.at
        self.at += 1
        pairs: list[tuple[tuple[str, ...], Value]] = []
        commented = any(map(bool, self.gap()))
        while not self.text.startswith("}", self.at):
            key = self.key()
            self.expect("=")
            value = self.value()
            pairs.append((key, value))
            commented |= isinstance(value, Listing) and value.commented
            commented |= isinstance(value, Literal) and value.value is None and "#" in value.text
            commented |= any(map(bool, self.gap()))
            if self.text.startswith(",", self.at):
                self.at += 1
                commented |= any(map(bool, self.gap()))
        self.at += 1
        return Literal(self.text[start : self.at]) if commented else Pairs(pairs)


def _lines(waiting: list[str]) -> list[str]:
    """Comment lines; a blank line between two or behind the last one stays as one."""
    kept: list[str] = []
    for line in waiting:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept


def _head(document: Document, waiting: list[str]) -> list[str]:
    """Put what stands at the top for itself into the document's head; the rest."""
    cut = max((i for i, line in enumerate(waiting) if not line), default=-1) + 1
    document.head = _stripped(_lines(waiting[:cut]))
    return waiting[cut:]


def _below(table: Table, waiting: list[str]) -> list[str]:
    """Leave comments that are parted from the next header by a blank line with the table before; the rest."""
    cut = max((i for i, line in enumerate(waiting) if not line), default=-1) + 1
    table.below += _stripped(_lines(waiting[:cut]))
    return waiting[cut:]


def _stripped(lines: list[str]) -> list[str]:
    return lines[:-1] if lines and not lines[-1] else lines
