"""KQL to the Query DSL of Elasticsearch, clause for clause as Kibana makes it.

With a data view (the fields of the index, with types) Kibana asks a keyword field for a term and a date
field for a range; without one, and for a field that the view does not hold, it sends `match`,
`match_phrase` or `query_string` and leaves the types to Elasticsearch. What the clauses mean is said in
`languages/dsl.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from samefire.fields import CONTAINERS, FieldType, FieldTypes
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
    term_text,
)
from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

Clause = dict[str, Any]

_DATES = frozenset({"date", "date_nanos"})
_UNSEEN = CONTAINERS | {"flattened-key"}
_RESERVED = re.compile(r'[+\-=&|><!(){}\[\]^"~*?:\\/]')
_EPOCH = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class DslOptions:
    """Kibana's settings. The defaults are those with which it runs a detection rule."""

    time_zone: str | None = "Zulu"
    case_insensitive: bool | None = None
    nested_ignore_unmapped: bool | None = None
    filters_in_must_clause: bool = False
    allow_leading_wildcards: bool = True


def to_dsl(
    query: Query,
    fields: FieldTypes | None = None,
    options: DslOptions = DslOptions(),
    source: Source | None = None,
) -> Clause:
    """The clause that Kibana makes of a query; `fields` is its data view. Raises ProblemError where Kibana
    refuses (a nested field outside of its group)."""
    return Translator(fields, options, source or Source("<query>", "")).clause(query, None)


def dsl_text(
    query: Query,
    fields: FieldTypes | None = None,
    options: DslOptions = DslOptions(),
    *,
    indent: int | None = 2,
) -> str:
    """`to_dsl` as JSON text."""
    return json.dumps(to_dsl(query, fields, options), ensure_ascii=False, indent=indent)


@dataclass(frozen=True, slots=True)
class Group:
    """The braces that a clause stands in; `path` is JSON's value of the name before them."""

    path: str | bool | None

    @property
    def prefix(self) -> str:
        return "" if not self.path else self.path if isinstance(self.path, str) else "true"


class Translator:
    """Makes clauses with one data view and one set of options."""

    def __init__(self, fields: FieldTypes | None, options: DslOptions, source: Source) -> None:
        self.fields = fields
        self.options = options
        self.source = source

    def clause(self, query: Query, group: Group | None) -> Clause:
        """The clause for a query; `group`: the braces around it."""
        match query:
            case And(children=children):
                key = "must" if self.options.filters_in_must_clause else "filter"
                return {"bool": {key: [self.clause(child, group) for child in children]}}
            case Or(children=children):
                return any_of(self.clause(child, group) for child in children)
            case Not(child=child):
                return {"bool": {"must_not": self.clause(child, group)}}
            case Nested():
                inner = self.inside(query, group)
                return self.nested(inner.path, self.clause(query.child, inner))
            case Is():
                return self.is_(query, group)
            case Range():
                return self.range(query, group)
            case _:
                assert_never(query)

    def inside(self, query: Nested, group: Group | None) -> Group:
        """The group that the braces of `query` open."""
        path = json_value(query.path)
        return Group(f"{group.prefix}.{_text(path)}" if group and group.prefix else path)

    def is_(self, query: Is, group: Group | None) -> Clause:
        """`field: value`, or a value alone."""
        value = query.value
        exists = isinstance(value, Pattern) and value.lone
        if exists and isinstance(query.field, Pattern) and query.field.lone:
            return {"match_all": {}}
        if isinstance(value, Pattern) and not exists and not value.parts[0]:
            self.leading_wildcard(value)
        name = self.name(query.field, group, query.span)
        if isinstance(name, Literal) and name.value is None:
            return _free_text(value)
        return any_of(self.on_fields(name, group, lambda field: self.test(field, value, exists)))

    def leading_wildcard(self, value: Pattern) -> None:
        """Refuse a value that starts with a wildcard, where Kibana is set to."""
        if not self.options.allow_leading_wildcards:
            message, hint = (
                "a value may not start with a wildcard",
                "see query:allowLeadingWildcards in Kibana",
            )
            raise ProblemError(
                [Problem("query-leading-wildcard", message, self.source, value.span, hint=hint)]
            )

    def range(self, query: Range, group: Group | None) -> Clause:
        """`field > value`."""
        bound = {query.operator: json_value(query.value)}
        name = self.name(query.field, group, query.span)
        return any_of(self.on_fields(name, group, lambda field: self.between(field, bound)))

    def test(self, field: Target, value: Term, exists: bool) -> Clause:
        """The clause for one field and one value."""
        name, key = field.name, _text(field.name)
        if exists:
            return {"exists": {"field": name}}
        if isinstance(value, Pattern):
            text = query_string(value)
            if field.keyword:
                return {"wildcard": {key: {"value": text, **self.folding()}}}
            return {"query_string": {"fields": [name], "query": text}}
        plain = value.value
        if field.date:
            return {"range": {key: {"gte": plain, "lte": plain, **self.zone(plain)}}}
        if field.keyword:
            return {"term": {key: {"value": plain, **self.folding()}}}
        return {"match_phrase" if value.quoted else "match": {key: plain}}

    def between(self, field: Target, bound: Clause) -> Clause:
        """The clause for one field and one end of a range."""
        zone = self.zone(next(iter(bound.values()))) if field.date else {}
        return {"range": {_text(field.name): {**bound, **zone}}}

    def folding(self) -> Clause:
        fold = self.options.case_insensitive
        return {} if fold is None else {"case_insensitive": fold}

    def zone(self, value: object) -> Clause:
        """The time zone of a date; milliseconds since the epoch have none."""
        epoch = isinstance(value, str) and _EPOCH.fullmatch(value)
        return {} if epoch or not self.options.time_zone else {"time_zone": self.options.time_zone}

    def nested(self, path: str | bool | None, query: Clause) -> Clause:
        unmapped = self.options.nested_ignore_unmapped
        clause: Clause = {"path": path, "query": query, "score_mode": "none"}
        if unmapped is not None:
            clause["ignore_unmapped"] = unmapped
        return {"nested": clause}

    def on_fields(
        self, name: Term, group: Group | None, make: Callable[[Target], Clause]
    ) -> Iterator[Clause]:
        """A clause for each field of the view that the name fits; for the name itself when none does."""
        found = self.found(name)
        if not found:
            yield make(Target(json_value(name)))
        for field in found:
            clause = make(Target(field.name, field.type))
            alone = group is None and isinstance(name, Pattern) and field.nested
            yield self.nested(field.nested, clause) if alone else clause

    def found(self, name: Term) -> list[FieldType]:
        """The fields of the data view that a name, with or without wildcards, fits."""
        if self.fields is None:
            return []
        if isinstance(name, Literal):
            field = self.fields.get(name.value) if isinstance(name.value, str) else None
            return [field] if field and field.type not in _UNSEEN else []
        fits = re.compile(".*".join(map(re.escape, name.parts)), re.DOTALL).fullmatch
        listed = (self.fields.get(known) for known in self.fields if fits(known))
        return [field for field in listed if field and field.type not in _UNSEEN]

    def name(self, field: Term | None, group: Group | None, span: Span) -> Term:
        """The full name of a field; refused when the view knows it in another nested group."""
        prefix = group.prefix if group else ""
        full = _prefixed(field or Literal(None), prefix)
        if self.fields is None or (isinstance(full, Pattern) and not prefix):
            return full
        wrong = [message for known in self.found(full) if (message := _misplaced(known, prefix))]
        if wrong:
            raise ProblemError(
                [Problem("query-nested-field", _sentences(wrong), self.source, span, hint=_NESTED_HINT)]
            )
        return full


