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

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from samefire.fields import CONTAINERS, FieldType, FieldTypes
from samefire.query import dates, lucene_regex, values
from samefire.query.analysis import lower, tokens
from samefire.query.ast import (
    And,
    BooleanIs,
    DateBound,
    DateRange,
    Exists,
    Fails,
    FieldPattern,
    Fold,
    Fuzzy,
    IpRange,
    Leaf,
    Node,
    NumberIs,
    NumberRange,
    Or,
    Pattern,
    Phrase,
    Regex,
    RegexSyntax,
    Term,
    TermRange,
    Test,
    TokenPattern,
    TokenRange,
    TokenRegex,
    VersionRange,
    Wild,
    Wildcard,
)
from samefire.source import NOWHERE, Span

Scalar = str | int | float | bool
"""A value of a query: text, or a JSON number or boolean."""

STRINGS = frozenset(
    {"keyword", "wildcard", "constant_keyword", "counted_keyword", "flattened", "flattened-key", "dynamic"}
)
TEXTS = frozenset({"text", "match_only_text", "pattern_text", "search_as_you_type", "annotated_text"})
WHOLE = frozenset({"long", "integer", "short", "byte", "unsigned_long", "token_count"})
REAL = frozenset({"double", "float", "half_float", "scaled_float"})
DATES = frozenset({"date", "date_nanos"})
SILENT = frozenset({"rank_features", "sparse_vector", "aggregate_metric_double"})
"""Types on which a term finds nothing instead of failing."""


@dataclass(frozen=True, slots=True)
class _Clause:
    """The field that a clause is about, and how its answers are built."""

    name: str
    kind: FieldType
    span: Span
    lenient: bool
    hidden: bool = False  # in documents of a nested container that the search does not see

    def leaf(self, test: Test) -> Node:
        """The test on the field's values; on a flattened field, on the values of all its keys."""
        if self.hidden:
            return nothing(self.span)
        if self.kind.type == "flattened":
            return FieldPattern(((self.kind.column or self.name) + ".", Wild.MANY), test, self.span)
        return Leaf(self.name, test, self.span, self.kind.column, self.kind.null_value)

    def refuse(self, reason: str) -> Node:
        return nothing(self.span) if self.lenient else Fails(reason, self.span)

    def unsupported(self, query: str) -> Node:
        """What Elasticsearch says of a pattern on a field that is no string."""
        types = "keyword and text" if query in ("regexp", "fuzzy") else "keyword, text and wildcard"
        return self.refuse(
            f"Can only use {query} queries on {types} fields - not on [{self.name}] which is of type "
            f"[{self.kind.type}]"
        )

    @property
    def fold(self) -> Fold:
        """The folding of the field itself: a normalizer in lower case."""
        return Fold.UNICODE if self.kind.normalizer else Fold.NONE


def nothing(span: Span = NOWHERE) -> Node:
    """The node that no document satisfies."""
    return Or((), span)


def everything(span: Span = NOWHERE) -> Node:
    """The node that every document satisfies."""
    return And((), span)


def _clause(name: str, fields: FieldTypes, span: Span, lenient: bool, within: str | None) -> _Clause | Node:
    """The clause about a field, or what the search gives without asking its values."""
    kind = fields.resolve(name)
    if kind is None or kind.type in CONTAINERS or kind.type in SILENT:
        return nothing(span)
    clause = _Clause(name, kind, span, lenient, kind.nested != within)
    if not kind.index:
        return clause.refuse(f"Cannot search on field [{name}] since it is not indexed nor has doc values")
    return clause


