"""The query tree: every language is lowered to these nodes, the engine and the converters read only them.

A node says its whole meaning: case folding, missing fields, lists and types are decided when a language
is lowered, never while matching. The tree is two-valued: a leaf is true when ANY value of its field
passes the test, false when there is none (Elasticsearch's inverted index). Three-valued logic (EQL
scripts) lives inside a `Script` leaf, which is true only when its expression is true.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from samefire.source import NOWHERE, Span


class Fold(Enum):
    """Which letters are the same: none, A-Z and a-z (Elasticsearch), or all of Unicode (Sigma)."""

    NONE = "none"
    ASCII = "ascii"
    UNICODE = "unicode"


class Wild(Enum):
    """A wildcard inside a pattern: any run of characters (also none, also newlines), or exactly one."""

    MANY = "*"
    ONE = "?"


Pattern = tuple[str | Wild, ...]
"""Literal pieces and wildcards in order; two literals never stand side by side."""


# ---- tests: what one value of a field must be -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exists:
    """The field has at least one value (null and [] are none, "" is one); an object exists when a part
    does. A string longer than `ignore_above` is not indexed and counts for nothing. `null`: a field that is
    in the document with null or [] exists too, as Sigma says of raw events."""

    ignore_above: int | None = None
    null: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """The value, as a keyword field indexes it, is this string. Numbers and booleans compare by their
    JSON text ("80", "true")."""

    value: str
    fold: Fold = Fold.NONE
    ignore_above: int | None = None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """The whole keyword value fits the pattern."""

    pattern: Pattern
    fold: Fold = Fold.NONE
    ignore_above: int | None = None


class RegexSyntax(Enum):
    """Whose regular expression it is: Lucene (whole value, `~ & @ # <1-9>`), or PCRE as Sigma means it."""

    LUCENE = "lucene"
    PCRE = "pcre"


@dataclass(frozen=True, slots=True)
class Regex:
    """The keyword value matches. Lucene: the whole value, `.` takes newlines. PCRE: anywhere in it,
    with Sigma's flags: `fold` for `i`, `multiline` for `m`, `dotall` for `s`."""

    pattern: str
    syntax: RegexSyntax
    fold: Fold = Fold.NONE
    multiline: bool = False
    dotall: bool = True
    ignore_above: int | None = None


@dataclass(frozen=True, slots=True)
class TermRange:
    """The keyword value lies between two strings, in the order of UTF-8 bytes. None = open. With a `fold` the
    value is folded first; the strings are folded already."""

    low: str | None
    high: str | None
    low_inclusive: bool = True
    high_inclusive: bool = True
    ignore_above: int | None = None
    fold: Fold = Fold.NONE


@dataclass(frozen=True, slots=True)
class Phrase:
    """Analysed text (standard analyser): these tokens in this order inside one value, `slop` apart.
    `prefix`: the last token is only a beginning."""

    tokens: tuple[str, ...]
    slop: int = 0
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class TokenPattern:
    """Analysed text: some one token fits the (lower-cased) pattern."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class TokenRegex:
    """Analysed text: some one token matches the Lucene regular expression as a whole."""

    pattern: str
    fold: Fold = Fold.NONE


@dataclass(frozen=True, slots=True)
class TokenRange:
    """Analysed text: some one token lies between two strings (UTF-8 order)."""

    low: str | None
    high: str | None
    low_inclusive: bool = True
    high_inclusive: bool = True


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A keyword value (or one token when `analysed`) at most `edits` Damerau-Levenshtein steps away."""

    value: str
    edits: int
    prefix_length: int = 0
    analysed: bool = False
    fold: Fold = Fold.NONE
    ignore_above: int | None = None


@dataclass(frozen=True, slots=True)
class NumberIs:
    """A numeric value equal to this one. A string that holds a number counts, as when it is indexed."""

    value: int | float


@dataclass(frozen=True, slots=True)
class NumberRange:
    """A numeric value in the range; bounds already rounded as the field's type asks. None = open."""

    low: int | float | None
    high: int | float | None
    low_inclusive: bool = True
    high_inclusive: bool = True


@dataclass(frozen=True, slots=True)
class BooleanIs:
    """true or false (also the strings "true" and "false", as Elasticsearch indexes them)."""

    value: bool


@dataclass(frozen=True, slots=True)
class DateBound:
    """One end of a range of time. `nanos` since the epoch when the text was absolute; otherwise `math`
    is date math on `now` (`now-5m/d`), resolved with the clock of the run; `round_up` as Elasticsearch
    rounds that end."""

    nanos: int | None
    inclusive: bool = True
    math: str | None = None
    round_up: bool = False


@dataclass(frozen=True, slots=True)
class DateRange:
    """A date value in the range. None = open."""

    low: DateBound | None
    high: DateBound | None


@dataclass(frozen=True, slots=True)
class DatePart:
    """One part of a date value lies in the range: `minute`, `hour`, `day`, `week` (ISO), `month`, `year`, as
    the value is written (no conversion of time zones)."""

    part: str
    bounds: NumberRange


