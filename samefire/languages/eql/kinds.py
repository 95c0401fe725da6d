"""Kinds of values in EQL, and what a field of a mapping is to it.

A kind is `string`, `integer`, `double`, `boolean`, `date`, `ip`, `version`, `null`, or `unknown` where no
layer tells (or where a problem has been reported already).
"""

from __future__ import annotations

from dataclasses import dataclass

from samefire.fields import FieldType, FieldTypes
from samefire.languages.eql.tree import Field, Literal

_STRINGS = ("keyword", "wildcard", "constant_keyword", "counted_keyword", "flattened-key")
_TEXTS = ("text", "match_only_text", "pattern_text", "search_as_you_type", "annotated_text")
_KINDS = {
    **dict.fromkeys(_STRINGS, "string"),
    **dict.fromkeys(("long", "integer", "short", "byte", "unsigned_long"), "integer"),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), "double"),
    **dict.fromkeys(("date", "date_nanos"), "date"),
    "boolean": "boolean",
    "ip": "ip",
    "version": "version",
    "binary": "unknown",
    "dynamic": "unknown",
}
NAMES = {
    "string": "a string",
    "integer": "a whole number",
    "double": "a decimal number",
    "boolean": "true or false",
    "date": "a date",
    "ip": "an address",
    "version": "a version",
    "null": "null",
}
"""Kinds in words."""


def in_words(kinds: frozenset[str]) -> str:
    """`a string`, `a number`, `a whole number` … for the kinds that an argument takes."""
    if "double" in kinds:
        return "a number"
    return " or ".join(NAMES[k] for k in sorted(kinds))


def literal_kind(node: Literal) -> str:
    """The kind of a constant."""
    match node.value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "double"
        case str():
            return "string"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why EQL cannot use a field: a code, a sentence, and what to do."""

    code: str
    message: str
    hint: str | None = None


def resolve(node: Field, fields: FieldTypes) -> FieldType | Refused | None:
    """The type that a condition on the field uses (of text its exact multi-field); None: an optional field
    that is not mapped, and so null."""
    name = node.name
    found = fields.resolve(name)
    if found is None:
        return None if node.optional else _unknown(name, fields)
    if found.type == "nested" or found.nested is not None:
        path = found.nested or name
        return Refused("query-nested-field", f"EQL cannot look into nested objects, and `{path}` is nested")
    if found.type in ("object", "group", "passthrough"):
        parts = fields.subfields(name)
        hint = f"name one of its fields, such as `{parts[0]}`" if parts else None
        return Refused("query-object-field", f"`{name}` is an object and has no value of its own", hint)
    if found.type in _TEXTS:
        return exact(found, fields) or _inexact(name, found)
    if found.type not in _KINDS:
        return Refused("query-field-type", f"EQL cannot use `{name}`: it is of type {found.type}")
    return found


def exact(text: FieldType, fields: FieldTypes) -> FieldType | None:
    """The keyword multi-field of a text field."""
    for name in (f"{text.name}.keyword", *fields.names_like(f"{text.name}.*")):
        found = fields.get(name)
        if found is not None and found.type in ("keyword", "wildcard") and not found.normalizer:
            return found
    return None


def _unknown(name: str, fields: FieldTypes) -> Refused:
    near = fields.nearest(name)
    hint = f"did you mean `{near}`?" if near else f"write `?{name}` if it may be missing from the mapping"
    return Refused("query-unknown-field", f"no field `{name}` is mapped", hint)


def _inexact(name: str, found: FieldType) -> Refused:
    message = f"EQL needs exact values, and `{name}` is of type {found.type} without a keyword multi-field"
    return Refused("query-text-field", message, "search such a field with KQL")


def kind_of(found: FieldType | None) -> str:
    """The kind of values that a resolved field has."""
    return "null" if found is None else _KINDS[found.type]