# ---- clauses ------------------------------------------------------------------------------------------


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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause):
        return clause
    kind = clause.kind.type
    if fold is not Fold.NONE and kind not in STRINGS | TEXTS | {"version"}:
        return clause.refuse(
            f"[{name}] field which is of type [{kind}], does not support case insensitive term queries"
        )
    if kind in STRINGS:
        return _string_term(clause, value, fold)
    if kind in TEXTS:
        text = values.text(value)
        return clause.leaf(TokenPattern((text if fold is Fold.NONE else lower(text),)))
    return _typed_term(clause, value, fold)


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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause) or clause.kind.type not in TEXTS:
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
    """`match_phrase` (`is_prefix`: `match_phrase_prefix`): the tokens in order, elsewhere a `term`."""
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause) or clause.kind.type not in TEXTS:
        if is_prefix:
            return prefix(name, fields, values.text(value), span, lenient=lenient, within=within)
        return term(name, fields, value, span, lenient=lenient, within=within)
    found = tuple(tokens(values.text(value)))
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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause):
        return clause
    kind = clause.kind.type
    if kind == "flattened-key" and not _plain_prefix(pattern, normalize):
        return _keyed_wildcard(clause, pattern, fields) if normalize else _keyed(clause, "wildcard")
    if kind in STRINGS:
        return _string_wildcard(clause, pattern, fold)
    if kind in TEXTS:
        small = normalize or fold is not Fold.NONE
        return clause.leaf(TokenPattern(values.lower_pattern(pattern) if small else pattern))
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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause):
        return clause
    pattern: Pattern = (value, Wild.MANY) if value else (Wild.MANY,)
    kind = clause.kind.type
    if kind in STRINGS:
        return _string_wildcard(clause, pattern, fold)
    if kind in TEXTS:
        small = normalize or fold is not Fold.NONE
        return clause.leaf(TokenPattern(values.lower_pattern(pattern) if small else pattern))
    if kind == "version":
        return clause.leaf(Wildcard(pattern, fold))
    return clause.unsupported("prefix")


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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause) or clause.kind.type not in TEXTS:
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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause):
        return clause
    kind = clause.kind.type
    if kind == "flattened-key":
        return _keyed(clause, "regexp")
    if kind in STRINGS or kind in TEXTS or kind == "version":
        try:
            lucene_regex.parse(pattern)
        except lucene_regex.RegexError as error:
            return clause.refuse(f"failed to parse the regular expression [{pattern}]: {error}")
    if kind in STRINGS or kind == "version":
        limit = clause.kind.ignore_above
        test = Regex(pattern, RegexSyntax.LUCENE, _wider(fold, clause.fold), ignore_above=limit)
        return clause.leaf(test)
    if kind in TEXTS:
        return clause.leaf(TokenRegex(pattern, fold))
    return clause.unsupported("regexp")


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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause):
        return clause
    kind = clause.kind.type
    steps = min(edits, 2) if edits is not None else auto_edits(value)
    if kind == "flattened-key":
        return _keyed(clause, "fuzzy")
    if kind in STRINGS or kind == "version":
        return clause.leaf(Fuzzy(value, steps, prefix_length))
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
    clause = _clause(name, fields, span, lenient, within)
    if not isinstance(clause, _Clause):
        return clause
    if low is None and high is None:
        return exists(name, fields, span, within=within)
    bounds = _Bounds(low, high, low_inclusive, high_inclusive)
    kind = clause.kind.type
    if kind == "dynamic" and bounds.numeric:
        return _number_range(clause, bounds, whole=False)
    if kind in STRINGS or kind in TEXTS or kind == "version":
        return _string_range(clause, bounds, normalize)
    return _typed_range(clause, bounds)


def exists(name: str, fields: FieldTypes, span: Span = NOWHERE, *, within: str | None = None) -> Node:
    """`exists`: the field, or any part of an object, has an indexed value."""
    kind = fields.resolve(name)
    if kind is None or kind.nested != within or not kind.index or kind.type == "nested":
        return nothing(span)
    if kind.value is not None:
        return everything(span)
    limit = kind.ignore_above if kind.type in STRINGS - {"flattened"} else None
    return Leaf(name, Exists(limit), span, kind.column, kind.null_value)


# ---- strings ------------------------------------------------------------------------------------------


