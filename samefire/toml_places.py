"""Where the keys, values and characters of a TOML text stand: a scanner beside the real parser.

TOML parsers give values without places. `scan` walks the text once and remembers the span of every key and
value; the characters of a string are placed when somebody asks. What a text *means* is left to the parser;
`tests/property/test_toml_places.py` holds the two together. On a text that is no TOML it raises `Fault`,
which says where and why in words for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from samefire.source import NOWHERE, Source, Span
from samefire.toml_literals import FOLD, STRINGS, decode, is_time, no_value

Path = tuple[str | int, ...]
MAX_DEPTH = 80
"""Lists and inline tables in each other; the parser stops there too."""

_BLANK = re.compile(r"[ \t]*+")
_GAP = re.compile(r"(?:[ \t\n]|\r\n|#(?:[^\r\n]++|\r(?!\n))*+)*+")
_REST = re.compile(r"[ \t]*+(?:#(?:[^\r\n]++|\r(?!\n))*+)?")
_BARE = re.compile(r"[A-Za-z0-9_-]++")
_WORD = re.compile(r"[^\s,\]}#=\"']++")
_SCALAR = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:[\d:.]++(?:[Zz]|[+-]\d{2}:\d{2})?|[^\s,\]}#]++")
_KNOWN = re.compile(
    r"true|false|[+-]?(?:inf|nan)"
    r"|[+-]?(?:0|[1-9](?:_?\d)*)"
    r"|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*"
    r"|[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?"
    r"|\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})?)?"
    r"|\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_CODE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[btnfre\"\\])")
_STATEMENT = re.compile(
    r"[A-Za-z0-9_.-]++[ \t]*+=|\[{1,2}(?!true|false|inf|nan)[A-Za-z_][A-Za-z0-9_.-]*+\]{1,2}[ \t]*+(?:[\r\n#]|$)"
)


class Fault(Exception):
    """The text is no TOML: `span` of the place, a sentence, and what to do."""

    def __init__(self, span: Span, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.span, self.message, self.hint = span, message, hint


@dataclass(frozen=True, slots=True)
class Place:
    """Spans of a key (for an item of a list, of the item) and of its value."""

    key: Span
    value: Span


@dataclass(frozen=True, slots=True)
class Places:
    """Every key path of one text with its place; list items and `[[tables]]` count from 0."""

    text: str
    table: Mapping[Path, Place]

    def key(self, *path: str | int) -> Span | None:
        """Where the key is written, or None when the text does not write it."""
        place = self.table.get(path)
        return place.key if place else None

    def value(self, *path: str | int) -> Span | None:
        """Where the value is written; for a table, its header."""
        place = self.table.get(path)
        return place.value if place else None

    def characters(self, *path: str | int) -> Sequence[int]:
        """For each character of the string at `path`, and for its end, the offset in the text."""
        place = self.table.get(path)
        if place is None or self.text[place.value.start : place.value.start + 1] not in ("'", '"'):
            return ()
        return decode(self.text, place.value)[1]


def scan(text: str, *, accepted: bool = True) -> Places:
    """All places of a TOML text; raises `Fault` where it is none. `accepted` False: a parser refused the
    text, so that days which are not in the calendar are looked for as well."""
    scanner = _Scanner(text, accepted)
    scanner.document()
    return Places(text, scanner.places)


class _Scanner:
    """One walk over one text. `at` is the offset; methods are named for the grammar's parts."""

    def __init__(self, text: str, accepted: bool) -> None:
        self.text = text
        self.accepted = accepted
        self.at = 1 if text.startswith("\ufeff") else 0
        self.places: dict[Path, Place] = {}
        self.kinds: dict[Path, str] = {}  # value, header, array (of tables), dotted; absent: only passed by
        self.counts: dict[Path, int] = {}
        self.depth = 0

    # ---- statements ------------------------------------------------------------------------------

    def document(self) -> None:
        """document = { gap ( header | key-value ) rest-of-line }"""
        prefix: Path = ()
        while True:
            self.gap()
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                prefix = self.header()
            else:
                self.key_value(prefix)
            self.end_of_line()

    def gap(self) -> None:
        """gap = { blank | newline | comment }"""
        match = _GAP.match(self.text, self.at)
        assert match
        self.comment_characters(match.start(), match.end())
        self.at = match.end()

    def comment_characters(self, start: int, end: int) -> None:
        control = _CONTROL.search(self.text, start, end)
        if control:
            message = f"the control character U+{ord(control[0]):04X} is not allowed here"
            raise Fault(Span(control.start(), control.end()), message)

    def end_of_line(self) -> None:
        """rest-of-line = blank [ comment ] ( newline | end )"""
        match = _REST.match(self.text, self.at)
        assert match
        self.comment_characters(match.start(), match.end())
        self.at = match.end()
        if self.at >= len(self.text) or self.text[self.at] == "\n" or self.text.startswith("\r\n", self.at):
            return
        stop = self.line_end(self.at)
        hint = None
        if self.text[match.start() - 1] in "\"'":
            hint = "the text ended at the quotation mark before this; write \\\" inside \"…\", or use '''…'''"
        raise Fault(Span(self.at, stop), "expected the end of the line here", hint)

    def line_end(self, at: int) -> int:
        stop = self.text.find("\n", at)
        stop = len(self.text) if stop < 0 else stop
        return stop - 1 if stop > at and self.text[stop - 1] == "\r" else stop

    def header(self) -> Path:
        """header = "[" key "]" | "[[" key "]]" """
        start = self.at
        double = self.text.startswith("[[", start)
        self.at += 2 if double else 1
        self.blank()
        parts = self.key()
        close = "]]" if double else "]"
        if not self.text.startswith(close, self.at):
            raise Fault(
                Span(start, self.line_end(start)), f"expected `{close}` at the end of this table's name"
            )
        self.at += len(close)
        return self.open_table(parts, Span(start, self.at), double)

    def open_table(self, parts: list[tuple[str, Span]], span: Span, double: bool) -> Path:
        path: Path = ()
        for name, key in parts[:-1]:
            path = self.step((*path, name), key, span)
        name, key = parts[-1]
        last = (*path, name)
        if double:
            return self.open_item(last, key, span)
        self.refuse_twice(last, key, "value", "header", "array", "dotted")
        self.kinds[last] = "header"
        self.places[last] = Place(key, span)
        return last

    def open_item(self, path: Path, key: Span, span: Span) -> Path:
        """The next `[[path]]`."""
        self.refuse_twice(path, key, "value", "header", "dotted")
        self.kinds[path] = "array"
        count = self.counts.get(path, 0)
        self.counts[path] = count + 1
        self.places.setdefault(path, Place(key, span))
        self.places[(*path, count)] = Place(key, span)
        return (*path, count)

    def step(self, path: Path, key: Span, span: Span) -> Path:
        """Go into a table named on the way; into the last item when it is a list of tables."""
        self.refuse_twice(path, key, "value")
        self.places.setdefault(path, Place(key, span))
        return (*path, self.counts[path] - 1) if path in self.counts else path

    def refuse_twice(self, path: Path, key: Span, *kinds: str) -> None:
        if self.kinds.get(path) in kinds:
            first = self.text.count("\n", 0, self.places[path].key.start) + 1
            name = ".".join(str(part) for part in path)
            raise Fault(
                key, f"`{name}` is already defined on line {first}", "remove or rename one of the two"
            )

    # ---- keys ------------------------------------------------------------------------------------

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        assert match
        self.at = match.end()

    def key(self) -> list[tuple[str, Span]]:
        """key = part { "." part }"""
        parts = [self.key_part()]
        self.blank()
        while self.text.startswith(".", self.at):
            self.at += 1
            self.blank()
            parts.append(self.key_part())
            self.blank()
            if len(parts) > MAX_DEPTH:
                raise Fault(parts[0][1], f"tables are nested more than {MAX_DEPTH} deep")
        return parts

    def key_part(self) -> tuple[str, Span]:
        """part = bare-key | string of one line"""
        start = self.at
        if self.text[start : start + 1] in ('"', "'") and self.text[start : start + 3] not in ('"""', "'''"):
            span = self.string()
            return decode(self.text, span)[0], span
        match = _BARE.match(self.text, start)
        if not match:
            hint = "a key is letters, digits, `_` and `-`; put any other name in quotation marks"
            if self.text.startswith(("//", "/*", ";"), start):
                hint = "a comment starts with #"
            raise Fault(Span(start, start + 1), "expected a key here", hint)
        self.at = match.end()
        return match[0], Span(*match.span())

    def key_value(self, prefix: Path) -> None:
        """key-value = key "=" value"""
        parts = self.key()
        if not self.text.startswith("=", self.at):
            whole = Span(parts[0][1].start, parts[-1][1].end)
            raise Fault(
                Span(self.at, self.at + 1), f"expected `=` after the key `{self.text[slice(*whole)]}`"
            )
        self.at += 1
        self.blank()
        path = prefix
        for name, key in parts[:-1]:
            path = (*path, name)
            self.refuse_twice(path, key, "value", "header", "array")
            self.places.setdefault(path, Place(key, key))
            self.kinds[path] = "dotted"
        name, key = parts[-1]
        path = (*path, name)
        self.refuse_twice(path, key, "value", "header", "array", "dotted")
        self.kinds[path] = "value"
        self.places[path] = Place(key, key)
        self.places[path] = Place(key, self.value(path))

    # ---- values ----------------------------------------------------------------------------------

    def value(self, path: Path) -> Span:
        """value = string | list | inline-table | number | boolean | time"""
        c = self.text[self.at : self.at + 1]
        if c in ('"', "'") and c:
            return self.string()
        if c == "[":
            return self.nest(self.items, path)
        if c == "{":
            return self.nest(self.inline_table, path)
        return self.scalar()

    def nest(self, read: Callable[[Path], None], path: Path) -> Span:
        start = self.at
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Fault(Span(start, start + 1), f"lists are nested more than {MAX_DEPTH} deep")
        self.at += 1
        read(path)
        self.depth -= 1
        return Span(start, self.at)

    def items(self, path: Path) -> None:
        """list = "[" { value "," } [ value ] "]" """
        start, count = self.at - 1, 0
        while True:
            self.gap()
            if self.closes("]", start, "list"):
                return
            item = (*path, count)
            span = self.value(item)
            self.places[item] = Place(span, span)
            count += 1
            self.gap()
            if self.closes("]", start, "list"):
                return
            self.comma("]")

    def inline_table(self, path: Path) -> None:
        """inline-table = "{" { key-value "," } [ key-value ] "}" """
        start = self.at - 1
        while True:
            self.gap()
            if self.closes("}", start, "table"):
                return
            self.key_value(path)
            self.gap()
            if self.closes("}", start, "table"):
                return
            self.comma("}")

    def closes(self, bracket: str, start: int, what: str) -> bool:
        if self.text.startswith(bracket, self.at):
            self.at += 1
            return True
        if self.at >= len(self.text) or (bracket == "]" and self.statement_begins(start)):
            place = Span(start, start + 1)
            raise Fault(place, f"the {what} that starts here is never closed", f"add `{bracket}`")
        return False

    def statement_begins(self, start: int) -> bool:
        """Whether, in a text that was refused, the next line after `start` looks like a statement."""
        begun = self.text.rfind("\n", 0, self.at) + 1
        fresh = begun > start and not self.text[begun : self.at].strip(" \t")
        return not self.accepted and fresh and _STATEMENT.match(self.text, self.at) is not None

    def comma(self, bracket: str) -> None:
        if not self.text.startswith(",", self.at):
            raise Fault(Span(self.at, self.at + 1), f"expected `,` or `{bracket}` here")
        self.at += 1

    def scalar(self) -> Span:
        match = _SCALAR.match(self.text, self.at)
        if not match:
            raise Fault(Span(self.at, self.at + 1), "expected a value here")
        if not _KNOWN.fullmatch(match[0]):
            word = _WORD.match(self.text, self.at)
            stop = word.end() if word else match.end()
            raise Fault(Span(self.at, stop), *no_value(self.text[self.at : stop]))
        if not self.accepted and _DAY.match(match[0]) and not is_time(match[0]):
            raise Fault(Span(*match.span()), f"there is no such date or time as {match[0]}")
        self.at = match.end()
        return Span(*match.span())

    def string(self) -> Span:
        """string = "…" | '…' | three quotation marks on either side, over several lines"""
        opening = self.text[self.at : self.at + 3]
        quotes = opening if opening in STRINGS else opening[0]
        match = STRINGS[quotes].match(self.text, self.at)
        if not match:
            hint = f"close it with {quotes}"
            if len(quotes) == 1:
                hint += f" on the same line, or use {quotes * 3} for text of several lines"
            raise Fault(
                Span(self.at, self.at + len(quotes)), "the text that starts here is never closed", hint
            )
        self.check_characters(match.start(), match.end(), quotes)
        self.at = match.end()
        return Span(*match.span())

    def check_characters(self, start: int, end: int, quotes: str) -> None:
        self.comment_characters(start, end)
        if quotes[0] == "'":
            return
        at = self.text.find("\\", start, end)
        while at >= 0:
            match = _CODE.match(self.text, at) or (FOLD.match(self.text, at) if len(quotes) == 3 else None)
            if not match:
                raise Fault(
                    Span(at, at + 2),
                    f"`{self.text[at : at + 2].strip()}` is not an escape sequence",
                    f"write \\\\ for a backslash, or put the text between {quotes.replace(chr(34), chr(39))}",
                )
            at = self.text.find("\\", match.end(), end)


def places_of(source: Source) -> Places:
    """Places of a text that a parser accepted."""
    try:
        return scan(source.text)
    except Fault:
        return Places(source.text, {})


def nearest_span(places: Places, key: Sequence[str | int], *, on_key: bool) -> Span:
    """The span of a key or value, or of the key of the innermost table around it that is written."""
    path = tuple(key)
    span = places.key(*path) if on_key else places.value(*path)
    while span is None and path:
        path = path[:-1]
        span = places.key(*path)
    return span or NOWHERE
