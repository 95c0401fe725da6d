"""Tokens of EQL: words, strings, numbers, marks; comments are kept aside.

One pass with one linear regular expression. Raises ProblemError at the first thing that is no token.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from samefire.languages.eql.tree import Comment
from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

KEYWORDS = frozenset(
    "and any by false in in~ join like like~ maxspan not null of or regex regex~ sample sequence true until "  # noqa: SIM905
    "where with".split()
)

_SCAN = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<word>[A-Za-z_@][A-Za-z0-9_]*~?)
    | (?P<raw>\"\"\"[^\r\n]*?\"\"\"\"?\"?)
    | (?P<string>"(?:[^"\\\r\n]|\\[btnfr"'\\]|\\u\{[0-9A-Fa-f]*\})*")
    | (?P<op>==|!=|<=|>=|!\[|[:=<>+*%,\[\]()|]|-|/(?![/*])|\.(?![0-9])|\?(?!["']))
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<comment>//[^\r\n]*)
    | (?P<block>/\*)
    | (?P<old>\?["'])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[ \t\r\n]*")
_COMMENT_MARK = re.compile(r"/\*|\*/")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]*)\}|(.))")


class Token(NamedTuple):
    """`kind` is the keyword or mark itself, or one of `name name~ string raw integer decimal quoted end`."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def tokenize(source: Source) -> tuple[list[Token], tuple[Comment, ...]]:
    """The tokens, an `end` last, and the comments."""
    text = source.text
    scan = _SCAN.match
    tokens: list[Token] = []
    comments: list[Comment] = []
    at = 0
    while True:
        found = scan(text, at)
        if found is None:
            blank = _BLANK.match(text, at)
            _refuse(source, blank.end() if blank else at)
        kind = found.lastgroup or ""
        start, at = found.span(kind)
        match kind:
            case "word":
                word = text[start:at]
                tokens.append(Token(word if word in KEYWORDS else _name(word), word, start, at))
            case "op":
                mark = text[start:at]
                tokens.append(Token(mark, mark, start, at))
            case "number":
                written = text[start:at]
                tokens.append(Token("integer" if written.isdigit() else "decimal", written, start, at))
            case "end":
                tokens.append(Token("end", "", start, at))
                return tokens, tuple(comments)
            case "comment":
                comments.append(_comment(text, start, at))
            case "block":
                at = _block_end(source, start)
                comments.append(_comment(text, start, at))
            case "old":
                _refuse_old_string(source, start)
            case _:
                if kind == "string" and at == start + 2 and text.startswith('"', at):
                    _refuse(source, start)
                tokens.append(Token(kind, text[start:at], start, at))


def _name(word: str) -> str:
    return "name~" if word[-1] == "~" else "name"


def _comment(text: str, start: int, end: int) -> Comment:
    line = text.rfind("\n", 0, start) + 1
    before = text[line:start].rstrip()
    return Comment(text[start:end], line + len(before) if before else None, Span(start, end))


