"""Elasticsearch's own EQL suite: events, sequences, samples, missing events, and queries it refuses.

`suites/eql/eql.ndjson`; the events and mappings lie in `suites/eql/data`. A field that no mapping lists is mapped
from its values, as an index does it; `[keyword|wildcard]` must give the same answer with either type.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from samefire.engine.events import Events, flatten
from samefire.engine.joinkeys import shown
from samefire.engine.limits import limited_events
from samefire.engine.match import match
from samefire.engine.sample import run_sample
from samefire.engine.sequence import Match, run_sequence
from samefire.fields import FieldTypes
from samefire.languages.eql import lower, parse
from samefire.problems import ProblemError
from samefire.query.detection import EventQuery, Sample, Scope
from samefire.query.detection import Sequence as SequenceBody
from samefire.source import Source
from tests.conformance import Tally

EITHER = "[keyword|wildcard]"
CATEGORY = "event_type"
IDS = ("serial_event_id", "sequence", "id")


def run(root: Path) -> Tally:
    tally = Tally()
    folder = root / "suites" / "eql"
    with (folder / "eql.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            tally.check({k: case[k] for k in ("suite", "name", "query")}, partial(judge, folder, case))
    return tally


def judge(folder: Path, case: Mapping[str, Any]) -> Any:
    """True, or why the case failed."""
    if case.get("expected") == "parse_or_verify_error":
        return refuses(case["query"])
    return all(answers(folder, case, kind) for kind in ("keyword", "wildcard"))


def refuses(query: str) -> bool:
    source = Source("<query>", query)
    try:
        lower(parse(source), FieldTypes({}), source)
    except ProblemError:
        return True
    return False


def answers(folder: Path, case: Mapping[str, Any], kind: str) -> Any:
    data = load(folder, case["data"], kind)
    source = Source("<query>", case["query"])
    body = lower(parse(source), data.fields, source, event_category_field=CATEGORY)
    found = data.search(body, case.get("size"))
    ids = [data.id_of(event) for match_ in found for event in match_.events]
    expected = case["expected_event_ids"]
    allowed = expected if expected and isinstance(expected[0], list) else [expected]
    if ids not in allowed:
        raise AssertionError(f"{kind}: found {ids}, expected {expected}")
    if "join_keys" in case:
        keys = [data.key(value, body) for match_ in found for value in match_.key]
        if keys != [None if k == "null" else k for k in case["join_keys"]]:
            raise AssertionError(f"{kind}: keys {keys}, expected {case['join_keys']}")
    return True


class Data:
    """The events of one data set and the types of their fields."""

    def __init__(self, documents: Sequence[Mapping[str, Any]], mapping: Mapping[str, Any]) -> None:
        self.events = Events(documents)
        self.fields = FieldTypes.from_mapping(mapping, dynamic=False)
        first = documents[0]
        self.id_field = next(name for name in IDS if name in first)
        self.scope = Scope(tiebreaker_field=self.id_field)

    def id_of(self, event: int) -> int:
        if event < 0:
            return -1
        found: int = self.events.documents[event][self.id_field]
        return found

    def key(self, value: Any, body: Any) -> str | None:
        if isinstance(body, Sample) and value is not None and value[0] == "date":
            return str(value[1] // 1_000_000)
        return shown(value)

    def search(self, body: EventQuery | SequenceBody | Sample, size: int | None) -> list[Match]:
        if isinstance(body, EventQuery):
            times = self.events.times()
            hits = match([body.where], self.events).ordinals[0]
            ordered = sorted(hits, key=lambda e: (times[e] or 0, self.id_of(e)))
            return [Match((event,)) for event in limited_events(ordered, body.pipes, size)]
        nodes = [stage.where for stage in body.stages]
        if isinstance(body, Sample):
            return run_sample(body, match(nodes, self.events).ordinals, self.events, size=size)
        until = [body.until.where] if body.until else []
        found = match([*nodes, *until], self.events).ordinals
        stages, rest = found[: len(nodes)], found[len(nodes) :]
        ends = rest[0] if rest else ()
        return run_sequence(body, stages, self.events, self.scope, until=ends, size=size)


@cache
def load(folder: Path, name: str, kind: str) -> Data:
    """One data set, or all whose name begins so (`sample`: three indices)."""
    files = sorted((folder / "data").glob(f"{name}*.mapping.json"))
    documents: list[Mapping[str, Any]] = []
    properties: dict[str, Any] = {}
    for file in files:
        mapping = json.loads(file.read_text(encoding="utf-8").replace(EITHER, kind))
        rows = json.loads(Path(str(file).replace(".mapping.json", ".json")).read_text(encoding="utf-8"))
        listed = mapping["properties"]
        documents.extend(indexed(row, listed) for row in rows)
        properties |= dict(dynamic(rows)) | listed
    return Data(documents, {"properties": properties})


def dynamic(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The types that an index gives to fields by their values."""
    for row in rows:
        for path, value in flatten(row):
            yield path, dynamic_type(value)


def dynamic_type(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "long"}
        case float():
            return {"type": "float"}
        case _:
            return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}


def indexed(row: Mapping[str, Any], listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document with dates of a format of its own in milliseconds, as the index holds them."""
    out = dict(row)
    for name, said in listed.items():
        form = said.get("format")
        if form and isinstance(out.get(name), str):
            pattern = form.replace("dd", "%d").replace("MM", "%m").replace("yyyy", "%Y")
            moment = datetime.datetime.strptime(out[name], pattern).replace(tzinfo=datetime.UTC)
            out[name] = int(moment.timestamp() * 1000)
    return out
