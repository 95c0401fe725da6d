"""What a Lucene query means to Elasticsearch's `query_string`, as nodes of the query tree.

- Without a default field every word is looked for in all fields, and the whole query is lenient: what a field
  cannot answer (a word for a number) matches nothing instead of failing the search.
- `AND`, `OR`, `NOT`, `+`, `-` do not bind; each marks its neighbours as required, optional or forbidden. As
  soon as something is required, what is optional has no say.
- A group of forbidden clauses alone means "everything but".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from samefire.fields import FieldTypes
from samefire.languages.lucene.parser import parse
from samefire.languages.lucene.text import pattern, unescape
from samefire.languages.lucene.tree import (
    Clause,
    Field,
    Group,
    Part,
    Query,
    Quoted,
    Range,
    Regexp,
    Starred,
    Term,
    Word,
    Words,
)
from samefire.problems import ProblemError
from samefire.query import typed
from samefire.query.analysis import tokens
from samefire.query.anywhere import Ask, any_field, fields_like
from samefire.query.ast import And, Fails, Node, Not, Or, walk
from samefire.source import NOWHERE, Source, Span

ALL = "*"
_EXISTS = "_exists_"


class Occur(Enum):
    """What a clause is to its group."""

    MUST = "must"
    SHOULD = "should"
    NOT = "must_not"


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of `query_string`. `on` are the fields searched when a term names none; `field` is what
    Lucene takes as the name then (None: `<` and `>` before a value mean nothing)."""

    fields: FieldTypes
    on: tuple[str, ...]
    field: str | None
    lenient: bool
    every: bool  # default_operator AND
    analyze_wildcard: bool
    span: Span | None  # put on all nodes instead of their own

    @property
    def place(self) -> Span:
        """Where the nodes of the term at hand stand."""
        return self.span or NOWHERE


def lower(
    tree: Query,
    fields: FieldTypes,
    source: Source | None = None,
    *,
    default_field: str | None = None,
    on: Sequence[str] | None = None,
    analyze_wildcard: bool = True,
    lenient: bool | None = None,
    default_operator: str = "OR",
    span: Span | None = None,
) -> Node:
    """The meaning of a query. `default_field`: where terms without a field look (None: everywhere); `on`: the
    `fields` of `query_string`; `lenient` None: as Elasticsearch decides. `source` is not needed: places are
    offsets in it. `span` replaces the places of all nodes (a query string made from another language)."""
    names = tuple(on) if on else (default_field or ALL,)
    everywhere = names == (ALL,)
    settings = Settings(
        fields,
        names,
        None if on and not everywhere else names[0],
        everywhere if lenient is None else lenient,
        default_operator.upper() == "AND",
        analyze_wildcard,
        span,
    )
    if not tree.clauses:
        return typed.everything(span or tree.span)
    return _query(tree, settings, settings.field) or typed.nothing(span or tree.span)


def query_string(
    text: str,
    fields: FieldTypes,
    span: Span,
    *,
    on: Sequence[str] | None = None,
    default_field: str | None = None,
    analyze_wildcard: bool = True,
    lenient: bool | None = None,
    default_operator: str = "OR",
) -> Node:
    """The meaning of `{"query_string": {"fields": on, "query": text}}`; one that Elasticsearch cannot parse
    fails the search. All nodes stand at `span`."""
    try:
        tree = parse(Source("<query_string>", text))
    except ProblemError as error:
        return Fails(f"Failed to parse query [{text}]: {error.problems[0].message}", span)
    return lower(
        tree,
        fields,
        default_field=default_field,
        on=on,
        analyze_wildcard=analyze_wildcard,
        lenient=lenient,
        default_operator=default_operator,
        span=span,
    )


# ---- groups --------------------------------------------------------------------------------------------


def _query(query: Query, settings: Settings, field: str | None) -> Node | None:
    """A group; None when nothing of it is left (text without a token)."""
    found = list(_occurs(query.clauses, settings, field))
    single = query.clauses[0]
    if len(found) == 1 and len(query.clauses) == 1 and not single.modifier:
        return found[0][1]
    return _boolean(found, settings.span or query.span)


