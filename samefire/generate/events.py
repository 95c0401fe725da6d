"""Whole events from a tree: every way to satisfy it, every clause just missed, and anything near it.

Builds by walking the tree; whether an event really fires is asked of the engine, so what is given as positive
is positive. Values come from `values.py` and `typical.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, assert_never

from samefire.engine.events import Events
from samefire.engine.match import Plan
from samefire.fields import FieldTypes
from samefire.generate.typical import typical
from samefire.generate.values import failing, odd, passing
from samefire.query.ast import (
    And,
    AnyField,
    AtLeast,
    Call,
    Constant,
    Exists,
    Expression,
    Fails,
    FieldPattern,
    FieldsCompare,
    Leaf,
    Nested,
    Node,
    Not,
    Or,
    Script,
    Wild,
    expression_fields,
    walk,
)

TRIES = 24
Flat = dict[str, Any]
"""An event by dotted names."""


@dataclass(frozen=True, slots=True)
class Generated:
    """One event (nested, as Elasticsearch holds it) and in a few words what it is for. `span` is the clause of
    the query that it is about."""

    event: Mapping[str, Any]
    about: str
    leaf: Node | None = None


def positives(node: Node, fields: FieldTypes, *, seed: int = 0, limit: int = 64) -> list[Generated]:
    """Events that satisfy the query: one for each alternative that it names, as far as one can be built."""
    return _positives(node, fields, Judge(), seed, limit)


def near_misses(node: Node, fields: FieldTypes, *, seed: int = 0, limit: int = 256) -> list[Generated]:
    """Events that satisfy all of the query but one clause, and each exclusion of the query met."""
    judge = Judge()
    return _near_misses(node, fields, judge, _positives(node, fields, judge, seed, 16), seed, limit)


def variations(node: Node, fields: FieldTypes, *, count: int = 200, seed: int = 0) -> list[Mapping[str, Any]]:
    """`count` events near the query: positives, near misses, and values of its clauses thrown together, with
    lists, missing fields, other types and plain wildcards among them."""
    rng, judge = Random(f"{seed}:variations"), Judge()
    good = _positives(node, fields, judge, seed, count // 4)
    near = _near_misses(node, fields, judge, good[:16], seed, count // 4)
    right, pools = _pools(node, fields, rng)
    single = scripted(node)
    events: list[Mapping[str, Any]] = [copy.deepcopy(dict(made.event)) for made in [*good, *near]]
    while len(events) < count:
        if good and rng.random() < 0.8:
            flat = flattened(rng.choice(good).event)
            flat = _changed(flat, right if rng.random() < 0.6 else pools, fields, rng)
        else:
            flat = _thrown(pools, fields, rng)
        for name in single & flat.keys():
            flat[name] = flat[name][0] if isinstance(flat[name], list) else flat[name]
        events.append(nested(flat))
    return events


class Judge:
    """Asks the engine whether an event satisfies a node; what was made ready for a node is kept."""

    def __init__(self) -> None:
        self._plans: dict[int, tuple[Node, Plan]] = {}

    def fires(self, node: Node, event: Mapping[str, Any]) -> bool:
        return bool(self.firing(node, [event]))

    def firing(self, node: Node, events: list[Mapping[str, Any]]) -> set[int]:
        """The ordinals of the events that satisfy the node."""
        known = self._plans.get(id(node))
        if known is None:
            known = self._plans[id(node)] = (node, Plan([node]))
        return set(known[1].run(Events.of(events)).ordinals[0])


def _positives(node: Node, fields: FieldTypes, judge: Judge, seed: int, limit: int) -> list[Generated]:
    found: dict[str, Generated] = {}
    single = scripted(node)
    for target in _alternatives(node):
        for attempt in range(TRIES):
            rng = Random(f"{seed}:{attempt}:{len(found)}")
            builder = _Builder(fields, rng, judge, target=target, plain=attempt == 0, single=single)
            builder.satisfy(node)
            event = nested(builder.flat)
            if judge.fires(node, event):
                found.setdefault(repr(event), Generated(event, _about(target), target))
                break
        if len(found) >= limit:
            break
    return list(found.values())


def _near_misses(
    node: Node, fields: FieldTypes, judge: Judge, good: list[Generated], seed: int, limit: int
) -> list[Generated]:
    found: dict[str, Generated] = {}
    for positive in good:
        flat = flattened(positive.event)
        spoilt = list(_spoilt(node, flat, fields, judge, Random(f"{seed}:{len(found)}")))
        firing = judge.firing(node, [miss.event for miss in spoilt])
        for ordinal, miss in enumerate(spoilt):
            if ordinal not in firing:
                found.setdefault(repr(miss.event), miss)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


# ---- building -------------------------------------------------------------------------------------------


def _alternatives(node: Node) -> Iterator[Node | None]:
    """Each leaf that an event may satisfy to satisfy the query; None when there is none (`not x`)."""
    leaves: list[Node | None] = list(_wanted(node))
    yield from leaves or [None]


def _wanted(node: Node) -> Iterator[Node]:
    """Leaves outside of `not`, one for each alternative of an `or`; one for a query without any."""
    match node:
        case And(children=children):
            parts = [list(_wanted(child)) for child in children]
            several = [part for part in parts if len(part) > 1]
            if several:
                for part in several:
                    yield from part
            else:
                yield from next((part for part in reversed(parts) if part), [])
        case Or(children=children) | AtLeast(children=children):
            for child in children:
                yield from _wanted(child)
        case Nested(child=child):
            yield from _wanted(child)
        case Not():
            return
        case _:
            yield node


def scripted(node: Node) -> frozenset[str]:
    """The fields that scripts read: of a list they see one value, so lists are no test of them."""
    scripts = [part.expression for part in walk(node) if isinstance(part, Script)]
    return frozenset(read.reads for script in scripts for read in expression_fields(script))


class _Builder:
    """Fills an event so that a tree becomes true, going through `target` where there is a choice."""

    def __init__(
        self,
        fields: FieldTypes,
        rng: Random,
        judge: Judge,
        *,
        target: Node | None = None,
        plain: bool = True,
        single: frozenset[str] = frozenset(),
    ) -> None:
        self.judge = judge
        self.single = single
        self.fields = fields
        self.rng = rng
        self.target = target
        self.plain = plain
        self.flat: Flat = {"@timestamp": "2026-03-02T09:15:00.000Z"}

    def satisfy(self, node: Node) -> None:
        match node:
            case And(children=children):
                for child in sorted(children, key=lambda c: isinstance(c, Not)):
                    self.satisfy(child)
            case Or(children=children):
                if children:
                    self.satisfy(self.choose(children))
            case AtLeast(children=children, count=count):
                for child in children[: max(count, 0)]:
                    self.satisfy(child)
            case Not(child=child):
                self.avoid(child)
            case Nested(path=path, child=child):
                self.flat[path] = [self.inner(path, child)]
            case _:
                self.leaf(node)

    def choose(self, children: tuple[Node, ...]) -> Node:
        """The child with the target, else the first (plain) or any."""
        for child in children:
            if any(part is self.target for part in walk(child)):
                return child
        return children[0] if self.plain else self.rng.choice(children)

    def inner(self, path: str, child: Node) -> Flat:
        builder = _Builder(
            self.fields, self.rng, self.judge, target=self.target, plain=self.plain, single=self.single
        )
        builder.flat = {}
        builder.satisfy(child)
        return {name.removeprefix(f"{path}."): value for name, value in builder.flat.items()}

    def leaf(self, node: Node) -> None:
        match node:
            case Leaf():
                self.put(node.reads, self.value(node))
            case FieldPattern(pattern=pattern, test=test):
                name = "".join(p if isinstance(p, str) else "x" for p in pattern)
                self.put(name, self.pick(passing(test, self.rng)) or "x")
            case AnyField(test=test):
                self.put("message", self.pick(passing(test, self.rng)) or "x")
            case FieldsCompare(left=left, right=right):
                value = typical(left, self.fields, self.rng)
                self.put(left, value)
                self.put(right, value)
            case Script(expression=expression):
                self.script(expression)
            case _:
                return

    def value(self, node: Leaf) -> Any:
        """A value that passes; what already stands there when that does."""
        known = self.flat.get(node.reads)
        if known is not None and self.judge.fires(node, {node.reads: known}):
            return None
        candidates = passing(node.test, self.rng)
        return self.pick(candidates) if candidates else typical(node.reads, self.fields, self.rng)

    def pick(self, candidates: list[Any]) -> Any:
        if not candidates:
            return None
        return candidates[0] if self.plain else self.rng.choice(candidates)

    def put(self, name: str, value: Any) -> None:
        """A second value of a field makes it a list: any of them may satisfy a clause. A script looks at the
        first one alone."""
        if value is None:
            return
        if name not in self.flat or name in self.single:
            self.flat[name] = value
        else:
            known = self.flat[name]
            self.flat[name] = [*known, value] if isinstance(known, list) else [known, value]

    def script(self, expression: Expression) -> None:
        """Values around the constants that the script compares with."""
        constants = [c for c in constants_of(expression) if c is not None]
        for read in expression_fields(expression):
            if read.reads in self.flat and self.plain:
                continue
            self.flat[read.reads] = _scripted(read.type, constants, read.reads, self.fields, self.rng)

    def avoid(self, node: Node) -> None:
        """Leave the node false: a missing field usually does; what stands there is replaced."""
        match node:
            case Not(child=child):
                self.satisfy(child)
            case Or(children=children):
                for child in children:
                    self.avoid(child)
            case And(children=children) if children:
                if self.judge.fires(node, self.flat):
                    self.avoid(self.rng.choice(children))
            case Leaf():
                if self.judge.fires(node, self.flat):
                    near = [value for _, value in failing(node.test, self.rng)]
                    self.flat.pop(node.reads, None)
                    if near and self.rng.random() < 0.5:
                        self.flat[node.reads] = self.rng.choice(near)
            case _:
                return


def constants_of(expression: Expression) -> Iterator[Any]:
    """The constants of a script, in order of writing."""
    match expression:
        case Constant(value=value):
            yield value
        case Call(arguments=arguments):
            for argument in arguments:
                yield from constants_of(argument)
        case _:
            return


def _scripted(kind: str, constants: list[Any], name: str, fields: FieldTypes, rng: Random) -> Any:
    """A value that the script may be about: a text of a length or with a part that it names, a number near."""
    texts = [c for c in constants if isinstance(c, str)]
    numbers = [c for c in constants if isinstance(c, int | float) and not isinstance(c, bool)]
    if kind in ("keyword", "wildcard", "text", "match_only_text", "dynamic"):
        choices: list[Any] = list(texts) + [f"x{t}" for t in texts] + [f"{t}x" for t in texts]
        choices += ["x" * max(0, min(int(n) + step, 5000)) for n in numbers for step in (-1, 0, 1)]
        choices += [t.swapcase() for t in texts]
    else:
        choices = [n + step for n in numbers for step in (-1, 0, 1)]
    return rng.choice(choices) if choices else typical(name, fields, rng)


# ---- spoiling -------------------------------------------------------------------------------------------


def _spoilt(node: Node, flat: Flat, fields: FieldTypes, judge: Judge, rng: Random) -> Iterator[Generated]:
    """The event with one wanted clause missed, or one exclusion met."""
    for leaf, wanted in _clauses(node, True):
        if not isinstance(leaf, Leaf) or leaf.reads.startswith("@timestamp"):
            continue
        if wanted and judge.fires(leaf, flat):
            yield Generated(
                nested({k: v for k, v in flat.items() if k != leaf.reads}), f"{leaf.reads}: missing", leaf
            )
            for what, value in failing(leaf.test, rng):
                yield Generated(nested({**flat, leaf.reads: value}), f"{leaf.reads}: {what}", leaf)
        elif not wanted:
            for value in passing(leaf.test, rng)[:2] or [typical(leaf.reads, fields, rng)]:
                yield Generated(nested({**flat, leaf.reads: value}), f"{leaf.reads}: excluded", leaf)
    for excluded in _exclusions(node):
        builder = _Builder(fields, rng, judge)
        builder.satisfy(excluded)
        yield Generated(nested({**flat, **builder.flat}), "an exclusion met", excluded)


def _clauses(node: Node, wanted: bool) -> Iterator[tuple[Node, bool]]:
    match node:
        case And(children=children) | Or(children=children) | AtLeast(children=children):
            for child in children:
                yield from _clauses(child, wanted)
        case Not(child=child):
            yield from _clauses(child, not wanted)
        case _:
            yield node, wanted


def _exclusions(node: Node) -> Iterator[Node]:
    """What stands below a `not`, as a whole."""
    for part in walk(node):
        if isinstance(part, Not):
            yield part.child


# ---- shaking --------------------------------------------------------------------------------------------


Pools = dict[str, list[Any]]


def _pools(node: Node, fields: FieldTypes, rng: Random) -> tuple[Pools, Pools]:
    """For each field of the query the values that some clause wants, and those with the nearly right ones."""
    right: Pools = {}
    wrong: Pools = {}
    for part in walk(node):
        match part:
            case Leaf():
                right.setdefault(part.reads, []).extend(passing(part.test, rng))
                wrong.setdefault(part.reads, []).extend(value for _, value in failing(part.test, rng))
            case FieldsCompare(left=left, right=other):
                for name in (left, other):
                    right.setdefault(name, []).extend(("same", "SAME", typical(name, fields, rng)))
            case Script(expression=expression):
                constants = list(constants_of(expression))
                for read in expression_fields(expression):
                    pool = right.setdefault(read.reads, [])
                    pool += [_scripted(read.type, constants, read.reads, fields, rng) for _ in range(6)]
            case AnyField(test=test):
                right.setdefault("message", []).extend(passing(test, rng))
            case FieldPattern(pattern=pattern, test=test):
                name = "".join(p if isinstance(p, str) else "x" for p in pattern)
                right.setdefault(name, []).extend(passing(test, rng))
            case And() | Or() | Not() | AtLeast() | Nested() | Fails():
                continue
            case _:
                assert_never(part)
    whole = {name: list(_distinct([*pool, *wrong.get(name, ())])) for name, pool in right.items()}
    usual = {name: [typical(name, fields, rng)] for name in right}
    return (
        {name: list(_distinct(pool)) or usual[name] for name, pool in right.items()},
        {name: pool or usual[name] for name, pool in whole.items()},
    )


def _distinct(values: Iterable[Any]) -> Iterator[Any]:
    seen: set[str] = set()
    for value in values:
        if (key := repr(value)) not in seen:
            seen.add(key)
            yield value


def _changed(flat: Flat, pools: Pools, fields: FieldTypes, rng: Random) -> Flat:
    """The event with one to three of the query's fields changed."""
    names = sorted(pools)
    chosen = rng.sample(names, min(len(names), rng.randint(1, 3)))
    for name in chosen:
        _set(flat, name, pools[name], fields, rng)
    return flat


