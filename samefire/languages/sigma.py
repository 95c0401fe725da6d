"""Sigma rules v2.1: YAML → syntax tree → detections.

`parse` reads a file (several documents, collections, filters, correlations), `lower` gives the meaning of
its last outermost document, `load` all outermost documents with what they say of themselves. Sigma
compares the values of events as they are, so field types change nothing but where a multi-field's values
lie. The steps are in `sigma_*.py`; running correlations is for `engine/correlation.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from samefire.fields import FieldTypes
from samefire.languages import sigma_documents, sigma_lower, sigma_yaml
from samefire.languages.sigma_lower import Choices, Lowered
from samefire.languages.sigma_tree import FilterDocument, Header, LogSource, RuleDocument, SigmaTree
from samefire.problems import Problem, ProblemError
from samefire.query.ast import fields_read
from samefire.query.detection import Body, Correlation, Detection, EventQuery, Scope
from samefire.source import Source

DEFAULT = Choices()
TIMES = ("@timestamp", "timestamp", "SystemTime", "UtcTime", "TimeCreated", "EventTime")
"""Where raw events carry their time, the first that holds a date; ECS documents have `@timestamp`."""

__all__ = ["Choices", "LoadedRule", "SigmaTree", "field_names", "load", "lower", "parse", "render"]


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """One outermost rule of a Sigma file. `problems` are warnings about the file it stands in."""

    detection: Detection
    header: Header
    logsource: LogSource | None
    document: int
    problems: tuple[Problem, ...] = ()

    @property
    def title(self) -> str:
        return self.header.title

    @property
    def id(self) -> str | None:
        return self.header.id


def parse(source: Source) -> SigmaTree:
    """The documents of a Sigma file; raises ProblemError with every problem of form."""
    return sigma_documents.read(sigma_yaml.read(source))


def lower(tree: SigmaTree, fields: FieldTypes, source: Source, choices: Choices = DEFAULT) -> Body:
    """What the file detects: its last outermost document; raises ProblemError."""
    del source  # the tree knows its text
    lowered = sigma_lower.lower(tree, fields, choices)
    body = lowered.bodies[lowered.outermost[-1]] if lowered.outermost else None
    if body is None:
        raise _nothing(tree)
    return body


def load(
    source: Source,
    fields: FieldTypes,
    *,
    logsource: bool = False,
    placeholders: Mapping[str, Sequence[str]] | None = None,
    places: bool = False,
) -> tuple[LoadedRule, ...]:
    """Every outermost rule of a file, in order; raises ProblemError with every problem of the file.

    `logsource`: a rule also asks for its log source where that is known (Windows channels and Sysmon event
    ids). `placeholders`: values for `|expand`. `places`: query nodes carry their places in the text."""
    tree = parse(source)
    lowered = sigma_lower.lower(tree, fields, Choices(logsource, placeholders or {}, places))
    found = tuple(_loaded(tree, lowered, number) for number in lowered.outermost)
    if not found:
        raise _nothing(tree)
    return found


def _loaded(tree: SigmaTree, lowered: Lowered, number: int) -> LoadedRule:
    document, body = tree.documents[number], lowered.bodies[number]
    assert body is not None and not isinstance(document, FilterDocument)  # outermost documents have one
    origin = document.logsource if isinstance(document, RuleDocument) else None
    scope = Scope() if document.header.taxonomy == "ecs" else Scope(timestamp_fields=TIMES)
    return LoadedRule(Detection(body, scope), document.header, origin, number, lowered.problems)


def _nothing(tree: SigmaTree) -> ProblemError:
    said = "the text holds filters but no rule" if tree.documents else "there is no Sigma rule in this text"
    return ProblemError([Problem("sigma-no-rule", said, tree.yaml.source)])


def field_names(body: Body) -> set[str]:
    """The fields that an event query, or the rules of a correlation, ask about."""
    match body:
        case EventQuery(where=where):
            return fields_read(where)
        case Correlation(rules=rules):
            return {name for _, below in rules for name in field_names(below)}
        case _:
            return set()


def render(tree: SigmaTree) -> str:
    """The documents as YAML, one after another, keys in the order they were written."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump_all(
        tree.data,
        Dumper=dumper,
        sort_keys=False,
        allow_unicode=True,
        width=4096,
        explicit_start=len(tree.data) > 1,
    )