def _occurs(clauses: Iterable[Clause], settings: Settings, field: str | None) -> Iterator[tuple[Occur, Node]]:
    """Each clause with what the operators around it make of it."""
    found: list[tuple[Occur, Node]] = []
    for clause in clauses:
        is_and, is_or = clause.conjunction in ("AND", "&&"), clause.conjunction in ("OR", "||")
        if found and found[-1][0] is not Occur.NOT and (is_and or (settings.every and is_or)):
            found[-1] = (Occur.MUST if is_and else Occur.SHOULD, found[-1][1])
        node = _part(clause.part, settings, field)
        if node is not None:
            found.append((_occur(clause, settings, is_and, is_or), node))
    yield from found


def _occur(clause: Clause, settings: Settings, is_and: bool, is_or: bool) -> Occur:
    if clause.modifier in ("-", "NOT", "!"):
        return Occur.NOT
    required = not is_or if settings.every else clause.modifier == "+" or is_and
    return Occur.MUST if required else Occur.SHOULD


def _boolean(found: Sequence[tuple[Occur, Node]], span: Span) -> Node | None:
    """A bool query; optional clauses beside required ones only matter when they fail the search."""
    if not found:
        return None
    must = [node for occur, node in found if occur is Occur.MUST]
    should = [node for occur, node in found if occur is Occur.SHOULD]
    forbidden = [Not(node, node.span) for occur, node in found if occur is Occur.NOT]
    if must:
        must.extend(node for node in should if any(isinstance(part, Fails) for part in walk(node)))
    elif should:
        must.append(should[0] if len(should) == 1 else Or(tuple(should), span))
    children = (*must, *forbidden)
    return children[0] if len(children) == 1 else And(children, span)


def _part(part: Part, settings: Settings, field: str | None) -> Node | None:
    match part:
        case Field(raw=raw, child=child):
            return _part(child, settings, unescape(raw))
        case Group(query=query):
            return _query(query, settings, field)
        case _:
            return _term(part, replace(settings, span=settings.span or part.span), field)


# ---- terms ---------------------------------------------------------------------------------------------


def _term(term: Term, settings: Settings, field: str | None) -> Node | None:
    match term:
        case Word(raw=raw, fuzzy=fuzzy) if fuzzy is not None:
            return _fuzzy(unescape(raw), fuzzy, settings, field)
        case Word(raw=raw):
            return _text(unescape(raw), settings, field)
        case Words(words=words):
            return _text(" ".join(unescape(word.raw) for word in words), settings, field)
        case Quoted(raw=raw, fuzzy=fuzzy):
            return _quoted(unescape(raw[1:-1]), fuzzy, settings, field)
        case Starred(raw=raw, is_prefix=True):
            return _prefix(unescape(raw[:-1]), settings, field)
        case Starred(raw=raw):
            return _wildcard(raw, settings, field)
        case Regexp(raw=raw):
            return _regexp(raw[1:-1], settings, field)
        case Range():
            bounds = (_bound(term.low), _bound(term.high))
            return _range(bounds, (term.low_inclusive, term.high_inclusive), settings, field)
        case _:
            assert_never(term)


def _text(text: str, settings: Settings, field: str | None) -> Node | None:
    """Bare words: a comparison (`>=100`) where a field is named, else a value that is analysed."""
    if field == _EXISTS:
        return _exists(text, settings)
    if field is not None and len(text) > 1 and text[0] in "<>":
        return _compared(text, settings, field)
    if _vanishes(text, settings, field):
        return None

    def ask(fields: FieldTypes, name: str) -> Node:
        return typed.match(name, fields, text, settings.place, every=settings.every, lenient=settings.lenient)

    return _clause(ask, settings, field)


def _compared(text: str, settings: Settings, field: str) -> Node:
    """`>1`, `>=1`, `<1`, `<=1`."""
    inclusive = len(text) > 2 and text[1] == "="
    bound = text[2:] if inclusive else text[1:]
    value = None if bound == "*" else bound
    if text[0] == ">":
        return _range((value, None), (inclusive, True), settings, field)
    return _range((None, value), (True, inclusive), settings, field)


