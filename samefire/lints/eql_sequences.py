"""Sequences of EQL that cannot do what they say: no key, no time limit, a limit beyond the window."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samefire.languages.eql.tree import SequenceQuery
from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.source import Span

KEYLESS, ENDLESS, BEYOND = (
    "lint-sequence-no-key",
    "lint-sequence-no-maxspan",
    "lint-sequence-beyond-window",
)
_BACK = re.compile(r"now-(\d{1,9})([smhdw])")
_MILLIS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in a sequence."""
    body = subject.tree.body
    if not isinstance(body, SequenceQuery):
        return
    head = Span(body.span.start, body.span.start + len("sequence"))
    if not body.keys and not any(term.keys for term in body.terms):
        message = "the stages share no key: they may come from different hosts and users"
        yield subject.problem(
            KEYLESS, message, head, "write `sequence by host.id`, or another key that joins them"
        )
    if body.maxspan is None and not _one_entity(body):
        message = "the sequence has no `maxspan`: events any time apart belong together"
        yield subject.problem(ENDLESS, message, head, "write `with maxspan=1m`, or how long it may take")
    elif body.maxspan is not None:
        yield from _window(subject, body)


def _one_entity(body: SequenceQuery) -> bool:
    """Whether the key is an id that is never given again, such as that of one process."""
    keys = [*body.keys, *(key for term in body.terms for key in term.keys)]
    return any(key.name.endswith(("entity_id", "session.id", "transaction.id", "trace.id")) for key in keys)


def _window(subject: Subject, body: SequenceQuery) -> Iterator[Problem]:
    """A run sees no event before its look-back."""
    back = str(subject.rule.contents.get("from", "now-6m"))
    found = _BACK.fullmatch(back)
    assert body.maxspan is not None
    if found and "to" not in subject.rule.contents:
        reach = int(found[1]) * _MILLIS[found[2]]
        if reach < body.maxspan.milliseconds:
            count, unit = body.maxspan.count, body.maxspan.unit
            message = f"the rule looks back {back[4:]}: a sequence over {count}{unit} is never seen whole"
            hint = f'look back further (from = "now-{2 * count}{unit}"), or take a shorter `maxspan`'
            yield subject.problem(BEYOND, message, body.maxspan.span, hint)