@dataclass(frozen=True, slots=True)
class IpRange:
    """An address in the range, both ends included, as 128-bit numbers (IPv4 mapped into ::ffff:0:0/96).
    One address: low = high."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A value of Elasticsearch's `version` type in the range (semantic version order). None = open."""

    low: str | None
    high: str | None
    low_inclusive: bool = True
    high_inclusive: bool = True


Test = (
    Exists
    | Term
    | Wildcard
    | Regex
    | TermRange
    | Phrase
    | TokenPattern
    | TokenRegex
    | TokenRange
    | Fuzzy
    | NumberIs
    | NumberRange
    | BooleanIs
    | DateRange
    | DatePart
    | IpRange
    | VersionRange
)


# ---- nodes ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """True when any value of `field` passes `test`. `column` is where the values lie in the document when
    that is another name (a multi-field `x.text` reads `x`; an alias reads its path). `null_value`: a null in
    the document (not an absent field) counts as this value, as the mapping says."""

    field: str
    test: Test
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    column: str | None = None
    null_value: str | int | float | bool | None = None

    @property
    def reads(self) -> str:
        return self.column or self.field


@dataclass(frozen=True, slots=True)
class AnyField:
    """True when any value of any field passes `test` (keywords without a field: Sigma; free text: the
    lowering of KQL and Lucene gives one such leaf a type). The fields named in `without` are left out: the
    lowering asks them by their type."""

    test: Test
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FieldPattern:
    """True when any value of any field whose name fits `pattern` passes `test`; only for fields that the
    mapping does not list (listed ones are expanded when lowering), and for the keys of a flattened field
    (`labels.*`). The fields named in `without` are left out."""

    pattern: Pattern
    test: Test
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    without: frozenset[str] = frozenset()


class Relation(Enum):
    """How the value of one field must stand to the value of another."""

    EQUALS = "=="
    CONTAINS = "contains"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


@dataclass(frozen=True, slots=True)
class FieldsCompare:
    """True when some value of `left` stands in the relation to some value of `right` (Sigma fieldref)."""

    left: str
    relation: Relation
    right: str
    fold: Fold = Fold.NONE
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Nested:
    """True when one and the same object of the nested array `path` satisfies `child`; the fields in
    `child` carry their full names."""

    path: str
    child: Node
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Script:
    """True when the three-valued expression is true (null and false are both no match) for some value of each
    field that it reads; a field without a value is null."""

    expression: Expression
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Fails:
    """Elasticsearch refuses the whole search when it meets this clause (a word for a number field).
    `reason` says why in one sentence; the rule never fires and the harness reports it."""

    reason: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All children hold; none at all: true."""

    children: tuple[Node, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    name: str | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Some child holds; none at all: false. `name` is the name that a form gave this part (a Sigma
    selection), for reports."""

    children: tuple[Node, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    name: str | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The child does not hold: documents without the field match (bool.must_not)."""

    child: Node
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `count` of the children hold (minimum_should_match)."""

    count: int
    children: tuple[Node, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


Node = And | Or | Not | AtLeast | Leaf | AnyField | FieldPattern | FieldsCompare | Nested | Script | Fails

TRUE = And(())
FALSE = Or(())


# ---- three-valued expressions (inside Script) -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: string, integer (Java long), double, boolean or null."""

    value: str | int | float | bool | None
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value of a field, or null; an expression is run for each of the values. `type` is the Elasticsearch
    type."""

    field: str
    type: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)
    column: str | None = None

    @property
    def reads(self) -> str:
        return self.column or self.field


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language by its canonical name (`substring`, `add`, `eq`, `and`, `isNull` …)."""

    function: str
    arguments: tuple[Expression, ...]
    fold: Fold = Fold.NONE
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


Expression = Constant | FieldValue | Call


def walk(node: Node) -> Iterator[Node]:
    """`node` and all nodes below it, parents first, in order of writing."""
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        yield current
        match current:
            case And(children=children) | Or(children=children) | AtLeast(children=children):
                stack.extend(reversed(children))
            case Not(child=child) | Nested(child=child):
                stack.append(child)
            case _:
                pass


def expression_fields(expression: Expression) -> Iterator[FieldValue]:
    """Every field that an expression reads."""
    match expression:
        case FieldValue():
            yield expression
        case Call(arguments=arguments):
            for argument in arguments:
                yield from expression_fields(argument)
        case Constant():
            return


def fields_read(node: Node) -> set[str]:
    """Names of the fields (as written) that a node asks about."""
    names: set[str] = set()
    for part in walk(node):
        match part:
            case Leaf(field=name):
                names.add(name)
            case FieldsCompare(left=left, right=right):
                names.update((left, right))
            case Script(expression=expression):
                names.update(f.field for f in expression_fields(expression))
            case _:
                pass
    return names
