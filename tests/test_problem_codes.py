"""`data/problems.toml` and `docs/problems.md`: every code of the source and no other, with messages still told."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from samefire.problem_codes import FAMILIES, document, entries, entry, shown
from tests.conftest import HOME

run = importlib.import_module("samefire.cli").run
CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
NO_CODES = {
    "fields-compared": "why a pipeline cannot be said in Sigma",
    "pysigma-backend-elasticsearch": "a package",
    "pysigma-backend-qradar-aql": "a package",
    "pysigma-backend-sentinelone-pq": "a package",
}
NO_BEGINNINGS = {"pysigma-backend-", "sigma-note-"}
MADE = {
    "dsl-unknown-": ("dsl-unknown-option", "dsl-unknown-query"),
    "rule-without-": ("rule-without-positive", "rule-without-negative"),
}
"""Codes whose last word is put in where they are made; other beginnings have an entry `…-*`."""
READ = ("exceptions-unreadable", "fields-unreadable", "mapping-unreadable", "mapping-syntax")
"""Codes that the reader of files makes of what it reads (`workspace.py`)."""
READERS = {"exceptions-", "elastic-", "import-"}


def sources() -> list[Path]:
    return sorted([*(HOME / "samefire").rglob("*.py"), *(HOME / "converters").rglob("*.py")])


@cache
def strings() -> tuple[frozenset[str], frozenset[str]]:
    """Whole codes in the source, and beginnings of codes that are made there."""
    whole, begun = set[str](), set[str]()
    for path in sources():
        if path.name == "problem_codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if CODE.fullmatch(text) and text.split("-")[0] in FAMILIES:
                    whole.add(text)
                elif CODE.fullmatch(text[:-1]) and text.endswith("-") and text.split("-")[0] in FAMILIES:
                    begun.add(text)
    return frozenset(whole - NO_CODES.keys()), frozenset(begun - NO_BEGINNINGS)


def test_every_code_has_an_entry() -> None:
    whole, begun = strings()
    missing = [code for code in (*sorted(whole), *READ) if entry(code) is None]
    for start in begun - READERS:
        missing += [code for code in MADE.get(start, (f"{start}*",)) if code not in entries()]
    assert missing == []


def test_no_entry_is_stale() -> None:
    whole, begun = strings()
    made = {code for start in begun for code in MADE.get(start, (f"{start}*",))}
    groups = {f"{start}*" for start in begun} | {"pysigma-*"}
    stale = [code for code in entries() if code not in whole | made | groups | set(READ)]
    assert stale == []


@cache
def written() -> str:
    """Everything that is said in the source, as one text."""
    return " ".join(" ".join(_texts(path)) for path in sources())


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("code", entries())
def test_entry(code: str) -> None:
    """The example is such a message, and its words are still those of the source."""
    one = entries()[code]
    head = one.example.lstrip("\n").split("\n")[0]
    match = re.fullmatch(r"\S.*?:\d+:\d+: (?:error|warning|note): (.*) \[([a-z0-9-]+)\]", head)
    assert match, head
    told = match[2]
    assert told == code or told.startswith(code.rstrip("*")) or (entry(told) is one), told
    pieces = re.split(r"`[^`]*`|\"[^\"]*\"|'[^']*'|[\d,.]+|[:;()]", match[1])
    assert any(words in written() for piece in pieces for words in _windows(piece)), match[1]
    for text in (one.about, one.mend):
        assert text[0] == text[0].upper() and text.rstrip().endswith((".", "…", "`")), text


def _windows(piece: str) -> Iterator[str]:
    """Two words in a row that say something; each word of a short piece."""
    words = piece.split()
    if len(words) <= 2:
        yield from (word for word in words if len(word) > 3)
    for pair in pairwise(words):
        if len(" ".join(pair)) >= 6:
            yield " ".join(pair)


def test_document(golden: Callable[[Path, str], None]) -> None:
    golden(HOME / "docs/problems.md", document())


def test_codes_that_are_told_as_others() -> None:
    assert entry("import-bad-value") is entries()["rule-bad-value"]
    assert entry("known-fault-or-not") is entries()["known-fault-*"]
    assert entry("import-differs") is entries()["import-differs"]
    assert entry("nonsense") is None


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain-code", "toml-byte-order-mark"]) == 0
    assert capsys.readouterr().out == (
        "toml-byte-order-mark\n"
        "\n"
        "The file starts with a byte order mark, which other TOML readers refuse.\n"
        "\n"
        "    x.toml:1:1: warning: the file starts with a byte order mark, which other TOML readers refuse "
        "[toml-byte-order-mark]\n"
        "      1 | \\ufeffa = 1\n"
        "        | ^^^^^^\n"
        "      help: save it as UTF-8 without a byte order mark\n"
        "\n"
        "mend: Save it without; `samefire fmt` does so.\n"
    )
    assert run(["explain-code", "[rule-unknown-key]", "import-wrong-type"]) == 0
    assert shown(entries()["rule-wrong-type"]) in capsys.readouterr().out
    assert run(["explain-code"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(entries())
    assert run(["explain-code", "rule-unkown-key"]) == 2
    assert "did you mean `rule-unknown-key`?" in capsys.readouterr().err
