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

from samefire.fields import FieldTypes
from samefire.generate.build import (
    Builder,
    Flat,
    Judge,
    constants_of,
    flattened,
    nested,
    scripted,
    value_for_script,
)
from samefire.generate.typical import holdable, typical
from samefire.generate.values import failing, odd, passing
from samefire.query.ast import (
    And,
    AnyField,
    AtLeast,
    Exists,
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


def _positives(node: Node, fields: FieldTypes, judge: Judge, seed: int, limit: int) -> list[Generated]:
    found: dict[str, Generated] = {}
    single = scripted(node)
    for target in _alternatives(node):
        for attempt in range(TRIES):
            rng = Random(f"{seed}:{attempt}:{len(found)}")
            builder = Builder(fields, rng, judge, target=target, plain=attempt == 0, single=single)
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
                if not holdable(leaf.reads, value, fields):
                    continue
                yield Generated(nested({**flat, leaf.reads: value}), f"{leaf.reads}: {what}", leaf)
        elif not wanted:
            for value in passing(leaf.test, rng)[:2] or [typical(leaf.reads, fields, rng)]:
                yield Generated(nested({**flat, leaf.reads: value}), f"{leaf.reads}: excluded", leaf)
    for excluded in _exclusions(node):
        builder = Builder(fields, rng, judge)
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
                    pool += [
                        value_for_script(read.type, constants, read.reads, fields, rng) for _ in range(6)
                    ]
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
    whole = {name: [v for v in pool if holdable(name, v, fields)] for name, pool in whole.items()}
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
