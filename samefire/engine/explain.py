"""One node on one event, every part of it: what matched, what did not, and why.

Nothing is cut short, so that coverage can read every branch. `explain(...).matched` is what `match` says; a
property test holds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.events import (
    Document,
    Scalar,
    date_nanos,
    flatten,
    is_present,
    objects_at,
    values_at,
)
from samefire.engine.glob import glob
from samefire.engine.joint import joint_test
from samefire.engine.refusals import RegexRefused, RegexTooHard
from samefire.engine.values import (
    Clock,
    Predicate,
    address,
    boolean,
    ignored,
    number,
    predicate,
    text,
)
from samefire.query import ast
from samefire.query.ast import Fold, Node
from samefire.query.dates import DateError
from samefire.source import Span

MAX_OBJECTS = 16
"""Objects of a nested field that are explained one by one."""


class Reason(StrEnum):
    """Why a leaf does not match."""

    ABSENT = "absent"
    OBJECT = "object"
    DIFFERS = "differs"
    CASE = "case"
    TYPE = "type"
    TOO_LONG = "too long"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one node says of one event. `values`: what a leaf looked at. `reason`: why a leaf does not match
    (None for a match, and for logic). `children` stand in the order of the node's; a nested node has one
    for each object."""

    node: Node
    matched: bool
    children: tuple[Explanation, ...] = ()
    values: tuple[Scalar, ...] = ()
    reason: Reason | None = None

    @property
    def span(self) -> Span:
        return self.node.span


@dataclass(frozen=True, slots=True)
class Clause:
    """A part that decided: a leaf, or alternatives on one field. `excluded`: it matches and stands under a
    `not`, so that it must not; otherwise it does not match and should."""

    part: Explanation
    excluded: bool


def explain(node: Node, document: Document, context: Context | None = None) -> Explanation:
    """Every part of `node` on one event. Without `context.now` the clock is the event's own time."""
    given = context or Context()
    if given.now is None:
        stamps = (date_nanos(v) for v in values_at(document, "@timestamp") if v is not None)
        given = replace(given, now=max((s for s in stamps if s is not None), default=0))
    return _Explainer(given).explain(node, document)


