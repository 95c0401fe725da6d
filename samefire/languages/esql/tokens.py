"""Tokens of ES|QL: words, strings, numbers, marks; after FROM and its like, names of indices.

One pass with linear regular expressions; comments are left out. Raises ProblemError at the first thing that is
no token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

_SPACE = r"(?P<ws>[ \t\r\n]+) | (?P<comment>//[^\r\n]*) | (?P<block>/\*)"
_TEXT = r"""
      (?P<raw>\"\"\"(?s:.*?)\"\"\"\"?\"?)
    | (?P<string>"(?!"")(?:[^"\\\r\n]|\\[tnr"\\])*")
"""
_SCAN = re.compile(
    rf"""
      {_SPACE}
    | (?P<name>(?:[A-Za-z]|[_@](?=[A-Za-z0-9_@*]))[A-Za-z0-9_]*)
    | {_TEXT}
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<quoted>`(?:[^`]|``)+`)
    | (?P<parameter>\?\??(?:[A-Za-z0-9_]+)?)
    | (?P<op>==|=~|!=|<=|>=|::|[:=<>+\-*/%.,\[\]()|{{}}])
    """,
    re.VERBOSE,
)
_SCAN_SOURCE = re.compile(
    rf"""
      {_SPACE}
    | {_TEXT}
    | (?P<index>(?:[^"=|,\[\]()\s/]|/(?![*/]))+)
    | (?P<op>[=|,\[\]()/])
    """,
    re.VERBOSE,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
_WHOLE = re.compile(r"[0-9]+")

SOURCES = frozenset(("from", "ts"))


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is the mark itself, or one of `name quoted string raw integer decimal parameter index end`.
    `word`: the text of a name or index in small letters, else empty."""

    kind: str
    text: str
    start: int
    end: int
    word: str = ""

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def tokenize(source: Source) -> list[Token]:
    """The tokens, an `end` last."""
    text = source.text
    tokens: list[Token] = []
    at = 0
    mode = _Mode()
    while at < len(text):
        found = (_SCAN_SOURCE if mode.source else _SCAN).match(text, at)
        if found is None:
            _refuse(source, at)
        kind = found.lastgroup or ""
        end = _block_end(source, at) if kind == "block" else found.end()
        if kind not in ("ws", "comment", "block"):
            token = _token(kind, text[at:end], at, end)
            tokens.append(token)
            mode.after(token)
        at = end
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


class _Mode:
    """Whether names of indices are read: after FROM until METADATA, after ENRICH and LOOKUP JOIN until ON."""

    __slots__ = ("before", "first", "source")

    def __init__(self) -> None:
        self.source = False
        self.first = True
        self.before = ""

    def after(self, token: Token) -> None:
        word = token.word
        if token.kind == "|":
            self.source = False
        elif self.source:
            self.source = word not in ("metadata", "on", "with")
        elif self.first or self.before == "lookup":
            opens = word in SOURCES or word == "enrich" if self.first else word == "join"
            self.source = opens
        self.before = word if self.first else ""
        self.first = token.kind == "|"


def _token(kind: str, text: str, start: int, end: int) -> Token:
    match kind:
        case "name" | "index":
            return Token(kind, text, start, end, text.lower())
        case "number":
            return Token("integer" if _WHOLE.fullmatch(text) else "decimal", text, start, end)
        case "op":
            return Token(text, text, start, end)
        case _:
            return Token(kind, text, start, end)


def _block_end(source: Source, start: int) -> int:
    """Where the comment that opens at `start` ends; comments nest."""
    depth = 0
    end = -1
    for mark in _COMMENT_MARK.finditer(source.text, start):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            end = mark.end()
            break
    if end < 0:
        _raise(
            source, start, start + 2, "query-unclosed-comment", "the comment never ends", "close it with */"
        )
    return end


def _raise(
    source: Source, start: int, end: int, code: str, message: str, hint: str | None = None
) -> NoReturn:
    raise ProblemError([Problem(code, message, source, Span(start, end), hint=hint)])


_INSTEAD = {
    "&": "write `AND`",
    "!": "write `NOT`, or `!=` for not equal",
    "'": "a string stands in double quotes",
    "“": 'use straight quotes: "…"',
    "”": 'use straight quotes: "…"',
    "‘": 'use straight double quotes: "…"',
    "’": 'use straight double quotes: "…"',
    "\\": "a backslash belongs into a string",
    "$": "a name with this character stands in backticks",
    "#": "a comment starts with //",
    ";": "a query is one statement: leave it out",
    "^": "write `POW(a, b)` for a power",
    "~": "ES|QL ignores case with `TO_LOWER(field) == …`",
}


def _refuse(source: Source, at: int) -> NoReturn:
    """Raise what is wrong with the character at `at`, where no token starts."""
    c = source.text[at]
    if c == '"':
        _refuse_string(source, at)
    if c == "`":
        hint = "close it with `; a backtick inside a name is written ``"
        _raise(source, at, at + 1, "query-unclosed-name", "the name in backticks never ends", hint)
    if c.isprintable() and not c.isspace():
        message = f"`{c}` means nothing in ES|QL"
    else:
        message = f"the character U+{ord(c):04X} means nothing in ES|QL outside a string"
    hint_ = "use an ordinary space" if c.isspace() else _INSTEAD.get(c)
    if c.isalpha():
        hint_ = "a name with this letter stands in backticks, a value in double quotes"
    _raise(source, at, at + 1, "query-character", message, hint_)


_PART = re.compile(r"[^\"\\\r\n]|\\[tnr\"\\]")


def _refuse_string(source: Source, start: int) -> NoReturn:
    """Why no string can be read at `start`: a wrong escape, or no closing quote."""
    text = source.text
    if text.startswith('"""', start):
        _raise(
            source, start, start + 3, "query-unclosed-string", "the string never ends", 'close it with """'
        )
    at = start + 1
    while found := _PART.match(text, at):
        at = found.end()
    if at < len(text) and text[at] == "\\" and text[at + 1 : at + 2] not in ("", "\r", "\n"):
        wrong = text[at : at + 2]
        hint = 'write \\\\ for a backslash, or use """…""", where a backslash is itself'
        _raise(source, at, at + 2, "query-escape", f"`{wrong}` is no escape in an ES|QL string", hint)
    hint = 'close it with " on the same line; a string with line breaks stands in """…"""'
    _raise(source, start, start + 1, "query-unclosed-string", "the string never ends", hint)


def string_value(token: Token) -> str:
    """What a `string` or `raw` token stands for."""
    if token.kind == "raw":
        return token.text[3:-3]
    inner = token.text[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], inner) if "\\" in inner else inner
