"""Events as people have them: copied out of Kibana, answered by a search, lying in a fixture."""

from __future__ import annotations

import pytest

from samefire.events_file import MOST, parse_events
from samefire.problems import ProblemError, render

SHAPES = {
    "one": '{"a": 1}',
    "list": '[{"a": 1}]',
    "lines": '{"a": 1}\n',
    "document": '{"_index": "x", "_id": "1", "_source": {"a": 1}, "fields": {"a": [1]}}',
    "documents": '[{"_index": "x", "_source": {"a": 1}}]',
    "lines of documents": '{"_id": "1", "_source": {"a": 1}}\n',
    "answer": '{"took": 1, "hits": {"total": 1, "hits": [{"_index": "x", "_source": {"a": 1}}]}}',
    "fixture": '{"description": "d", "events": [{"a": 1}], "now": "2026-01-01T00:00:00Z"}',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_one_event_in_every_shape(shape: str) -> None:
    assert parse_events(SHAPES[shape].encode(), "x.json") == [{"a": 1}]


def test_fields_that_only_look_like_a_shape() -> None:
    """An event with a field `events` or `hits` of its own is one event."""
    for text in (b'{"events": [{"a": 1}], "@timestamp": 1}', b'{"hits": 3}', b'{"hits": {"a": 1}}'):
        assert len(parse_events(text, "x.json")) == 1
        assert parse_events(text, "x.json")[0].keys() & {"events", "hits"}


def test_error_every_broken_line_is_told() -> None:
    with pytest.raises(ProblemError) as caught:
        parse_events(b'{"a": \n{"a": 1}\n3\n', "x.ndjson")
    assert [render(p).split("\n")[0] for p in caught.value.problems] == [
        "x.ndjson:1:7: error: not valid JSON: unexpected end of data [events-unreadable]",
        "x.ndjson:3:1: error: the line is no event (an object) [events-unreadable]",
    ]
    with pytest.raises(ProblemError) as caught:
        parse_events(b"no json\n" * 100, "x.ndjson")
    assert len(caught.value.problems) == MOST
