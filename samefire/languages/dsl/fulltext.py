"""Queries that ask several fields at once: `multi_match`, and `query_string` in Lucene's own language."""

from __future__ import annotations

from collections.abc import Iterable

from samefire.fields import FieldTypes
from samefire.languages import lucene
from samefire.languages.dsl.clauses import Clauses, Json
from samefire.languages.dsl.options import Options, Path
from samefire.query import typed, values
from samefire.query.anywhere import Ask, any_field, fields_like
from samefire.query.ast import Fails, Node, Or
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
_LUCENE_FIXED = {"type": "best_fields", "allow_leading_wildcard": True, "time_zone": "UTC", "escape": False}
"""Options of `query_string` that are taken at their defaults only (Kibana sends no other ones)."""
_LUCENE_UNSUPPORTED = (
    *("analyzer", "quote_analyzer", "quote_field_suffix", "phrase_slop", "fuzziness", "fuzzy_prefix_length"),
    *("fuzzy_max_expansions", "fuzzy_transpositions", "minimum_should_match", "rewrite"),
    *("enable_position_increments", "auto_generate_synonyms_phrase_query", "max_determinized_states"),
)


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
    given = None if given in ("*", ["*"], []) else given
    if kind == "cross_fields" and every:
        notes.unsupported((*path, "type"), "cross_fields with operator and")
    if kind in ("phrase", "phrase_prefix") and options.number("slop") < 0:
        return Fails("No negative slop allowed.", span)
    lenient = options.flag("lenient") if "lenient" in options else given is None
    ask = _question(clauses, value, kind, options, span, lenient=lenient, every=every, within=within)
    if given is None:
        return any_field(ask, clauses.fields, span)
    return _on(ask, clauses.fields, _weighed(clauses, given, (*path, "fields")), span)


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
) -> Ask:
    """What is asked of each field."""
    if kind in ("phrase", "phrase_prefix"):
        is_prefix, slop = kind == "phrase_prefix", options.number("slop")
        return lambda fields, name: typed.phrase(
            name, fields, value, span, slop=slop, is_prefix=is_prefix, lenient=lenient, within=within
        )
    if kind == "bool_prefix":
        text = values.text(value)
        return lambda fields, name: typed.analysed_prefix(
            name, fields, text, span, every=every, lenient=lenient, within=within
        )
    return lambda fields, name: clauses.matched(
        typed.match(name, fields, value, span, every=every, lenient=lenient, within=within), options, span
    )


def _weighed(clauses: Clauses, given: object, path: Path) -> Iterable[str]:
    """The fields that are named, one or a list, without their weights (`name^2`)."""
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        clauses.notes.bad_value(path, "a list of field names", given)
        return []
    return [str(name).partition("^")[0] for name in listed]


def _on(ask: Ask, fields: FieldTypes, names: Iterable[str], span: Span) -> Node:
    """The question asked of each named field; a name may have wildcards."""
    nodes = [fields_like(name, ask, fields, span) if "*" in name else ask(fields, name) for name in names]
    found = [node for node in dict.fromkeys(nodes) if node != Or(())]
    return found[0] if len(found) == 1 else Or(tuple(found), span)


def query_string(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`query_string`: a query in Lucene's language."""
    notes = clauses.notes
    known = (
        "query",
        "fields",
        "default_field",
        "default_operator",
        "analyze_wildcard",
        "lenient",
        *_LUCENE_FIXED,
    )
    options = Options(notes, body, path, (*known, *_LUCENE_UNSUPPORTED))
    options.refuse(*_LUCENE_UNSUPPORTED)
    for name, default in _LUCENE_FIXED.items():
        if options.get(name) not in (None, default):
            options.refuse(name)
    span = notes.place(path)
    text = clauses.text(body.get("query"), (*path, "query"))
    if text is None:
        return Fails("[query_string] requires a query, not null", span)
    if "fields" in options and "default_field" in options:
        return Fails("[query_string] cannot use [fields] parameter in conjunction with [default_field]", span)
    if not text.strip():  # Kibana sends a blank query as `match_all`, a filter sends it as it is
        return typed.nothing(span)
    on = tuple(_weighed(clauses, body["fields"], (*path, "fields"))) if "fields" in options else None
    default_field = options.get("default_field")
    if default_field is not None and not isinstance(default_field, str):
        notes.bad_value((*path, "default_field"), "the name of a field", default_field)
        default_field = None
    return lucene.query_string(
        text,
        clauses.fields,
        span,
        on=on,
        default_field=default_field,
        analyze_wildcard=options.flag("analyze_wildcard"),
        lenient=options.flag("lenient") if "lenient" in options else None,
        default_operator=options.word("default_operator", "or", ("and", "or")),
    )
