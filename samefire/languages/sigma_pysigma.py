"""What pySigma says of a Sigma text: a second opinion for texts that others will read with it.

samefire reads Sigma itself (decision 0060). This asks pySigma, 1.5 or 2.x, whether it takes the documents
too, and gives each of its errors a code and a place. pySigma is imported when asked, not before.
"""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samefire.languages.sigma_text import DASHES
from samefire.languages.sigma_tree import FilterDocument, SigmaTree
from samefire.languages.sigma_yaml import Path
from samefire.problems import Problem

_PLACES: Mapping[str, Path] = {
    "SigmaTitleError": ("title",),
    "SigmaIdentifierError": ("id",),
    "SigmaNameError": ("name",),
    "SigmaTaxonomyError": ("taxonomy",),
    "SigmaRelatedError": ("related",),
    "SigmaLevelError": ("level",),
    "SigmaStatusError": ("status",),
    "SigmaDateError": ("date",),
    "SigmaModifiedError": ("modified",),
    "SigmaTagError": ("tags",),
    "SigmaLogsourceError": ("logsource",),
    "SigmaConditionError": ("detection", "condition"),
    "SigmaTimespanError": ("correlation", "timespan"),
    "SigmaCorrelationConditionError": ("correlation", "condition"),
    "SigmaCorrelationTypeError": ("correlation", "type"),
    "SigmaCorrelationRuleError": ("correlation",),
    "SigmaRuleNotFoundError": ("correlation", "rules"),
    "SigmaFilterError": ("filter",),
}
MAX_DASHES = 5
PIPELINES: Mapping[str, tuple[str, str]] = {
    "windows": ("sigma.pipelines.elasticsearch.windows", "ecs_windows"),
    "macos": ("sigma.pipelines.elasticsearch.macos", "ecs_macos_esf"),
    "zeek": ("sigma.pipelines.elasticsearch.zeek", "ecs_zeek_beats"),
    "kubernetes": ("sigma.pipelines.elasticsearch.kubernetes", "ecs_kubernetes"),
}
"""pySigma's own ways from Sigma's field names to ECS, by the product of a log source."""


def refusals(tree: SigmaTree) -> tuple[Problem, ...]:
    """Why pySigma would not take the documents of a tree; empty when it takes them all.

    pySigma writes out every combination of dashes for `windash`, so a value with more than five is not
    given to it and is refused here."""
    found: list[Problem] = []
    for document, data in zip(tree.documents, tree.data, strict=True):
        if explodes(data):
            span = tree.yaml.value_span(document.path)
            said = f"more than {MAX_DASHES} dashes in a `windash` value"
            found.append(
                Problem("pysigma-windash", f"pySigma would not finish: {said}", tree.yaml.source, span)
            )
            continue
        kind = "filter" if isinstance(document, FilterDocument) else "rule"
        for error in _errors(copy.deepcopy(dict(data)), kind):
            found.append(_problem(error, tree, document.path))
    return tuple(found)


def ecs_pipeline(product: str | None) -> Any:
    """pySigma's pipeline to ECS for the events of a product, or None when it has none."""
    if product is None or product not in PIPELINES:
        return None
    module, name = PIPELINES[product]
    return getattr(importlib.import_module(module), name)()


def _errors(data: dict[str, Any], kind: str) -> Iterator[Exception]:
    """The errors of one document, also those that pySigma finds only when a condition is asked for."""
    from sigma.correlations import SigmaCorrelationRule
    from sigma.exceptions import SigmaError
    from sigma.filters import SigmaFilter
    from sigma.rule import SigmaRule

    reader = SigmaFilter if kind == "filter" else SigmaCorrelationRule if "correlation" in data else SigmaRule
    try:
        rule = reader.from_dict(data, collect_errors=True)
        yield from rule.errors
        if isinstance(rule, SigmaRule) and not rule.errors:
            for condition in rule.detection.parsed_condition:
                _ = condition.parsed
    except SigmaError as error:
        yield error
    except (TypeError, AttributeError, KeyError, ValueError, IndexError, RecursionError) as error:
        yield error


def explodes(value: Any) -> bool:
    """Whether a `windash` value is in it with so many dashes that their combinations cannot be listed."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if isinstance(key, str) and "windash" in key and _dashes(below) > MAX_DASHES:
                return True
            if explodes(below):
                return True
    return isinstance(value, list) and any(map(explodes, value))


def _dashes(value: Any) -> int:
    if isinstance(value, list):
        return max(map(_dashes, value), default=0)
    return sum(str(value).count(dash) for dash in DASHES)


def _problem(error: Exception, tree: SigmaTree, path: Path) -> Problem:
    name = type(error).__name__
    place = _PLACES.get(name, ("detection",) if name.startswith("Sigma") else ())
    code = (
        "pysigma-"
        + re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name.removeprefix("Sigma").removesuffix("Error")).lower()
    )
    said = " ".join(str(error).split()) or name
    return Problem(
        code, f"pySigma refuses this: {said}", tree.yaml.source, tree.yaml.value_span((*path, *place))
    )
