"""One clause on many fields: all of them (free text), or those whose names fit a pattern.

`ask(fields, name)` is a clause of `typed` with everything but the field given. The listed fields are asked
one by one, by their types; where unlisted fields are dynamic, one `AnyField` or `FieldPattern` asks the
rest. Fields of nested containers live in documents of their own, which a search for documents never sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from samefire.fields import CONTAINERS, FieldType, FieldTypes
from samefire.query.ast import AnyField, FieldPattern, Leaf, Node, Or, Pattern, Test, Wild
from samefire.source import NOWHERE, Span

Ask = Callable[[FieldTypes, str], Node]

UNSEARCHED = CONTAINERS | {
    *("geo_point", "geo_shape", "point", "shape", "binary", "histogram", "aggregate_metric_double"),
    *("dense_vector", "sparse_vector", "rank_feature", "rank_features", "percolator", "alias"),
}
"""Types that free text does not look into."""

_PROBE = "a"


def any_field(ask: Ask, fields: FieldTypes, span: Span = NOWHERE) -> Node:
    """The clause on every field that can be searched."""
    rest = _dynamic_test(ask) if fields.dynamic else None
    names = list(fields)
    if rest is None:
        return _some(_listed(ask, fields, names), span)
    told = [name for name in names if not _said_by(rest, ask, fields, name)]
    without = frozenset(told)
    return _some([*_listed(ask, fields, told), AnyField(rest, span, without)], span)


def fields_like(pattern: str, ask: Ask, fields: FieldTypes, span: Span = NOWHERE) -> Node:
    """The clause on every field whose name fits `pattern` (`*` is any run of characters)."""
    names = fields.names_like(pattern)
    found = [ask(fields, name) for name in names]
    rest = _dynamic_test(ask) if fields.dynamic else None
    if rest is not None:
        found.append(FieldPattern(name_pattern(pattern), rest, span, frozenset(names)))
    return _some(found, span)


def name_pattern(pattern: str) -> Pattern:
    """A pattern of names (`proc*.name`) as a pattern of the tree."""
    pieces: list[str | Wild] = []
    for at, piece in enumerate(pattern.split("*")):
        if at:
            pieces.append(Wild.MANY)
        if piece:
            pieces.append(piece)
    return tuple(pieces)


def _listed(ask: Ask, fields: FieldTypes, names: Iterable[str]) -> Iterator[Node]:
    """What the clause is on each listed field; a kind of field that cannot match is asked once only."""
    hopeless: set[tuple[object, ...]] = set()
    seen: set[str] = set()
    for name in names:
        kind = fields.get(name)
        if kind is None or kind.type in UNSEARCHED or kind.nested is not None or not kind.index:
            continue
        if _alias_of_listed(name, kind, fields, seen) or _alike(kind) in hopeless:
            continue
        node = ask(fields, name)
        if isinstance(node, Or) and not node.children:
            hopeless.add(_alike(kind))
        else:
            seen.add(name)
            yield node


def _alike(kind: FieldType) -> tuple[object, ...]:
    """What the answer of a field can depend on beside its values."""
    return (kind.type, kind.value)


def _alias_of_listed(name: str, kind: FieldType, fields: FieldTypes, seen: set[str]) -> bool:
    """Whether the field is an alias of one that was asked already."""
    return kind.column is not None and kind.column in seen and not name.startswith(kind.column + ".")


def _dynamic_test(ask: Ask) -> Test | None:
    """What an unlisted field is asked; None when it cannot match."""
    node = ask(FieldTypes({}), _PROBE)
    return node.test if isinstance(node, Leaf) else None


def _said_by(test: Test, ask: Ask, fields: FieldTypes, name: str) -> bool:
    """Whether a listed field is asked exactly what unlisted ones are, so that one node asks them all."""
    kind = fields.get(name)
    if kind is None or kind.type != "keyword" or kind.column or kind.nested or not kind.index:
        return False
    node = ask(fields, name)
    return isinstance(node, Leaf) and node.test == test and node.null_value is None


def _some(found: Iterable[Node], span: Span) -> Node:
    nodes = tuple(dict.fromkeys(found))
    return nodes[0] if len(nodes) == 1 else Or(nodes, span)
