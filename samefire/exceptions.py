"""Exception lists as their TOML files say them: reading, checking, and which rules they belong to.

A file (`exceptions/*.toml`, as in elastic/detection-rules) names rules and holds lists of items; an event that
satisfies an item raises no alert. What an item means is in `languages/dsl/exceptions.py`, how it is exported up
to `converters/`. Values of Kibana's value lists are kept there; only a file with them makes such an item known.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from samefire.exception_list import ExceptionList
from samefire.exception_schema import FILE, check_entries
from samefire.problems import Problem, ProblemError, Severity, did_you_mean
from samefire.rule import Rule
from samefire.schema import Finding, Report, check
from samefire.source import Source, Span
from samefire.toml_places import Places, nearest_span, places_of
from samefire.toml_text import tables

Table = Mapping[str, Any]
MAX_DASHES = 200
"""Ranges written `from-to` that Kibana takes out of one value list."""


ValueLists = Mapping[str, Source]
"""The texts of value lists by the list's id, one value a line."""


def load(source: Source, values: ValueLists | None = None) -> tuple[ExceptionList, ...]:
    """The lists of an exception file; raises ProblemError with every problem of the file, in file order.
    `values` are the value lists that are known."""
    data, warnings = tables(source)
    report = Report()
    _check(data, report)
    places = places_of(source)
    found = [*warnings, *(_placed(f, source, places) for f in report.findings)]
    if any(p.severity is Severity.ERROR for p in found):
        raise ProblemError(sorted(found, key=lambda p: p.span))
    ids = tuple(data["metadata"]["rule_ids"])
    return tuple(
        _filled(
            ExceptionList(source, part["container"], tuple(part.get("items", ())), ids, tuple(found), number),
            values or {},
        )
        for number, part in enumerate(data["exceptions"])
    )


def by_name(files: Iterable[tuple[PurePath, Source]]) -> dict[str, Source]:
    """Value lists by the name that Kibana gives them: that of their file, with its ending and without."""
    return {name: text for path, text in files for name in (path.name, path.stem)}


def attached(rules: Iterable[Rule], lists: Sequence[ExceptionList]) -> tuple[Rule, ...]:
    """The rules, each with the lists that belong to it and what is wrong with these."""
    return tuple(_attached(rule, [one for one in lists if holds_for(one, rule)]) for rule in rules)


def holds_for(one: ExceptionList, rule: Rule) -> bool:
    """Whether the list's file names the rule, or the rule the list."""
    return rule.id in one.rule_ids or any(map(one.is_named_by, rule.contents.get("exceptions_list", ())))


def _attached(rule: Rule, lists: Sequence[ExceptionList]) -> Rule:
    if not lists:
        return rule
    told = dict.fromkeys([*rule.problems, *(p for one in lists for p in one.problems)])
    return replace(rule, exceptions=tuple(lists), problems=tuple(told))


def unknown_rules(known: Collection[str], lists: Iterable[ExceptionList]) -> Iterator[Problem]:
    """Rule ids of exception files that no rule has; `known` are the ids of all rules that there are."""
    for one in {one.source.path: one for one in lists}.values():
        for number, rule_id in enumerate(one.rule_ids):
            if rule_id not in known:
                message = f"no rule has the id {rule_id}"
                span = nearest_span(one.places, ("metadata", "rule_ids", number), on_key=False)
                hint = "correct the id, or take it out"
                yield Problem("exceptions-unknown-rule", message, one.source, span, Severity.WARNING, hint)


# ---- checks -------------------------------------------------------------------------------------------


def _check(data: Table, report: Report) -> None:
    for key in data:
        if key not in FILE:
            hint = did_you_mean(key, FILE) or "an exception file has [metadata] and [[exceptions]]"
            report.error("rule-unknown-table", (key,), f"unknown table [{key}]", hint, on_key=True)
    for key, shape in FILE.items():
        if key in data:
            check(shape, data[key], (key,), report)
        else:
            line = "[metadata]" if key == "metadata" else "[[exceptions]]"
            report.error("rule-missing-table", (), f"the file has no {line} table", f"add a line {line}")
    for number, part in enumerate(_dicts(data.get("exceptions"))):
        container = part.get("container")
        for i, item in enumerate(_dicts(part.get("items"))):
            path = ("exceptions", number, "items", i)
            _old_spelling(item)
            check_entries(item.get("entries"), (*path, "entries"), report)
            if isinstance(container, dict):
                _belongs(item, container, path, report)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _old_spelling(item: dict[str, Any]) -> None:
    """elastic/detection-rules calls the value list of an entry `list_vals`, Kibana `list`."""
    for entry in _dicts(item.get("entries")):
        if "list_vals" in entry and "list" not in entry:
            entry["list"] = entry.pop("list_vals")


