"""Queries in colour: pieces of a query's text with what they are, whichever language it is in.

A picture for readers, not a parse: what it gets wrong is a colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKENS = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r'|(?P<string>"""(?s:.*?)"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')'
    r"|(?P<number>(?<![\w.])\d+(?:\.\d+)?[smhd]?\b)"
    r"|(?P<word>[A-Za-z_@?][\w.@-]*(?:\.\*)?)"
    r"|(?P<sign>[=!<>~]=?~?|[:|*+])"
    r"|(?P<rest>\s+|.)",
    re.S,
)
_WORDS = frozenset(
    [
        "and", "or", "not", "where", "sequence", "sample", "by", "with", "maxspan", "until", "runs", "in", "like",
        "regex", "any", "true", "false", "null", "from", "stats", "eval", "keep", "drop", "limit", "sort", "rename",
        "dissect", "grok", "enrich", "mv_expand", "metadata", "is", "as", "asc", "desc", "rlike", "row", "case",
    ]
)  # fmt: skip
_AFTER_FIELD = re.compile(r"\s*(?::|==|!=|<=?|>=?|=|like\b|regex\b|in\b|is\b|rlike\b|not in\b)", re.I)


def pieces(query: str, language: str) -> Iterator[tuple[str, str]]:
    """The query in pieces: what each is (`comment`, `string`, `number`, `keyword`, `field`, `function`, `sign`
    or nothing) and its text."""
    for found in _TOKENS.finditer(query):
        kind, text = found.lastgroup or "", found[0]
        yield (
            (_word(query, found.end(), text, language) if kind == "word" else "" if kind == "rest" else kind),
            text,
        )


def _word(query: str, end: int, text: str, language: str) -> str:
    if text.lower() in _WORDS:
        return "keyword"
    if query[end : end + 1] == "(" or query[end : end + 2] == "~(":
        return "function"
    if _AFTER_FIELD.match(query, end):
        return "field"
    if language in ("kuery", "lucene"):
        return "string"
    return "field" if "." in text else ""
