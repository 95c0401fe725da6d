"""What a field may hold so that some clauses on it are true and others are not.

A `Group` is one field, or the fields that scripts bind together, with all clauses about them; its candidates are
made once and judged by the engine in one go. Which clauses must hold is up to `solve.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, islice
from random import Random
from typing import Any

from samefire.engine.circuit import Circuit
from samefire.fields import FieldTypes
from samefire.generate.build import Builder, Flat, Judge, constants_of, nested, value_for_script
from samefire.generate.moments import moments
from samefire.generate.natural import natural, usual
from samefire.generate.values import failing, passing
from samefire.query.ast import (
    AnyField,
    Exists,
    FieldPattern,
    FieldsCompare,
    Leaf,
    Nested,
    Node,
    Script,
    Wild,
    Wildcard,
    expression_fields,
)

SAMPLES = 240
"""Values tried together for fields that scripts bind."""
MANY = 60
"""Clauses on one field from which on each is given two values only."""
PAIRED = 5
"""Patterns on one bound field that are put together in pairs."""
MISSING = "missing"
RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Values of a group's fields (a field that is not named is missing), the clauses that they satisfy, and
    what they are: `right`, `usual`, `missing`, or what is off (`another case`)."""

    flat: Flat
    truth: int
    what: str
    of: int = -1  # the clause that a value which is off was made of


@dataclass
class Group:
    """Fields, the numbers of the clauses on them, and candidates, plainest first."""

    names: tuple[str, ...]
    atoms: tuple[int, ...]
    lists: bool
    candidates: list[Candidate] = field(default_factory=list)
    known: dict[tuple[int, int], Candidate | None] = field(default_factory=dict)

    @cached_property
    def mask(self) -> int:
        """The clauses on the fields."""
        return sum(1 << number for number in self.atoms)


