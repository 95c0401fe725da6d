"""The conditions that an ES|QL pipeline puts to single rows, as a circuit: which must hold, of which fields.

What stands before rows are grouped is put to each event alone: the circuit runs those commands and reads off
each condition. Values for the fields come from the constants that the query compares with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.circuit import Circuit, Event
from samefire.engine.events import Events
from samefire.engine.match import Plan
from samefire.engine.pipeline import Refusal, execute
from samefire.engine.rows.table import Setting
from samefire.fields import FieldTypes
from samefire.generate.build import Flat
from samefire.generate.clausewise import START
from samefire.generate.literals import plain, values_of
from samefire.generate.natural import natural, usual
from samefire.generate.pool import MANY, Group, Pools
from samefire.generate.shapes import Fill, dissected, grokked, grown
from samefire.generate.values import passing
from samefire.query.ast import And, Node, Not, Or
from samefire.query.detection import Pipeline
from samefire.query.pipeline import (
    Apply,
    Asked,
    ColumnValue,
    Command,
    Compute,
    Cut,
    Expand,
    Expression,
    Extract,
    Filter,
    Literal,
    Load,
    Refused,
    Relabel,
    Summarise,
    walk,
)
from samefire.source import NOWHERE, Span

MIXED = 300
"""Texts that are put together for conditions on one field."""
Shape = tuple[str, bool]
"""A pattern that a text is taken apart by, and whether it is one of GROK."""


@dataclass(frozen=True, slots=True)
class RowTest:
    """One condition on a row. `reads` are the document fields that it follows from, `literals` the constants on
    the way; `column` is where the circuit writes it."""

    expression: Expression
    column: str
    reads: tuple[str, ...] = field(compare=False)
    literals: tuple[Literal, ...] = field(compare=False)
    shapes: tuple[Shape, ...] = field(default=(), compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def words(self) -> str:
        """The condition in words, as far as it is short."""
        names = ", ".join(self.reads) or "the row"
        function = self.expression.function if isinstance(self.expression, Apply) else "holds"
        values = [str(one.value) for one in self.literals if isinstance(one.value, str | int | float)]
        return " ".join([names, function.replace("_", " "), *values[:2]])


@dataclass(frozen=True, eq=False)
class RowCircuit(Circuit):
    """The circuit of a pipeline's conditions. `commands` work out each condition as a column of its own."""

    commands: tuple[Command, ...] = ()
    queries: tuple[Node, ...] = ()
    refusals: list[str] = field(default_factory=list)

    def truths(self, events: Sequence[Event], now: int | None = None) -> list[int]:
        masks = [0] * len(events)
        data = Events.of(list(events))
        moment = START if now is None else now
        asked = Plan(list(self.queries)).run(data, Context(now=moment)).ordinals if self.queries else []
        setting = Setting(moment, [frozenset(found) for found in asked])
        body = Pipeline(self.commands, queries=self.queries)
        try:
            table = execute(body, data, range(len(events)), setting, rest=False)
        except Refusal as refusal:
            self.refusals.append(str(refusal))
            return masks
        for number, atom in enumerate(self.atoms):
            for origin, value in zip(table.origins, table.columns.get(atom.column, ()), strict=False):
                if value is True:
                    for ordinal in origin:
                        masks[ordinal] |= 1 << number
        return masks


