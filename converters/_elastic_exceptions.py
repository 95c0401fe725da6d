"""Exception lists beside a rule, as Kibana exports and imports them: a line for each list and for each item.

`lines` writes them after the rule's line, `exclusions` reads them back: an item holds for a rule when the rule's
`exceptions_list` names its list. What an item means is left to `samefire.languages.dsl.exceptions`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samefire.exception_list import ExceptionList
from samefire.exception_schema import EXPORTED_CONTAINER, EXPORTED_ITEM, check_entries
from samefire.fields import FieldTypes
from samefire.json_places import Places, scan
from samefire.languages.dsl.exceptions import expiry, lower_item
from samefire.problems import Problem, ProblemError, Severity
from samefire.query.ast import Node
from samefire.rule import Rule
from samefire.schema import Report, check
from samefire.source import Embedded, Source, Span

Json = dict[str, Any]
_ENDPOINT = "endpoint_list"
"""The list of Elastic Defend, which Kibana keeps and every installation has."""


# ---- writing ------------------------------------------------------------------------------------------


def refusals(rule: Rule) -> tuple[Problem, ...]:
    """Why the exceptions of a rule cannot be known here."""
    found = (p for one in rule.exceptions for p in one.problems if p.severity is Severity.ERROR)
    return tuple(dict.fromkeys(found))


def add_references(rule: Rule, out: Json) -> list[Problem]:
    """Name the lists of the rule in `exceptions_list`, by which Kibana finds them; what is named and known to
    nobody here is told."""
    named = out.get("exceptions_list", [])
    for one in rule.exceptions:
        if not any(map(one.is_named_by, named)):
            out.setdefault("exceptions_list", []).append(_reference(one))
    return [
        Problem(
            "exceptions-not-known",
            message,
            rule.source,
            span,
            Severity.WARNING if hint else Severity.NOTE,
            hint,
        )
        for message, span, hint in unknown_lists(rule)
    ]


def unknown_lists(rule: Rule) -> Iterator[tuple[str, Span, str | None]]:
    """The lists that a rule names and no file has: what that means, where it is named, and what to do. Nothing is to
    be done about the list that every Kibana has."""
    for number, reference in enumerate(rule.contents.get("exceptions_list", ())):
        if not any(one.is_named_by(reference) for one in rule.exceptions):
            list_id = str(reference.get("list_id"))
            message = f"the exception list `{list_id}` is kept in Kibana: what it excepts fires here"
            hint = (
                None if list_id == _ENDPOINT else "export it from Kibana into the folder of exception files"
            )
            yield message, rule.value_span("rule", "exceptions_list", number), hint


def _reference(one: ExceptionList) -> Json:
    """An entry of `exceptions_list`; Kibana puts its own id of the list in when it imports the rule."""
    return {
        "id": one.list_id,
        "list_id": one.list_id,
        "namespace_type": one.namespace,
        "type": one.container["type"],
    }


def lines(rule: Rule) -> Iterator[Json]:
    """Each list of the rule, followed by its items."""
    for one in rule.exceptions:
        yield {**one.container, "namespace_type": one.namespace}
        for item in one.items:
            yield {"comments": [], "namespace_type": one.namespace, **item}


# ---- reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One object of an export, and the text that it was read from."""

    data: Json
    source: Source

    @property
    def places(self) -> Places:
        return scan(self.source)


def objects(source: Source) -> list[Line]:
    """The objects of an NDJSON text; raises ProblemError when a line is none."""
    found: list[Line] = []
    offset = 0
    for text in source.text.split("\n"):
        if text.strip():
            part = _part(source, offset, text)
            found.append(Line(read_object(part), part))
        offset += len(text) + 1
    return found


def _part(source: Source, offset: int, text: str) -> Embedded:
    return Embedded(source.path, text, source, lambda: range(offset, offset + len(text) + 1))


def read_object(source: Source) -> Json:
    """The JSON object of a text; raises ProblemError."""
    try:
        data = json.loads(source.text)
    except (ValueError, RecursionError) as error:
        at = getattr(error, "pos", 0)
        why = getattr(error, "msg", "nested too deep")
        message = f"this is no JSON: {why[:1].lower()}{why[1:]}"
        raise ProblemError([Problem("elastic-not-json", message, source, Span(at, at + 1))]) from None
    if not isinstance(data, dict):
        raise ProblemError([Problem("elastic-not-a-rule", "a rule is a JSON object", source, Span(0, 1))])
    return data


def split(found: Sequence[Line], source: Source) -> tuple[Line, list[Line]]:
    """The rule among the objects of an export, and the items of exception lists; raises ProblemError when
    there is not one rule."""
    kinds = [(_kind(line.data), line) for line in found]
    rules = [line for kind, line in kinds if kind == "rule"]
    if len(rules) != 1:
        message = f"one rule is wanted, the text holds {len(rules)}"
        second = rules[1].source.rooted(Span(0, 1))[1] if rules else Span(0, 1)
        raise ProblemError([Problem("elastic-several-rules", message, source, second)])
    for kind, line in kinds:
        if kind == "list":
            _check(EXPORTED_CONTAINER, line)
    return rules[0], [line for kind, line in kinds if kind == "item"]


def _kind(data: Mapping[str, Any]) -> str:
    """What an object of an export is: `rule`, `list`, `item`, or `other` (connectors, the line of counts)."""
    if "list_id" in data:
        return "item" if "entries" in data or "item_id" in data else "list"
    if "attributes" in data or "exported_count" in data or "exported_rules_count" in data:
        return "other"
    return "rule"


def exclusions(
    rule: Mapping[str, Any], items: Sequence[Line], fields: FieldTypes
) -> tuple[tuple[Node, ...], tuple[int | None, ...]]:
    """What the items ask that hold for the rule, and until when each holds (none given: all for ever); raises
    ProblemError."""
    named = {_space(reference) for reference in rule.get("exceptions_list", ())}
    problems: list[Problem] = []
    found: list[tuple[Node, int | None]] = []
    for line in items:
        if _space(line.data) not in named:
            continue
        try:
            found.append(_exclusion(line, fields))
        except ProblemError as error:
            problems.extend(error.problems)
    if problems:
        raise ProblemError(problems)
    ends = tuple(end for _, end in found)
    return tuple(node for node, _ in found), ends if any(end is not None for end in ends) else ()


def _space(data: Mapping[str, Any]) -> tuple[object, object]:
    return data.get("list_id"), data.get("namespace_type", "single")


def _exclusion(line: Line, fields: FieldTypes) -> tuple[Node, int | None]:
    places = _check(EXPORTED_ITEM, line)
    for number, entry in enumerate(line.data["entries"]):
        if entry["type"] == "list":
            message = f"the values of the value list `{entry['list']['id']}` are kept in Kibana"
            span = places.value(("entries", number))
            raise ProblemError([Problem("form-cannot-run", message, line.source, span)])
    return lower_item(line.data, fields, line.source, place=places.value), expiry(line.data)


def _check(shape: Any, line: Line) -> Places:
    """The places of an object whose keys and values are right; raises ProblemError."""
    report = Report()
    check(shape, line.data, ("item",), report)
    check_entries(line.data.get("entries"), ("item", "entries"), report)
    places = line.places
    problems = [
        Problem(
            found.code.replace("rule-", "elastic-", 1),
            found.message.replace("[item]", "the exception", 1).replace("`item.", "`", 1),
            line.source,
            places.key(found.path[1:]) if found.on_key else places.value(found.path[1:]),
            hint=found.hint,
        )
        for found in report.findings
    ]
    if problems:
        raise ProblemError(sorted(problems, key=lambda p: p.span))
    return places
