"""Every message about a KQL query, word for word: `tests/golden/kuery/problems.txt`."""

from __future__ import annotations

import json

import pytest

from samefire.languages import kuery
from samefire.problems import ProblemError, render
from samefire.source import Source
from tests.conftest import HOME

GOLDEN = HOME / "tests" / "golden" / "kuery" / "problems.txt"


def blocks() -> list[tuple[str, str]]:
    """(query, text of its problems) for each `=== "query"` of the file."""
    found = []
    for block in GOLDEN.read_text(encoding="utf-8").split("=== ")[1:]:
        query, _, text = block.partition("\n")
        found.append((json.loads(query), text.rstrip("\n")))
    return found


@pytest.mark.parametrize(("query", "expected"), blocks(), ids=lambda value: value.splitlines()[0][:40])
def test_message(query: str, expected: str) -> None:
    with pytest.raises(ProblemError) as raised:
        kuery.parse(Source("<query>", query))
    assert "\n".join(render(problem) for problem in raised.value.problems) == expected


def test_codes_are_told() -> None:
    told = {
        line.rsplit("[", 1)[1].rstrip("]")
        for line in GOLDEN.read_text("utf-8").splitlines()
        if ": error: " in line
    }
    assert told == {
        "query-bad-escape",
        "query-foreign-operator",
        "query-missing-value",
        "query-too-deep",
        "query-unclosed-group",
        "query-unclosed-string",
        "query-unexpected",
    }