class _Explainer:
    """Explains trees at one time on the clock."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clock = Clock(context.now or 0)

    def explain(self, node: Node, document: Document) -> Explanation:
        done: dict[int, Explanation] = {}
        for part in _children_first(node):
            if id(part) not in done:
                done[id(part)] = self._part(part, document, done)
        return done[id(node)]

    def _part(self, node: Node, document: Document, done: Mapping[int, Explanation]) -> Explanation:
        match node:
            case ast.And(children=children):
                parts = tuple(done[id(c)] for c in children)
                return Explanation(node, all(p.matched for p in parts), parts)
            case ast.Or(children=children):
                parts = tuple(done[id(c)] for c in children)
                return Explanation(node, any(p.matched for p in parts), parts)
            case ast.AtLeast(count=count, children=children):
                parts = tuple(done[id(c)] for c in children)
                return Explanation(node, sum(p.matched for p in parts) >= count, parts)
            case ast.Not(child=child):
                return Explanation(node, not done[id(child)].matched, (done[id(child)],))
            case ast.Nested(path=path, child=child):
                return self._nested(node, path, child, document)
            case ast.Fails():
                return Explanation(node, False, reason=Reason.REFUSED)
            case _:
                return self._leaf(node, document)

    def _nested(self, node: Node, path: str, child: Node, document: Document) -> Explanation:
        found = [self.explain(child, {path: item}) for item in objects_at(document, path)]
        kept = sorted(found, key=lambda part: not part.matched)[:MAX_OBJECTS]
        reason = None if found else Reason.ABSENT
        return Explanation(node, any(part.matched for part in found), tuple(kept), reason=reason)

    def _leaf(
        self,
        node: ast.Leaf | ast.AnyField | ast.FieldPattern | ast.FieldsCompare | ast.Script,
        document: Document,
    ) -> Explanation:
        if isinstance(node, ast.FieldsCompare | ast.Script):
            return self._joint(node, document)
        if isinstance(node, ast.Leaf) and isinstance(node.test, ast.Exists):
            return self._exists(node, node.test, document)
        values = tuple(_values(node, document))
        try:
            holds = predicate(node.test, self._clock)
            matched = any(holds(value) for value in values)
        except (RegexRefused, RegexTooHard, DateError):
            return Explanation(node, False, (), values, Reason.REFUSED)
        if matched:
            return Explanation(node, True, (), values)
        return Explanation(node, False, (), values, self._why(node, values, document))

    def _exists(self, node: ast.Leaf, test: ast.Exists, document: Document) -> Explanation:
        values = tuple(_values(node, document))
        if test.null:
            matched = is_present(document, node.reads)
        else:
            matched = any(not ignored(text(v), test.ignore_above) for v in values)
            matched = matched or (test.ignore_above is None and _is_object(document, node.reads))
        reason = None if matched else Reason.TOO_LONG if values else Reason.ABSENT
        return Explanation(node, matched, (), values, reason)

    def _joint(self, node: ast.FieldsCompare | ast.Script, document: Document) -> Explanation:
        paths = _paths(node)
        columns = [[v for v in values_at(document, path) if v is not None] for path in paths]
        values = tuple(v for column in columns for v in column)
        try:
            matched = joint_test(node, paths, self._clock.now)(columns)
        except RegexTooHard:
            return Explanation(node, False, (), values, Reason.REFUSED)
        missing = any(not column for column in columns)
        reason = None if matched else Reason.ABSENT if missing else Reason.DIFFERS
        return Explanation(node, matched, (), values, reason)

    def _why(
        self, node: ast.Leaf | ast.AnyField | ast.FieldPattern, values: Sequence[Scalar], document: Document
    ) -> Reason:
        if not values:
            there = isinstance(node, ast.Leaf) and _is_object(document, node.reads)
            return Reason.OBJECT if there else Reason.ABSENT
        test = node.test
        limit = getattr(test, "ignore_above", None)
        if all(ignored(text(value), limit) for value in values):
            return Reason.TOO_LONG
        if not any(_readable(test, value) for value in values):
            return Reason.TYPE
        caseless = _caseless(test, self._clock)
        return Reason.CASE if caseless and any(caseless(value) for value in values) else Reason.DIFFERS


def _values(node: ast.Leaf | ast.AnyField | ast.FieldPattern, document: Document) -> Iterator[Scalar]:
    """What a leaf looks at, in the order of the document."""
    match node:
        case ast.Leaf(null_value=null):
            for value in values_at(document, node.reads):
                known = null if value is None else value
                if known is not None:
                    yield known
        case ast.AnyField(without=without):
            yield from (value for name, value in flatten(document) if name not in without)
        case ast.FieldPattern(pattern=pattern, without=without):
            fits = glob(pattern)
            yield from (value for name, value in flatten(document) if name not in without and fits(name))


def _paths(node: ast.FieldsCompare | ast.Script) -> tuple[str, ...]:
    if isinstance(node, ast.FieldsCompare):
        return (node.left, node.right)
    return tuple(dict.fromkeys(f.reads for f in ast.expression_fields(node.expression)))


def _is_object(document: Document, path: str) -> bool:
    """Whether a part of the field has a value."""
    prefix = path + "."
    return any(name.startswith(prefix) for name, _ in flatten(document))


def _readable(test: ast.Test, value: Scalar) -> bool:
    """Whether a value can be read as what the test compares."""
    match test:
        case ast.NumberIs() | ast.NumberRange():
            return number(value) is not None
        case ast.DateRange() | ast.DatePart():
            return date_nanos(value) is not None
        case ast.IpRange():
            return address(value) is not None
        case ast.BooleanIs():
            return boolean(value) is not None
        case _:
            return True


def _caseless(test: ast.Test, clock: Clock) -> Predicate | None:
    """The test with letters of either case taken for the same, when that is another test."""
    match test:
        case ast.Term() | ast.Wildcard() | ast.Regex() | ast.TokenRegex() if test.fold is not Fold.UNICODE:
            try:
                return predicate(replace(test, fold=Fold.UNICODE), clock)
            except RegexRefused:
                return None
        case _:
            return None


def _children_first(node: Node) -> Iterable[Node]:
    order: list[Node] = []
    stack = [node]
    while stack:
        current = stack.pop()
        order.append(current)
        match current:
            case ast.And(children=children) | ast.Or(children=children) | ast.AtLeast(children=children):
                stack.extend(children)
            case ast.Not(child=child):
                stack.append(child)
            case _:
                pass
    return reversed(order)


# ---- what decided -------------------------------------------------------------------------------------


def failed_clauses(explanation: Explanation) -> tuple[Clause, ...]:
    """For an event that does not match: the fewest parts that would have to be otherwise for it to match.
    Empty for one that matches."""
    return () if explanation.matched else _deciding(explanation)


def breaking_clauses(explanation: Explanation) -> tuple[Clause, ...]:
    """For an event that matches: the fewest parts that would have to be otherwise for it not to."""
    return _deciding(explanation) if explanation.matched else ()


def _deciding(explanation: Explanation) -> tuple[Clause, ...]:
    """The fewest parts whose change turns the verdict; found from the leaves up."""
    least: dict[int, tuple[Clause, ...] | None] = {}
    for part in reversed(_parents_first(explanation)):
        least[id(part)] = _turning(part, least)
    found = least[id(explanation)]
    return found if found is not None else (Clause(explanation, explanation.matched),)


def _turning(part: Explanation, least: Mapping[int, tuple[Clause, ...] | None]) -> tuple[Clause, ...] | None:
    """The clauses that turn one part; None when nothing can."""
    match part.node:
        case ast.And():
            return _enough(part, least, need_all=not part.matched)
        case ast.Or():
            if not part.matched and _one_field(part):
                return (Clause(part, False),)
            return _enough(part, least, need_all=part.matched)
        case ast.AtLeast(count=count):
            matched = sum(child.matched for child in part.children)
            needed = matched - count + 1 if part.matched else count - matched
            return _cheapest(part, least, needed)
        case ast.Not():
            return least[id(part.children[0])]
        case _:
            return (Clause(part, part.matched),)


def _enough(
    part: Explanation, least: Mapping[int, tuple[Clause, ...] | None], *, need_all: bool
) -> tuple[Clause, ...] | None:
    same = [child for child in part.children if child.matched is part.matched]
    return _cheapest(part, least, len(same) if need_all else 1)


def _cheapest(
    part: Explanation, least: Mapping[int, tuple[Clause, ...] | None], needed: int
) -> tuple[Clause, ...] | None:
    """The clauses of the `needed` children that are turned with the fewest, in order of writing."""
    options = [(i, c) for i, child in enumerate(part.children) if child.matched is part.matched
               for c in [least[id(child)]] if c is not None]  # fmt: skip
    if needed < 1 or len(options) < needed:
        return None
    chosen = sorted(sorted(options, key=lambda option: len(option[1]))[:needed])
    return tuple({id(c.part): c for _, clauses in chosen for c in clauses}.values())


def _one_field(part: Explanation) -> bool:
    """Whether all alternatives are tests on one field: they are told as one."""
    fields = {child.node.field for child in part.children if isinstance(child.node, ast.Leaf)}
    return (
        len(part.children) > 1
        and len(fields) == 1
        and all(isinstance(c.node, ast.Leaf) for c in part.children)
    )


def _parents_first(explanation: Explanation) -> list[Explanation]:
    order: list[Explanation] = []
    stack = [explanation]
    while stack:
        part = stack.pop()
        order.append(part)
        if not isinstance(part.node, ast.Nested):
            stack.extend(part.children)
    return order


def reached_branches(explanation: Explanation) -> tuple[Explanation, ...]:
    """For an event that matches: the leaves that made it match, and the `not`s that did not stop it, in order
    of writing. Empty for one that does not."""
    if not explanation.matched:
        return ()
    found: list[Explanation] = []
    stack = [explanation]
    while stack:
        part = stack.pop()
        if isinstance(part.node, ast.And | ast.Or | ast.AtLeast):
            stack.extend(reversed([child for child in part.children if child.matched]))
        else:
            found.append(part)
    return tuple(found)


def parts(explanation: Explanation) -> Iterator[Explanation]:
    """The explanation and all below it, parents first, in order of writing."""
    stack = [explanation]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(reversed(part.children))


def seen(values: Iterable[Any], limit: int = 3) -> str:
    """Values as a message shows them: the first few, cut when long."""
    shown = [_short(value) for value in values]
    more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more


def _short(value: Any) -> str:
    string = f'"{value}"' if isinstance(value, str) else text(value)
    return string if len(string) <= 80 else string[:77] + '…"'
