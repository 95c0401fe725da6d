"""What Kibana exports, taken apart: rules, exception lists and their items, connectors, the line of counts.

NDJSON (a saved export), one JSON object, a list of them, or an answer of the API (`{"data": […]}`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from samefire.json_places import Places, scan
from samefire.problems import Problem, ProblemError, Severity
from samefire.source import Embedded, Source, Span

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One object of an export, the text that holds it, and where in that text."""

    data: Json
    source: Source
    path: tuple[str | int, ...] = ()

    def span(self, *path: str | int, on_key: bool = False) -> Span:
        """Where a value (or its key) of the object stands in `source.text`."""
        places = self._places()
        whole = (*self.path, *path)
        return places.key(whole) if on_key else places.value(whole)

    def problem(
        self,
        code: str,
        message: str,
        path: tuple[str | int, ...] = (),
        *,
        severity: Severity = Severity.WARNING,
        hint: str | None = None,
    ) -> Problem:
        """A problem at a key of the object."""
        span = self.span(*path, on_key=bool(path)) if path else Span(*self.span()[:1], self.span()[0] + 1)
        return Problem(code, message, self.source, span, severity, hint)

    def _places(self) -> Places:
        return scan(self.source)


@dataclass(slots=True)
class Export:
    """The parts of one or more exports."""

    rules: list[Record] = field(default_factory=list)
    lists: list[Record] = field(default_factory=list)
    items: list[Record] = field(default_factory=list)
    connectors: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_export(source: Source) -> Export:
    """The parts of an export; raises ProblemError when the text is neither JSON nor NDJSON."""
    export = Export()
    counts: list[Record] = []
    for record in _records(source):
        kind = _kind(record.data)
        if kind == "counts":
            counts.append(record)
        elif kind is None:
            hint = "an export holds rules, exception lists, connectors and a line of counts"
            message = "this is neither a rule nor an exception list nor a connector"
            export.problems.append(
                record.problem("import-unknown-object", message, severity=Severity.ERROR, hint=hint)
            )
        else:
            getattr(export, kind).append(record)
    for record in counts:
        export.problems.extend(_counted(record, export))
    return export


def _records(source: Source) -> Iterator[Record]:
    """Every object of a text; raises ProblemError."""
    try:
        data = json.loads(source.text)
    except RecursionError:
        raise ProblemError([Problem("import-not-json", "the JSON is nested too deep", source)]) from None
    except ValueError as error:
        if getattr(error, "msg", "") == "Extra data":
            yield from _lines(source)
            return
        raise _no_json(source, error) from None
    yield from _of_value(data, source, ())


def _of_value(data: Any, source: Source, path: tuple[str | int, ...]) -> Iterator[Record]:
    if isinstance(data, list):
        for number, item in enumerate(data):
            yield from _of_value(item, source, (*path, number))
    elif isinstance(data, dict) and isinstance(data.get("data"), list) and "type" not in data:
        yield from _of_value(data["data"], source, (*path, "data"))  # an answer of the API
    elif isinstance(data, dict):
        yield Record(data, source, path)
    else:
        span = scan(source).value(path)
        problem = Problem("import-not-an-object", "a rule is a JSON object", source, span)
        raise ProblemError([problem])


def _lines(source: Source) -> Iterator[Record]:
    """NDJSON, an object a line."""
    offset = 0
    for text in source.text.split("\n"):
        if text.strip():
            part = _part(source, offset, text)
            try:
                data = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise _no_json(part, error) from None
            yield from _of_value(data, part, ())
        offset += len(text) + 1


def _part(source: Source, offset: int, text: str) -> Source:
    return Embedded(source.path, text, source, lambda: range(offset, offset + len(text) + 1))


def _no_json(source: Source, error: Exception) -> ProblemError:
    at = getattr(error, "pos", 0)
    why = str(getattr(error, "msg", "nested too deep"))
    message = f"this is no JSON: {why[:1].lower()}{why[1:]}"
    return ProblemError([Problem("import-not-json", message, source, Span(at, at + 1))])


def _kind(data: Mapping[str, Any]) -> str | None:
    """What an object is: the name of its part of `Export`, `counts`, or None."""
    if "exported_count" in data or "exported_rules_count" in data:
        return "counts"
    if "list_id" in data:
        return "items" if "entries" in data or "item_id" in data else "lists"
    if "attributes" in data or "connector_type_id" in data or "actionTypeId" in data:
        return "connectors"
    return "rules" if "type" in data and ("name" in data or "rule_id" in data) else None


_COUNTED = {
    "exported_rules_count": ("rules", "rules"),
    "exported_exception_list_count": ("lists", "exception lists"),
    "exported_exception_list_item_count": ("items", "exceptions"),
    "exported_action_connector_count": ("connectors", "connectors"),
}


def _counted(record: Record, export: Export) -> Iterator[Problem]:
    """Where the line of counts and the export differ, and what Kibana says that it left out."""
    for key, (part, what) in _COUNTED.items():
        wanted, found = record.data.get(key), len(getattr(export, part))
        if isinstance(wanted, int) and wanted != found:
            message = f"the export says that it holds {wanted} {what}, and holds {found}"
            yield record.problem(
                "import-counts", message, (key,), hint="export again; the file may be cut off"
            )
    for key, value in record.data.items():
        if key.startswith(("missing_", "excluded_")) and isinstance(value, list) and value:
            what = key.replace("_", " ")
            yield record.problem("import-left-out", f"Kibana did not export everything: {what}", (key,))
