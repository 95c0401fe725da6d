"""Queries that ask several fields at once: `multi_match`, and `query_string` in Lucene's own language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from samefire.fields import FieldTypes
from samefire.languages.dsl.clauses import Clauses, Json
from samefire.languages.dsl.options import Options, Path
from samefire.query import typed
from samefire.query.ast import AnyField, Fails, Leaf, Node, Or
from samefire.source import Span

_TYPES = ("best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix")
_SCORING = ("tie_breaker", "max_expansions", "auto_generate_synonyms_phrase_query")
_KNOWN = (
    "query",
    "fields",
    "type",
    "operator",
    "lenient",
    "slop",
    "minimum_should_match",
    "zero_terms_query",
)
_UNSUPPORTED = ("analyzer", "fuzziness", "prefix_length", "fuzzy_transpositions", "fuzzy_rewrite")
_STAND_IN = "\0"
"""A field name that no document has: stands for any field that no layer lists."""


def multi_match(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`multi_match`: a `match` or `match_phrase` on each of the fields; without fields, on all there are."""
    notes = clauses.notes
    options = Options(notes, body, path, (*_KNOWN, *_SCORING, *_UNSUPPORTED))
    options.refuse(*_UNSUPPORTED)
    span = notes.place(path)
    value = clauses.scalar(body.get("query"), (*path, "query"))
    if value is None:
        return Fails("[multi_match] requires a query, not null", span)
    kind = options.word("type", "best_fields", _TYPES)
    every = options.word("operator", "or", ("and", "or")) == "and"
    given = body.get("fields")
    if kind == "cross_fields" and every:
        notes.unsupported((*path, "type"), "cross_fields with operator and")
    lenient = options.flag("lenient") if "lenient" in options else given is None
    ask = _question(clauses, value, kind, options, span, lenient=lenient, every=every, within=within)
    if given is None:
        return anywhere(clauses.fields, ask, span)
    return any_of([ask(name) for name in _names(clauses, given, (*path, "fields"))], span)


def _question(
    clauses: Clauses,
    value: typed.Scalar,
    kind: str,
    options: Options,
    span: Span,
    *,
    lenient: bool,
    every: bool,
    within: str | None,
) -> Callable[[str], Node]:
    """What is asked of each field."""
    fields = clauses.fields
    if kind in ("phrase", "phrase_prefix"):
        is_prefix, slop = kind == "phrase_prefix", options.number("slop")
        return lambda name: typed.phrase(
            name, fields, value, span, slop=slop, is_prefix=is_prefix, lenient=lenient, within=within
        )
    asked = typed.match
    if kind == "bool_prefix":
        asked = partial(typed.analysed_prefix)
    return lambda name: clauses.matched(
        asked(name, fields, value, span, every=every, lenient=lenient, within=within), options, span
    )


def _names(clauses: Clauses, given: object, path: Path) -> Iterable[str]:
    """The fields that are named: one or a list, each with a weight (`name^2`) or wildcards if need be."""
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        clauses.notes.bad_value(path, "a list of field names", given)
        return
    for written in listed:
        name = str(written).partition("^")[0]
        if "*" in name:
            yield from clauses.fields.names_like(name)
        else:
            yield name


def any_of(nodes: Iterable[Node], span: Span) -> Node:
    """Some one of the nodes; those that match nothing left out, equal ones once."""
    found = [node for node in dict.fromkeys(nodes) if node != Or(())]
    return found[0] if len(found) == 1 else Or(tuple(found), span)


def anywhere(fields: FieldTypes, ask: Callable[[str], Node], span: Span) -> Node:
    """The question asked of every field. Those asked the same as an unlisted one are one `AnyField`; the
    others are asked by their type."""
    asked = {name: ask(name) for name in fields}
    asked = {name: node for name, node in asked.items() if node != Or(())}
    rest = ask(_STAND_IN) if fields.dynamic else None
    if not isinstance(rest, Leaf):
        return any_of(asked.values(), span)
    alike = {name for name, node in asked.items() if node == Leaf(name, rest.test)}
    without = frozenset(name for name in fields if name not in alike)
    others = [node for name, node in asked.items() if name not in alike]
    return any_of([AnyField(rest.test, span, without), *others], span)


def query_string(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`query_string`: a query in Lucene's language."""
    from samefire.languages import lucene

    return lucene.lower_clause(clauses, body, path, within)