class _Tracer:
    """Goes through the commands before rows are grouped."""

    def __init__(self, body: Pipeline) -> None:
        self.body = body
        self.reads: dict[str, frozenset[str]] = {}
        self.literals: dict[str, tuple[Literal, ...]] = {}
        self.shapes: dict[str, tuple[Shape, ...]] = {}
        self.kinds: dict[str, str] = {}
        self.commands: list[Command] = []
        self.conditions: list[Any] = []
        self.tests: dict[Expression, RowTest] = {}
        self.rest: list[Command] = []

    def trace(self) -> None:
        for at, command in enumerate(self.body.commands):
            if isinstance(command, Summarise | Refused):
                self.rest = list(self.body.commands[at:])
                return
            self._step(command)

    def _step(self, command: Command) -> None:
        match command:
            case Load(columns=columns):
                self.reads |= {c.name: frozenset([c.reads] if c.reads else []) for c in columns}
                self.kinds |= {c.reads: c.kind for c in columns if c.reads}
                if any(c.name == "_index" for c in columns):
                    self.reads["_index"], self.kinds["_index"] = frozenset(["_index"]), "keyword"
                self.commands.append(command)
            case Filter(condition=condition):
                before = len(self.tests)
                self.conditions.append(self._logic(condition, True))
                made = list(self.tests.values())[before:]
                if made:
                    self.commands.append(Compute(tuple((one.column, one.expression) for one in made)))
            case Compute(columns=columns):
                for name, expression in columns:
                    self._defined(name, [expression])
                self.commands.append(command)
            case Cut(text=text, pattern=pattern, columns=names):
                for name in names:
                    self._defined(name, [text], ((pattern, False),))
                self.commands.append(command)
            case Extract(text=text, patterns=patterns, columns=typed):
                for name, _ in typed:
                    self._defined(name, [text], tuple((one, True) for one in patterns))
                self.commands.append(command)
            case Relabel(pairs=pairs):
                for old, new in pairs:
                    self.reads[new] = self.reads.get(old, frozenset())
                self.commands.append(command)
            case Expand():
                self.commands.append(command)
            case _:
                return

    def _defined(self, name: str, expressions: list[Expression], shapes: tuple[Shape, ...] = ()) -> None:
        reads, literals = self.of(expressions)
        self.reads[name] = frozenset(reads)
        self.shapes[name] = (*self.shaped(expressions), *shapes)
        self.literals[name] = literals

    def shaped(self, expressions: Iterable[Expression]) -> tuple[Shape, ...]:
        """The patterns by which the texts behind expressions are taken apart."""
        names = (p.name for e in expressions for p in walk(e) if isinstance(p, ColumnValue))
        return tuple(dict.fromkeys(shape for name in names for shape in self.shapes.get(name, ())))

    def decisive(self, commands: Sequence[Command]) -> frozenset[str]:
        """The document fields that the conditions on groups follow from, and those that groups are made of."""
        found: set[str] = set()
        for command in commands:
            match command:
                case Summarise(groups=groups, reductions=reductions, results=results):
                    for name, expression in groups:
                        self._defined(name, [expression])
                        found |= self.reads[name]
                    for one in reductions:
                        asked = [*one.arguments, *([one.condition] if one.condition is not None else [])]
                        self._defined(one.name, asked)
                    for name, expression in results:
                        self._defined(name, [expression])
                case Compute(columns=columns):
                    for name, expression in columns:
                        self._defined(name, [expression])
                case Filter(condition=condition):
                    found |= set(self.of([condition])[0])
                case _:
                    continue
        return frozenset(found)

    def computed(self, name: str) -> Iterator[tuple[Literal, ...]]:
        """The constants in whatever is worked out from a document field."""
        expressions = [e for c in self.body.commands for e in _expressions(c)]
        for expression in expressions:
            reads, literals = self.of([expression])
            if name in reads:
                yield literals

    def of(self, expressions: Iterable[Expression]) -> tuple[tuple[str, ...], tuple[Literal, ...]]:
        """The document fields and constants that expressions follow from."""
        reads: set[str] = set()
        literals: list[Literal] = []
        for expression in expressions:
            for part in walk(expression):
                match part:
                    case ColumnValue(name=name):
                        reads |= self.reads.get(name, frozenset())
                        literals += self.literals.get(name, ())
                    case Apply(function="json_extract", arguments=(_, Literal(value=str(path)))):
                        reads.add(path.removeprefix("$."))
                    case Literal():
                        literals.append(part)
                    case Asked(number=number):
                        from samefire.query.ast import fields_read

                        reads |= fields_read(self.body.queries[number])
                    case _:
                        continue
        return tuple(sorted(reads)), tuple(literals)

    def _logic(self, expression: Expression, wanted: bool) -> Any:
        """The condition as a tree whose leaves must each be true; `not` goes down to them, for what is null
        is true in neither way."""
        if isinstance(expression, Apply):
            if expression.function == "not":
                return self._logic(expression.arguments[0], not wanted)
            if expression.function in ("and", "or"):
                parts = tuple(self._logic(part, wanted) for part in expression.arguments)
                return And(parts) if (expression.function == "and") is wanted else Or(parts)
        if isinstance(expression, Asked) and not wanted:
            return Not(self._test(expression))
        return self._test(expression if wanted else Apply("not", (expression,), "boolean"))

    def _test(self, expression: Expression) -> Any:
        """The leaf of a condition: a `RowTest`, where a query's tree has its own leaves."""
        known = self.tests.get(expression)
        if known is None:
            column = f"\x00{len(self.tests)}"
            known = self.tests[expression] = RowTest(
                expression, column, *self.of([expression]), self.shaped([expression])
            )
        return known


def _expressions(command: Command) -> Iterator[Expression]:
    """The expressions of a command, the small ones of a condition each by itself."""
    match command:
        case Filter(condition=condition):
            yield from (part for part in walk(condition) if isinstance(part, Apply))
        case Compute(columns=columns):
            yield from (part for _, e in columns for part in walk(e) if isinstance(part, Apply))
        case Summarise(reductions=reductions):
            for one in reductions:
                yield from one.arguments
                if one.condition is not None:
                    yield from (part for part in walk(one.condition) if isinstance(part, Apply))
        case _:
            return


def row_circuit(body: Pipeline) -> tuple[RowCircuit, _Tracer]:
    """The conditions before the first grouping, and what was seen on the way."""
    tracer = _Tracer(body)
    tracer.trace()
    plain = Circuit.of(And(tuple(tracer.conditions)))
    values = {f.name: getattr(plain, f.name) for f in dataclasses.fields(Circuit)}
    circuit = RowCircuit(**values, commands=tuple(tracer.commands), queries=body.queries)
    return circuit, tracer