def _belongs(item: Table, container: Table, path: tuple[str | int, ...], report: Report) -> None:
    """An item says of which list it is, and lies in that one."""
    for key, default in (("list_id", None), ("namespace_type", "single")):
        of_list, own = container.get(key, default), item.get(key, container.get(key, default))
        if isinstance(own, str) and isinstance(of_list, str) and own != of_list:
            message = f"the item has the `{key}` {own}, its list {of_list}"
            report.error("rule-other-list", (*path, key), message, f'write {key} = "{of_list}"')
    if container.get("type") == "endpoint":
        for number, entry in enumerate(_dicts(item.get("entries"))):
            if entry.get("operator") == "excluded":
                message = "an endpoint exception cannot exclude"
                report.error("rule-bad-value", (*path, "entries", number, "operator"), message)


def _placed(found: Finding, source: Source, places: Places) -> Problem:
    code = found.code.replace("rule-", "exceptions-", 1)
    span = nearest_span(places, found.path, on_key=found.on_key)
    severity = Severity.WARNING if found.warning else Severity.ERROR
    return Problem(code, found.message, source, span, severity, found.hint)


# ---- value lists --------------------------------------------------------------------------------------


def _filled(one: ExceptionList, values: ValueLists) -> ExceptionList:
    """The list with the values of value lists written out, and what is to be said of that."""
    problems: list[Problem] = []
    items = []
    for number, item in enumerate(one.items):
        entries = [
            _with_values(entry, one, (number, at), values, problems)
            for at, entry in enumerate(item["entries"])
        ]
        items.append({**item, "entries": entries})
    return replace(one, items=tuple(items), problems=(*one.problems, *problems))


def _with_values(
    entry: Table, one: ExceptionList, at: tuple[int, int], values: ValueLists, problems: list[Problem]
) -> Table:
    if entry["type"] != "list":
        return entry
    name, kind = entry["list"]["id"], entry["list"]["type"]
    place = (one.source, one.span("items", at[0], "entries", at[1], "list"))
    if name not in values:
        message = f"the values of the value list `{name}` are kept in Kibana"
        hint = f"put them into `lists/{name}` beside the exception files, one a line"
        problems.append(Problem("exceptions-value-list", message, *place, hint=hint))
        return entry
    try:
        found = _values(values[name], kind)
    except ProblemError as error:
        problems.extend(error.problems)
        return entry
    message = f"{len(found)} values of the value list `{name}` are written into the exception"
    hint = "values that are added in Kibana later do not count until the file is exported again"
    problems.append(Problem("exceptions-value-list-copied", message, *place, Severity.NOTE, hint))
    return {"field": entry["field"], "operator": entry["operator"], "type": "match_any", "value": found}


def _values(source: Source, kind: str) -> list[str]:
    """The values of a list of this type; ranges of addresses as networks."""
    if kind not in ("keyword", "ip", "ip_range"):
        message = f"value lists of type `{kind}` are compared by Kibana, not by a search"
        raise ProblemError([Problem("exceptions-value-list", message, source)])
    found = list(dict.fromkeys(line.strip() for line in source.text.splitlines() if line.strip()))
    if kind == "ip_range" and sum("-" in value for value in found) > MAX_DASHES:
        message = f"more than {MAX_DASHES} ranges written `from-to`, which Kibana does not search for"
        raise ProblemError([Problem("exceptions-value-list", message, source, hint="write them as networks")])
    return [text for value in found for text in (_networks(value, source) if kind == "ip_range" else [value])]


def _networks(value: str, source: Source) -> list[str]:
    """`10.0.0.1-10.0.0.6` as networks; a network as it is."""
    low, dash, high = value.partition("-")
    try:
        if not dash:
            return [str(ipaddress.ip_network(value, strict=False))]
        ends: tuple[Any, Any] = ipaddress.ip_address(low.strip()), ipaddress.ip_address(high.strip())
        return [str(net) for net in ipaddress.summarize_address_range(*ends)]
    except (ValueError, TypeError):
        start = source.text.find(value)
        span = Span(start, start + len(value))
        raise ProblemError(
            [Problem("exceptions-value-list", f"`{value}` is no range of addresses", source, span)]
        ) from None
