"""What one clause on one field means to Elasticsearch, by the type of the field.

Every language that ends as Query DSL (KQL, Lucene, the pushed part of EQL, Kibana's filters) lowers its
clauses here, so that a number, a date or an address is understood in one place. Each function takes the
field's name as written, the field types, what is asked, and gives a node that carries the whole meaning:

- an unmapped field, and an object where a value is needed, match nothing;
- a field inside a nested container matches only when `within` is that container's path;
- what Elasticsearch refuses (a word for a number) is `Fails`, or nothing when `lenient`;
- `fold` is `case_insensitive: true`, which strings alone have.

Numbers are compared as the numbers that were written: the rounding of `float` and `scaled_float` when they
are stored is not imitated. `samefire.query.values` reads the texts of numbers and addresses, `dates` dates,
`analysis` cuts text into tokens.
"""

from __future__ import annotations

from collections.abc import Iterable

from samefire.fields import FieldTypes
from samefire.query import values
from samefire.query.analysis import lower, tokens
from samefire.query.ast import (
    And,
    Exists,
    Fold,
    Fuzzy,
    Leaf,
    Node,
    Or,
    Pattern,
    Phrase,
    Regex,
    RegexSyntax,
    TokenPattern,
    TokenRegex,
    Wild,
    Wildcard,
)
from samefire.query.clauses import (
    DATES,
    REAL,
    STRINGS,
    TEXTS,
    WHOLE,
    Bounds,
    Clause,
    Scalar,
    clause_on,
    everything,
    keyed,
    keyed_wildcard,
    nothing,
    number_range,
    plain_prefix,
    string_range,
    string_term,
    string_wildcard,
    typed_range,
    typed_term,
    wider,
)
from samefire.source import NOWHERE, Span

__all__ = [
    "DATES",
    "REAL",
    "STRINGS",
    "TEXTS",
    "WHOLE",
    "Scalar",
    "analysed_prefix",
    "auto_edits",
    "everything",
    "exists",
    "fuzzy",
    "match",
    "nothing",
    "phrase",
    "prefix",
    "range_",
    "regexp",
    "term",
    "terms",
    "unreadable",
    "wildcard",
]


