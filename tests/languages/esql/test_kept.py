"""The fields that an ES|QL query gives, as far as its text tells."""

from __future__ import annotations

import pytest

from samefire.languages import esql
from samefire.languages.esql.kept import kept_fields
from samefire.source import Source


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("from logs-* | where a == 1", ()),
        ("from logs-* | keep b, a", ("a", "b")),
        ("from logs-* | keep b*, a", ()),
        ("from logs-* | keep a | eval Esql.n = length(a), c = 1", ("a", "c")),
        (
            "from logs-* | stats Esql.n = count(*) by user.name, Esql.day = date_trunc(1 day, @timestamp)",
            ("user.name",),
        ),
        ("from logs-* | stats n = count(*) by a | keep a", ("a",)),
        ("from logs-* | keep a, b | drop b", ("a",)),
        ("from logs-* | keep a, b | drop b*", ()),
        ("from logs-* | keep a | rename a as z", ("z",)),
        ('from logs-* | keep a | grok a "%{WORD:w}"', ()),
        ("from logs-* | keep a | sort a | limit 3", ("a",)),
    ],
)
def test_kept_fields(query: str, fields: tuple[str, ...]) -> None:
    assert kept_fields(esql.parse(Source("<query>", query))) == fields
