"""Where a key or element stands in a fixture file, found only when a problem needs it.

JSON is read as the YAML that it (nearly) is; a file too odd for that gives the top of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samefire.source import NOWHERE, Source, Span

LARGEST = 2_000_000  # characters; a larger file is not searched


def key_span(source: Source, path: Sequence[str | int]) -> Span:
    """The key at the end of `path`."""
    node = _find(source, path[:-1])
    pair = _pair(node, path[-1]) if node is not None else None
    return _span(pair[0]) if pair else NOWHERE


def element_span(source: Source, path: Sequence[str | int]) -> Span:
    """The first line of the value at `path`."""
    node = _find(source, path)
    if node is None:
        return NOWHERE
    start, end = _span(node)
    stop = source.text.find("\n", start, end)
    return Span(start, stop if stop > start else end)


def _find(source: Source, path: Sequence[str | int]) -> Any:
    import yaml

    node = _composed(source)
    for step in path:
        if node is None:
            return None
        if isinstance(step, int):
            items = node.value if isinstance(node, yaml.SequenceNode) else []
            node = items[step] if step < len(items) else None
        else:
            pair = _pair(node, step)
            node = pair[1] if pair else None
    return node


def _composed(source: Source) -> Any:
    import yaml

    from samefire.harness.yaml_events import refuse_bombs

    if len(source.text) > LARGEST:
        return None
    text = source.text.replace("\t", " ")
    try:
        refuse_bombs(text)
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return documents[0] if documents else None


def _pair(node: Any, key: str | int) -> Any:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return None
    return next((pair for pair in node.value if pair[0].value == key), None)


def _span(node: Any) -> Span:
    return Span(node.start_mark.index, node.end_mark.index)
