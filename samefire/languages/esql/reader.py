"""A cursor over the tokens of an ES|QL query, and how it refuses what it does not expect."""

from __future__ import annotations

from typing import NoReturn

from samefire.languages.esql.tokens import Token, string_value, tokenize
from samefire.languages.esql.tree import Text
from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

DEEPEST = 100
"""How many levels an expression may nest."""

KEYWORDS = frozenset(
    (
        "and",
        "asc",
        "by",
        "desc",
        "false",
        "in",
        "is",
        "like",
        "not",
        "null",
        "nulls",
        "on",
        "or",
        "rlike",
        "true",
    )
).union(["with"])
"""Words that are no column names without backticks."""


class Reader:
    """Where a parser stands; `token` is the one to take next."""

    __slots__ = ("at", "depth", "source", "token", "tokens")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.at = 0
        self.token = self.tokens[0]
        self.depth = 0

    # ---- moving --------------------------------------------------------------------------------

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.at += 1
            self.token = self.tokens[self.at]
        return token

    def accept(self, kind: str) -> Token | None:
        return self.advance() if self.token.kind == kind else None

    def word(self, *words: str) -> Token | None:
        """Take the next token when it is one of these words."""
        return self.advance() if self.token.word in words and self.token.word else None

    def expect(self, kind: str, wanted: str) -> Token:
        if self.token.kind != kind:
            self.unexpected(wanted)
        return self.advance()

    def expect_word(self, word: str) -> Token:
        if self.token.word != word:
            self.unexpected(f"`{word.upper()}`")
        return self.advance()

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def end(self) -> int:
        """Where the last taken token ended."""
        return self.tokens[self.at - 1].end if self.at else 0

    def span_from(self, start: int) -> Span:
        return Span(start, max(self.end(), start))

    def written(self, start: int) -> str:
        """The text from `start` to the last taken token."""
        return self.source.text[start : self.end()]

    # ---- what many commands hold ---------------------------------------------------------------

    def text(self, wanted: str) -> Text:
        if self.token.kind not in ("string", "raw"):
            self.unexpected(wanted)
        token = self.advance()
        return Text(string_value(token), token.span)

    # ---- refusing ------------------------------------------------------------------------------

    def fail(self, code: str, message: str, span: Span, hint: str | None = None) -> NoReturn:
        raise ProblemError([Problem(code, message, self.source, span, hint=hint)])

    def unexpected(self, wanted: str) -> NoReturn:
        """Refuse the token at hand, with the hint that its form suggests."""
        token = self.token
        if token.kind == "end":
            self.fail("query-incomplete", f"the query ends where {wanted} should follow", token.span)
        if token.kind in ("=", "=~"):
            hint = "write `==` to compare; `=` only gives a name to a column"
            self.fail(
                "query-assignment", f"`{token.text}` does not compare values in ES|QL", token.span, hint
            )
        message = f"unexpected `{short(token.text)}`: {wanted} should stand here"
        self.fail("query-syntax", message, token.span, self.hint(wanted))

    def hint(self, wanted: str) -> str | None:
        token = self.token
        if token.word in KEYWORDS and wanted.startswith(("a column", "a value")):
            return f"`{token.text}` is a keyword; the column is written `` `{token.text}` ``"
        if token.kind in ("string", "raw", "integer", "decimal") and wanted.startswith("`AND`"):
            return "two conditions are joined with `AND` or `OR`; values of a list are separated by commas"
        if token.kind in ("==", "!=", "<", "<=", ">", ">=") and wanted.startswith("`AND`"):
            return "comparisons do not chain: write `a < b AND b < c`"
        if token.kind in ("string", "raw") and wanted.startswith("a column"):
            return "a column's name stands plain or in backticks"
        return None

    def too_deep(self, span: Span) -> NoReturn:
        message = f"the query nests more than {DEEPEST} levels"
        self.fail("query-too-deep", message, span, "use lists, or split the rule")


def short(text: str) -> str:
    """The text, cut to what a message can hold."""
    return text if len(text) <= 40 else text[:39] + "…"
