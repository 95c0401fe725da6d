"""Sigma's field names → ECS, as pySigma's own pipelines have them, for Windows, macOS, Zeek and Kubernetes.

A pipeline is asked what it makes of a rule with these fields and this log source; only names, and the conditions that
it adds for the log source, are taken from its answer. Case needs no other field in EQL, so `.caseless` is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from samefire.languages.sigma import field_names
from samefire.languages.sigma_pysigma import ecs_pipeline
from samefire.languages.sigma_tree import LogSource, RuleDocument, SigmaTree
from samefire.query.ast import And, AtLeast, FieldsCompare, Fold, Leaf, Node, Not, NumberIs, Or, Term
from samefire.query.detection import Body, Correlation, EventQuery
from samefire.sigma_import.losses import Unsayable

_CASELESS = ".caseless"


@dataclass(frozen=True, slots=True)
class Names:
    """What the fields of one log source are called, and what is asked of its events beside."""

    fields: Mapping[str, tuple[str, ...]]
    beside: tuple[Node, ...] = ()

    def one(self, name: str) -> str:
        return self.fields.get(name, (name,))[0]


def in_ecs(body: Body, tree: SigmaTree, document: object) -> Body:
    """The body with the names of ECS; raises Unsayable where there is no pipeline."""
    if isinstance(body, Correlation):
        return _correlation(body, tree)
    assert isinstance(document, RuleDocument)
    return _events(body, document.logsource, frozenset())


def _events(body: Body, origin: LogSource, more: frozenset[str]) -> Body:
    assert isinstance(body, EventQuery)
    names = names_of(origin, frozenset(field_names(body)) | more)
    return EventQuery(
        And((_renamed(body.where, names), *names.beside)) if names.beside else _renamed(body.where, names)
    )


def _correlation(body: Correlation, tree: SigmaTree) -> Correlation:
    origins: dict[str, LogSource] = {}
    for document in tree.documents:
        if isinstance(document, RuleDocument):
            origins |= dict.fromkeys(
                filter(None, (document.header.name, document.header.id)), document.logsource
            )
    if any(name not in origins for name, _ in body.rules):
        raise Unsayable("sigma-import-correlation", "no rule says a correlation of correlations")
    keys = frozenset((*body.group_by, *body.value_field))
    of_first = names_of(origins[body.rules[0][0]], keys)
    aliases = tuple(
        (alias, tuple((rule, names_of(origins[rule], frozenset((name,))).one(name)) for rule, name in pairs))
        for alias, pairs in body.aliases
    )
    named = {alias for alias, _ in aliases}
    return replace(
        body,
        rules=tuple((name, _events(below, origins[name], keys)) for name, below in body.rules),
        group_by=tuple(key if key in named else of_first.one(key) for key in body.group_by),
        value_field=tuple(map(of_first.one, body.value_field)),
        aliases=aliases,
    )


def names_of(origin: LogSource, fields: frozenset[str]) -> Names:
    """What pySigma's pipeline for the log source makes of fields; raises Unsayable."""
    pipeline = ecs_pipeline(origin.product)
    if pipeline is None:
        message = f"pySigma has no pipeline to ECS for the product `{origin.product or '-'}`"
        raise Unsayable(
            "sigma-import-taxonomy", message, "leave `--taxonomy ecs` away, and rename the fields by hand"
        )
    from sigma.rule import SigmaRule

    ordered = sorted(fields)
    selections: dict[str, Any] = {f"f{number}": {name: "x"} for number, name in enumerate(ordered)}
    said = {key: value for key in ("category", "product", "service") if (value := getattr(origin, key))}
    rule = SigmaRule.from_dict(
        {
            "title": "x",
            "logsource": said,
            "detection": (selections or {"f": {"x": "x"}}) | {"condition": "1 of f*"},
        }
    )
    pipeline.apply(rule)
    found = rule.detection.detections
    named = {name: tuple(_fields(found[f"f{number}"])) for number, name in enumerate(ordered)}
    beside = tuple(node for key, one in found.items() if key.startswith("_cond") for node in _conditions(one))
    return Names({name: new for name, new in named.items() if new}, beside)


def _fields(detection: Any) -> list[str]:
    """The names in a detection, in order."""
    found: list[str] = []
    for item in detection.detection_items:
        if hasattr(item, "detection_items"):
            found += _fields(item)
        elif item.field:
            found.append(item.field.removesuffix(_CASELESS))
    return found


def _conditions(detection: Any) -> list[Node]:
    """What a pipeline adds, as nodes."""
    nodes: list[Node] = []
    for item in detection.detection_items:
        values = tuple(_value(item.field, value) for value in item.value)
        nodes.append(values[0] if len(values) == 1 else Or(values))
    return nodes


def _value(name: str, value: Any) -> Node:
    plain = getattr(value, "number", None)
    return Leaf(name, NumberIs(plain) if plain is not None else Term(str(value), Fold.UNICODE))


def _renamed(node: Node, names: Names) -> Node:
    match node:
        case And(children=children) | Or(children=children) | AtLeast(children=children):
            return replace(node, children=tuple(_renamed(child, names) for child in children))
        case Not(child=child):
            return replace(node, child=_renamed(child, names))
        case Leaf(field=name):
            leaves = tuple(replace(node, field=new, column=None) for new in names.fields.get(name, (name,)))
            return leaves[0] if len(leaves) == 1 else Or(leaves)
        case FieldsCompare(left=left, right=right):
            return replace(node, left=names.one(left), right=names.one(right))
        case _:
            return node