def _quoted(text: str, fuzzy: str | None, settings: Settings, field: str | None) -> Node | None:
    if field == _EXISTS:
        return _exists(text, settings)
    if _vanishes(text, settings, field):
        return None
    slop = _slop(fuzzy)

    def ask(fields: FieldTypes, name: str) -> Node:
        return typed.phrase(name, fields, text, settings.place, slop=slop, lenient=settings.lenient)

    return _clause(ask, settings, field)


def _slop(fuzzy: str | None) -> int:
    """The number after `~`; what is no number counts as none."""
    try:
        return int(float(fuzzy[1:])) if fuzzy else 0
    except ValueError:
        return 0


def _fuzzy(text: str, fuzzy: str, settings: Settings, field: str | None) -> Node:
    amount = fuzzy[1:].upper()
    edits = typed.auto_edits(text) if amount in ("", "AUTO") else int(float(amount))

    def ask(fields: FieldTypes, name: str) -> Node:
        return typed.fuzzy(
            name, fields, text, settings.place, edits=edits, normalize=True, lenient=settings.lenient
        )

    return _clause(ask, settings, field)


def _prefix(text: str, settings: Settings, field: str | None) -> Node | None:
    if settings.analyze_wildcard and _vanishes(text, settings, field):
        return None

    def ask(fields: FieldTypes, name: str) -> Node:
        if settings.analyze_wildcard:
            return typed.analysed_prefix(
                name, fields, text, settings.place, every=settings.every, lenient=settings.lenient
            )
        return typed.prefix(name, fields, text, settings.place, normalize=True, lenient=settings.lenient)

    return _clause(ask, settings, field)


def _wildcard(raw: str, settings: Settings, field: str | None) -> Node:
    """`*` alone asks whether the field exists; for all fields it is everything."""
    if raw == "*":
        names = settings.on if field is None else (field,)
        if names == (ALL,):
            return typed.everything(settings.place)
        return _some([_exists(name, settings) for name in names], settings.place)
    wanted = pattern(raw)

    def ask(fields: FieldTypes, name: str) -> Node:
        return typed.wildcard(name, fields, wanted, settings.place, normalize=True, lenient=settings.lenient)

    return _clause(ask, settings, field)


def _regexp(text: str, settings: Settings, field: str | None) -> Node:
    def ask(fields: FieldTypes, name: str) -> Node:
        return typed.regexp(name, fields, text, settings.place, lenient=settings.lenient)

    return _clause(ask, settings, field)


def _range(
    bounds: tuple[str | None, str | None],
    inclusive: tuple[bool, bool],
    settings: Settings,
    field: str | None,
) -> Node:
    def ask(fields: FieldTypes, name: str) -> Node:
        return typed.range_(
            name,
            fields,
            settings.place,
            low=bounds[0],
            high=bounds[1],
            low_inclusive=inclusive[0],
            high_inclusive=inclusive[1],
            normalize=True,
            lenient=settings.lenient,
        )

    return _clause(ask, settings, field)


def _bound(raw: str) -> str | None:
    """A bound without its quotes; `*` is open, quoted or not."""
    inner = raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] == '"' else raw
    text = unescape(inner)
    return None if text == "*" else text


# ---- fields --------------------------------------------------------------------------------------------


def _clause(ask: Ask, settings: Settings, field: str | None) -> Node:
    """The clause on the field that was named, on all that its name fits, or on those searched by default."""
    names = settings.on if field is None else (field,)
    return _some([_asked(ask, settings, name) for name in names], settings.place)


def _asked(ask: Ask, settings: Settings, name: str) -> Node:
    if name == ALL:
        return any_field(ask, settings.fields, settings.place)
    if ALL in name:
        return fields_like(name, ask, settings.fields, settings.place)
    return ask(settings.fields, name)


def _exists(name: str, settings: Settings) -> Node:
    def ask(fields: FieldTypes, name: str) -> Node:
        return typed.exists(name, fields, settings.place)

    return _asked(ask, settings, name)


def _vanishes(text: str, settings: Settings, field: str | None) -> bool:
    """Whether the text is no token at all on fields that are all analysed: then there is no clause."""
    names = settings.on if field is None else (field,)
    kinds = [settings.fields.get(name) for name in names]
    return all(kind is not None and kind.type in typed.TEXTS for kind in kinds) and not tokens(text)


def _some(nodes: Sequence[Node], span: Span) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes), span)
