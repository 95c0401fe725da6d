"""One clause on one field: every kind of clause on every family of types, and what Elasticsearch refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from samefire.engine.alerts import Context
from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldType, FieldTypes
from samefire.query import typed
from samefire.query.ast import Fails, FieldPattern, Fold, Leaf, Node, Or, Term, Wild, Wildcard
from samefire.source import Span

NOW = 1_709_294_400_000_000_000  # 2024-03-01T12:00:00Z
KINDS: dict[str, str] = {
    "k": "keyword",
    "w": "wildcard",
    "t": "match_only_text",
    "n": "long",
    "small": "byte",
    "d": "double",
    "b": "boolean",
    "when": "date",
    "fine": "date_nanos",
    "ip": "ip",
    "v": "version",
    "map": "flattened",
    "point": "geo_point",
    "o": "object",
}
TYPES = FieldTypes(
    {
        **{name: FieldType(name, kind) for name, kind in KINDS.items()},
        "short": FieldType("short", "keyword", 5),
        "folded": FieldType("folded", "keyword", normalizer="lowercase"),
        "one": FieldType("one", "constant_keyword", value="Sensor"),
        "zero": FieldType("zero", "keyword", null_value="NULL"),
        "blind": FieldType("blind", "keyword", index=False),
        "list": FieldType("list", "nested"),
        "list.n": FieldType("list.n", "long", nested="list"),
        "alias": FieldType("alias", "long", column="n"),
    }
)
CLOSED = TYPES.layered(FieldTypes({}, dynamic=False))


def matches(node: Node, document: dict[str, Any]) -> bool:
    hits = match([node], Events([document]), Context(now=NOW))
    assert hits.failures[0] is None, hits.failures[0]
    return bool(hits.ordinals[0])


@pytest.mark.parametrize(
    ("field", "value", "document", "expected"),
    [
        ("k", "a", "a", True),
        ("k", "a", "A", False),
        ("k", 80, 80, True),
        ("k", True, "true", True),
        ("short", "longer", "longer", False),
        ("folded", "aB", "Ab", True),
        ("w", "a b", "a b", True),
        ("t", "fox", "The Fox", True),
        ("t", "Fox", "The Fox", False),
        ("n", "80.0", 80, True),
        ("n", "8e1", "80", True),
        ("n", "80.5", 80.5, False),
        ("n", "99999999999999999999999", 1, False),
        ("small", "300", 300, True),
        ("d", "1.50", 1.5, True),
        ("b", "true", True, True),
        ("b", False, "false", True),
        ("when", "2024-03-01", "2024-03-01T23:59:59.999Z", True),
        ("when", "2024-03-01", "2024-03-02T00:00:00Z", False),
        ("when", "1709251200000", "2024-03-01T00:00:00.000999Z", True),
        ("fine", "2024-03-01T10:00:00.000000001Z", "2024-03-01T10:00:00.000000002Z", False),
        ("ip", "10.0.0.0/8", "10.255.255.255", True),
        ("ip", "0:0:0:0:0:0:0:1", "::1", True),
        ("ip", "::ffff:10.0.0.1", "10.0.0.1", True),
        ("v", "1.2.3", "1.2.3", True),
        ("map", "x", {"a": {"b": "x"}}, True),
        ("map.a.b", "x", {"map": {"a": {"b": "x"}}}, True),
        ("map.a", "x", {"map": {"b": "x"}}, False),
        ("alias", "5", {"n": 5}, True),
        ("zero", "NULL", {"zero": None}, True),
        ("zero", "NULL", {}, False),
        ("o", "x", {"o": {"a": "x"}}, False),
        ("unlisted", "80", 80, True),
        ("unlisted", 80, 80.0, True),
        ("unlisted", True, True, True),
    ],
)
def test_term(field: str, value: Any, document: Any, expected: bool) -> None:
    whole = document if isinstance(document, dict) and field != "map" else {field: document}
    assert matches(typed.term(field, TYPES, value), whole) is expected


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("n", "abc", 'For input string: "abc"'),
        ("n", "", "empty String"),
        ("d", "1e999", "only finite values are supported, but got [1e999]"),
        ("b", "TRUE", "Can't parse boolean value [TRUE], expected [true] or [false]"),
        ("ip", "10.*", "'10.*' is not an IP string literal."),
        ("ip", "10.0.0.0/33", "Expected [ip/prefix] but was [10.0.0.0/33]"),
        (
            "when",
            "soon",
            "failed to parse date field [soon] with format [strict_date_optional_time||epoch_millis]",
        ),
        ("blind", "x", "Cannot search on field [blind] since it is not indexed nor has doc values"),
        ("point", "x", "Field [point] of type [geo_point] does not support match queries"),
        ("list.n", "abc", 'For input string: "abc"'),
    ],
)
def test_what_fails(field: str, value: str, reason: str) -> None:
    span = Span(3, 7)
    assert typed.term(field, TYPES, value, span) == Fails(reason)
    failed = typed.term(field, TYPES, value, span)
    assert isinstance(failed, Fails) and failed.span == span
    assert typed.term(field, TYPES, value, lenient=True) == Or(())


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        (
            lambda: typed.wildcard("n", TYPES, ("4", Wild.MANY)),
            "Can only use wildcard queries on keyword, text and wildcard fields - not on [n] which is of type [long]",
        ),
        (
            lambda: typed.prefix("ip", TYPES, "10."),
            "Can only use prefix queries on keyword, text and wildcard fields - not on [ip] which is of type [ip]",
        ),
        (
            lambda: typed.regexp("when", TYPES, "2.*"),
            "Can only use regexp queries on keyword and text fields - not on [when] which is of type [date]",
        ),
        (
            lambda: typed.fuzzy("b", TYPES, "tru"),
            "Can only use fuzzy queries on keyword and text fields - not on [b] which is of type [boolean]",
        ),
        (
            lambda: typed.wildcard("map.a", TYPES, ("x", Wild.MANY)),
            "[wildcard] queries are not currently supported on keyed [flattened] fields",
        ),
        (
            lambda: typed.regexp("map.a", TYPES, "x"),
            "[regexp] queries are not currently supported on keyed [flattened] fields",
        ),
        (
            lambda: typed.fuzzy("map.a", TYPES, "x"),
            "[fuzzy] queries are not currently supported on keyed [flattened] fields",
        ),
        (
            lambda: typed.range_("map.a", TYPES, low="x"),
            "[range] queries on keyed [flattened] fields must include both an upper and a lower bound",
        ),
        (
            lambda: typed.range_("point", TYPES, low="x"),
            "Field [point] of type [geo_point] does not support range queries",
        ),
        (lambda: typed.range_("n", TYPES, low="x"), 'For input string: "x"'),
        (lambda: typed.range_("n", TYPES, low="1e30"), "Value [1e30] is out of range for a long"),
        (
            lambda: typed.range_("small", TYPES, high=2**31),
            "Value [2147483648] is out of range for an integer",
        ),
        (
            lambda: typed.regexp("k", TYPES, "(a"),
            "failed to parse the regular expression [(a]: ",
        ),
        (
            lambda: typed.term("n", TYPES, "1", fold=Fold.ASCII),
            "[n] field which is of type [long], does not support case insensitive term queries",
        ),
    ],
)
def test_what_is_refused(clause: Callable[[], Node], reason: str) -> None:
    node = clause()
    assert isinstance(node, Fails)
    assert node.reason == reason or (reason.endswith(": ") and node.reason.startswith(reason))


@pytest.mark.parametrize(
    ("field", "bounds", "yes", "no"),
    [
        ("n", {"low": "99.5"}, [100, 101], [99]),
        ("n", {"high": "99.5"}, [99, -5], [100]),
        ("n", {"low": 5, "low_inclusive": False}, [6], [5]),
        ("n", {"high": 5, "high_inclusive": False}, [4], [5]),
        ("n", {"low": -1.5, "high": -0.5}, [-1], [-2, 0]),
        ("d", {"low": "1", "high": "2", "high_inclusive": False}, [1, 1.99], [2]),
        ("k", {"low": "b", "high": "d", "high_inclusive": False}, ["b", "czz"], ["a", "d"]),
        ("t", {"low": "b"}, ["a fox"], ["a"]),
        ("when", {"low": "2024-03-01", "low_inclusive": False}, ["2024-03-02"], ["2024-03-01T23:59:59.999Z"]),
        ("when", {"high": "2024-03-01"}, ["2024-03-01T23:59:59.999Z"], ["2024-03-02"]),
        ("when", {"high": "2024-03-01", "high_inclusive": False}, ["2024-02-29"], ["2024-03-01"]),
        ("when", {"low": "now-1h"}, ["2024-03-01T11:30:00Z"], ["2024-03-01T10:00:00Z"]),
        ("when", {"low": "now/d", "high": "now/d"}, ["2024-03-01T23:00:00Z"], ["2024-03-02"]),
        ("ip", {"low": "10.0.0.5", "low_inclusive": False}, ["10.0.0.6", "fe80::1"], ["10.0.0.5", "::1"]),
        ("ip", {"high": "10.0.0.5", "high_inclusive": False}, ["10.0.0.4"], ["10.0.0.5"]),
        ("b", {"low": False, "low_inclusive": False}, [True], [False]),
        ("b", {"high": "true"}, [True, False], []),
        ("v", {"low": "1.9.0", "high": "2.0.0"}, ["1.10.0", "2.0.0-rc1"], ["1.2.0", "2.0.1"]),
        ("unlisted", {"low": "100"}, [200, "200"], [99, "99"]),
        ("unlisted", {"low": "b"}, ["c"], ["a"]),
        ("k", {}, ["a"], []),
    ],
)
def test_range(field: str, bounds: dict[str, Any], yes: list[Any], no: list[Any]) -> None:
    node = typed.range_(field, TYPES, **bounds)
    assert [matches(node, {field: value}) for value in (*yes, *no)] == [True] * len(yes) + [False] * len(no)


def test_an_empty_range_of_addresses() -> None:
    assert typed.range_("ip", TYPES, low="10.0.0.9", high="10.0.0.1") == Or(())
    assert typed.range_("b", TYPES, low=True, low_inclusive=False) == Or(())


def test_match_and_phrase_on_text() -> None:
    text = {"t": ["Quick brown fox", "lazy dog"]}
    assert matches(typed.match("t", TYPES, "dog cat"), text)
    assert not matches(typed.match("t", TYPES, "dog cat", every=True), text)
    assert matches(typed.phrase("t", TYPES, "brown FOX"), text)
    assert not matches(typed.phrase("t", TYPES, "fox lazy"), text)
    assert matches(typed.phrase("t", TYPES, "quick bro", is_prefix=True), text)
    assert typed.match("t", TYPES, "--") == typed.phrase("t", TYPES, "--") == Or(())


def test_match_and_phrase_elsewhere_are_terms() -> None:
    assert typed.match("k", TYPES, "a b") == typed.phrase("k", TYPES, "a b") == typed.term("k", TYPES, "a b")
    assert typed.phrase("k", TYPES, "a", is_prefix=True) == Fails(
        "Can only use phrase prefix queries on text fields - not on [k] which is of type [keyword]"
    )
    assert typed.phrase("k", TYPES, "a", is_prefix=True, lenient=True) == Or(())
    assert typed.phrase("gone", CLOSED, "a", is_prefix=True) == Or(())


def test_terms() -> None:
    assert typed.terms("k", TYPES, ["a"]) == typed.term("k", TYPES, "a")
    assert matches(typed.terms("n", TYPES, ["1", 2]), {"n": 2})


@pytest.mark.parametrize(
    ("field", "clause", "yes", "no"),
    [
        ("k", {"pattern": ("a", Wild.ONE, "c", Wild.MANY)}, ["abc", "abcd"], ["ac", "Abc"]),
        ("k", {"pattern": ("A", Wild.MANY), "fold": Fold.ASCII}, ["abc"], ["ba"]),
        ("t", {"pattern": ("FO", Wild.MANY), "normalize": True}, ["the Fox"], ["f"]),
        ("t", {"pattern": ("FO", Wild.MANY)}, [], ["the Fox"]),
        ("t", {"pattern": ("FO", Wild.MANY), "fold": Fold.ASCII}, ["the Fox"], []),
        ("t", {"pattern": ("É", Wild.MANY), "fold": Fold.ASCII}, [], ["École", "école"]),  # A-Z only
        ("t", {"pattern": ("É", Wild.MANY), "normalize": True}, ["École"], ["ecole"]),
        ("folded", {"pattern": ("É", Wild.MANY), "fold": Fold.ASCII}, ["École", "école"], ["ecole"]),
        ("k", {"pattern": ()}, [], ["", "a"]),  # Lucene's empty pattern fits no text
        ("v", {"pattern": ("1.2.", Wild.MANY)}, ["1.2.30"], ["1.3.0"]),
        ("one", {"pattern": ("Sen", Wild.MANY)}, ["anything"], []),
        ("one", {"pattern": ("sen", Wild.MANY)}, [], ["Sensor"]),
        ("one", {"pattern": ("sen", Wild.MANY, "R"), "fold": Fold.ASCII}, ["x"], []),
    ],
)
def test_wildcard(field: str, clause: dict[str, Any], yes: list[Any], no: list[Any]) -> None:
    node = typed.wildcard(field, TYPES, **clause)
    assert [matches(node, {field: value}) for value in (*yes, *no)] == [True] * len(yes) + [False] * len(no)


def test_query_string_wildcards_look_through_all_keys() -> None:
    inner: Any = (Wild.MANY, "x", Wild.MANY)
    assert typed.wildcard("map.a", TYPES, inner, normalize=True) == Or(
        (
            FieldPattern(("map.", Wild.MANY), Wildcard(inner)),
            FieldPattern(("map.", *inner), Wildcard((Wild.MANY,))),
        )
    )
    assert typed.wildcard("map.a", TYPES, ("x", Wild.ONE), normalize=True) == FieldPattern(
        ("map.", "x"), Wildcard(())
    )
    assert typed.wildcard("map.a", TYPES, ("x", Wild.MANY), normalize=True) == Leaf(
        "map.a", Wildcard(("x", Wild.MANY))
    )


def test_prefix_regexp_fuzzy() -> None:
    assert matches(typed.prefix("map.a", TYPES, "x"), {"map": {"a": "xyz"}})
    assert matches(typed.prefix("t", TYPES, "Fo", normalize=True), {"t": "a fox"})
    assert matches(typed.analysed_prefix("t", TYPES, "quick FO"), {"t": "fox"})
    assert not matches(typed.analysed_prefix("t", TYPES, "quick FO", every=True), {"t": "fox"})
    assert matches(typed.regexp("k", TYPES, "a.+c"), {"k": "a\nc"})
    assert matches(typed.regexp("t", TYPES, "f.x"), {"t": "a Fox"})
    assert matches(typed.fuzzy("k", TYPES, "powershel"), {"k": "powershell"})
    assert not matches(typed.fuzzy("k", TYPES, "ab"), {"k": "abc"})
    assert matches(typed.fuzzy("t", TYPES, "FXO", edits=1, normalize=True), {"t": "a fox"})
    assert [typed.auto_edits(text) for text in ("ab", "abc", "abcdef")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("field", "document", "expected"),
    [
        ("k", {"k": ""}, True),
        ("k", {"k": [None]}, False),
        ("short", {"short": "longer"}, False),
        ("short", {"short": ["longer", "a"]}, True),
        ("o", {"o": {"x": 1}}, True),
        ("map", {"map": {"x": "1"}}, True),
        ("map.x", {"map": {"x": "1"}}, True),
        ("one", {}, True),
        ("list", {"list": [{"n": 1}]}, False),
        ("list.n", {"list": [{"n": 1}]}, False),
        ("blind", {"blind": "x"}, False),
        ("unlisted", {"unlisted": {"deep": 1}}, True),
        ("zero", {"zero": None}, True),
    ],
)
def test_exists(field: str, document: dict[str, Any], expected: bool) -> None:
    assert matches(typed.exists(field, TYPES), document) is expected


def test_inside_a_nested_container() -> None:
    assert typed.term("list.n", TYPES, "1") == Or(())
    assert isinstance(typed.term("list.n", TYPES, "1", within="list"), Leaf)
    assert typed.term("n", TYPES, "1", within="list") == Or(())


def test_what_is_not_mapped_matches_nothing() -> None:
    assert typed.term("unlisted", CLOSED, "x") == typed.exists("unlisted", CLOSED) == Or(())
    assert typed.range_("unlisted", CLOSED, low=1) == Or(())


def test_folding() -> None:
    assert typed.term("k", TYPES, "É", fold=Fold.ASCII) == Leaf("k", Term("É", Fold.ASCII))
    assert typed.term("folded", TYPES, "É") == Leaf("folded", Term("É", Fold.UNICODE))
    assert matches(typed.term("t", TYPES, "FOX", fold=Fold.ASCII), {"t": "fox"})
    assert typed.term("one", TYPES, "SENSOR", fold=Fold.ASCII) == typed.everything()
    assert typed.term("one", TYPES, "SENSOR") == typed.nothing()


@pytest.mark.parametrize(
    ("field", "bounds", "yes", "no"),
    [
        ("folded", {"low": "B", "high": "c"}, ["b", "BX", "c"], ["A", "d"]),  # held against in lower case
        ("one", {"low": "A"}, ["anything"], []),  # the constant answers for every document
        ("one", {"low": "T"}, [], ["anything", "Z"]),
        ("one", {"high": "Sensor", "high_inclusive": False}, [], ["A"]),
        ("t", {"normalize": True}, ["word"], ["--", ""]),  # [* TO *]: any token
        (
            "fine",
            {"low": "2024-03-01||", "low_inclusive": False},
            ["2024-03-01T00:00:00.000000001Z"],
            ["2024-03-01"],
        ),
    ],
)
def test_ranges_as_the_server_answers(
    field: str, bounds: dict[str, Any], yes: list[Any], no: list[Any]
) -> None:
    node = typed.range_(field, TYPES, **bounds)
    assert [matches(node, {field: value}) for value in (*yes, *no)] == [True] * len(yes) + [False] * len(no)


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        (
            "1969-12-31",
            "date [1969-12-31] is before the epoch in 1970 and cannot be stored in nanosecond resolution",
        ),
        (
            "2300",
            "date [2300] is after 2262-04-11T23:47:16.854775807 and cannot be stored in nanosecond resolution",
        ),
        (
            "2024-03-01T10:00",
            "failed to parse date field [2024-03-01T10:00] with format [strict_date_optional_time_nanos||epoch_millis]",
        ),
    ],
)
def test_moments_that_a_field_of_nanoseconds_refuses(bound: str, reason: str) -> None:
    assert typed.range_("fine", TYPES, low=bound) == Fails(reason)
    assert not isinstance(typed.range_("when", TYPES, low=bound), Fails)


def test_keys_of_a_flattened_field() -> None:
    below = typed.exists("map.a", TYPES)
    assert matches(below, {"map": {"a": ""}})
    assert not matches(below, {"map": {"a": {"b": "x"}}})
    across = typed.wildcard("map.a", TYPES, ("a", Wild.MANY, "c"), normalize=True)
    assert matches(across, {"map": {"ab": "xc"}})
    assert not matches(across, {"map": {"b": "abc"}})
    assert typed.range_("map.a", TYPES, normalize=True) == Fails(
        "[range] queries on keyed [flattened] fields must include both an upper and a lower bound"
    )


def test_fuzzy_on_a_field_in_lower_case() -> None:
    assert matches(typed.fuzzy("folded", TYPES, "ABCE", edits=1), {"folded": "aBcD"})
    assert not matches(typed.fuzzy("short", TYPES, "abcdef", edits=1), {"short": "abcdef"})


def test_a_phrase_cannot_shrink() -> None:
    assert typed.phrase("t", TYPES, "a b", slop=-1) == Fails("slop must be >= 0, got -1")
    assert matches(typed.phrase("t", TYPES, "a", slop=-1), {"t": "a"})
