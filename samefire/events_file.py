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
UNREADABLE = "events-unreadable"
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
                _refuse(raw, shown, f"element {index + 1} is no event (an object)")
        return [_source_of(item) for item in data]
    _refuse(raw, shown, "holds no event (an object), list of events or NDJSON")
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
    wrong: list[tuple[str, int, int]] = []  # the byte that the line begins at, and the letter in it
    offset = 0
    for line in raw.split(b"\n"):
        if line.strip():
            try:
                event = orjson.loads(line)
                if isinstance(event, dict):
                    events.append(_source_of(event))
                else:
                    wrong.append(("the line is no event (an object)", offset, 0))
            except orjson.JSONDecodeError as error:
                wrong.append((f"not valid JSON: {error.msg.split(': line')[0]}", offset, error.pos))
        offset += len(line) + 1
        if len(wrong) == MOST:
            break
    if wrong:
        source = Source(shown, raw.decode("utf-8", "replace"))
        starts = [(told, len(raw[:line].decode("utf-8", "replace")) + at) for told, line, at in wrong]
        raise ProblemError([Problem(UNREADABLE, told, source, Span(at, at + 1)) for told, at in starts])
    if not events:
        _refuse(raw, shown, "holds no events")
    return events


def _refuse(raw: bytes, shown: str, message: str) -> None:
    source = Source(shown, raw.decode("utf-8", "replace"))
    raise ProblemError([Problem(UNREADABLE, message, source, NOWHERE)])