def term(
    name: str,
    fields: FieldTypes,
    value: Scalar,
    span: Span = NOWHERE,
    *,
    fold: Fold = Fold.NONE,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`term`: the value as it stands; on analysed text one token, not lower-cased."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause):
        return clause
    kind = clause.kind.type
    if fold is not Fold.NONE and kind not in STRINGS | TEXTS | {"version"}:
        return clause.refuse(
            f"[{name}] field which is of type [{kind}], does not support case insensitive term queries"
        )
    if kind in STRINGS:
        return string_term(clause, value, fold)
    if kind in TEXTS:
        return clause.leaf(TokenPattern((values.folded(values.text(value), fold),)))
    return typed_term(clause, value, fold)


def terms(
    name: str,
    fields: FieldTypes,
    wanted: Iterable[Scalar],
    span: Span = NOWHERE,
    *,
    fold: Fold = Fold.NONE,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`terms`: any one of the values."""
    found = [term(name, fields, value, span, fold=fold, lenient=lenient, within=within) for value in wanted]
    return found[0] if len(found) == 1 else Or(tuple(found), span)


def match(
    name: str,
    fields: FieldTypes,
    value: Scalar,
    span: Span = NOWHERE,
    *,
    every: bool = False,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`match`: on analysed text any token of the value (`every`: all of them), elsewhere a `term`."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause) or clause.kind.type not in TEXTS:
        return term(name, fields, value, span, lenient=lenient, within=within)
    found = tuple(clause.leaf(Phrase((token,))) for token in dict.fromkeys(tokens(values.text(value))))
    if len(found) == 1:
        return found[0]
    return And(found, span) if every and found else Or(found, span)


def phrase(
    name: str,
    fields: FieldTypes,
    value: Scalar,
    span: Span = NOWHERE,
    *,
    slop: int = 0,
    is_prefix: bool = False,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`match_phrase`: the tokens in order, elsewhere a `term`. `is_prefix`: `match_phrase_prefix`, which only
    analysed text allows."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause) or clause.kind.type not in TEXTS:
        if is_prefix and isinstance(clause, Clause):
            return clause.unsupported("phrase prefix")
        return term(name, fields, value, span, lenient=lenient, within=within)
    found = tuple(tokens(values.text(value)))
    if slop < 0 and len(found) > 1:
        return clause.refuse(f"slop must be >= 0, got {slop}")
    return clause.leaf(Phrase(found, slop, is_prefix)) if found else nothing(span)


def wildcard(
    name: str,
    fields: FieldTypes,
    pattern: Pattern,
    span: Span = NOWHERE,
    *,
    fold: Fold = Fold.NONE,
    normalize: bool = False,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`wildcard`: the whole value, on analysed text one token. `normalize` is what `query_string` does: the
    pattern is lower-cased on analysed text (and looks through all keys of a flattened field)."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause):
        return clause
    kind = clause.kind.type
    if (
        not pattern and kind in (STRINGS - {"wildcard"}) | TEXTS
    ):  # Lucene's empty pattern has no string at all
        return nothing(span)
    if kind == "flattened-key" and not plain_prefix(pattern, normalize):
        return keyed_wildcard(clause, pattern, fields) if normalize else keyed(clause, "wildcard")
    if kind in STRINGS:
        return string_wildcard(clause, pattern, fold)
    if kind in TEXTS:
        return clause.leaf(TokenPattern(_token_pattern(pattern, fold, normalize)))
    if kind == "version":
        return clause.leaf(Wildcard(pattern, fold))
    return clause.unsupported("wildcard")


def prefix(
    name: str,
    fields: FieldTypes,
    value: str,
    span: Span = NOWHERE,
    *,
    fold: Fold = Fold.NONE,
    normalize: bool = False,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`prefix`: values (on analysed text: tokens, and `normalize` in lower case) that start with the text."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause):
        return clause
    pattern: Pattern = (value, Wild.MANY) if value else (Wild.MANY,)
    kind = clause.kind.type
    if kind in STRINGS:
        return string_wildcard(clause, pattern, fold)
    if kind in TEXTS:
        return clause.leaf(TokenPattern(_token_pattern(pattern, fold, normalize)))
    if kind == "version":
        return clause.leaf(Wildcard(pattern, fold))
    return clause.unsupported("prefix")


def _token_pattern(pattern: Pattern, fold: Fold, normalize: bool) -> Pattern:
    """The pattern as it is held against tokens, which are in lower case: `normalize` lowers all of it,
    `case_insensitive` A-Z only."""
    if normalize:
        return values.lower_pattern(pattern)
    return tuple(values.folded(piece, fold) if isinstance(piece, str) else piece for piece in pattern)


def analysed_prefix(
    name: str,
    fields: FieldTypes,
    value: str,
    span: Span = NOWHERE,
    *,
    every: bool = False,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`abc*` of `query_string` with `analyze_wildcard`: on analysed text the tokens of the value, the last
    one as a beginning (any of them, `every`: all); elsewhere a `prefix`."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause) or clause.kind.type not in TEXTS:
        return prefix(name, fields, value, span, lenient=lenient, within=within)
    *whole, last = tokens(value) or [""]
    if not last:
        return nothing(span)
    beginning = clause.leaf(TokenPattern((last, Wild.MANY)))
    found = (*(clause.leaf(Phrase((token,))) for token in whole), beginning)
    return found[0] if not whole else And(found, span) if every else Or(found, span)


def regexp(
    name: str,
    fields: FieldTypes,
    pattern: str,
    span: Span = NOWHERE,
    *,
    fold: Fold = Fold.NONE,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`regexp`: Lucene's regular expression on the whole value, on analysed text on one token."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause):
        return clause
    kind = clause.kind.type
    if reason := unreadable(pattern):
        return clause.refuse(reason)
    if kind == "flattened-key":
        return keyed(clause, "regexp")
    if kind in STRINGS or kind == "version":
        limit = clause.kind.ignore_above
        test = Regex(pattern, RegexSyntax.LUCENE, wider(fold, clause.fold), ignore_above=limit)
        return clause.leaf(test)
    if kind in TEXTS:
        return clause.leaf(TokenRegex(pattern, fold))
    return clause.unsupported("regexp")


def unreadable(pattern: str) -> str | None:
    """Why a text is no regular expression of Lucene; None when it is one."""
    from samefire.query import lucene_regex

    try:
        lucene_regex.parse(pattern)
    except lucene_regex.RegexError as error:
        return f"failed to parse the regular expression [{pattern}]: {error}"
    return None


def fuzzy(
    name: str,
    fields: FieldTypes,
    value: str,
    span: Span = NOWHERE,
    *,
    edits: int | None = None,
    prefix_length: int = 0,
    normalize: bool = False,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`fuzzy`: at most `edits` steps away (None: by the length, as `AUTO` counts); `normalize`: the value is
    lower-cased on analysed text."""
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause):
        return clause
    kind = clause.kind.type
    steps = min(edits, 2) if edits is not None else auto_edits(value)
    if kind == "flattened-key":
        return keyed(clause, "fuzzy")
    if prefix_length >= len(value):  # Lucene asks for the value itself then
        steps = 0
    if kind in STRINGS or kind == "version":
        limit = clause.kind.ignore_above
        return clause.leaf(Fuzzy(value, steps, prefix_length, fold=clause.fold, ignore_above=limit))
    if kind in TEXTS:
        text = lower(value) if normalize else value
        return clause.leaf(Fuzzy(text, steps, prefix_length, analysed=True))
    return clause.unsupported("fuzzy")


def auto_edits(value: str) -> int:
    """The steps that fuzziness `AUTO` allows: none below three characters, one below six."""
    return 0 if len(value) < 3 else 1 if len(value) < 6 else 2


def range_(
    name: str,
    fields: FieldTypes,
    span: Span = NOWHERE,
    *,
    low: Scalar | None = None,
    high: Scalar | None = None,
    low_inclusive: bool = True,
    high_inclusive: bool = True,
    normalize: bool = False,
    lenient: bool = False,
    within: str | None = None,
) -> Node:
    """`range`: between two values; None is open. `normalize` as for `wildcard`."""
    if low is None and high is None and not normalize:
        return exists(name, fields, span, within=within)
    clause = clause_on(name, fields, span, lenient, within)
    if not isinstance(clause, Clause):
        return clause
    if low is None and high is None and clause.kind.type not in TEXTS | {"flattened-key"}:
        return exists(name, fields, span, within=within)
    bounds = Bounds(low, high, low_inclusive, high_inclusive)
    kind = clause.kind.type
    if kind == "dynamic" and bounds.numeric:
        return number_range(clause, bounds, whole=False)
    if kind in STRINGS or kind in TEXTS or kind == "version":
        return string_range(clause, bounds, normalize)
    return typed_range(clause, bounds)


def exists(name: str, fields: FieldTypes, span: Span = NOWHERE, *, within: str | None = None) -> Node:
    """`exists`: the field, or any part of an object, has an indexed value."""
    kind = fields.resolve(name)
    if kind is None or kind.nested != within or not kind.index or kind.type == "nested":
        return nothing(span)
    if kind.value is not None:
        return everything(span)
    if kind.type == "flattened-key":  # an object below a key is not the key's value
        test = Wildcard((Wild.MANY,), ignore_above=kind.ignore_above)
        return Leaf(name, test, span, kind.column, kind.null_value)
    # A dynamic field may be an object, whose parts are not held against a limit here.
    limit = kind.ignore_above if kind.type in STRINGS - {"flattened", "dynamic"} else None
    return Leaf(name, Exists(limit), span, kind.column, kind.null_value)
