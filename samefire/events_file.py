"""Events from a file: NDJSON, a JSON list, one JSON object, YAML; gzip too; `-` is stdin."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from samefire.problems import Problem, ProblemError
from samefire.source import NOWHERE, Source, Span

LARGEST = 4 * 1024**3  # bytes after decompression


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
        return [data]
    if isinstance(data, list):
        for index, item in enumerate(data):
            if not isinstance(item, dict):
                _refuse(raw, shown, f"element {index + 1} is no event (an object)", NOWHERE)
        return data
    _refuse(raw, shown, "holds no event (an object), list of events or NDJSON", NOWHERE)
    return []


def _lines(raw: bytes, shown: str) -> list[Mapping[str, Any]]:
    events: list[Mapping[str, Any]] = []
    offset = 0
    for line in raw.split(b"\n"):
        if line.strip():
            try:
                event = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                start = len(raw[:offset].decode("utf-8", "replace")) + error.pos
                _refuse(raw, shown, f"not valid JSON: {error.msg.split(': line')[0]}", Span(start, start + 1))
            if not isinstance(event, dict):
                start = len(raw[:offset].decode("utf-8", "replace"))
                _refuse(raw, shown, "the line is no event (an object)", Span(start, start + 1))
            events.append(event)
        offset += len(line) + 1
    if not events:
        _refuse(raw, shown, "holds no events", NOWHERE)
    return events


def _refuse(raw: bytes, shown: str, message: str, span: Span) -> None:
    source = Source(shown, raw.decode("utf-8", "replace"))
    raise ProblemError([Problem("events-unreadable", message, source, span)])
