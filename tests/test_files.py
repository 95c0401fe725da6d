"""Reading files: what a disk does wrong is a problem with words."""

from __future__ import annotations

from pathlib import Path

import pytest

from samefire.files import read_source
from samefire.problems import ProblemError, render


def refused(path: Path, limit: int = 1000) -> str:
    with pytest.raises(ProblemError) as caught:
        read_source(path, limit=limit)
    return "\n".join(render(p) for p in caught.value.problems)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_line_ends_are_kept(home: Path) -> None:
    (home / "a.toml").write_bytes("é\r\nb\n".encode())
    source = read_source("a.toml")
    assert (source.path, source.text) == ("a.toml", "é\r\nb\n")


def test_error_unreadable(home: Path) -> None:
    assert (
        refused(Path("a.toml"))
        == "a.toml:1:1: error: the file cannot be read: no such file or directory [file-unreadable]"
    )
    assert refused(Path()) == ".:1:1: error: the file cannot be read: is a directory [file-unreadable]"


def test_error_too_large(home: Path) -> None:
    (home / "a.toml").write_bytes(b"x" * 1001)
    assert refused(Path("a.toml")) == "a.toml:1:1: error: the file has more than 1,000 bytes [file-too-large]"


def test_error_not_unicode(home: Path) -> None:
    (home / "a.toml").write_bytes(b"a = 1\nb = '\xe9'\n")
    assert refused(Path("a.toml")) == (
        "a.toml:2:6: error: byte 0xe9 is not UTF-8 [file-not-unicode]\n"
        "  2 | b = '�'\n"
        "    |      ^\n"
        "  help: save the file as UTF-8"
    )
