"""Quick fixes: what a problem's hint says to write, tried on the text before it is offered.

A fix is offered only when the problem is gone with it and nothing new is wrong.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from samefire.lsp.project import Project
from samefire.problems import Problem, Severity
from samefire.source import Span

_MEANT = re.compile(r"did you mean `([^`]+)`\?")
_WRITE = re.compile(r"(?:write|put it in quotation marks:) (.+)")
_ADD = re.compile(r"add `(\w+) = …`")
_ADD_LINE = re.compile(r'(?:set|add) (\w+ = (?:"[^"…]*"|true|false|\d+))(?:$|[ ,])')
_OR_SET = re.compile(r"or set (\w+ = \w+) in \[metadata\]")


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit of a text: `span` is replaced by `text`."""

    title: str
    span: Span
    text: str

    def applied(self, text: str) -> str:
        return text[: self.span.start] + self.text + text[self.span.end :]


def fixes(project: Project, path: Path, text: str, problem: Problem) -> list[Fix]:
    """What mends a problem of a text, the likeliest first."""
    before = project.diagnose(path, text)
    found: dict[Fix, None] = {}
    for fix in _suggested(text, problem):
        if fix not in found and _mends(project, path, fix.applied(text), problem, before):
            found[fix] = None
    return list(found)


def _mends(project: Project, path: Path, text: str, problem: Problem, before: list[Problem]) -> bool:
    after = project.diagnose(path, text)
    known = {(p.code, p.message) for p in before}
    fresh = [p for p in after if (p.code, p.message) not in known and p.severity is Severity.ERROR]
    return not fresh and len(after) < len(before) and _count(after, problem) < _count(before, problem)


def _count(problems: list[Problem], like: Problem) -> int:
    return sum((p.code, p.message) == (like.code, like.message) for p in problems)


def _suggested(text: str, problem: Problem) -> Iterator[Fix]:
    """Every edit that the hint may mean."""
    hint = problem.hint or ""
    span = problem.source.rooted(problem.span)[1]
    there = text[span.start : span.end]
    if match := _MEANT.search(hint):
        yield from _replaced(there, span, match[1])
    if match := _WRITE.search(hint):
        for said in (match[1], re.split(r" for | or |, ", match[1])[0]):
            yield from _replaced(there, span, said.strip("`"))
    if match := _ADD.search(hint):
        yield from _added(text, span, match[1])
    for pattern, table in ((_ADD_LINE, None), (_OR_SET, "metadata")):
        if match := pattern.search(hint):
            yield from _line(text, match[1], table or "metadata")
            yield from _line(text, match[1], "rule")
    if "leave it out" in hint or "take it out" in hint:
        yield from _removed(text, span)


def _replaced(there: str, span: Span, word: str) -> Iterator[Fix]:
    """The word in place of what is wrong, in the quotation marks that stand there."""
    quote = there[:1] if there[:1] in ("'", '"') and not there.startswith(('"""', "'''")) else ""
    bare = word.strip("\"'")
    written = f"{quote}{bare}{quote}" if quote else word
    yield Fix(f"write {written}", span, written)
    for other in (word, bare, f'"{bare}"'):
        yield Fix(f"write {other}", span, other)


def _added(text: str, span: Span, key: str) -> Iterator[Fix]:
    """A line for a key whose value can be known: a fresh id, today."""
    today = f"{datetime.now(UTC):%Y/%m/%d}"
    values = {
        "rule_id": str(uuid.uuid4()),
        "creation_date": today,
        "updated_date": today,
        "deprecation_date": today,
    }
    if key in values:
        yield _after(text, span, f'{key} = "{values[key]}"')
    elif key == "language":
        for language in ("kuery", "eql", "esql"):
            yield _after(text, span, f'{key} = "{language}"')


def _line(text: str, line: str, table: str) -> Iterator[Fix]:
    """The line at the start of a table."""
    if match := re.search(rf"^\[{table}\][^\n]*", text, re.MULTILINE):
        yield _after(text, Span(*match.span()), line)


def _after(text: str, span: Span, line: str) -> Fix:
    stop = text.find("\n", span.start)
    end = len(text) if stop < 0 else stop
    end -= text[:end].endswith("\r")
    return Fix(f"add {line}", Span(end, end), f"\n{line}")


def _removed(text: str, span: Span) -> Iterator[Fix]:
    """Without the entry: its line, or its lines when the value has several."""
    from samefire.lsp.cursor import statements

    for one in statements(text):
        if one.key and one.whole.start <= span.start <= one.whole.end:
            stop = text.find("\n", one.whole.end)
            end = len(text) if stop < 0 else stop + 1
            yield Fix(f"leave `{one.key}` out", Span(one.whole.start, end), "")
