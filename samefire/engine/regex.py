"""Regular expressions as linear matchers: RE2, or a bounded automaton for what only Lucene has.

No pattern of a rule is ever given to a backtracking matcher; what cannot be matched in linear time is
refused with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from samefire.engine.automaton import Automaton
from samefire.engine.glob import simplify
from samefire.engine.needles import Needles, lucene_needles, needles
from samefire.engine.refusals import RegexRefused as RegexRefused
from samefire.engine.refusals import RegexTooHard
from samefire.query.ast import Fold, Pattern, Regex, RegexSyntax, Wild
from samefire.query.lucene_regex import ANY, ANYTHING, Chars, Concat, RegexError, Repeat, parse, to_re2
from samefire.query.lucene_regex import Regex as Tree

Matcher = Callable[[str], bool]

MAX_MEMORY = 64 << 20
"""Bytes that RE2 may use for one pattern."""


def matcher(test: Regex) -> Matcher:
    """A function that says whether a value matches. Raises RegexRefused; the function may raise
    RegexTooHard."""
    if test.syntax is RegexSyntax.LUCENE:
        return lucene(test.pattern, test.fold)
    return pcre(test.pattern, test.fold, multiline=test.multiline, dotall=test.dotall)


def guard(test: Regex) -> Needles | None:
    """Folded strings of which any matching value holds at least one; None: nothing can be said."""
    if test.syntax is RegexSyntax.PCRE:
        return needles(test.pattern)
    try:
        return lucene_needles(parse(test.pattern))
    except RegexError:
        return None


@lru_cache(maxsize=4096)
def lucene(pattern: str, fold: Fold = Fold.NONE) -> Matcher:
    """The whole value matches a Lucene pattern. Raises RegexRefused."""
    try:
        tree = parse(pattern)
    except RegexError as error:
        raise RegexRefused(str(error)) from None
    text = to_re2(tree, fold=fold is Fold.ASCII)
    compiled = _re2(f"(?i:{text})" if fold is Fold.UNICODE else text) if text is not None else None
    if compiled is not None:
        return _calls(compiled.fullmatch)
    try:
        return Automaton(tree, fold=fold).accepts
    except RegexTooHard as error:
        raise RegexRefused(str(error)) from None


@lru_cache(maxsize=4096)
def pcre(pattern: str, fold: Fold = Fold.NONE, *, multiline: bool = False, dotall: bool = True) -> Matcher:
    """Somewhere in the value a PCRE pattern matches. Raises RegexRefused: look-around, back-references and
    the like cannot be matched in linear time."""
    flags = "".join(f for f, on in (("i", fold is not Fold.NONE), ("m", multiline), ("s", dotall)) if on)
    text = _spelled(pattern, multiline or "(?m" in pattern)
    compiled = _re2(f"(?{flags})(?:{text})" if flags else text)
    if compiled is None:
        raise RegexRefused(_reason(pattern))
    return _calls(compiled.search)


_SPELLINGS = re.compile(
    r"(?P<keep>\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\])|(?P<other>\\.|\$|\(\?<(?=[A-Za-z_]))", re.DOTALL
)
_OTHER = {
    "\\Z": r"(?:\n?\z)",
    "\\h": r"[\t\x{20}\x{a0}]",
    "\\e": r"\x1b",
    "(?<": "(?P<",
}


def _spelled(pattern: str, multiline: bool) -> str:
    """PCRE's spellings that RE2 writes otherwise: `\\Z`, `\\h`, `(?<name>`, and `$`, which also stands before
    a last newline."""

    def other(found: re.Match[str]) -> str:
        text = found.group()
        if text == "$" and not multiline:
            return r"(?:\n?\z)"
        return _OTHER.get(text, text) if found["keep"] is None else text

    return _SPELLINGS.sub(other, pattern)


def _re2(text: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(text, options)
    except (re2.error, UnicodeEncodeError):
        return None


def _calls(method: Callable[[str], object]) -> Matcher:
    def matches(value: str) -> bool:
        try:
            return method(value) is not None
        except UnicodeEncodeError:  # a lone surrogate, which no UTF-8 text can hold
            return method(value.encode("utf-8", "replace").decode()) is not None

    return matches


_HARD = (
    (re.compile(r"\(\?<?[=!]"), "look-around"),
    (re.compile(r"\(\?>|[*+?}]\+"), "atomic groups and possessive repetition"),
    (re.compile(r"\\[1-9]|\(\?P=|\\k"), "back-references"),
)


def _reason(pattern: str) -> str:
    for needs, name in _HARD:
        if needs.search(pattern):
            return f"{name} cannot be matched in bounded time"
    return "it is not a regular expression that can be read"


def as_pattern(test: Regex) -> Pattern | None:
    """The wildcard pattern that says the same as a Lucene expression of literals, `.` and `.*`; else None."""
    if test.syntax is not RegexSyntax.LUCENE or test.fold is Fold.UNICODE:
        return None
    try:
        tree = parse(test.pattern)
    except RegexError:
        return None
    out: list[str | Wild] = []
    for part in tree.parts if isinstance(tree, Concat) else (tree,):
        piece = _piece(part)
        if piece is None:
            return None
        out.extend(piece)
    return simplify(tuple(out))


def _piece(part: Tree) -> Pattern | None:
    if part == ANY:
        return (Wild.ONE,)
    if part == ANYTHING:
        return (Wild.MANY,)
    if part == Repeat(ANY, 1, None):
        return (Wild.ONE, Wild.MANY)
    if isinstance(part, Chars) and not part.negated and len(part.ranges) == 1:
        low, high = part.ranges[0]
        return (chr(low),) if low == high else None
    if isinstance(part, Concat):
        pieces = [_piece(p) for p in part.parts]
        return None if None in pieces else tuple(x for p in pieces if p is not None for x in p)
    return None


_ONE_CLASS = re.compile(
    r"(?:\[\^?(?:\\[^A-Zpbx0-9]|[^\[\]\\])+\]|\\[dsw]|[^\\\[\](){}.*+?^$|])\+?", re.DOTALL
)
_NESTED_CLASS = re.compile(r"(?<!\\)\[\^?\]?(?:\\.|[^\]\\\[])*?(?:&&|\[(?!:))", re.DOTALL)
_DOUBLED = re.compile(r"&&|--|\|\||~~")


@lru_cache(maxsize=1024)
def java(pattern: str) -> Any:
    """A Java pattern, compiled (`sub`, `search`): one class of characters by Python's own matcher, which cannot
    stall on it and is quick at many matches, the rest by RE2. Raises RegexRefused."""
    if _ONE_CLASS.fullmatch(pattern) and not _DOUBLED.search(pattern):
        try:
            return re.compile(pattern, re.ASCII)
        except re.error:  # an escape that Python does not know
            pass
    _refuse_nested(pattern)
    compiled = _re2(_spelled(pattern, "(?m" in pattern))
    if compiled is None:
        raise RegexRefused(_reason(pattern))
    return compiled


def _refuse_nested(pattern: str) -> None:
    """Classes inside classes and their intersection, which RE2 would read as plain characters."""
    if _NESTED_CLASS.search(pattern):
        raise RegexRefused("classes inside classes cannot be run")


@lru_cache(maxsize=512)
def grok_matcher(pattern: str) -> Callable[[str], Any]:
    """A function that searches a text for an expanded GROK pattern and gives a match with its groups. `.`
    ends at a line break, `^` and `$` stand at every line, as Oniguruma has it. Raises RegexRefused."""
    _refuse_nested(pattern)
    compiled = _re2(f"(?m){_spelled(pattern, True)}")
    if compiled is None:
        raise RegexRefused(_reason(pattern))

    def search(value: str) -> Any:
        try:
            return compiled.search(value)
        except UnicodeEncodeError:  # a lone surrogate, which no UTF-8 text can hold
            return compiled.search(value.encode("utf-8", "replace").decode())

    return search
