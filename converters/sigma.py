"""Rule ⇄ Sigma YAML: rules and correlations, exact or refused.

Puts the documents of one rule together. Clauses, selections, correlations, heads and the YAML text each have a
file of their own beside this one; reading Sigma is left to `samefire.languages.sigma`.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, assert_never

from samefire.fields import FieldTypes
from samefire.forms import Converted, Document, Options
from samefire.problems import Problem, ProblemError, Severity
from samefire.query.ast import And, Node
from samefire.query.detection import (
    AnomalyThreshold,
    Body,
    Correlation,
    Detection,
    EventQuery,
    IndicatorMatch,
    NewTerms,
    Pipeline,
    Sample,
    Sequence,
    Threshold,
)
from samefire.rule import Rule
from samefire.rulequery import filters as filters_of
from samefire.rulequery import lower_tree, parse_query
from samefire.sigma_rule import SigmaRule
from samefire.source import NOWHERE, Source

from . import _sigma_profile
from ._logsource import logsource
from ._sigma_correlation import Part, Plan, lookback, of_sample, of_sequence, of_threshold, tell_pipes
from ._sigma_detection import detection
from ._sigma_documents import derived_id, head, identifier, renames, short_name, tail, taxonomy
from ._sigma_exceptions import Beside, exceptions, tell_expiries, tell_unknown
from ._sigma_loose import caseless
from ._sigma_losses import Losses
from ._sigma_taxonomy import correlation_to_sigma, names_of, to_sigma
from ._sigma_tree import clauses, every
from ._sigma_yaml import render

_NO_WORDS = {
    "machine_learning": ("sigma-cannot-machine-learning", "Sigma cannot run a machine learning job"),
    "new_terms": ("sigma-cannot-new-terms", "Sigma cannot say that a value was never seen before"),
    "threat_match": ("sigma-cannot-threat-match", "Sigma cannot join events with indicators"),
    "saved_query": ("sigma-cannot-saved-query", "the query lies in Kibana, not in the rule"),
}
_BASE_ONLY = {
    "new_terms": (
        "approximate-new-terms",
        "this is the base query alone: it also fires on values seen before",
    ),
    "threat_match": (
        "approximate-threat-match",
        "this is the base query alone: it also fires without indicator",
    ),
}


class Sigma:
    """The form `sigma`."""

    name = "sigma"
    suffix = ".yml"
    counts_alerts = False
    derived = False

    def write(self, rule: Rule, fields: FieldTypes, options: Options) -> Converted:
        """The rule as Sigma documents, or why there are none. A Sigma rule is what it is."""
        if isinstance(rule, SigmaRule):
            return Converted(Document(PurePath(rule.path).name, rule.source.text))
        refusal = _refusal(rule, options)
        if refusal is not None:
            return Converted(None, (refusal,))
        source = rule.string("rule", "query")
        try:
            body, filters = _lowered(rule, fields, source)
        except ProblemError as error:
            return Converted(None, error.problems)
        return write_body(rule, body, filters, fields, options)

    def read(self, text: str, fields: FieldTypes, name: str = "<export>") -> Detection:
        """What a Sigma backend would execute on documents as Elasticsearch holds them; raises ProblemError."""
        from samefire.languages.sigma import load

        source = Source(name, text)
        rules = load(source, fields)
        if len(rules) != 1:
            message = f"one rule is wanted, the text holds {len(rules)}"
            raise ProblemError([Problem("sigma-several-rules", message, source)])
        return rules[0].detection


def _refusal(rule: Rule, options: Options) -> Problem | None:
    """Why no rule of this type can be a Sigma document at all."""
    if rule.type not in _NO_WORDS or (options.approximate and rule.type in _BASE_ONLY):
        return None
    code, message = _NO_WORDS[rule.type]
    hint = "--approximate writes the base query alone, labelled" if rule.type in _BASE_ONLY else None
    return Problem(code, message, rule.source, rule.value_span("rule", "type"), Severity.ERROR, hint)


def _lowered(rule: Rule, fields: FieldTypes, source: Source) -> tuple[Body, tuple[Beside, ...]]:
    """What the rule's query means, and its filters and exceptions, which hold for each event; raises ProblemError
    with every problem of all."""
    problems: list[Problem] = []
    body: Body = EventQuery(And(()))
    try:
        body = lower_tree(rule, parse_query(rule), fields, source)
    except ProblemError as error:
        problems += error.problems
    filters: list[Beside] = []
    try:
        filters.extend((node, rule.source) for node in filters_of(rule, fields))
    except ProblemError as error:
        problems += error.problems
    try:
        filters.extend(exceptions(rule, fields))
    except ProblemError as error:
        problems += error.problems
    if problems:
        raise ProblemError(problems)
    return body, tuple(filters)


def write_body(
    rule: Rule, body: Body, filters: tuple[Beside, ...], fields: FieldTypes, options: Options
) -> Converted:
    """The documents of a body; `filters` hold for each of its events."""
    losses = Losses(rule.string("rule", "query"), approximate=options.approximate)
    tell_expiries(rule, losses)
    tell_unknown(rule, losses)
    base = _BASE_ONLY.get(rule.type)
    if base is not None:
        losses.approximate(*base, NOWHERE)
    plan = _plan(rule, body, fields, losses)
    writer = _Writer(rule, filters, fields, options, losses)
    writer.indices = body.indices if isinstance(body, Pipeline) else tuple(rule.contents.get("index", ()))
    if plan is None:
        documents: list[dict[str, Any]] = []
    elif isinstance(plan, Plan):
        documents = writer.correlation(plan)
    else:
        documents = [writer.event_rule(plan)]
    problems = tuple(losses.problems)
    if losses.refused or not documents:
        return Converted(None, problems)
    documents[0] |= tail(rule, approximations=problems)
    stem = PurePath(rule.path).stem
    if options.profile == "sigmahq":
        documents = _sigma_profile.in_house_style(documents)
        stem = _sigma_profile.file_name(stem, documents)
    unread = _unread(rule) if renames(rule, options) else None
    return Converted(Document(f"{stem}{Sigma.suffix}", render(documents)), problems, unread)


def _unread(rule: Rule) -> Problem:
    """Why a text in Sigma's own names is not judged."""
    message = "the fields have Sigma's own names, the events of cases those of ECS"
    hint = (
        "`--taxonomy ecs` is judged; so are `sigma:lucene` and its like, where pySigma names the fields anew"
    )
    return Problem("form-cannot-run", message, rule.source, rule.value_span("rule", "query"), hint=hint)