class Pools:
    """The groups of a circuit."""

    def __init__(
        self, circuit: Circuit, fields: FieldTypes, seed: int, now: int, recorded: Flat | None = None
    ) -> None:
        self.circuit = circuit
        self.recorded = recorded or {}
        self.fields = fields
        self.rng = Random(f"{seed}:pools")
        self.now = now
        self._judge = Judge()
        self.groups: dict[int, Group] = {}
        for group in self._grouped():
            for number in group.atoms:
                self.groups[number] = group

    def _grouped(self) -> Iterator[Group]:
        """Clauses by their fields; a clause on several fields binds them together."""
        named = [self.names(node) for node in self.circuit.atoms]
        lead: dict[str, str] = {}

        def first(name: str) -> str:
            while lead.setdefault(name, name) != name:
                name = lead[name]
            return name

        for names in named:
            for name in names[1:]:
                lead[first(name)] = first(names[0])
        members: dict[str, list[int]] = {}
        for number, names in enumerate(named):
            members.setdefault(first(names[0]) if names else "", []).append(number)
        for numbers in members.values():
            together = tuple(dict.fromkeys(name for number in numbers for name in named[number]))
            yield Group(together, tuple(numbers), self.lists(together, numbers))

    def names(self, node: Any) -> tuple[str, ...]:
        """The document fields that a clause is about."""
        return names_of(node)

    def lists(self, names: tuple[str, ...], numbers: Sequence[int]) -> bool:
        """Whether a list of values satisfies what any of them does: not for scripts and nested objects."""
        bound = any(isinstance(self.circuit.atoms[n], Script | Nested) for n in numbers)
        return len(names) == 1 and not bound

    def candidates(self, number: int) -> list[Candidate]:
        """The candidates of the group of a clause."""
        group = self.groups[number]
        if not group.candidates:
            known = {name: self.recorded[name] for name in group.names if name in self.recorded}
            made = [(known, RECORDED, -1)] if known else []
            made += self._single(group) if len(group.names) == 1 else []
            if not group.lists:
                made += list(self._sampled(group))
            made.append(({}, MISSING, -1))
            group.candidates = self.judged(group, made)
        return group.candidates

    def judged(self, group: Group, made: Sequence[tuple[Flat, str, int]]) -> list[Candidate]:
        """Candidates with what the engine says of them; the first of those that are the same."""
        known: set[str] = set()
        kept = [one for one in made if not (repr(one[0]) in known or known.add(repr(one[0])))]  # type: ignore[func-returns-value]
        truths = self.circuit.truths([nested(flat) for flat, _, _ in kept], self.now)
        mask = group.mask
        return [Candidate(f, truth & mask, w, of) for (f, w, of), truth in zip(kept, truths, strict=True)]

    def _single(self, group: Group) -> Iterator[tuple[Flat, str, int]]:
        name = group.names[0]
        most = MANY if len(group.atoms) < MANY else 2
        for number in group.atoms:
            node = self.circuit.atoms[number]
            test = getattr(node, "test", None)
            if test is not None:
                for value in [*natural(test, name), *passing(test, self.rng)][:most]:
                    yield {name: value}, "right", number
                for value in moments(test, self.now):
                    yield {name: value}, "right", number
            elif isinstance(node, Nested):
                yield {name: self._inner(node)}, "right", number
        for value in usual(name, self.fields):
            yield {name: value}, "usual", -1
        for number in group.atoms:
            test = getattr(self.circuit.atoms[number], "test", None)
            if test is not None:
                for what, value in failing(test, self.rng)[:most]:
                    yield {name: value}, what, number

    def _inner(self, node: Nested) -> list[Flat]:
        builder = Builder(self.fields, self.rng, self._judge)
        return [nested(builder.inner(node.path, node.child))]

    def _sampled(self, group: Group) -> Iterator[tuple[Flat, str, int]]:
        """Values of bound fields, thrown together from what their clauses name."""
        pools = {name: self._pool(group, name) for name in group.names}
        for _ in range(SAMPLES):
            flat: Flat = {}
            for name, pool in pools.items():
                if self.rng.random() < 0.93:
                    flat[name] = self.rng.choice(pool)
            if len(flat) > 1:
                self._related(flat)
            yield flat, "right", -1

    def _related(self, flat: Flat) -> None:
        """Sometimes one value of all fields, or of one field that another's is a part of."""
        roll = self.rng.random()
        if roll < 0.2:
            flat |= dict.fromkeys(flat, self.rng.choice(list(flat.values())))
        elif roll < 0.45:
            whole, part = self.rng.sample(list(flat), 2)
            if isinstance(flat[part], str):
                flat[whole] = self.rng.choice(("a@{}", "{}/a", "{}", "run {} now")).format(flat[part])

    def _pool(self, group: Group, name: str) -> list[Any]:
        """What one bound field may hold."""
        pool: list[Any] = list(usual(name, self.fields))
        for number in group.atoms:
            node = self.circuit.atoms[number]
            match node:
                case Leaf(test=test) if node.reads == name:
                    pool += [*natural(test, name), *passing(test, self.rng)]
                    pool += [value for _, value in failing(test, self.rng)][:4]
                case Script(expression=expression):
                    constants = list(constants_of(expression))
                    for read in expression_fields(expression):
                        if read.reads == name:
                            pool += [
                                value_for_script(read.type, constants, name, self.fields, self.rng)
                                for _ in range(16)
                            ]
                case _:
                    continue
        pool += self._together(group, name)
        return list({repr(value): value for value in pool}.values()) or ["x"]

    def _together(self, group: Group, name: str) -> Iterator[str]:
        """Texts that fit two patterns on one bound field at once: a script reads one value."""
        nodes = (self.circuit.atoms[number] for number in group.atoms)
        tests = [node.test for node in nodes if isinstance(node, Leaf) and node.reads == name]
        patterns = [test.pattern for test in tests if isinstance(test, Wildcard)][:PAIRED]
        for pair in combinations(patterns, 2):
            yield from islice(merged(pair), 2)

    # ---- choosing

    def choose(self, group: Group, true: int, false: int) -> Candidate | None:
        """The plainest candidate that satisfies the clauses in `true` and none in `false`; several values in
        a list when one cannot. None: there is none."""
        key = (true, false)
        if key not in group.known:
            group.known[key] = self._choose(group, true, false)
        return group.known[key]

    def _choose(self, group: Group, true: int, false: int) -> Candidate | None:
        every = self.candidates(group.atoms[0])
        first = every[0]
        if first.what == RECORDED and first.truth & true == true and not first.truth & false:
            return first
        if true.bit_count() == 1:
            number = true.bit_length() - 1
            own = (c for c in every if c.of == number and c.truth & true and not c.truth & false)
            if (found := next(own, None)) is not None:
                return found
        fitting = [c for c in every if not c.truth & false]
        if not true:
            missing = next((c for c in fitting if c.what == MISSING), None)
            return missing or next(iter(sorted(fitting, key=lambda c: c.what != "usual")), None)
        single = next((c for c in fitting if c.truth & true == true), None)
        if single is not None or not group.lists:
            return single
        return self._merged(group, true, false) or _listed(group, fitting, true)

    def _merged(self, group: Group, true: int, false: int) -> Candidate | None:
        """One text that fits several patterns: their literal parts one after the other."""
        name = group.names[0]
        nodes = [self.circuit.atoms[n] for n in group.atoms if true >> n & 1]
        tests = [node.test for node in nodes if isinstance(node, Leaf)]
        patterns = [test.pattern for test in tests if isinstance(test, Wildcard)]
        if len(patterns) < 2 or len(patterns) + sum(isinstance(t, Exists) for t in tests) < len(tests):
            return None
        made = [({name: text}, "right", -1) for text in merged(patterns)]
        fits = (c for c in self.judged(group, made) if c.truth & true == true and not c.truth & false)
        return next(fits, None)