def _thrown(pools: Pools, fields: FieldTypes, rng: Random) -> Flat:
    """An event with most of the query's fields set to anything of theirs."""
    flat: Flat = {"@timestamp": "2026-03-02T09:15:00.000Z"}
    for name, pool in pools.items():
        if rng.random() < 0.85:
            _set(flat, name, pool, fields, rng)
    return flat


def _set(flat: Flat, name: str, pool: list[Any], fields: FieldTypes, rng: Random) -> None:
    roll = rng.random()
    if roll < 0.08:
        flat.pop(name, None)
    elif roll < 0.23:
        flat[name] = [rng.choice(pool) for _ in range(rng.randint(1, 3))]
    elif roll < 0.3 and _takes_text(name, fields):
        flat[name] = odd(rng)
    else:
        flat[name] = rng.choice(pool)


def _takes_text(name: str, fields: FieldTypes) -> bool:
    """Whether any text may be indexed in the field: Elasticsearch refuses `x` in a number."""
    kind = fields.get(name)
    return kind is None or kind.type in (
        "keyword",
        "wildcard",
        "constant_keyword",
        "dynamic",
        "flattened-key",
    )


# ---- shapes ---------------------------------------------------------------------------------------------


def nested(flat: Flat) -> dict[str, Any]:
    """Dotted names as objects; a name that another value stands in the way of keeps its dots."""
    document: dict[str, Any] = {}
    for name in sorted(flat, key=lambda n: (n.count("."), n)):
        *path, last = name.split(".")
        place = document
        for at, part in enumerate(path):
            below = place.setdefault(part, {})
            if not isinstance(below, dict):
                place[".".join([*path[at:], last])] = flat[name]
                break
            place = below
        else:
            place[last] = flat[name]
    return document


def flattened(event: Mapping[str, Any], prefix: str = "") -> Flat:
    """Objects as dotted names; lists stay as they are."""
    flat: Flat = {}
    for key, value in event.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _about(target: Node | None) -> str:
    match target:
        case Leaf(field=field, test=Exists()):
            return f"{field} exists"
        case Leaf(field=field, test=test):
            return f"{field}: {_shown(test)}"
        case None:
            return "nothing excluded"
        case _:
            return type(target).__name__


def _shown(test: Any) -> str:
    for name in ("value", "pattern", "tokens", "low"):
        value = getattr(test, name, None)
        if isinstance(value, tuple):
            return "".join(p.value if isinstance(p, Wild) else str(p) for p in value)
        if value is not None:
            return str(value)
    return type(test).__name__