def _plan(rule: Rule, body: Body, fields: FieldTypes, losses: Losses) -> Plan | Node | None:
    """The correlation of a body, or the one query that each event must satisfy."""
    match body:
        case EventQuery(where=where, pipes=pipes):
            tell_pipes(pipes, losses)
            return _thresholded(rule, where, losses) if rule.type == "threshold" else where
        case NewTerms(where=where) | IndicatorMatch(where=where):
            return where
        case Sequence():
            _tell_time(rule, losses)
            window = lookback(rule, losses) if body.maxspan is None else body.maxspan
            return of_sequence(body, short_name(rule), window, losses)
        case Sample():
            return of_sample(body, short_name(rule), lookback(rule, losses), losses)
        case Threshold():
            return of_threshold(body, short_name(rule), lookback(rule, losses), losses)
        case Pipeline():
            from ._sigma_esql import of_pipeline

            return of_pipeline(rule, body, fields, losses)
        case AnomalyThreshold() | Correlation():
            losses.refuse("sigma-cannot-body", "Sigma cannot say this kind of rule", NOWHERE)
            return None
        case _:
            assert_never(body)


def _tell_time(rule: Rule, losses: Losses) -> None:
    """Sigma has no word for the field that a sequence is put in order by."""
    field = rule.contents.get("timestamp_field", "@timestamp")
    if field != "@timestamp":
        message = f"Sigma cannot say that the events are put in order by `{field}`"
        with losses.reading(rule.source):
            losses.approximate("approximate-time", message, rule.value_span("rule", "timestamp_field"))


def _thresholded(rule: Rule, where: Node, losses: Losses) -> Plan:
    table = rule.contents["threshold"]
    fields = table.get("field", ())
    body = Threshold(
        where,
        (fields,) if isinstance(fields, str) else tuple(fields),
        int(table["value"]),
        tuple((str(c["field"]), int(c["value"])) for c in table.get("cardinality", ())),
    )
    return of_threshold(body, short_name(rule), lookback(rule, losses), losses)


class _Writer:
    """Makes the documents of one rule."""

    def __init__(
        self,
        rule: Rule,
        filters: tuple[Beside, ...],
        fields: FieldTypes,
        options: Options,
        losses: Losses,
    ) -> None:
        self.rule = rule
        self.options = options
        self.filters = filters
        self.fields = fields
        self.losses = losses
        self.indices: tuple[str, ...] = ()

    def event_rule(self, where: Node) -> dict[str, Any]:
        return {**head(self.rule, self.options), **self.events(where)}

    def correlation(self, plan: Plan) -> list[dict[str, Any]]:
        """The correlation, then the event rules that it joins."""
        parts = [self.part(part) for part in plan.parts]
        joined = plan.correlation
        if renames(self.rule, self.options):
            names = {part["name"]: names_of(part["logsource"]) for part in parts}
            joined = correlation_to_sigma(joined, names)
        return [{**head(self.rule, self.options), "correlation": joined}, *parts]

    def part(self, part: Part) -> dict[str, Any]:
        return {
            "title": f"{self.rule.name[:200]} ({part.title})",
            "id": derived_id(identifier(self.rule), part.name),
            "name": part.name,
            **taxonomy(self.rule, self.options),
            **self.events(part.where),
        }

    def events(self, where: Node) -> dict[str, Any]:
        """`logsource` and `detection` of the events that a query and the rule's filters select, without those
        that its exceptions name."""
        asked = clauses(where, self.fields, self.losses)
        filtered = []
        for node, source in self.filters:
            with self.losses.reading(source):
                filtered.append(clauses(node, self.fields, self.losses))
        clause, origin = every([asked, *filtered]), self.logsource(where)
        if renames(self.rule, self.options):
            clause = to_sigma(clause, origin, self.losses)
        if self.options.caseless:
            clause = caseless(clause, self.losses)
        if self.options.profile == "sigmahq":
            section = detection(_sigma_profile.modifiers_for_wildcards(clause), _sigma_profile.FILTER)
        else:
            section = detection(clause)
        return {"logsource": origin, "detection": section}

    def logsource(self, where: Node) -> dict[str, Any]:
        rule = self.rule
        if "logsource" in rule.sigma:
            return dict(rule.sigma["logsource"])
        integration = rule.metadata.get("integration", ())
        names = [integration] if isinstance(integration, str) else list(integration)
        return logsource(where, self.indices, names[0] if len(names) == 1 else None)


converter = Sigma()
