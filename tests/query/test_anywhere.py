"""One clause on many fields: every listed one by its type, one node for the rest."""

from __future__ import annotations

from samefire.fields import FieldType, FieldTypes
from samefire.query import typed
from samefire.query.anywhere import any_field, fields_like, name_pattern
from samefire.query.ast import AnyField, FieldPattern, Leaf, Node, Or, Term, Wild

TABLE = {
    "k": FieldType("k", "keyword", 1024),
    "free": FieldType("free", "keyword"),
    "k.text": FieldType("k.text", "text", column="k"),
    "n": FieldType("n", "long"),
    "n.copy": FieldType("n.copy", "long", column="n"),
    "alias": FieldType("alias", "keyword", 1024, column="k"),
    "list": FieldType("list", "nested"),
    "list.k": FieldType("list.k", "keyword", 1024, nested="list"),
    "o": FieldType("o", "object"),
    "blind": FieldType("blind", "keyword", 1024, index=False),
}


def ask(fields: FieldTypes, name: str) -> Node:
    return typed.match(name, fields, "Fox", lenient=True)


def test_all_fields_of_a_closed_mapping() -> None:
    node = any_field(ask, FieldTypes(TABLE, dynamic=False))
    assert isinstance(node, Or)
    assert {leaf.field for leaf in node.children if isinstance(leaf, Leaf)} == {
        "alias",
        "free",
        "k",
        "k.text",
    }


def test_all_fields_with_dynamic_ones() -> None:
    node = any_field(ask, FieldTypes(TABLE))
    assert isinstance(node, Or)
    *told, rest = node.children
    assert {leaf.field for leaf in told if isinstance(leaf, Leaf)} == {"alias", "free", "k.text"}
    assert isinstance(rest, AnyField)
    assert rest.test == Term("Fox", ignore_above=1024)
    assert rest.without == set(TABLE) - {"k"}


def test_fields_whose_name_fits() -> None:
    node = fields_like("k*", ask, FieldTypes(TABLE))
    assert isinstance(node, Or)
    assert [type(child) for child in node.children] == [Leaf, Leaf, FieldPattern]
    closed = FieldTypes(TABLE, dynamic=False)
    assert fields_like("f*e", ask, closed) == ask(closed, "free")


def test_name_pattern() -> None:
    assert name_pattern("a*.b") == ("a", Wild.MANY, ".b")
    assert name_pattern("*") == (Wild.MANY,)
