"""The full-text functions of ES|QL as nodes that ask single events: KQL, QSTR, MATCH, MATCH_PHRASE."""

from __future__ import annotations

from samefire.fields import FieldTypes
from samefire.languages.esql import types
from samefire.languages.esql.tree import Map, Number, Text, Truth
from samefire.problems import Problem, ProblemError
from samefire.query import typed
from samefire.query.ast import FALSE, Node
from samefire.source import Embedded, Source, Span


def embedded(source: Source, text: Text) -> Source:
    """The string inside the query as a text of its own, with its places."""
    raw = source.text[text.span.start : text.span.end]
    quotes = 3 if raw.startswith('"""') else 1

    def offsets() -> list[int]:
        found = []
        at = text.span.start + quotes
        for _ in text.value:
            found.append(at)
            at += 2 if quotes == 1 and source.text[at] == "\\" else 1
        return [*found, at]

    return Embedded(source.path, text.value, parent=source, offsets=offsets)


def searched(language: str, inner: Source, fields: FieldTypes) -> tuple[Node, tuple[Problem, ...]]:
    """What a KQL or Lucene text asks, and its problems."""
    from samefire.languages import kuery, lucene

    try:
        if language == "kuery":
            return kuery.lower(kuery.parse(inner), fields, inner), ()
        return lucene.lower(lucene.parse(inner), fields, inner), ()
    except ProblemError as error:
        return FALSE, error.problems


def unmatched(kind: str, value: Text | Number | Truth, *, phrase: bool) -> str | None:
    """Why a value cannot be searched for in a column of this type; a text always can."""
    if isinstance(value, Text) or (kind == "dynamic" and not phrase):
        return None
    if phrase:
        return "`MATCH_PHRASE` searches for a string"
    fitting = types.NUMBERS if isinstance(value, Number) else {"boolean"}
    what = "a number" if isinstance(value, Number) else "true or false"
    return (
        None if kind in fitting else f"the column is {types.shown(kind)}, and cannot be searched for {what}"
    )


def matched(
    field: str,
    value: str | int | float | bool,
    options: Map | None,
    fields: FieldTypes,
    span: Span,
    *,
    phrase: bool,
) -> Node | str:
    """`MATCH(field, value, {options})` or `MATCH_PHRASE`; a sentence when an option cannot be run here. What the
    field's type cannot hold matches nothing, unless the query says that it is not lenient."""
    given = (
        {key: v.value for key, v in options.entries if isinstance(v, Text | Number | Truth)}
        if options
        else {}
    )
    ignored = {"boost", "auto_generate_synonyms_phrase_query", "max_expansions"}
    if "fuzziness" not in given:
        ignored |= {"prefix_length", "fuzzy_transpositions", "fuzzy_rewrite"}
    if given.get("zero_terms_query") == "none":
        ignored.add("zero_terms_query")
    slop = given.pop("slop", 0) if phrase else 0
    operator = str(given.pop("operator", "or")).lower()
    lenient = bool(given.pop("lenient", True))
    fuzziness = given.pop("fuzziness", None)
    unknown = next((key for key in given if key not in ignored), None)
    if unknown is not None:
        return f"samefire does not run the option `{unknown}` of a full-text search"
    if phrase:
        return typed.phrase(field, fields, value, span, slop=int(slop), lenient=False)
    if fuzziness is not None:
        edits = None if str(fuzziness).upper() == "AUTO" else int(fuzziness)
        return typed.fuzzy(field, fields, str(value), span, edits=edits, normalize=True, lenient=lenient)
    return typed.match(field, fields, value, span, every=operator == "and", lenient=lenient)
