"""Sigma YAML → rule files in TOML, so that a team can move its Sigma repository here.

`import_sigma` gives the tables of each outermost rule of a file and names what it says otherwise. Sigma's values
are caseless, so that event queries become EQL (`any where …`, with `:` and its sisters); keywords without a field
and counts of values become Lucene; correlations become sequences, samples and thresholds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages import sigma, sigma_lower
from samefire.languages.eql import render
from samefire.languages.eql import tree as eql
from samefire.languages.sigma_tree import CorrelationDocument, FilterDocument, RuleDocument, SigmaTree
from samefire.problems import Problem
from samefire.query.detection import Body, Correlation, EventQuery
from samefire.sigma_import.correlations import Counted, of_correlation, span_of
from samefire.sigma_import.head import tables
from samefire.sigma_import.losses import Losses, NeedsLucene, Unsayable
from samefire.sigma_import.to_ecs import in_ecs
from samefire.sigma_import.to_eql import Conditions
from samefire.sigma_import.to_lucene import condition as lucene
from samefire.source import Source

_PLACEHOLDER = re.compile(r"%[\w-]+%")
_RUNS_EVERY = 300_000  # milliseconds: Kibana's usual interval


@dataclass(frozen=True, slots=True)
class ImportedSigma:
    """One rule: its tables (None when no rule can say it) and its problems, with places in the Sigma text."""

    title: str
    tables: Mapping[str, Any] | None
    problems: tuple[Problem, ...]

    @property
    def rule_id(self) -> str:
        return str(self.tables["rule"]["rule_id"]) if self.tables else ""


def import_sigma(
    source: Source, today: str, fields: FieldTypes | None = None, *, taxonomy: str = "sigma"
) -> tuple[ImportedSigma, ...]:
    """The outermost rules of a Sigma file, in order. `today` (YYYY/MM/DD) is the date of rules without one;
    `fields` tells which literals fields of ECS take; `taxonomy` `ecs`: with ECS names in place of Sigma's.
    Raises ProblemError when it is not Sigma."""
    tree = sigma.parse(source)
    placeholders = _Named()
    lowered = sigma_lower.lower(tree, FieldTypes({}), sigma.Choices(placeholders=placeholders))
    if not lowered.outermost:
        sigma.lower(tree, FieldTypes({}), source)  # raises: there is no rule
    return tuple(
        _imported(tree, number, lowered, today, fields or FieldTypes.known(), to_ecs=taxonomy == "ecs")
        for number in lowered.outermost
    )


class _Named(Mapping[str, Sequence[str]]):
    """Placeholders that stand for themselves (`%Administrators%`); nobody but the reader knows their values."""

    def __getitem__(self, name: str) -> Sequence[str]:
        return (f"%{name}%",)

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _imported(
    tree: SigmaTree,
    number: int,
    lowered: sigma_lower.Lowered,
    today: str,
    fields: FieldTypes,
    *,
    to_ecs: bool,
) -> ImportedSigma:
    document, body, warnings = tree.documents[number], lowered.bodies[number], lowered.problems
    assert body is not None and not isinstance(document, FilterDocument)
    source = tree.yaml.source
    losses = Losses(source, tree.yaml.key_span((*document.path, "title")))
    data = tree.data[number]
    try:
        if to_ecs and document.header.taxonomy == "sigma":
            body, data = in_ecs(body, tree, document), {**data, "taxonomy": "ecs"}
        ecs = data.get("taxonomy") == "ecs"
        query = _query(body, fields if ecs else FieldTypes({}), losses)
    except Unsayable as error:
        problems = (*warnings, *losses.problems, losses.refused(error))
        return ImportedSigma(str(data["title"]), None, problems)
    for name in dict.fromkeys(_PLACEHOLDER.findall(query["query"]) if _expands(data) else ()):
        hint = "put them into the query in its place"
        message = (
            f"the placeholder `{name}` stands for values that only you know, and matches itself until then"
        )
        losses.name("sigma-import-placeholder", message, hint)
    for name in sorted(one for one in sigma.field_names(body) if fields.is_object(one)):
        message = f"`{name}` is an object among Elastic's fields, and has no value of its own"
        losses.name("sigma-import-object", message, "rename the field as it is indexed")
    made = tables(data, _logsource(tree, document), today, losses)
    made["rule"] |= query
    return ImportedSigma(str(data["title"]), made, (*warnings, *losses.problems))


def _expands(data: Mapping[str, Any]) -> bool:
    return "|expand" in str(data.get("detection"))


def _logsource(tree: SigmaTree, document: RuleDocument | CorrelationDocument) -> Mapping[str, Any] | None:
    """The log source of a rule; of a correlation the one that its rules share."""
    if isinstance(document, RuleDocument):
        found: Any = tree.data[tree.documents.index(document)].get("logsource")
        return found if isinstance(found, Mapping) else None
    origins = {
        (one.logsource.category, one.logsource.product, one.logsource.service)
        for one in tree.documents
        if isinstance(one, RuleDocument)
    }
    if len(origins) != 1:
        return None
    return dict(zip(("category", "product", "service"), origins.pop(), strict=True))


def _query(body: Body, fields: FieldTypes, losses: Losses) -> dict[str, Any]:
    """`type`, `language`, `query` and what belongs to them; raises Unsayable."""
    conditions = Conditions(fields, losses)
    match body:
        case EventQuery(where=where):
            try:
                filter = eql.EventFilter(None, conditions.of(where))
                return _eql(eql.Query(filter))
            except NeedsLucene:
                return {"type": "query", "language": "lucene", "query": lucene(where, losses)}
        case Correlation():
            return _correlated(body, conditions, losses)
        case _:
            raise Unsayable("sigma-import-node", "this kind of rule is not imported")


def _correlated(body: Correlation, conditions: Conditions, losses: Losses) -> dict[str, Any]:
    try:
        made = of_correlation(body, conditions, losses)
    except NeedsLucene:
        message = "EQL has no word for keywords without a field, which a rule of this correlation has"
        raise Unsayable("sigma-import-correlation", message, "name the field in that rule") from None
    window = {"from": f"now-{span_of(body.timespan + _RUNS_EVERY)}"}
    if isinstance(made, Counted):
        window = {"from": f"now-{span_of(max(body.timespan, 1000))}"}
        table = {"language": "lucene", "query": made.query, "threshold": dict(made.threshold)}
        return {"type": "threshold", **window, **table}
    return _eql(made) | window


def _eql(query: eql.Query) -> dict[str, Any]:
    return {"type": "eql", "language": "eql", "query": render(query)}
