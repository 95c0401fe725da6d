"""Syntax tree → detections: names resolved, filters applied, correlations nested.

Every search identifier becomes a named part of the query tree. What one value means is for
`sigma_values.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from samefire.fields import FieldTypes
from samefire.languages import sigma_logsource
from samefire.languages.sigma_conditions import (
    Condition,
    Conjunction,
    Disjunction,
    Name,
    Negation,
    Some,
    names_in,
)
from samefire.languages.sigma_reader import Reader
from samefire.languages.sigma_text import ItemError, Settings
from samefire.languages.sigma_tree import (
    Both,
    CorrelationDocument,
    Definition,
    Document,
    Either,
    FilterDocument,
    Item,
    RuleDocument,
    Search,
    SigmaTree,
)
from samefire.languages.sigma_values import lower_item
from samefire.languages.sigma_yaml import Path
from samefire.problems import Problem, ProblemError, Severity, did_you_mean
from samefire.query.ast import FALSE, And, Node, Not, Or
from samefire.query.detection import (
    AllFired,
    AnyFired,
    Body,
    Correlation,
    CorrelationType,
    EventQuery,
    Expression,
    Fired,
    NotFired,
)
from samefire.query.expressions import TooManyClauses, clauses
from samefire.source import NOWHERE, Span

MAX_CLAUSES = 64


@dataclass(frozen=True, slots=True)
class Choices:
    """How to lower. `logsource`: rules also ask for their log source, where it is known. `placeholders`:
    values for `|expand`. `places`: nodes carry spans (needs a second reading of the text)."""

    logsource: bool = False
    placeholders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    places: bool = False


@dataclass(frozen=True, slots=True)
class Lowered:
    """The bodies of the documents (None for filters), which of them are outermost, and warnings."""

    bodies: tuple[Body | None, ...]
    outermost: tuple[int, ...]
    problems: tuple[Problem, ...]


def lower(tree: SigmaTree, fields: FieldTypes, choices: Choices) -> Lowered:
    """What the documents mean; raises ProblemError with every problem of the file."""
    lowering = _Lowering(tree, fields, choices)
    bodies = tuple(lowering.body(number) for number in range(len(tree.documents)))
    found = [*tree.problems, *lowering.reader.found]
    if any(problem.severity is Severity.ERROR for problem in found):
        raise ProblemError(sorted(found, key=lambda problem: problem.span))
    return Lowered(bodies, lowering.outermost(), tuple(found))


class _Lowering:
    """One file. Bodies are made once; a correlation asks for those of its rules."""

    def __init__(self, tree: SigmaTree, fields: FieldTypes, choices: Choices) -> None:
        self.tree, self.fields, self.choices = tree, fields, choices
        self.reader = Reader(tree.yaml)
        self.twins: set[str] = set()
        self.references = self.named()
        self.bodies: dict[int, Body | None] = {}
        self.open: list[int] = []
        self.filters = [
            (document, self.search(document.search, document.header.taxonomy))
            for document in tree.documents
            if isinstance(document, FilterDocument)
        ]

    # ---- names ----

    def named(self) -> dict[str, int]:
        """Documents by name and by id; `twins` are names that several have."""
        found: dict[str, int] = {}
        for number, document in enumerate(self.tree.documents):
            if isinstance(document, FilterDocument):
                continue
            for name in filter(None, {document.header.name, document.header.id}):
                if found.setdefault(name, number) != number:
                    self.twins.add(name)
        return found

    def outermost(self) -> tuple[int, ...]:
        """Documents that no correlation uses, or that one wants on their own (`generate`)."""
        hidden = {
            self.references[name]
            for document in self.tree.documents
            if isinstance(document, CorrelationDocument) and not document.generate
            for name in document.rules
            if name in self.references
        }
        return tuple(
            number
            for number, document in enumerate(self.tree.documents)
            if number not in hidden and not isinstance(document, FilterDocument)
        )

    # ---- documents ----

    def body(self, number: int) -> Body | None:
        if number not in self.bodies:
            document = self.tree.documents[number]
            self.open.append(number)
            self.bodies[number] = self.document(document)
            self.open.pop()
        return self.bodies[number]

    def document(self, document: Document) -> Body | None:
        match document:
            case RuleDocument():
                return EventQuery(self.rule(document))
            case CorrelationDocument():
                return self.correlation(document)
            case FilterDocument():
                return None
            case _:
                assert_never(document)

    def rule(self, document: RuleDocument) -> Node:
        parts = [self.search(document.search, document.header.taxonomy)]
        names = {document.header.name, document.header.id} - {None}
        for one, node in self.filters:
            applies = one.rules is None or names & set(one.rules)
            if applies and one.logsource.covers(document.logsource):
                parts.append(node)
        if self.choices.logsource and document.header.taxonomy != "ecs":
            origin = sigma_logsource.condition(document.logsource)
            parts += [origin] if origin is not None else []
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def correlation(self, document: CorrelationDocument) -> Correlation | None:
        here = (*document.path, "correlation")
        rules = []
        for number, name in enumerate(document.rules):
            inner = self.referred(name, (*here, "rules", number))
            if inner is not None:
                rules.append((name, inner))
        return Correlation(
            type=CorrelationType(document.type),
            rules=tuple(rules),
            timespan=document.timespan,
            group_by=document.group_by,
            aliases=self.aliases(document, here),
            condition=document.comparisons,
            expression=self.expression(document, here),
            value_field=document.value_field,
            percentile=document.percentile,
        )

    def referred(self, name: str, path: Path) -> Body | None:
        number = self.references.get(name)
        if number is None:
            hint = (
                did_you_mean(name, self.references) or "put the rule into this file, with that `name` or `id`"
            )
            self.reader.problem(
                "sigma-unknown-rule", f"there is no rule `{name}` in this file", path, hint=hint
            )
            return None
        if name in self.twins:
            said = f"more than one document is called `{name}`"
            self.reader.problem("sigma-duplicate-name", said, path, hint="give each its own `name`")
        if number in self.open:
            self.reader.problem("sigma-cycle", f"the correlation uses itself through `{name}`", path)
            return None
        return self.body(number)

    def aliases(
        self, document: CorrelationDocument, path: Path
    ) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """Aliases with the rules named as in `rules` (an alias may use the id where `rules` has the name)."""
        known = {self.references[name]: name for name in document.rules if name in self.references}
        out = []
        for alias, pairs in document.aliases:
            mapped = []
            for rule, name in pairs:
                number = self.references.get(rule)
                if number in known:
                    mapped.append((known[number], name))
                    continue
                hint = did_you_mean(rule, document.rules) or f"rules here: {', '.join(document.rules)}"
                where = (*path, "aliases", alias, rule)
                said = f"the correlation has no rule `{rule}`"
                self.reader.problem("sigma-unknown-rule", said, where, key=True, hint=hint)
            out.append((alias, tuple(mapped)))
        return tuple(out)

    def expression(self, document: CorrelationDocument, path: Path) -> Expression | None:
        if document.expression is None:
            return None
        expression = _expression(document.expression)
        try:
            alternatives = clauses(expression, MAX_CLAUSES)
        except TooManyClauses as error:
            self.reader.problem("sigma-condition", f"the condition has {error}", (*path, "condition"))
            return expression
        if not alternatives:
            self.reader.problem("sigma-condition", "the condition can never hold", (*path, "condition"))
        elif any(not positive for positive, _ in alternatives):
            hint = "name at least one rule that must have hits: `a and not b`"
            said = "the condition holds when nothing happens at all"
            self.reader.problem("sigma-condition", said, (*path, "condition"), hint=hint)
        return expression

    # ---- searches ----

    def search(self, search: Search, taxonomy: str) -> Node:
        """The conditions (any of them) of one detection section."""
        settings = Settings(self.choices.placeholders, self.column, taxonomy != "ecs")
        before = len(self.reader.found)
        nodes = {name: self.selection(name, one, search, settings) for name, one in search.names}
        used = self.check_names(search, nodes)
        if any(problem.severity is Severity.ERROR for problem in self.reader.found[before:]):
            return FALSE
        for name in nodes.keys() - used:
            said = f"no condition uses `{name}`"
            self.reader.warning("sigma-unused-selection", said, (*search.path, name), key=True)
        parts = tuple(_combined(condition, nodes) for condition in search.conditions)
        return parts[0] if len(parts) == 1 else Or(parts)

    def column(self, name: str) -> str | None:
        kind = self.fields.get(name)
        return kind.column if kind is not None else None

    def check_names(self, search: Search, nodes: Mapping[str, Node]) -> set[str]:
        """The identifiers that the conditions use; names that are not there are problems."""
        used: set[str] = set()
        listed = len(search.conditions) > 1
        for number, condition in enumerate(search.conditions):
            for leaf in names_in(condition):
                picked = (
                    {leaf.name} & nodes.keys() if isinstance(leaf, Name) else set(filter(leaf.picks, nodes))
                )
                used |= picked
                if not picked:
                    path = (*search.path, "condition")
                    self.unknown(leaf, nodes, (*path, number) if listed else path)
        return used

    def unknown(self, leaf: Name | Some, nodes: Mapping[str, Node], path: Path) -> None:
        if isinstance(leaf, Name):
            said = f"there is no search identifier `{leaf.name}`"
            hint = did_you_mean(leaf.name, nodes) or f"identifiers here: {', '.join(nodes)}"
        else:
            said = f"`{leaf.pattern}` fits no search identifier"
            hint = f"identifiers here: {', '.join(nodes)}"
        span = self.inside(path, leaf.span)
        self.reader.found.append(
            Problem("sigma-unknown-identifier", said, self.tree.yaml.source, span, Severity.ERROR, hint)
        )

    def inside(self, path: Path, span: Span) -> Span:
        """A place in a condition as one in the file."""
        value: object = self.tree.yaml.data
        for step in path:
            try:
                value = value[step]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                return self.reader.yaml.value_span(path)
        return self.reader.inside(path, str(value), span)

    def selection(self, name: str, definition: Definition, search: Search, settings: Settings) -> Node:
        """One search identifier, under its name."""
        node = self.definition(definition, settings)
        span = self.reader.yaml.value_span((*search.path, name)) if self.choices.places else NOWHERE
        match node:
            case And(children=children, name=None):
                return And(children, span, name)
            case Or(children=children, name=None):
                return Or(children, span, name)
            case _:
                return And((node,), span, name)

    def definition(self, definition: Definition, settings: Settings) -> Node:
        match definition:
            case Item():
                return self.item(definition, settings)
            case Both(items=items):
                nodes = tuple(self.item(item, settings) for item in items)
                return nodes[0] if len(nodes) == 1 else And(nodes)
            case Either(children=children):
                parts = tuple(self.definition(child, settings) for child in children)
                return parts[0] if len(parts) == 1 else Or(parts)
            case _:
                assert_never(definition)

    def item(self, item: Item, settings: Settings) -> Node:
        span = self.reader.yaml.value_span(item.path) if self.choices.places else NOWHERE
        try:
            node = lower_item(item, settings, span)
        except ItemError as error:
            where = self.item_span(item, error)
            source = self.tree.yaml.source
            found = Problem(error.code, error.message, source, where, Severity.ERROR, error.hint)
            self.reader.found.append(found)
            return FALSE
        if "all" in item.modifiers and len(item.values) == 1:
            said = "`all` has only one value to apply to"
            self.reader.warning("sigma-all-single", said, item.path, key=True, hint="leave `all` out")
        if len(item.values) > 1 and None in item.values:
            said = "Sigma has no null among the values of a list"
            hint = "write a selection of its own with null, and join both with `or`"
            self.reader.warning("sigma-null-in-list", said, (*item.path, item.values.index(None)), hint=hint)
        return node

    def item_span(self, item: Item, error: ItemError) -> Span:
        if error.value is not None:
            path = (*item.path, error.value) if item.listed else item.path
            return self.reader.yaml.value_span(path)
        span = self.reader.yaml.key_span(item.path)
        at = self.tree.yaml.source.text.find(f"|{error.modifier or ''}", span.start, span.end) + 1
        if error.modifier is None or at == 0:
            return span
        return Span(at, at + max(1, len(error.modifier)))


def _combined(condition: Condition, nodes: Mapping[str, Node]) -> Node:
    """A condition over the meanings of its names."""
    match condition:
        case Name(name=name):
            return nodes[name]
        case Some():
            picked = tuple(node for name, node in nodes.items() if condition.picks(name))
            if len(picked) == 1:
                return picked[0]
            return And(picked) if condition.all else Or(picked)
        case Negation(child=child):
            return Not(_combined(child, nodes))
        case Conjunction(children=children):
            return And(tuple(_combined(child, nodes) for child in children))
        case Disjunction(children=children):
            return Or(tuple(_combined(child, nodes) for child in children))
        case _:
            assert_never(condition)


# ---- extended correlation conditions ----------------------------------------------------------------


def _expression(condition: Condition) -> Expression:
    match condition:
        case Name(name=name):
            return Fired(name)
        case Negation(child=child):
            return NotFired(_expression(child))
        case Conjunction(children=children):
            return AllFired(tuple(map(_expression, children)))
        case Disjunction(children=children):
            return AnyFired(tuple(map(_expression, children)))
        case Some():
            raise AssertionError("extended conditions have no selectors")
        case _:
            assert_never(condition)
