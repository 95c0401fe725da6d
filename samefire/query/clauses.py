"""One field that a clause is about, and what is asked of it, by families of types: strings, numbers, dates,
addresses. `typed.py` is what languages call; it chooses the family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samefire.fields import CONTAINERS, FieldType, FieldTypes
from samefire.query import values
from samefire.query.analysis import lower
from samefire.query.ast import (
    And,
    BooleanIs,
    DateBound,
    DateRange,
    Fails,
    FieldPattern,
    Fold,
    IpRange,
    Leaf,
    Node,
    NumberIs,
    NumberRange,
    Or,
    Pattern,
    Term,
    TermRange,
    Test,
    TokenRange,
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
_ASKED = {"regexp": "keyword and text", "fuzzy": "keyword and text", "phrase prefix": "text"}
"""Kinds of query that may ask only some types of fields."""


@dataclass(frozen=True, slots=True)
class Clause:
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
        types = _ASKED.get(query, "keyword, text and wildcard")
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


def clause_on(name: str, fields: FieldTypes, span: Span, lenient: bool, within: str | None) -> Clause | Node:
    """The clause about a field, or what the search gives without asking its values."""
    kind = fields.resolve(name)
    if kind is None or kind.type in CONTAINERS or kind.type in SILENT:
        return nothing(span)
    clause = Clause(name, kind, span, lenient, kind.nested != within)
    if not kind.index:
        return clause.refuse(f"Cannot search on field [{name}] since it is not indexed nor has doc values")
    return clause


@dataclass(frozen=True, slots=True)
class Bounds:
    low: Scalar | None
    high: Scalar | None
    low_inclusive: bool
    high_inclusive: bool

    @property
    def numeric(self) -> bool:
        """Whether every bound that is given is a number."""
        return all(values.is_number(b) for b in (self.low, self.high) if b is not None)


# ---- strings ------------------------------------------------------------------------------------------


def string_term(clause: Clause, value: Scalar, fold: Fold) -> Node:
    if clause.kind.type == "dynamic" and not isinstance(value, str):
        return clause.leaf(BooleanIs(value) if isinstance(value, bool) else NumberIs(value))
    text = values.text(value)
    if clause.kind.value is not None:
        return _constant(clause, values.same(text, clause.kind.value, fold))
    return clause.leaf(Term(text, wider(fold, clause.fold), clause.kind.ignore_above))


def string_wildcard(clause: Clause, pattern: Pattern, fold: Fold) -> Node:
    if clause.kind.value is not None:
        return _constant(clause, values.fits(pattern, clause.kind.value, fold))
    return clause.leaf(Wildcard(pattern, wider(fold, clause.fold), clause.kind.ignore_above))


def string_range(clause: Clause, bounds: Bounds, normalize: bool) -> Node:
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
    if kind.value is not None:
        return _constant(clause, _between(kind.value, low, high, bounds))
    low, high = (None if b is None else values.folded(b, clause.fold) for b in (low, high))
    inclusive = (bounds.low_inclusive, bounds.high_inclusive)
    return clause.leaf(TermRange(low, high, *inclusive, kind.ignore_above, clause.fold))


def _between(value: str, low: str | None, high: str | None, bounds: Bounds) -> bool:
    """Whether a text lies between two others in the order of UTF-8 bytes."""
    there = value.encode()
    if low is not None and not (low.encode() <= there if bounds.low_inclusive else low.encode() < there):
        return False
    return high is None or (there <= high.encode() if bounds.high_inclusive else there < high.encode())


def _constant(clause: Clause, holds: bool) -> Node:
    """A constant_keyword answers for every document, whatever the document says."""
    return everything(clause.span) if holds and not clause.hidden else nothing(clause.span)


def wider(asked: Fold, own: Fold) -> Fold:
    """The folding of a clause: a field in lower case folds more than `case_insensitive` does."""
    return asked if own is Fold.NONE else own


def keyed(clause: Clause, query: str) -> Node:
    return clause.refuse(f"[{query}] queries are not currently supported on keyed [flattened] fields")


def plain_prefix(pattern: Pattern, normalize: bool) -> bool:
    """Whether the pattern is `abc*`, which `query_string` asks as a prefix."""
    return normalize and len(pattern) == 2 and isinstance(pattern[0], str) and pattern[1] is Wild.MANY


def keyed_wildcard(clause: Clause, pattern: Pattern, fields: FieldTypes) -> Node:
    """`query_string` matches the pattern against key and value of ALL keys of the flattened field, with one
    character between the two: each wildcard of the pattern may be what stands there."""
    root = clause.name
    while (kind := fields.get(root)) is None or kind.type != "flattened":
        root = root.rpartition(".")[0]
    if clause.hidden:
        return nothing(clause.span)
    start = (kind.column or root) + "."
    found = []
    for at, piece in enumerate(pattern):
        if isinstance(piece, Wild):
            rest = (piece,) if piece is Wild.MANY else ()
            names = (start, *pattern[:at], *rest)
            test = Wildcard((*rest, *pattern[at + 1 :]), ignore_above=clause.kind.ignore_above)
            found.append(FieldPattern(names, test, clause.span))
    return found[0] if len(found) == 1 else Or(tuple(found), clause.span)


# ---- numbers, dates, addresses ------------------------------------------------------------------------


def typed_term(clause: Clause, value: Scalar, fold: Fold) -> Node:
    kind = clause.kind.type
    try:
        if kind in WHOLE or kind in REAL:
            number = values.whole(value) if kind in WHOLE else values.real(value)
            return nothing(clause.span) if number is None else clause.leaf(NumberIs(number))
        if kind == "boolean":
            return clause.leaf(BooleanIs(values.boolean(value)))
        if kind in DATES:
            return _date_range(clause, Bounds(value, value, True, True))
        if kind == "ip":
            return clause.leaf(IpRange(*values.network(values.text(value))))
    except ValueError as error:
        return clause.refuse(str(error))
    if kind == "version":
        text = values.text(value)
        return clause.leaf(Term(text, fold) if fold is not Fold.NONE else VersionRange(text, text))
    return clause.refuse(f"Field [{clause.name}] of type [{kind}] does not support match queries")


def typed_range(clause: Clause, bounds: Bounds) -> Node:
    kind = clause.kind.type
    readers: Sequence[tuple[frozenset[str], Callable[[], Node]]] = (
        (WHOLE, lambda: number_range(clause, bounds, whole=True)),
        (REAL, lambda: number_range(clause, bounds, whole=False)),
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


def number_range(clause: Clause, bounds: Bounds, *, whole: bool) -> Node:
    """Bounds with decimals on whole numbers are rounded inward."""
    low = None if bounds.low is None else values.real(bounds.low)
    high = None if bounds.high is None else values.real(bounds.high)
    low_in, high_in = bounds.low_inclusive, bounds.high_inclusive
    if whole:
        _refuse_out_of_range(clause.kind.type, bounds)
        low, high = values.inward(low, high, low_in, high_in)
        low_in = high_in = True
    return clause.leaf(NumberRange(low, high, low_in, high_in))


def _refuse_out_of_range(kind: str, bounds: Bounds) -> None:
    """A bound that the type cannot hold fails the search (as a term it would match nothing)."""
    name, bits = ("a long", 63) if kind == "long" else ("an integer", 31)
    for bound in (bounds.low, bounds.high):
        if bound is not None and kind != "unsigned_long" and not -(2**bits) <= values.real(bound) < 2**bits:
            raise ValueError(f"Value [{values.text(bound)}] is out of range for {name}")


def _date_range(clause: Clause, bounds: Bounds) -> Node:
    """`gt` starts after the unit that was written and `lte` ends with it; `date` counts milliseconds."""
    from samefire.query import dates

    grain = dates.MILLI if clause.kind.type == "date" else 1
    low = None if bounds.low is None else _low_date(values.text(bounds.low), bounds.low_inclusive, grain)
    high = None if bounds.high is None else _high_date(values.text(bounds.high), bounds.high_inclusive, grain)
    return clause.leaf(DateRange(low, high))


def _low_date(text: str, inclusive: bool, grain: int) -> DateBound:
    from samefire.query import dates

    moment = dates.read(text, round_up=not inclusive)
    if moment.nanos is None:
        return DateBound(None, inclusive, moment.math, not inclusive)
    if grain == 1:
        dates.held_in_nanos(text, moment.nanos)
    return DateBound((moment.nanos // grain + (0 if inclusive else 1)) * grain)


def _high_date(text: str, inclusive: bool, grain: int) -> DateBound:
    from samefire.query import dates

    moment = dates.read(text, round_up=inclusive)
    if moment.nanos is None:
        return DateBound(None, inclusive, moment.math, inclusive)
    if grain == 1:
        dates.held_in_nanos(text, moment.nanos)
    return DateBound((moment.nanos // grain + (1 if inclusive else 0)) * grain - 1)


def _ip_range(clause: Clause, bounds: Bounds) -> Node:
    low = 0 if bounds.low is None else values.address(values.text(bounds.low))
    high = values.LAST_ADDRESS if bounds.high is None else values.address(values.text(bounds.high))
    low += 0 if bounds.low is None or bounds.low_inclusive else 1
    high -= 0 if bounds.high is None or bounds.high_inclusive else 1
    return clause.leaf(IpRange(low, high)) if low <= high else nothing(clause.span)


def _boolean_range(clause: Clause, bounds: Bounds) -> Node:
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
