"""`samefire query`: one query over events, without a rule."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from samefire.commands import Exit, Result, WrongUse
from samefire.commands.arguments import check_format, terminal_style
from samefire.events_file import read_events
from samefire.fields import FieldTypes
from samefire.languages import NAMES, language
from samefire.problems import Problem, ProblemError, did_you_mean, visible
from samefire.query.detection import Body, Detection, EventQuery, Pipeline, Scope
from samefire.reports.json import dumps
from samefire.settings import find
from samefire.source import Source
from samefire.workspace import load_fields, read_json, read_text

FORMATS = ("text", "json")
SPOKEN = {"kql": "kuery", "es|ql": "esql"}
"""What people call languages, and what rules do."""


def run(query: str, *, name: str, events: str | None, mapping: Path | None, format: str, dsl: bool) -> Result:
    """Run `query` in the language `name` over the events of a file."""
    check_format(format, FORMATS)
    name = SPOKEN.get(name.lower(), name)
    if name not in NAMES:
        near = did_you_mean(name, NAMES)
        raise WrongUse(f"unknown language `{name}`; {near or 'known: ' + ', '.join(NAMES)}")
    source = _source(query, name)
    fields = _fields(mapping)
    if dsl:
        return _dsl(source, name, fields if mapping else None)
    if events is None:
        raise WrongUse("give the events with --events FILE (`-` for stdin)")
    body = language(name).lower_text(source, fields)
    documents = read_events(events)
    if isinstance(body, Pipeline):
        return _table(body, documents, format)
    return _answer(body, documents, format)


def _source(query: str, name: str) -> Source:
    """The text of the query; Sigma's may lie in a file."""
    if name == "sigma" and query.strip().endswith((".yml", ".yaml")) and "\n" not in query.strip():
        return read_text(Path(query.strip()), "query")
    return Source("<query>", query)


def _fields(mapping: Path | None) -> FieldTypes:
    """A mapping file is the whole truth about the index; without one, ECS and the project's fields."""
    if mapping is None:
        return load_fields(find(Path.cwd()))
    return FieldTypes.from_mapping(read_json(read_text(mapping, "mapping"), "mapping"), dynamic=False)


def _dsl(source: Source, name: str, fields: FieldTypes | None) -> Result:
    if name != "kuery":
        raise WrongUse("--dsl is for KQL: Kibana makes Query DSL of no other language")
    from samefire.languages import kuery

    made = kuery.to_dsl(kuery.parse(source), fields)
    return Result(Exit.FINE, json.dumps(made, indent=2, ensure_ascii=False))


def _answer(body: Body, documents: Sequence[Mapping[str, Any]], format: str) -> Result:
    from samefire.engine.run import run as execute

    detection = Detection(body, Scope(max_signals=sys.maxsize))
    alerts = execute(detection, documents)
    if alerts.failure:
        raise ProblemError([_failed(alerts.failure)])
    found = [list(a.ordinals) for a in alerts.alerts]
    single = isinstance(body, EventQuery)
    code = Exit.FINE if found else Exit.FINDINGS
    if format == "json":
        data = {"matches": [o for a in found for o in a]} if single else {"sequences": found}
        return Result(Exit.FINE, dumps(data))
    return Result(code, "\n".join(_lines(found, documents, single)))


def _table(body: Pipeline, documents: Sequence[Mapping[str, Any]], format: str) -> Result:
    """The columns and rows of ES|QL."""
    from samefire.engine.run import Refused, table

    try:
        found, notes = table(body, documents)
    except Refused as refused:
        raise ProblemError([_failed(str(refused))]) from None
    if format == "json":
        columns = [{"name": name, "type": kind} for name, kind in found.columns]
        return Result(Exit.FINE, dumps({"columns": columns, "rows": found.rows}))
    names = [name for name, _ in found.columns]
    lines = [_shown(names), *map(_shown, found.rows)]
    lines.append(f"{len(found.rows)} row{'' if len(found.rows) == 1 else 's'} of {len(documents)} events")
    lines.extend(f"note: {note}" for note in notes)
    return Result(Exit.FINE if found.rows else Exit.FINDINGS, "\n".join(lines))


def _shown(cells: Sequence[Any]) -> str:
    """One row as text: null as nothing, several values with commas."""
    return "  ".join(
        visible(
            cell if isinstance(cell, str) else "" if cell is None else json.dumps(cell, ensure_ascii=False)
        )
        for cell in cells
    ).rstrip()


def _failed(reason: str) -> Problem:
    return Problem("search-failed", f"Elasticsearch refuses the search: {reason}", Source("<query>", ""))


def _lines(found: Sequence[Sequence[int]], documents: Sequence[Mapping[str, Any]], single: bool) -> list[str]:
    style = terminal_style()
    lines: list[str] = []
    for group in found:
        if not single:
            lines.append(style.strong(f"sequence of {len(group)} events"))
        lines.extend(_line(ordinal, documents) for ordinal in group)
    noun = "event" if single else "sequence"
    lines.append(f"{len(found)} {noun}{'' if len(found) == 1 else 's'} of {len(documents)} events")
    return lines


def _line(ordinal: int, documents: Sequence[Mapping[str, Any]]) -> str:
    if ordinal < 0:
        return "     -  (no such event)"
    text = json.dumps(documents[ordinal], ensure_ascii=False)
    return f"{ordinal:>6}  {visible(text[:300])}{'…' if len(text) > 300 else ''}"
