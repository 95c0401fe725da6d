"""The rules of sequences and samples: how many stages and keys, what goes with what."""

from __future__ import annotations

from collections.abc import Callable

from samefire.languages.eql.kinds import NAMES
from samefire.languages.eql.tree import EventFilter, Field, Query, SampleQuery, SequenceQuery, Term, terms
from samefire.source import Span

Report = Callable[[str, str, Span, str | None], None]
Kind = Callable[[Field], str]


def check_stages(tree: Query, kind: Kind, report: Report) -> None:
    """Report what is wrong with the stages of a query."""
    body = tree.body
    if isinstance(body, EventFilter):
        return
    word = "sequence" if isinstance(body, SequenceQuery) else "sample"
    stages = sum(term.runs or 1 for term in body.terms)
    if stages < 2:
        hint = "add a stage, or repeat it `with runs=2`" if word == "sequence" else "add a stage"
        report("query-stages", f"a {word} has at least two stages", body.span, hint)
    _key_counts(tree, report)
    _key_kinds(tree, kind, report)
    if isinstance(body, SequenceQuery):
        _sequence(body, report)
    else:
        _sample(tree, body, report)


def _sequence(body: SequenceQuery, report: Report) -> None:
    missing = [term for term in body.terms if term.missing]
    if missing and len(missing) == len(body.terms):
        report("query-missing-events", "a sequence has at least one event that is there", body.span, None)
    if missing and body.maxspan is None:
        hint = "write `sequence … with maxspan=5m`"
        report("query-missing-events", "a missing event needs `with maxspan`", missing[0].span, hint)
    if body.until is not None and body.until.missing:
        report("query-missing-events", "`until` is an event that is there", body.until.span, None)


def _sample(tree: Query, body: SampleQuery, report: Report) -> None:
    if not body.keys and not any(term.keys for term in body.terms):
        report("query-sample", "a sample needs a join key", body.span, "write `sample by host.id`")
    for term in body.terms:
        if term.missing:
            report("query-sample", "a sample has no missing events", term.span, None)
    for pipe in tree.pipes:
        report("query-sample", "no pipe follows a sample", pipe.span, None)


def _key_counts(tree: Query, report: Report) -> None:
    found = terms(tree)
    expected = len(found[0].keys)
    for term in found[1:]:
        if len(term.keys) != expected:
            message = f"the first stage has {_keys(expected)} of its own, this one {_keys(len(term.keys))}"
            span = Span(term.keys[0].span.start, term.keys[-1].span.end) if term.keys else term.span
            report("query-key-count", message, span, "every stage, and `until`, is joined by as many keys")


def _keys(count: int) -> str:
    return f"{count or 'no'} join key{'' if count == 1 else 's'}"


def _key_kinds(tree: Query, kind: Kind, report: Report) -> None:
    """Keys that stand at the same place are of one kind."""
    found: tuple[Term, ...] = terms(tree)
    for term in found[1:]:
        for first, other in zip(found[0].keys, term.keys, strict=False):
            a, b = kind(first), kind(other)
            if not _joinable(a, b):
                message = f"the key `{other.name}` is {NAMES[b]}, and `{first.name}` is {NAMES[a]}"
                report("query-key-type", message, other.span, None)


def _joinable(left: str, right: str) -> bool:
    numbers = ("integer", "double")
    unsure = ("unknown", "null")
    return left in unsure or right in unsure or left == right or (left in numbers and right in numbers)
