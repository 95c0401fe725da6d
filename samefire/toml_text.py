"""TOML text → tables, or placed problems. Knows TOML and its traps, nothing of rules.

`rtoml` reads; only when it refuses a text is the text walked again (`toml_places.scan`) to say where and why.
Texts are untrusted: too large, too deep, not Unicode are problems like any other.
"""

from __future__ import annotations

import re
from typing import Any

from samefire.problems import Problem, ProblemError, Severity
from samefire.source import Source, Span
from samefire.toml_places import MAX_DEPTH, Fault, scan

MAX_CHARACTERS = 4_000_000
"""A rule file beyond this is refused unread; the largest known one has 60,000."""

_AT = re.compile(r" at line (\d+) column (\d+)$")
_SURROGATE = re.compile("[\ud800-\udfff]")


def tables(source: Source) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The top-level table of a TOML text and the warnings of reading it; raises ProblemError.

    CRLF inside multi-line strings is one line break, as tomllib reads it."""
    _refuse_unreadable(source)
    text = source.text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    import rtoml

    try:
        return rtoml.loads(text), _byte_order_mark(source)
    except (rtoml.TomlParsingError, ValueError, RecursionError, OverflowError) as error:
        raise ProblemError([_syntax(source, str(error))]) from None


def _refuse_unreadable(source: Source) -> None:
    size = len(source.text)
    if size > MAX_CHARACTERS:
        message = f"the file has {size:,} characters; {MAX_CHARACTERS:,} are the limit"
        raise ProblemError([Problem("file-too-large", message, source, hint="a rule file holds one rule")])
    if source.text.isascii():
        return
    bad = _SURROGATE.search(source.text)
    if bad:
        message = f"U+{ord(bad[0]):04X} is half of a character"
        raise ProblemError([Problem("file-not-unicode", message, source, Span(*bad.span()))])


def _byte_order_mark(source: Source) -> tuple[Problem, ...]:
    if not source.text.startswith("\ufeff"):
        return ()
    message = "the file starts with a byte order mark, which other TOML readers refuse"
    hint = "save it as UTF-8 without a byte order mark"
    return (Problem("toml-byte-order-mark", message, source, Span(0, 1), Severity.WARNING, hint),)


def _syntax(source: Source, why: str) -> Problem:
    """The first thing that is wrong; in the parser's words only where the scanner sees nothing wrong."""
    try:
        scan(source.text, accepted=False)
    except Fault as fault:
        return Problem("toml-syntax", fault.message, source, fault.span, hint=fault.hint)
    except RecursionError:
        pass
    at = _AT.search(why)
    span = _offset(source, int(at[1]), int(at[2])) if at else Span(len(source.text), len(source.text))
    if "recurs" in why:
        return Problem("toml-syntax", f"tables and lists are nested more than {MAX_DEPTH} deep", source, span)
    return Problem("toml-syntax", f"this is no TOML: {_AT.sub('', why)}", source, span)


def _offset(source: Source, line: int, column: int) -> Span:
    starts = source.line_starts
    start = starts[min(line, len(starts)) - 1] + column - 1
    return Span(start, start + 1)