def _string_term(clause: _Clause, value: Scalar, fold: Fold) -> Node:
    if clause.kind.type == "dynamic" and not isinstance(value, str):
        return clause.leaf(BooleanIs(value) if isinstance(value, bool) else NumberIs(value))
    text = values.text(value)
    if clause.kind.value is not None:
        return _constant(clause, values.same(text, clause.kind.value, fold))
    return clause.leaf(Term(text, _wider(fold, clause.fold), clause.kind.ignore_above))


def _string_wildcard(clause: _Clause, pattern: Pattern, fold: Fold) -> Node:
    if clause.kind.value is not None:
        return _constant(clause, values.fits(pattern, clause.kind.value, fold))
    return clause.leaf(Wildcard(pattern, _wider(fold, clause.fold), clause.kind.ignore_above))


def _string_range(clause: _Clause, bounds: _Bounds, normalize: bool) -> Node:
    low, high = (None if b is None else values.text(b) for b in (bounds.low, bounds.high))
    kind = clause.kind
    if kind.type == "flattened-key" and (low is None or high is None):
        reason = "[range] queries on keyed [flattened] fields must include both an upper and a lower bound"
        return clause.refuse(reason)
    if kind.type in TEXTS:
        if normalize:
            low, high = (None if b is None else lower(b) for b in (low, high))
        return clause.leaf(TokenRange(low, high, bounds.low_inclusive, bounds.high_inclusive))
    if kind.type == "version":
        return clause.leaf(VersionRange(low, high, bounds.low_inclusive, bounds.high_inclusive))
    return clause.leaf(TermRange(low, high, bounds.low_inclusive, bounds.high_inclusive, kind.ignore_above))


def _constant(clause: _Clause, holds: bool) -> Node:
    """A constant_keyword answers for every document, whatever the document says."""
    return everything(clause.span) if holds and not clause.hidden else nothing(clause.span)


def _wider(asked: Fold, own: Fold) -> Fold:
    return own if asked is Fold.NONE else asked


def _keyed(clause: _Clause, query: str) -> Node:
    return clause.refuse(f"[{query}] queries are not currently supported on keyed [flattened] fields")


def _plain_prefix(pattern: Pattern, normalize: bool) -> bool:
    """Whether the pattern is `abc*`, which `query_string` asks as a prefix."""
    return normalize and len(pattern) == 2 and isinstance(pattern[0], str) and pattern[1] is Wild.MANY


def _keyed_wildcard(clause: _Clause, pattern: Pattern, fields: FieldTypes) -> Node:
    """`query_string` matches the pattern against key and value of ALL keys of the flattened field: one that
    starts with `*` finds the value under any key, any other one finds nothing."""
    root = clause.name
    while (kind := fields.get(root)) is None or kind.type != "flattened":
        root = root.rpartition(".")[0]
    if pattern[0] is not Wild.MANY:
        return nothing(clause.span)
    test = Wildcard(pattern, ignore_above=clause.kind.ignore_above)
    if clause.hidden:
        return nothing(clause.span)
    return FieldPattern(((kind.column or root) + ".", Wild.MANY), test, clause.span)


# ---- numbers, dates, addresses ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: Scalar | None
    high: Scalar | None
    low_inclusive: bool
    high_inclusive: bool

    @property
    def numeric(self) -> bool:
        """Whether every bound that is given is a number."""
        return all(values.is_number(b) for b in (self.low, self.high) if b is not None)


def _typed_term(clause: _Clause, value: Scalar, fold: Fold) -> Node:
    kind = clause.kind.type
    try:
        if kind in WHOLE or kind in REAL:
            number = values.whole(value) if kind in WHOLE else values.real(value)
            return nothing(clause.span) if number is None else clause.leaf(NumberIs(number))
        if kind == "boolean":
            return clause.leaf(BooleanIs(values.boolean(value)))
        if kind in DATES:
            return _date_range(clause, _Bounds(value, value, True, True))
        if kind == "ip":
            return clause.leaf(IpRange(*values.network(values.text(value))))
    except ValueError as error:
        return clause.refuse(str(error))
    if kind == "version":
        text = values.text(value)
        return clause.leaf(Term(text, fold) if fold is not Fold.NONE else VersionRange(text, text))
    return clause.refuse(f"Field [{clause.name}] of type [{kind}] does not support match queries")


