"""YAML as JSON would say it: no dates, no octal numbers, no yes/no, no anchors. An event is data."""

from __future__ import annotations

import re
from typing import Any

import yaml


class EventLoader(yaml.SafeLoader):
    """Safe loader with JSON's scalars: `2026-01-01` and `yes` are strings, duplicate keys are errors."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key `{key}`", key_node.start_mark
                )
            seen.add(key)
        made: dict[Any, Any] = {str(k): v for k, v in super().construct_mapping(node, deep).items()}
        return made


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    number = re.compile(r"^-?(?:0|[1-9]\d*)$")
    real = re.compile(r"^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$")
    table: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for first in "-0123456789":
        table[first] = [("tag:yaml.org,2002:int", number), ("tag:yaml.org,2002:float", real)]
    for first in "tTfF":
        table[first] = [("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"))]
    table["n"] = [("tag:yaml.org,2002:null", re.compile(r"^null$"))]
    table["~"] = [("tag:yaml.org,2002:null", re.compile(r"^~$"))]
    table[""] = [("tag:yaml.org,2002:null", re.compile(r"^$"))]
    return table


EventLoader.yaml_implicit_resolvers = _resolvers()


DEEPEST = 100  # Elasticsearch itself refuses documents nested deeper than 20


def refuse_bombs(text: str) -> None:
    """Raise for what can blow a small file up: anchors and aliases, and nesting beyond all events."""
    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, f"alias `*{event.anchor}` in an event", mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                message = f"nested deeper than {DEEPEST} levels"
                raise yaml.constructor.ConstructorError(None, None, message, mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
