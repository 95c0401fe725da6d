"""The scanner of JSON places agrees with the parser: every value has a place whose text is that value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samefire.json_places import decode, scan
from samefire.source import Source, Span

pytestmark = pytest.mark.property

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def parts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in items:
        yield from parts(item, (*path, key))


@given(VALUES, st.sampled_from([None, 0, 2]), st.booleans())
@example({"a": [[], {}, ["x"]], "": {"b": []}}, None, True)
@example(["\U0001f525\ud83d", 'a\\"\n'], None, True)
def test_every_value_is_where_it_is_said_to_be(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    places = scan(Source("x", text))
    for path, part in parts(value):
        span = places.value(path)
        assert json.loads(text[slice(*span)]) == part
        if path and isinstance(path[-1], str):
            assert json.loads(text[slice(*places.key(path))]) == path[-1]
        if isinstance(part, str):
            offsets = decode(text, span)
            assert len(offsets) == len(part) + 1
            assert all(text[at] in (c, "\\") for c, at in zip(part, offsets, strict=False))


@example('{"\n"')
@example('{"\\a":1}')
@given(st.text('{}[]",:\\a1 \n', max_size=30))
def test_a_broken_text_does_not_break_the_scanner(text: str) -> None:
    places = scan(Source("x", text))
    for span in (*places.values.values(), *places.keys.values()):
        assert 0 <= span.start <= span.end <= len(text)
        decode(text, Span(*span))