def _typed_range(clause: _Clause, bounds: _Bounds) -> Node:
    kind = clause.kind.type
    readers: Sequence[tuple[frozenset[str], Callable[[], Node]]] = (
        (WHOLE, lambda: _number_range(clause, bounds, whole=True)),
        (REAL, lambda: _number_range(clause, bounds, whole=False)),
        (DATES, lambda: _date_range(clause, bounds)),
        (frozenset({"ip"}), lambda: _ip_range(clause, bounds)),
        (frozenset({"boolean"}), lambda: _boolean_range(clause, bounds)),
    )
    for types, read in readers:
        if kind in types:
            try:
                return read()
            except ValueError as error:
                return clause.refuse(str(error))
    return clause.refuse(f"Field [{clause.name}] of type [{kind}] does not support range queries")


def _number_range(clause: _Clause, bounds: _Bounds, *, whole: bool) -> Node:
    """Bounds with decimals on whole numbers are rounded inward."""
    low = None if bounds.low is None else values.real(bounds.low)
    high = None if bounds.high is None else values.real(bounds.high)
    low_in, high_in = bounds.low_inclusive, bounds.high_inclusive
    if whole:
        low, high = values.inward(low, high, low_in, high_in)
        low_in = high_in = True
    return clause.leaf(NumberRange(low, high, low_in, high_in))


def _date_range(clause: _Clause, bounds: _Bounds) -> Node:
    """`gt` starts after the unit that was written and `lte` ends with it; `date` counts milliseconds."""
    grain = dates.MILLI if clause.kind.type == "date" else 1
    low = None if bounds.low is None else _low_date(values.text(bounds.low), bounds.low_inclusive, grain)
    high = None if bounds.high is None else _high_date(values.text(bounds.high), bounds.high_inclusive, grain)
    return clause.leaf(DateRange(low, high))


def _low_date(text: str, inclusive: bool, grain: int) -> DateBound:
    moment = dates.read(text, round_up=not inclusive)
    if moment.nanos is None:
        return DateBound(None, inclusive, moment.math, not inclusive)
    return DateBound((moment.nanos // grain + (0 if inclusive else 1)) * grain)


def _high_date(text: str, inclusive: bool, grain: int) -> DateBound:
    moment = dates.read(text, round_up=inclusive)
    if moment.nanos is None:
        return DateBound(None, inclusive, moment.math, inclusive)
    return DateBound((moment.nanos // grain + (1 if inclusive else 0)) * grain - 1)


def _ip_range(clause: _Clause, bounds: _Bounds) -> Node:
    low = 0 if bounds.low is None else values.address(values.text(bounds.low))
    high = values.LAST_ADDRESS if bounds.high is None else values.address(values.text(bounds.high))
    low += 0 if bounds.low is None or bounds.low_inclusive else 1
    high -= 0 if bounds.high is None or bounds.high_inclusive else 1
    return clause.leaf(IpRange(low, high)) if low <= high else nothing(clause.span)


def _boolean_range(clause: _Clause, bounds: _Bounds) -> Node:
    """false comes before true."""
    low = None if bounds.low is None else values.boolean(bounds.low)
    high = None if bounds.high is None else values.boolean(bounds.high)
    found = [
        clause.leaf(BooleanIs(value))
        for value in (False, True)
        if (low is None or value > low or (bounds.low_inclusive and value is low))
        and (high is None or value < high or (bounds.high_inclusive and value is high))
    ]
    return found[0] if len(found) == 1 else Or(tuple(found), clause.span)
