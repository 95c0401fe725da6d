"""Fields of a rule whose type nobody knows: misspelt ones always, all others when it is asked for.

Real rules name many fields that no list has (of integrations, of one's own data), so that every unknown name would
be noise. What is told in any case is what looks like a mistake: a name one or two letters beside a known one, and a
name below a field set that ECS describes completely (`process.nmae`, `event.typ`). See docs/decisions/0101.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from samefire.fields import FieldTypes
from samefire.problems import Problem, Severity
from samefire.query import detection as bodies
from samefire.query.ast import FieldsCompare, Leaf, Node, Script, expression_fields, walk
from samefire.query.detection import Body, Pipeline
from samefire.rule import Rule
from samefire.rulequery import Beside, query_fields
from samefire.source import Source, Span

_OPEN = frozenset({"labels", "http.request.headers", "http.response.headers", "gen_ai"})
"""What ECS leaves to its users, or has only begun to describe."""

_ONE_FIELD = (
    "event_category_override",
    "timestamp_field",
    "tiebreaker_field",
    "timestamp_override",
    "rule_name_override",
)
"""Keys that name one field."""
NOTHING = Beside()
Place = tuple[str, Source, Span]


def unknown_fields(
    rule: Rule, fields: FieldTypes, body: Body | None, beside: Beside = NOTHING, *, strict: bool
) -> Iterator[Problem]:
    """Fields that no layer of field types lists, each at its first place: with `strict` every one, as an error;
    without, as a warning, those that look misspelt. `body`: what the query means, when it can be read; `beside`: what
    the rule asks beside it."""
    found: dict[str, Place] = {}
    for place in (*_in_query(rule, fields, body), *_beside(rule, beside), *_in_keys(rule)):
        found.setdefault(place[0], place)
    for name, source, span in found.values():
        if _is_known(name, fields):
            continue
        near = near_name(name, fields)
        if not strict and near is None and not _in_ecs(name):
            continue
        near = near or _like(name, fields)
        hint = f"did you mean `{near}`?" if near else "add its type to `fields/`"
        severity = Severity.ERROR if strict else Severity.WARNING
        message = f"the type of `{name}` is not known"
        yield Problem("query-unknown-field", message, source, span, severity, hint)


def _is_known(name: str, fields: FieldTypes) -> bool:
    """Whether there is nothing to say of a name: some layer lists it, or it is a pattern."""
    return not name or "*" in name or fields.get(name) is not None or fields.is_object(name)


# ---- where fields are named -----------------------------------------------------------------------------


def _in_query(rule: Rule, fields: FieldTypes, body: Body | None) -> Iterator[Place]:
    """The fields of the query in order of writing."""
    if body is None:
        return
    source = rule.string("rule", "query")
    named = {(name, span) for name, span in _named(body, fields) if not _is_known(name, fields)}
    placed = sorted((_within(name, span, source.text), name) for name, span in named)
    yield from ((name, source, span) for span, name in placed)
    told = {name for _, name in placed}
    if not isinstance(body, Pipeline):
        for name in query_fields(rule, fields):
            if name not in told and not _is_known(name, fields):
                yield name, source, _within(name, Span(0, len(source.text)), source.text)


def _named(body: Body, fields: FieldTypes) -> Iterator[tuple[str, Span]]:
    match body:
        case bodies.Sequence(stages=stages, until=until):
            yield from _of_stages((*stages, until) if until else stages)
        case bodies.Sample(stages=stages):
            yield from _of_stages(stages)
        case Pipeline():
            from samefire.query.columns import read_columns

            yield from read_columns(body)
        case bodies.Correlation() | bodies.AnomalyThreshold():
            return
        case _:
            yield from _of_node(body.where)


def _of_stages(stages: Iterable[bodies.Stage]) -> Iterator[tuple[str, Span]]:
    for stage in stages:
        yield from _of_node(stage.where)
        yield from ((key.field, key.span) for key in stage.keys)


def _of_node(node: Node) -> Iterator[tuple[str, Span]]:
    for part in walk(node):
        match part:
            case Leaf(field=name, span=span):
                yield name, span
            case FieldsCompare(left=left, right=right, span=span):
                yield from ((left, span), (right, span))
            case Script(expression=expression):
                yield from ((f.field, f.span) for f in expression_fields(expression))
            case _:
                pass


def _within(name: str, span: Span, text: str) -> Span:
    """Where the name of a clause's field is written: in the clause, or (the span may be a value's) last before it;
    the whole name, or (inside a nested group) the longest end of it."""
    parts = name.split(".")
    for skipped in range(len(parts)):
        end = re.compile(rf"(?<![\w.-]){re.escape('.'.join(parts[skipped:]))}(?![\w-]|\.\w)")
        found = end.search(text, span.start, span.end) if span.end else end.search(text)
        found = found or next(reversed(list(end.finditer(text, 0, span.start))), None)
        if found:
            return Span(*found.span())
    return span


def _beside(rule: Rule, beside: Beside) -> Iterator[Place]:
    """The fields of filters and of the query for indicators."""
    for node in (*beside.filters, *beside.threat_filters):
        for name, span in _of_node(node):
            at = rule.source.text.find(name, span.start)
            yield name, rule.source, Span(at, at + len(name)) if at >= 0 else span
    if isinstance(beside.threat_query, bodies.EventQuery):
        source = rule.string("rule", "threat_query")
        for name, span in _of_node(beside.threat_query.where):
            yield name, source, _within(name, span, source.text)


def _in_keys(rule: Rule) -> Iterator[Place]:
    """The fields that a rule's other keys name."""
    for path in _paths(rule):
        value: object = rule.contents
        for key in path:
            value = value[key]  # type: ignore[index]
        if isinstance(value, str):
            yield value, rule.source, rule.value_span("rule", *path)