class RowPools(Pools):
    """Values for the fields of conditions on rows."""

    def __init__(self, circuit: Circuit, fields: FieldTypes, seed: int, now: int, body: Pipeline) -> None:
        self.queries = body.queries
        self.kinds = next((_kinds(c) for c in body.commands if isinstance(c, Load)), {})
        super().__init__(circuit, fields, seed, now)

    def names(self, node: Any) -> tuple[str, ...]:
        return tuple(node.reads)

    def lists(self, names: tuple[str, ...], numbers: Sequence[int]) -> bool:
        return False

    def _single(self, group: Group) -> Iterator[tuple[Flat, str, int]]:
        name = group.names[0]
        most = MANY if len(group.atoms) < MANY else 6
        if name == "_index":
            texts = [(n, v) for n in group.atoms for v in self._values(self.circuit.atoms[n], name)]
            yield from (({name: f"{text}default-2026.03.02-000001"}, "right", n) for n, text in texts[:8])
        for number in group.atoms:
            for value in self._values(self.circuit.atoms[number], name)[:most]:
                yield {name: value}, "right", number
        yield from (({name: text}, "right", -1) for text in self._mixed(group, name))
        for value in usual(name, self.fields):
            yield {name: value}, "usual", -1
        if self.kinds.get(name) == "dynamic":
            yield from (({name: value}, "right", -1) for value in (True, False, 0, 1, 1_000_000))
        yield {name: usual(name, self.fields)[:3]}, "right", -1
        for number in group.atoms:
            for literal in self.circuit.atoms[number].literals[:3]:
                if isinstance(literal.value, str) and literal.value:
                    yield {name: f"{literal.value}x"}, "more after", number
                    yield {name: literal.value.swapcase()}, "another case", number

    def _sampled(self, group: Group) -> Iterator[tuple[Flat, str, int]]:
        return super()._sampled(group) if len(group.names) > 1 else iter(())

    def _pool(self, group: Group, name: str) -> list[Any]:
        pool: list[Any] = []
        for number in group.atoms:
            atom = self.circuit.atoms[number]
            if name in atom.reads:
                pool += self._values(atom, name)
        pool = [*pool, *usual(name, self.fields)]
        return list({repr(value): value for value in pool}.values())

    def _values(self, atom: RowTest, name: str) -> list[Any]:
        found = self.around(atom.literals, name)
        if isinstance(atom.expression, Asked):
            found += _asked(self.queries[atom.expression.number], name, self.rng)
        for pattern, grok in atom.shapes:
            shaped = grokked if grok else dissected
            texts = [value for value in [*found[:24], "kim"] if isinstance(value, str)]
            names = [*texts[-4:], *(f"kim{n}" for n in range(5))]
            walked = (grown(pattern, partial(str, name)) for name in names if grok)
            made = [shaped(pattern, partial(str, text)) for text in texts]
            found = [*made, *(text for text in walked if text is not None), *found]
        return list({repr(value): value for value in found}.values())[:400]

    def _mixed(self, group: Group, name: str) -> Iterator[str]:
        """Texts put together from what several conditions on the field ask for; in the places of the patterns by
        which it is taken apart, where there are some."""
        atoms = [self.circuit.atoms[number] for number in group.atoms]
        texts = list(dict.fromkeys(t for atom in atoms for one in atom.literals for t in plain(one, name)))
        shapes = list(dict.fromkeys(shape for atom in atoms for shape in atom.shapes))
        if not texts or (len(atoms) < 2 and not shapes):
            return

        def fill() -> str:
            parts = self.rng.choices([*texts, "kim"], k=self.rng.choice((1, 1, 1, 2, 3)))
            return self.rng.choice(("", "", " ", ",")).join(parts)

        for _ in range(MIXED):
            chosen = self.rng.sample(shapes, self.rng.randint(1, min(len(shapes), 4))) if shapes else []
            parts = [self._shaped(pattern, grok, fill) for pattern, grok in chosen]
            yield self.rng.choice(("", ",", ", ")).join(parts) if parts else fill()

    def _shaped(self, pattern: str, grok: bool, fill: Fill) -> str:
        """A text that a pattern takes apart: for GROK as it is written, or of its language."""
        if not grok:
            return dissected(pattern, fill)
        walked = grown(pattern, fill) if self.rng.random() < 0.4 else None
        return grokked(pattern, fill) if walked is None else walked

    def around(self, literals: Iterable[Literal], name: str) -> list[Any]:
        """Values of a field that constants may be about."""
        typed = self.kinds.get(name, "dynamic")
        return [value for literal in literals for value in values_of(literal, typed, name, self.rng)]


def _kinds(load: Load) -> dict[str, str]:
    return {column.reads: column.kind for column in load.columns if column.reads}


def _asked(node: Node, name: str, rng: Random) -> list[Any]:
    from samefire.query.ast import Leaf
    from samefire.query.ast import walk as parts

    leaves = [part for part in parts(node) if isinstance(part, Leaf) and part.reads == name]
    return [value for leaf in leaves for value in [*natural(leaf.test, name), *passing(leaf.test, rng)[:3]]]
