"""Shapes as JSON Schema (draft 2020-12), for editors."""

from __future__ import annotations

from typing import Any, assert_never

from samefire.schema.shapes import Either, Flag, Free, ListOf, Map, Shape, Table, Text, Whole


def json_schema(shape: Shape) -> dict[str, Any]:
    """The shape as JSON Schema (draft 2020-12), for editors."""
    match shape:
        case Text():
            return _text_schema(shape)
        case Whole():
            bounds = {"minimum": shape.minimum, "maximum": shape.maximum}
            return {"type": "integer"} | {k: v for k, v in bounds.items() if v is not None}
        case Flag():
            return {"type": "boolean"}
        case ListOf():
            bounds = {"minItems": shape.minimum or None, "maxItems": shape.maximum}
            bounded = {k: v for k, v in bounds.items() if v is not None}
            return {"type": "array", "items": json_schema(shape.item)} | bounded
        case Table():
            return _table_schema(shape)
        case Map():
            return {"type": "object", "additionalProperties": json_schema(shape.item)}
        case Free():
            return {}
        case Either():
            return {"anyOf": [json_schema(shape.text), json_schema(shape.many)]}
        case _:
            assert_never(shape)


def _text_schema(shape: Text) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if shape.choices:
        schema["enum"] = list(shape.choices)
    elif shape.pattern is not None:
        schema["pattern"] = f"^(?:{shape.pattern})$"
    elif not shape.empty:
        schema["minLength"] = 1
    return schema


def _table_schema(shape: Table) -> dict[str, Any]:
    properties = {
        key: json_schema(known.shape) | ({"description": known.about} if known.about else {})
        for key, known in shape.keys.items()
    }
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [key for key, known in shape.keys.items() if known.required]
    return schema | ({"required": required} if required else {})