@dataclass(frozen=True, slots=True)
class Target:
    """The field of one clause: its name as JSON has it, and its type when the data view knows it."""

    name: str | bool | None
    type: str | None = None

    @property
    def keyword(self) -> bool:
        return self.type == "keyword"

    @property
    def date(self) -> bool:
        return self.type in _DATES


_NESTED_HINT = "ask for a nested field inside of its group, as in `path: { field: value }`"


def any_of(clauses: Iterable[Clause]) -> Clause:
    """A bool query of which one clause must match."""
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def query_string(pattern: Pattern) -> str:
    """A pattern in the syntax of `query_string`; Kibana escapes those of `wildcard` in the same way."""
    return "*".join(_RESERVED.sub(r"\\\g<0>", part) for part in pattern.parts)


def _free_text(value: Term) -> Clause:
    """A value that stands alone: any field."""
    if isinstance(value, Pattern):
        return {"query_string": {"query": query_string(value)}}
    kind = "phrase" if value.quoted else "best_fields"
    return {"multi_match": {"type": kind, "query": value.value, "lenient": True}}


def _misplaced(field: FieldType, prefix: str) -> str | None:
    """Why a field may not be asked for inside the nested group `prefix` (`""`: outside of any)."""
    if prefix == (field.nested or ""):
        return None
    if not field.nested:
        return f"`{field.name}` is not a nested field, but stands in the nested group `{prefix}`"
    if not prefix:
        return f"`{field.name}` is a nested field, but stands outside of its nested group `{field.nested}`"
    return f"`{field.name}` stands in the nested group `{prefix}`, but belongs to `{field.nested}`"


def _sentences(messages: list[str]) -> str:
    more = len(messages) - 1
    return messages[0] if not more else f"{messages[0]} (and {more} more)"


def _prefixed(term: Term, prefix: str) -> Term:
    """The term with the path of its nested group before it."""
    if not prefix:
        return term
    if isinstance(term, Pattern):
        return Pattern((f"{prefix}.{term.parts[0]}", *term.parts[1:]), term.span)
    return Literal(f"{prefix}.{term_text(term)}", term.quoted, term.span)


def json_value(term: Term) -> str | bool | None:
    """JSON's value of a term."""
    return term.value if isinstance(term, Literal) else "*".join(term.parts)


def _text(value: str | bool | None) -> str:
    """A JSON value where JSON asks for a string: a key, or a part of a name."""
    return value if isinstance(value, str) else json.dumps(value)
