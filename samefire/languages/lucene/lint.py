"""What is legal in a Lucene query and seldom meant."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.languages.lucene.tree import Clause, Field, Query, Regexp, Starred, Word, Words, groups
from samefire.problems import Problem, Severity
from samefire.source import Source, Span

_AND = ("AND", "&&")
_OR = ("OR", "||")


def lint(query: Query, source: Source) -> tuple[Problem, ...]:
    """Warnings, in the order of the text."""
    found = [problem for group in groups(query) for problem in _group(group, source)]
    return tuple(sorted(found, key=lambda problem: problem.span))


def _group(query: Query, source: Source) -> Iterator[Problem]:
    yield from _mixed(query, source)
    for clause in query.clauses:
        yield from _small_operators(clause, source)
    for clause, following in zip(query.clauses, query.clauses[1:], strict=False):
        yield from _path_as_regex(clause, following, source)


def _mixed(query: Query, source: Source) -> Iterator[Problem]:
    """`a OR b AND c`: every operator marks its neighbours, there is no precedence."""
    words = [clause.conjunction for clause in query.clauses]
    if any(w in _AND for w in words) and any(w in _OR for w in words):
        message = "AND beside OR without parentheses: Lucene makes what stands beside OR alone optional"
        hint = "put parentheses around the parts that belong together"
        yield _warning("query-mixed-operators", message, source, query.span, hint)


def _small_operators(clause: Clause, source: Source) -> Iterator[Problem]:
    part = clause.part
    words = part.words if isinstance(part, Words) else (part,) if isinstance(part, Word) else ()
    for word in words:
        if word.raw in ("and", "or", "not"):
            message = f"`{word.raw}` is searched as a word; operators are written in capitals"
            hint = f'write {word.raw.upper()}, or "{word.raw}" for the word'
            yield _warning("query-small-operator", message, source, word.span, hint)


def _path_as_regex(clause: Clause, following: Clause, source: Source) -> Iterator[Problem]:
    """`file.path:/etc/passwd`: a regular expression `etc`, then a term `passwd` in any field."""
    part = clause.part.child if isinstance(clause.part, Field) else clause.part
    if (
        isinstance(part, Regexp)
        and isinstance(following.part, Word | Words | Starred)
        and not (following.conjunction or following.modifier)
        and part.span.end == following.part.span.start
    ):
        message = "a slash starts and ends a regular expression; what follows is a search of its own"
        hint = r'put the path in quotes ("/etc/passwd"), or write \/ for each slash'
        span = Span(part.span.start, following.part.span.end)
        yield _warning("query-path-as-regex", message, source, span, hint)


def _warning(code: str, message: str, source: Source, span: Span, hint: str) -> Problem:
    return Problem(code, message, source, span, Severity.WARNING, hint)
