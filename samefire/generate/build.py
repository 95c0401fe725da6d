"""One event that makes a tree true, by walking it; and the judge who says whether it does.

What the events are for is left to `events.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import Plan
from samefire.fields import FieldTypes
from samefire.generate.typical import holdable, typical
from samefire.generate.values import failing, passing
from samefire.query.ast import (
    And,
    AnyField,
    AtLeast,
    Call,
    Constant,
    Expression,
    FieldPattern,
    FieldsCompare,
    Leaf,
    Nested,
    Node,
    Not,
    Or,
    Script,
    expression_fields,
    walk,
)

Flat = dict[str, Any]
"""An event by dotted names."""


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


def scripted(node: Node) -> frozenset[str]:
    """The fields that scripts read: of a list they see one value, so lists are no test of them."""
    scripts = [part.expression for part in walk(node) if isinstance(part, Script)]
    return frozenset(read.reads for script in scripts for read in expression_fields(script))


class Builder:
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
        builder = Builder(
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
            self.flat[read.reads] = value_for_script(read.type, constants, read.reads, self.fields, self.rng)

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
                    near = [
                        v for _, v in failing(node.test, self.rng) if holdable(node.reads, v, self.fields)
                    ]
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


def value_for_script(kind: str, constants: list[Any], name: str, fields: FieldTypes, rng: Random) -> Any:
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
