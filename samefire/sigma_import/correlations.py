"""Correlations → EQL sequences and samples, and threshold rules; what none of them says is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samefire.languages.eql import tree as eql
from samefire.query.ast import Node, Or
from samefire.query.detection import Body, Correlation, CorrelationType, EventQuery
from samefire.sigma_import.losses import Losses, Unsayable
from samefire.sigma_import.to_eql import Conditions, field
from samefire.sigma_import.to_lucene import condition as lucene

MOST_RUNS = 100
"""Elasticsearch's largest `with runs`."""
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"))


@dataclass(frozen=True, slots=True)
class Counted:
    """A threshold rule: its Lucene query and its `threshold` table."""

    query: str
    threshold: Mapping[str, Any]


def of_correlation(body: Correlation, conditions: Conditions, losses: Losses) -> eql.Query | Counted:
    """The query of a correlation; raises NeedsLucene or Unsayable."""
    if body.expression is not None:
        raise _unsayable("a condition over rules", "write it as a sequence by hand")
    match body.type:
        case CorrelationType.TEMPORAL_ORDERED:
            return _sequence(body, conditions)
        case CorrelationType.TEMPORAL:
            return _sample(body, conditions, losses)
        case CorrelationType.EVENT_COUNT:
            return _event_count(body, conditions, losses)
        case CorrelationType.VALUE_COUNT:
            return _value_count(body, losses)
        case other:
            raise _unsayable(f"`{other}`", "ES|QL counts such values: write the rule in ES|QL")


def _unsayable(what: str, hint: str | None = None) -> Unsayable:
    return Unsayable("sigma-import-correlation", f"no rule says {what} of a correlation", hint)


def span_of(milliseconds: int) -> str:
    """A time as rules write it: `5m`."""
    for size, unit in _UNITS:
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    raise _unsayable("a timespan below a second")


def _maxspan(milliseconds: int) -> eql.Duration:
    text = span_of(milliseconds)
    return eql.Duration(int(text[:-1]), text[-1])


def _where(name: str, body: Body) -> Node:
    if isinstance(body, EventQuery):
        return body.where
    raise _unsayable(f"`{name}`, which is a correlation itself,")


def _keys(body: Correlation, rule: str) -> tuple[eql.Field, ...]:
    """The join keys of one rule: what each group is called there."""
    aliases = {name: dict(pairs) for name, pairs in body.aliases}
    return tuple(field(aliases.get(group, {}).get(rule, group)) for group in body.group_by)


def _stages(body: Correlation, conditions: Conditions) -> tuple[tuple[eql.Term, ...], tuple[eql.Field, ...]]:
    """The stages, and the keys that are the same for all of them."""
    keys = [_keys(body, name) for name, _ in body.rules]
    shared = keys[0] if len(set(keys)) == 1 else ()
    terms = tuple(
        eql.Term(eql.EventFilter(None, conditions.of(_where(name, below))), () if shared else own)
        for (name, below), own in zip(body.rules, keys, strict=True)
    )
    return terms, shared


def _sequence(body: Correlation, conditions: Conditions) -> eql.Query:
    terms, keys = _stages(body, conditions)
    if len(terms) == 1:
        return eql.Query(terms[0].filter)
    return eql.Query(eql.SequenceQuery(terms, keys, _maxspan(body.timespan)))


def _sample(body: Correlation, conditions: Conditions, losses: Losses) -> eql.Query:
    terms, keys = _stages(body, conditions)
    if len(terms) == 1:
        return eql.Query(terms[0].filter)
    if not body.group_by:
        raise _unsayable("`temporal` without `group-by`", "EQL samples need a key to join by")
    losses.name(
        "sigma-import-window",
        "events are joined within the rule's look-back, which is longer than the timespan and moves with the runs",
    )
    return eql.Query(eql.SampleQuery(terms, keys))


def _least(body: Correlation) -> int:
    """The number that a count must reach; raises Unsayable for other conditions."""
    match body.condition:
        case (("gte", number),):
            least = float(number)
        case (("gt", number),):
            least = float(int(number) + 1)
        case _:
            told = " and ".join(operator for operator, _ in body.condition)
            raise _unsayable(f"the condition `{told}`", "rules can only count up to a number")
    return max(1, int(least) + (not least.is_integer()))


def _any_of(body: Correlation) -> Node:
    nodes = tuple(_where(name, below) for name, below in body.rules)
    return nodes[0] if len(nodes) == 1 else Or(nodes)


def _one_key(body: Correlation) -> tuple[eql.Field, ...]:
    keys = {_keys(body, name) for name, _ in body.rules}
    if len(keys) != 1:
        raise _unsayable("groups whose field is another one in each rule")
    return keys.pop()


def _event_count(body: Correlation, conditions: Conditions, losses: Losses) -> eql.Query | Counted:
    least = _least(body)
    if least > MOST_RUNS:
        return _counted(body, least, None, losses)
    event = eql.EventFilter(None, conditions.of(_any_of(body)))
    if least == 1 and not body.group_by:
        return eql.Query(event)
    term = eql.Term(event, runs=least)
    return eql.Query(eql.SequenceQuery((term,), _one_key(body), _maxspan(body.timespan)))


def _value_count(body: Correlation, losses: Losses) -> Counted:
    if len(body.value_field) != 1:
        raise _unsayable("values of several fields")
    return _counted(body, 1, {"field": body.value_field[0], "value": _least(body)}, losses)


def _counted(body: Correlation, value: int, cardinality: Mapping[str, Any] | None, losses: Losses) -> Counted:
    losses.name(
        "sigma-import-window",
        "events are counted over the rule's look-back, which moves with its runs instead of with every event",
    )
    keys = [key.name for key in _one_key(body)]
    if len(keys) > 5:
        raise _unsayable("more than five groups")
    table: dict[str, Any] = {"field": keys, "value": value}
    if cardinality is not None:
        table["cardinality"] = [dict(cardinality)]
    return Counted(lucene(_any_of(body), losses), table)
