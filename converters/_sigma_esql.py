"""ES|QL as Sigma: what single events are asked, or a count of them. What that loses is told at its place.

What a pipeline asks of events is worked out by `samefire.languages.esql`.
"""

from __future__ import annotations

from samefire.fields import FieldTypes
from samefire.languages.esql import Remark, to_body
from samefire.query.ast import Node
from samefire.query.detection import EventQuery, Pipeline
from samefire.rule import Rule

from ._sigma_correlation import Plan, lookback, of_threshold
from ._sigma_documents import short_name
from ._sigma_losses import Losses


def of_pipeline(rule: Rule, body: Pipeline, fields: FieldTypes, losses: Losses) -> Plan | Node | None:
    """The query that each event must satisfy, or the correlation that counts; None when it was refused."""
    reduced = to_body(body, fields)
    for remark in reduced.remarks:
        _tell(remark, losses)
    if reduced.body is None:
        return None
    if isinstance(reduced.body, EventQuery):
        return reduced.body.where
    window = reduced.timespan or lookback(rule, losses)
    return of_threshold(reduced.body, short_name(rule), window, losses)


def _tell(remark: Remark, losses: Losses) -> None:
    message = remark.message
    if remark.kind == "refused":
        losses.refuse(f"sigma-cannot-esql-{remark.code}", f"Sigma cannot say this: {message}", remark.span)
    elif remark.kind == "noted":
        losses.note(f"sigma-note-esql-{remark.code}", message, remark.span)
    elif remark.kind == "told" or losses.approximations_wanted:
        losses.approximate(f"approximate-esql-{remark.code}", message, remark.span)
    else:
        hint = "--approximate writes it so"
        losses.refuse(
            f"sigma-cannot-esql-{remark.code}", f"Sigma cannot say this exactly: {message}", remark.span, hint
        )