def _listed(group: Group, fitting: Sequence[Candidate], true: int) -> Candidate | None:
    """A list of values that together satisfy the clauses."""
    name, values, truth = group.names[0], [], 0
    for one in sorted(fitting, key=lambda c: -(c.truth & true).bit_count()):
        if one.truth & true & ~truth and name in one.flat:
            values.append(one.flat[name])
            truth |= one.truth
    return Candidate({name: values}, truth, "right") if truth & true == true else None


def merged(patterns: Sequence[tuple[str | Wild, ...]]) -> Iterator[str]:
    """Texts that may fit all of the patterns: their beginnings, then what is in the middle, then their ends."""

    def literal(piece: str | Wild) -> str:
        return piece if isinstance(piece, str) else "" if piece is Wild.MANY else "x"

    starts = max(("".join(map(literal, _until(p))) for p in patterns), key=len)
    ends = max(("".join(map(literal, reversed(_until(tuple(reversed(p)))))) for p in patterns), key=len)
    middles = [
        "".join(map(literal, p))
        for p in patterns
        if len(p) > 1 and Wild.MANY in (p[0], p[-1]) and "".join(map(literal, p)) not in (starts, ends)
    ]
    for glue in (" ", "", "x"):
        yield glue.join([starts, *middles, ends]).strip()
        yield starts + glue.join(middles) + ends
        yield starts + glue.join(reversed(middles)) + ends


def _until(pattern: tuple[str | Wild, ...]) -> tuple[str | Wild, ...]:
    """What stands before the first run of anything."""
    at = next((i for i, piece in enumerate(pattern) if piece is Wild.MANY), len(pattern))
    return pattern[:at]


def names_of(node: Node) -> tuple[str, ...]:
    """The document fields that a clause is about; for any field, the one that a value is put in."""
    match node:
        case Leaf():
            return (node.reads,)
        case FieldsCompare(left=left, right=right):
            return (left, right)
        case Script(expression=expression):
            return tuple(dict.fromkeys(read.reads for read in expression_fields(expression)))
        case FieldPattern(pattern=pattern):
            return ("".join(p if isinstance(p, str) else "x" for p in pattern),)
        case AnyField():
            return ("message",)
        case Nested(path=path):
            return (path,)
        case _:
            return ()