def _block_end(source: Source, start: int) -> int:
    """Where the comment that opens at `start` ends; comments nest."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(source.text, start):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    problem = Problem(
        "query-unclosed-comment",
        "the comment never ends",
        source,
        Span(start, start + 2),
        hint="close it with */",
    )
    raise ProblemError([problem])


def _refuse(source: Source, at: int) -> NoReturn:
    """Raise what is wrong with the character at `at`, where no token starts."""
    c = source.text[at]
    match c:
        case '"':
            problem = _string_problem(source, at)
        case "'":
            problem = Problem(
                "query-single-quotes",
                "a string in EQL stands in double quotes",
                source,
                Span(at, _line_end(source.text, at, "'")),
                hint="write \"…\" in place of '…'",
            )
        case "`":
            problem = Problem(
                "query-unclosed-name",
                "the field name in backticks never ends",
                source,
                Span(at, at + 1),
                hint="close it with `; a backtick inside a name is written ``",
            )
        case _:
            problem = Problem(
                "query-character",
                _character(c),
                source,
                Span(at, at + 1),
                hint=_character_hint(source.text, at),
            )
    raise ProblemError([problem])


def _character(c: str) -> str:
    if c.isprintable() and not c.isspace():
        return f"`{c}` means nothing in EQL"
    return f"the character U+{ord(c):04X} means nothing in EQL outside a string"


_INSTEAD = {
    "&": "write `and`",
    "!": "write `not`, or `!=` for not equal",
    "~": "`~` follows a function or operator directly: `like~`, `in~`, `startsWith~(…)`",
    "{": "lists stand in parentheses: `in (…)`",
    "}": "lists stand in parentheses: `in (…)`",
    ";": "a query is one statement: leave it out",
    "#": "a comment starts with //",
    "“": 'use straight quotes: "…"',
    "”": 'use straight quotes: "…"',
    "‘": 'use straight double quotes: "…"',
    "’": 'use straight double quotes: "…"',
    "\\": "a backslash belongs into a string",
    "$": "a name with this character stands in backticks",
}


def _character_hint(text: str, at: int) -> str | None:
    if text[at].isspace():
        return "use an ordinary space"
    if text[at].isalpha():
        return "a name with this letter stands in backticks, a value in double quotes"
    return _INSTEAD.get(text[at])


def _refuse_old_string(source: Source, at: int) -> NoReturn:
    quote = source.text[at + 1]
    problem = Problem(
        "query-old-raw-string",
        f"`?{quote}` is no string in Elasticsearch's EQL",
        source,
        Span(at, at + 2),
        hint='write a raw string in three double quotes: """…"""',
    )
    raise ProblemError([problem])


def _line_end(text: str, start: int, quote: str) -> int:
    """The end of what was meant as a string, at most the line's end."""
    for at in range(start + 1, len(text)):
        if text[at] == quote:
            return at + 1
        if text[at] in "\r\n":
            return at
    return len(text)


_UNRAW = re.compile(r"[^\"\\\r\n]|\\[btnfr\"'\\]|\\u\{[0-9A-Fa-f]*\}")


def _string_problem(source: Source, start: int) -> Problem:
    """Why no string can be read at `start`: a wrong escape, or no closing quote."""
    text = source.text
    if text.startswith('"""', start):
        hint = 'close it with """ on the same line; a raw string has no line break'
        return Problem(
            "query-unclosed-string", "the raw string never ends", source, Span(start, start + 3), hint=hint
        )
    at = start + 1
    while found := _UNRAW.match(text, at):
        at = found.end()
    if at < len(text) and text[at] == "\\" and text[at + 1 : at + 2] not in ("", "\r", "\n"):
        wrong = text[at : at + 2]
        hint = r'write \\ for a backslash, or use a raw string: """…"""'
        if wrong == "\\u":
            hint = r"write the code of the character in braces: \u{1F600}"
        return Problem(
            "query-escape",
            f"`{wrong}` is no escape in an EQL string",
            source,
            Span(at, at + len(wrong)),
            hint=hint,
        )
    hint = (
        r'close it with " on the same line; write \" for a quotation mark inside it and \n for a line break'
    )
    return Problem(
        "query-unclosed-string", "the string never ends", source, Span(start, start + 1), hint=hint
    )


def string_value(token: Token, source: Source) -> str:
    """What a `string` or `raw` token stands for; raises ProblemError for a code that is no character."""
    if token.kind == "raw":
        return token.text[3:-3]
    inner = token.text[1:-1]
    if "\\" not in inner:
        return inner

    def replace(found: re.Match[str]) -> str:
        code, plain = found.groups()
        if code is None:
            return _ESCAPES[plain]
        return _code_point(code, source, token.start + 1 + found.start(), found.end() - found.start())

    return _ESCAPE.sub(replace, inner)


def _code_point(code: str, source: Source, start: int, size: int) -> str:
    span = Span(start, start + size)
    if not 2 <= len(code) <= 8:
        message = f"a character code has 2 to 8 hexadecimal digits, this one has {len(code)}"
        raise ProblemError([Problem("query-escape", message, source, span)])
    value = int(code, 16)
    if value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        message = f"U+{code.upper()} is no character"
        raise ProblemError([Problem("query-escape", message, source, span)])
    return chr(value)
