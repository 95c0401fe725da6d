"""Exceptions of a rule in Sigma: each item a selection that must not hold.

What an item asks is said in `samefire.languages.dsl.exceptions`; what Sigma has no words for is refused there
where its clauses are translated.
"""

from __future__ import annotations

from collections.abc import Iterator

from samefire.exception_list import ExceptionList
from samefire.fields import FieldTypes
from samefire.languages.dsl.exceptions import lower_item
from samefire.problems import ProblemError, Severity
from samefire.query.ast import Node, Not
from samefire.rule import Rule
from samefire.source import Source, Span

from ._elastic_exceptions import unknown_lists
from ._sigma_losses import Losses

Beside = tuple[Node, Source]
"""What holds for every event beside the query, and the text that it was read from."""


def exceptions(rule: Rule, fields: FieldTypes) -> Iterator[Beside]:
    """That an event satisfies none of the items; raises ProblemError when one cannot be known or read."""
    found = [p for one in rule.exceptions for p in one.problems if p.severity is Severity.ERROR]
    if found:
        raise ProblemError(dict.fromkeys(found))
    nodes: list[Beside] = []
    for one in rule.exceptions:
        for number, item in enumerate(one.items):

            def place(path: tuple[str | int, ...], one: ExceptionList = one, number: int = number) -> Span:
                return one.span("items", number, *path)

            try:
                node = lower_item(item, fields, one.source, place=place)
                nodes.append((Not(node, node.span), one.source))
            except ProblemError as error:
                found.extend(error.problems)
    if found:
        raise ProblemError(found)
    yield from nodes


def tell_expiries(rule: Rule, losses: Losses) -> None:
    """An exception that ends: Sigma knows no clock, so it would hold for ever."""
    for one in rule.exceptions:
        for number, item in enumerate(one.items):
            if "expire_time" not in item:
                continue
            span = one.span("items", number, "expire_time")
            hint = "take `expire_time` out, or the exception when its time has come"
            with losses.reading(one.source):
                if losses.approximations_wanted:
                    message = (
                        f"the exception `{item['name']}` ends at {item['expire_time']}, here it never does"
                    )
                    losses.approximate("approximate-exception-ends", message, span, hint)
                else:
                    message = f"Sigma cannot say that the exception `{item['name']}` ends"
                    losses.refuse("sigma-cannot-exception-end", message, span, hint)


def tell_unknown(rule: Rule, losses: Losses) -> None:
    """Lists that the rule names and no file has: what they except fires. Every Kibana has that of Elastic Defend."""
    with losses.reading(rule.source):
        for message, span, hint in unknown_lists(rule):
            if hint is None:
                losses.note("sigma-note-exceptions", message, span)
            else:
                losses.approximate("approximate-exceptions", message, span, hint)
