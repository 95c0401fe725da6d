"""Events from a file: NDJSON, a JSON list, one JSON object; documents as Kibana and Elasticsearch give them (with
`_source`), answers of a search, and fixtures; gzip too; `-` is stdin."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from samefire.harness.case import CASE_KEYS
from samefire.problems import Problem, ProblemError
from samefire.source import NOWHERE, Source, Span

LARGEST = 4 * 1024**3  # bytes after decompression
MOST = 20
"""Lines that cannot be read and are told: a file that is no NDJSON has one in each."""


def read_events(name: str) -> list[Mapping[str, Any]]:
    """The events of a file, in order. Raises ProblemError with the place of what is no event, OSError."""
    raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    shown = "<stdin>" if name == "-" else name
    if raw[:2] == b"\x1f\x8b":
        raw = _unzipped(raw, shown)
    return parse_events(raw, shown)


def _unzipped(raw: bytes, shown: str) -> bytes:
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise ProblemError(
            [Problem("events-unreadable", f"not valid gzip: {error}", Source(shown, ""))]
        ) from error


def parse_events(raw: bytes, shown: str) -> list[Mapping[str, Any]]:
    """The events in the bytes of a file called `shown`."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _lines(raw, shown)
    if isinstance(data, dict):
        data = _held(data)
    if isinstance(data, list):
        for index, item in enumerate(data):
            if not isinstance(item, dict):
                _refuse(raw, shown, f"element {index + 1} is no event (an object)", NOWHERE)
        return [_source_of(item) for item in data]
    _refuse(raw, shown, "holds no event (an object), list of events or NDJSON", NOWHERE)
    return []


def _held(data: dict[str, Any]) -> list[Any]:
    """The events that an object holds: the answer of a search, a fixture; any other is one event itself."""
    hits = data.get("hits")
    if isinstance(hits, dict) and isinstance(hits.get("hits"), list):
        return list(hits["hits"])
    if isinstance(data.get("events"), list) and data.keys() <= set(CASE_KEYS):
        return list(data["events"])
    return [data]


def _source_of(data: dict[str, Any]) -> dict[str, Any]:
    """The document itself: no field of a document is called `_source`."""
    source = data.get("_source")
    return source if isinstance(source, dict) else data


def _lines(raw: bytes, shown: str) -> list[Mapping[str, Any]]:
    events: list[Mapping[str, Any]] = []
    problems: list[Problem] = []
    offset = 0
    for line in raw.split(b"\n"):
        if line.strip():
            try:
                event = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                start = len(raw[:offset].decode("utf-8", "replace")) + error.pos
                message = f"not valid JSON: {error.msg.split(': line')[0]}"
                problems.append(_unreadable(raw, shown, message, Span(start, start + 1)))
            else:
                if isinstance(event, dict):
                    events.append(_source_of(event))
                else:
                    start = len(raw[:offset].decode("utf-8", "replace"))
                    message = "the line is no event (an object)"
                    problems.append(_unreadable(raw, shown, message, Span(start, start + 1)))
        offset += len(line) + 1
        if len(problems) == MOST:
            break
    if problems:
        raise ProblemError(problems)
    if not events:
        _refuse(raw, shown, "holds no events", NOWHERE)
    return events


def _unreadable(raw: bytes, shown: str, message: str, span: Span) -> Problem:
    return Problem("events-unreadable", message, Source(shown, raw.decode("utf-8", "replace")), span)


def _refuse(raw: bytes, shown: str, message: str, span: Span) -> None:
    raise ProblemError([_unreadable(raw, shown, message, span)])
