"""Data sets that the query asks for and that none of the rule's index patterns can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samefire.lints.claims import claims
from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.query import ast

FIELDS = ("event.dataset", "data_stream.dataset")
CODE = "lint-index-without-dataset"


def check(subject: Subject) -> Iterator[Problem]:
    """Findings among the clauses that every event must satisfy."""
    patterns = [p for p in subject.rule.contents.get("index") or () if isinstance(p, str)]
    if not patterns or not all(_of_data_stream(p) for p in patterns):
        return
    for condition in subject.conditions:
        for claim in claims(condition):
            if claim.field in FIELDS and claim.holds:
                for leaf in claim.leaves:
                    yield from _leaf(subject, leaf, patterns)


def _of_data_stream(pattern: str) -> bool:
    """Whether a pattern names data streams of logs or metrics, whose names hold the data set."""
    return pattern.startswith(("logs-", "metrics-", "traces-", "-"))


def _leaf(subject: Subject, leaf: ast.Leaf, patterns: Sequence[str]) -> Iterator[Problem]:
    test = leaf.test
    if not isinstance(test, ast.Term):
        return
    names = [f"{kind}-{test.value}-" for kind in ("logs", "metrics", "traces")]
    if not any(_may_hold(p, name) for p in patterns for name in names):
        message = f'no index pattern of the rule holds the data set "{test.value}"'
        hint = f'add "logs-{test.value}-*" to `index`, or mend the name of the data set'
        yield subject.problem(CODE, message, leaf.span, hint)


def _may_hold(pattern: str, name: str) -> bool:
    """Whether the pattern may fit an index whose name starts like this."""
    places = {0}  # offsets in the pattern that may stand for what was read of the name
    for c in name:
        places = {after for at in places for after in _step(pattern, at, c)}
    return bool(places)


def _step(pattern: str, at: int, c: str) -> Iterator[int]:
    while at < len(pattern) and pattern[at] == "*":
        yield at
        at += 1
    if at < len(pattern) and pattern[at] == c:
        yield at + 1
