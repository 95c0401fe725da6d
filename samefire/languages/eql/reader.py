"""A cursor over the tokens of an EQL query, and how it refuses what it does not expect."""

from __future__ import annotations

from typing import NoReturn

from samefire.languages.eql.tokens import KEYWORDS, Token, tokenize
from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

DEEPEST = 100
"""How many levels an expression may nest."""

COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
CONSTANTS = frozenset(("string", "raw", "integer", "decimal", "true", "false", "null"))


_CATEGORY = 'an event category with special characters stands in double quotes: "my category"'
_TEXT = 'write `field : "*text*"`, `field like "…"` or `field regex "…"`'
_OTHER_WORDS = {
    **dict.fromkeys(("contains", "matches", "startswith", "endswith", "wildcard"), _TEXT),
    **dict.fromkeys(("is", "equals", "eq"), "write `==`; a missing field is `field == null`"),
}


class Reader:
    """Where a parser stands; `token` is the one to take next."""

    __slots__ = ("at", "comments", "depth", "source", "token", "tokens")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens, self.comments = tokenize(source)
        self.at = 0
        self.token = self.tokens[0]
        self.depth = 0

    # ---- moving --------------------------------------------------------------------------------

    def advance(self) -> Token:
        token = self.token
        self.at += 1
        self.token = self.tokens[self.at] if self.at < len(self.tokens) else token
        return token

    def accept(self, kind: str) -> Token | None:
        return self.advance() if self.token.kind == kind else None

    def expect(self, kind: str, wanted: str) -> Token:
        if self.token.kind != kind:
            self.unexpected(wanted)
        return self.advance()

    def peek(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def end(self) -> int:
        """Where the last taken token ended."""
        return self.tokens[self.at - 1].end if self.at else 0

    # ---- refusing ------------------------------------------------------------------------------

    def fail(self, code: str, message: str, span: Span, hint: str | None = None) -> NoReturn:
        raise ProblemError([Problem(code, message, self.source, span, hint=hint)])

    def unexpected(self, wanted: str) -> NoReturn:
        """Refuse the token at hand, with the hint that its form suggests."""
        token = self.token
        if token.kind == "end":
            if self.at == 0:
                hint = "write `any where …` or `process where …`"
                self.fail("query-empty", "the query is empty", Span(0, len(self.source.text)), hint)
            self.fail("query-incomplete", f"the query ends where {wanted} should follow", token.span)
        if token.kind == "=":
            hint = "write `==` (exact) or `:` (ignores case, knows * and ?)"
            self.fail("query-assignment", "`=` does not compare values in EQL", token.span, hint)
        message = f"unexpected `{short(token.text)}`: {wanted} should stand here"
        self.fail("query-syntax", message, token.span, self.hint(wanted))

    def hint(self, wanted: str) -> str | None:
        token = self.token
        lower = token.text.lower()
        match token.kind:
            case "name" if lower in KEYWORDS:
                return f"keywords are written in small letters: `{lower}`"
            case "name" | "quoted" if wanted.startswith("a value in quotes"):
                return f'a value stands in quotes: "{short(token.text)}"'
            case "quoted" if wanted.startswith("an event category"):
                return _CATEGORY
            case "-" | "." if wanted == "`where`":
                return _CATEGORY
            case "name~":
                return f"`{token.text}` is neither an operator nor a function call"
            case "name":
                return _OTHER_WORDS.get(lower)
        if token.kind in KEYWORDS and token.text.isalpha() and wanted.startswith(("a field", "a name")):
            return f"`{token.text}` is a keyword; the field is written `` `{token.text}` ``"
        if token.kind in CONSTANTS and wanted.startswith("`(`"):
            return f"write `({short(token.text)})`, or compare with `==`"
        if token.kind in CONSTANTS and wanted.startswith("`and`"):
            return "two conditions are joined with `and` or `or`; values of a list are separated by commas"
        if token.kind in COMPARISONS and wanted.startswith("`and`"):
            return "comparisons do not chain: write `a < b and b < c`"
        return None

    def too_deep(self, span: Span) -> NoReturn:
        message = f"the query nests more than {DEEPEST} levels"
        self.fail("query-too-deep", message, span, "use lists, or split the rule")


def short(text: str) -> str:
    """The text, cut to what a message can hold."""
    return text if len(text) <= 40 else text[:39] + "…"
