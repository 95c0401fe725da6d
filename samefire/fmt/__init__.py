"""One layout for rule files: `formatted` gives a TOML text in it, with the same meaning and every comment.

The result is proved before it is given: read again, it holds the same values and the same comments, and
formatting it once more changes nothing. Queries are laid out anew only when asked (`queries.py`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from samefire.fmt.document import Document, comments
from samefire.fmt.order import kind_of
from samefire.fmt.reading import Lost, read
from samefire.fmt.writing import write
from samefire.problems import Problem, ProblemError
from samefire.source import Source
from samefire.toml_text import tables


def formatted(source: Source, *, queries: bool = False) -> str:
    """The text of a TOML file in one layout; raises ProblemError when it is no TOML, or when the result could
    not be proved to say the same. Lines end as the first line of the file does."""
    data, _ = tables(source)
    text = source.text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        document = read(text)
        wanted = data
        if queries:
            from samefire.fmt.queries import laid_out

            wanted = laid_out(document, data)
        result = write(document, kind_of(data))
        _prove(source, document, wanted, result)
    except Lost:
        raise ProblemError([_unproved(source, "the layout of this file is not understood")]) from None
    return result.replace("\n", "\r\n") if _ends_in_crlf(source.text) else result


def _ends_in_crlf(text: str) -> bool:
    first = text.find("\n")
    return first > 0 and text[first - 1] == "\r"


def _prove(source: Source, document: Document, wanted: dict[str, Any], result: str) -> None:
    """Raise ProblemError when the result says anything else than the file."""
    again = Source(source.path, result)
    try:
        data, _ = tables(again)
        document_again = read(result)
    except (ProblemError, Lost):
        raise ProblemError([_unproved(source, "the file could not be read again")]) from None
    if not same(wanted, data):
        raise ProblemError([_unproved(source, "the file would say something else")])
    if Counter(filter(None, comments(document))) != Counter(filter(None, comments(document_again))):
        raise ProblemError([_unproved(source, "a comment would be lost")])
    if write(document_again, kind_of(data)) != result:
        raise ProblemError([_unproved(source, "formatting once more would change the file again")])


def _unproved(source: Source, why: str) -> Problem:
    message = f"{why}; it is left as it is"
    return Problem("fmt-unproved", message, source, hint="please report this as a bug, with the file")


def same(a: Any, b: Any) -> bool:
    """Whether two values of TOML are equal, types and all (`1` is not `1.0` and not `true`)."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (a != a and b != b)
