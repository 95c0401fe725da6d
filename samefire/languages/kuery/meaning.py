"""What a KQL query means: the Query DSL that Kibana sends when a rule runs, lowered clause by clause.

Kibana loads the types of the fields that a query names and makes its clauses with them (`dsl.py`), so what
is lowered is what Elasticsearch is asked. Each node keeps the span of the clause that it comes from. What
Kibana or Elasticsearch refuse only when the rule runs is a `Fails` node.
"""

from __future__ import annotations

import re
from typing import assert_never

from samefire.fields import FieldType, FieldTypes
from samefire.languages import dsl
from samefire.languages.kuery.dsl import Clause, DslOptions, Group, Target, Translator, json_value
from samefire.languages.kuery.tree import (
    And,
    Is,
    Literal,
    Nested,
    Not,
    Or,
    Pattern,
    Query,
    Range,
    Term,
    leaves,
    term_text,
)
from samefire.problems import ProblemError
from samefire.query import ast, typed
from samefire.query.anywhere import fields_like
from samefire.query.ast import Fails, Node
from samefire.source import NOWHERE, Source


def lower(
    query: Query,
    fields: FieldTypes,
    source: Source,
    *,
    load_fields: bool = True,
    known: FieldTypes | None = None,
) -> Node:
    """The query as a node. `known`: the fields that the index has when Kibana looks (None: all that documents
    have). `load_fields` False: Kibana does not look, as before it loaded the fields of a rule."""
    loaded = LoadedView(query, fields if known is None else known, source)
    view = loaded if load_fields else Translator(None, DslOptions(), source)
    lowering = _Lowering(view, fields, source)
    node = lowering.node(query, None)
    if lowering.notes.problems:
        raise ProblemError(lowering.notes.problems)
    return node


class LoadedView(Translator):
    """Makes clauses with the fields that the query names. A field of a nested group is not named by its full
    name, so Kibana does not load it; a field that no mapping lists is mapped as keyword by the first text."""

    def __init__(self, query: Query, fields: FieldTypes, source: Source) -> None:
        super().__init__(fields, DslOptions(), source)
        self.types = fields
        names = [leaf.field for leaf, path in leaves(query) if not path and not isinstance(leaf, Nested)]
        self.named = {term_text(name) for name in names if isinstance(name, Literal)}
        self.patterns = [_fitting(name) for name in names if isinstance(name, Pattern)]

    def found(self, name: Term) -> list[FieldType]:
        return [field for field in super().found(name) if self.loads(field.name)] or self.unlisted(name)

    def loads(self, name: str) -> bool:
        return name in self.named or any(fits.fullmatch(name) for fits in self.patterns)

    def unlisted(self, name: Term) -> list[FieldType]:
        if not isinstance(name, Literal) or not isinstance(name.value, str) or not self.loads(name.value):
            return []
        kind = self.types.resolve(name.value)
        return (
            [FieldType(name.value, "keyword")] if kind and kind.type == "dynamic" and not kind.nested else []
        )


class _Lowering:
    """Walks one query; `span` is where the clause that is being lowered was written."""

    def __init__(self, view: Translator, fields: FieldTypes, source: Source) -> None:
        self.view = view
        self.span = NOWHERE
        self.notes = dsl.Notes(source, lambda _path: self.span)
        self.clauses = dsl.Clauses(fields, self.notes)
        self.terms: dict[str, bool] = {}

    def node(self, query: Query, group: Group | None) -> Node:
        """The node for a query; `group`: the braces around it."""
        match query:
            case And(children=children, span=span):
                return ast.And(tuple(self.node(child, group) for child in children), span)
            case Or(children=children, span=span):
                return ast.Or(tuple(self.node(child, group) for child in children), span)
            case Not(child=child, span=span):
                return ast.Not(self.node(child, group), span)
            case Nested():
                return self.nested(query, group)
            case Is(field=Literal(value=str(name)), value=Literal(value=str(text))) if (
                group is None and self.asks_term(name)
            ):
                return typed.term(name, self.clauses.fields, text, query.span)
            case Is() | Range():
                return self.leaf(query, group)
            case _:
                assert_never(query)

    def asks_term(self, name: str) -> bool:
        """Whether Kibana asks this field for a term: the commonest clause is spared the way through JSON."""
        if name not in self.terms:
            found = self.view.found(Literal(name))
            self.terms[name] = bool(found) and found[0].type == "keyword" and not found[0].nested
        return self.terms[name]

    def nested(self, query: Nested, group: Group | None) -> Node:
        """The braces of a nested field."""
        inner = self.view.inside(query, group)
        path = inner.prefix
        inside = self.clauses.with_nested(path) if path else None
        if inside is None:
            reason = f"[nested] failed to find nested object under path [{path or 'null'}]"
            return Fails(reason, query.span)
        outside = self.clauses
        self.clauses = dsl.Clauses(inside, self.notes)
        child = self.node(query.child, inner)
        self.clauses = outside
        return ast.Nested(path, child, query.span)

    def leaf(self, query: Is | Range, group: Group | None) -> Node:
        """One clause about a field, or a value alone."""
        self.span = query.span
        within = (group.prefix or None) if group else None
        view = self.view.fields
        if isinstance(query.field, Pattern) and within is None and view is not None and view.dynamic:
            return self.on_pattern(query, query.field)
        try:
            clause = self.view.clause(query, group)
        except ProblemError as refused:
            return Fails(refused.problems[0].message, query.span)
        return self.clauses.clause(_only(clause), (), within)

    def on_pattern(self, query: Is | Range, name: Pattern) -> Node:
        """A field name with wildcards: each listed field by its type, and the unlisted ones of documents."""
        value = query.value
        exists = isinstance(query, Is) and isinstance(value, Pattern) and value.lone
        if exists and name.lone:
            return typed.everything(query.span)

        def ask(fields: FieldTypes, one: str) -> Node:
            kind = fields.resolve(one)
            target = Target(one, "keyword" if kind is None or kind.type == "dynamic" else kind.type)
            if isinstance(query, Range):
                clause = self.view.between(target, {query.operator: json_value(value)})
            else:
                clause = self.view.test(target, value, exists)
            path = kind.nested if kind else None
            node = dsl.Clauses(fields, self.notes).clause(clause, (), path)
            return ast.Nested(path, node, query.span) if path else node

        return fields_like(term_text(name), ask, self.clauses.fields, query.span)


def _only(clause: Clause) -> Clause:
    """The clause, without the bool query around one alone."""
    should = clause["bool"]["should"] if "bool" in clause else []
    return should[0] if len(should) == 1 else clause


def _fitting(name: Pattern) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, name.parts)), re.DOTALL)
