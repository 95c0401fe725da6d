"""Every message about a Lucene query, word for word: `tests/golden/lucene/problems.txt`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from samefire.languages import lucene
from samefire.problems import ProblemError, render
from samefire.source import Source
from tests.conftest import HOME

WRONG = (
    "a:(",
    "a:(b",
    'a:"b',
    "a:b/c",
    "a:x AND",
    "AND b",
    "a:b:c",
    "a:-x",
    "a.*:x",
    "a:b^",
    "a:b~x",
    "a:b~3",
    "a:[1 TO",
    "a:[1 2]",
    "a:{1 TO 2",
    "a:]",
    r"a:C:\users",
    r"path:C\:\\a\users",
    "a:b)",
    "a\\",
    "(" * 120,
)
ODD = (
    "a:x OR b:y AND c:z",
    "a:x and b:y",
    "one not two",
    "file.path:/etc/passwd",
    "a:x AND (b:y OR c:z)",
    '"and" AND /re/ OR "x"',
)


def test_what_is_wrong(golden: Callable[[Path, str], None]) -> None:
    golden(HOME / "tests/golden/lucene/problems.txt", "".join(_wrong(query) for query in WRONG))


def _wrong(query: str) -> str:
    try:
        lucene.parse(Source("<query>", query))
    except ProblemError as error:
        return f"=== {json.dumps(query)}\n" + "".join(f"{render(p)}\n" for p in error.problems)
    raise AssertionError(f"{query} was read")


def test_what_is_seldom_meant(golden: Callable[[Path, str], None]) -> None:
    golden(HOME / "tests/golden/lucene/warnings.txt", "".join(_odd(query) for query in ODD))


def _odd(query: str) -> str:
    source = Source("<query>", query)
    problems = lucene.lint(lucene.parse(source), source)
    return f"=== {json.dumps(query)}\n" + "".join(f"{render(p)}\n" for p in problems)