def _paths(rule: Rule) -> Iterator[tuple[str | int, ...]]:
    contents = rule.contents
    threshold = contents.get("threshold", {})
    yield from (("threshold", "field", i) for i in range(len(threshold.get("field", ()))))
    yield from (
        ("threshold", "cardinality", i, "field") for i in range(len(threshold.get("cardinality", ())))
    )
    yield from ((key,) for key in _ONE_FIELD if key in contents)
    for mapping in ("severity_mapping", "risk_score_mapping"):
        yield from ((mapping, i, "field") for i in range(len(contents.get(mapping, ()))))
    yield from (("new_terms", "value", i) for i in range(len(contents.get("new_terms", {}).get("value", ()))))
    yield from (("new_terms_fields", i) for i in range(len(contents.get("new_terms_fields", ()))))
    if rule.type not in ("esql", "machine_learning"):  # whose alerts have columns and fields of their own
        grouped = contents.get("alert_suppression", {}).get("group_by", ())
        yield from (("alert_suppression", "group_by", i) for i in range(len(grouped)))
    for i, group in enumerate(contents.get("threat_mapping", ())):
        yield from (("threat_mapping", i, "entries", j, "field") for j in range(len(group["entries"])))


# ---- what looks misspelt --------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def near_name(name: str, fields: FieldTypes) -> str | None:
    """The one listed field that the name is a slip of the pen away from: one letter, or two in a long name."""
    most = 2 if len(name) >= 12 else 1
    root = name[:2]
    close = [n for n in fields if abs(len(n) - len(name)) <= most and (n[:2] == root or name[2:4] in n[1:6])]
    found = [(distance, n) for n in close if (distance := steps(name, n, most)) <= most]
    return min(found)[1] if found else None


@lru_cache(maxsize=4096)
def _like(name: str, fields: FieldTypes) -> str | None:
    """A listed field that says nearly the same (`process.cmdline`, `process.command_line`)."""
    from difflib import SequenceMatcher

    near = fields.nearest(name)
    return near if near and SequenceMatcher(None, name, near).ratio() >= 0.85 else None


def steps(one: str, other: str, most: int) -> int:
    """Letters to change, add, leave out or swap with their neighbour; more than `most` is not counted further."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before = before, row
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _in_ecs(name: str) -> bool:
    """Whether the name lies in a field set of ECS, which lists all that there is."""
    if any(name == each or name.startswith(each + ".") for each in _OPEN):
        return False
    return "." in name and name.partition(".")[0] in _field_sets()


@cache
def _field_sets() -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in FieldTypes.ecs() if "." in name)
