"""Command lines that make no sense, to the letter."""

from __future__ import annotations

import importlib

import pytest

run = importlib.import_module("samefire.cli").run

MISTAKES = {
    "tset": "there is no command `tset`; did you mean `test`?\n  help: samefire --help",
    "xyzzy": "there is no command `xyzzy`\n  help: samefire --help",
    "-x": "there is no option `-x`\n  help: samefire --help",
    "test --frmat x": "there is no option `--frmat`; did you mean `--format`?\n  help: samefire test --help",
    "test -vq": "there is no option `-q`\n  help: samefire test --help",
    "test -j x": "`--jobs` is a whole number from 0 on, not `x`\n  help: samefire test --help",
    "test -j -3": "`--jobs` is a whole number from 0 on, not `-3`\n  help: samefire test --help",
    "cover --least 2": "`--least` is a number from 0 to 1, not `2.0`\n  help: samefire cover --help",
    "cover --least half": "`--least` is a number from 0 to 1, not `half`\n  help: samefire cover --help",
    "test --form": "`--form` wants a value behind it",
    "test --verbose=3": "`--verbose` takes no value",
    "explain": "RULE is missing: a rule file\n  help: samefire explain --help",
    "query": "QUERY is missing: the query, or a Sigma file (.yml); `-`: stdin\n  help: samefire query --help",
    "explain a b c": "more arguments than the command takes: b c\n  help: samefire explain --help",
    "explain-code nope": "there is no code `nope`; `samefire explain-code` lists all",
    "query a:b -l kqll": "unknown language `kqll`; known: eql, esql, kuery, lucene, sigma",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_error(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"samefire: {MISTAKES[line]}\n")


def test_no_command_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert capsys.readouterr().err.startswith("Usage: samefire [OPTIONS] COMMAND [ARGS]...\n")
