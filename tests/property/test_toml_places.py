"""The scanner and the parsers read the same text the same way: every value has a place, every string is, at
its place, what the parser says, and each character lies where it is written."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samefire.source import Source
from samefire.toml_literals import decode
from samefire.toml_places import Fault, Places, scan
from samefire.toml_text import tables
from tests.conftest import FUZZ

pytestmark = pytest.mark.property

BARE = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=6)
NICE = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="'\"\\"), max_size=8)
ESCAPE = st.sampled_from([r"\n", r"\t", r"\"", r"\\", r"\u00e9", r"\U0001F525", r"\r", r"\b", r"\f"])
PIECE = st.one_of(NICE, ESCAPE, st.just("'"))
LINE = st.sampled_from(["\n", "\r\n"])
FOLD = st.builds(
    "".join, st.lists(st.sampled_from(["\\\n", "\\  \n \n\t", "\\\r\n  "]), min_size=1, max_size=1)
)
LONG = st.lists(st.one_of(PIECE, LINE, FOLD, st.sampled_from(['"', '""'])), max_size=6)


def joined(pieces: list[str]) -> str:
    """Quotation marks never three in a row inside."""
    text = "".join(pieces)
    while '"""' in text:
        text = text.replace('"""', '""x')
    return text


STRING = st.one_of(
    st.lists(PIECE, max_size=5).map(lambda p: f'"{"".join(p)}"'),
    NICE.map(lambda t: f"'{t}'"),
    st.builds(lambda start, p: f'"""{start}{joined(p)}"""', st.sampled_from(["", "\n", "\r\n", " "]), LONG),
    st.builds(
        lambda start, p: f"'''{start}{''.join(p)}'''",
        st.sampled_from(["", "\n", "\r\n"]),
        st.lists(st.one_of(NICE, LINE, st.sampled_from(["\\", '"'])), max_size=5),
    ),
)
OTHER = st.sampled_from(
    ["1", "-0x1", "1_000", "3.5e2", "true", "inf", "1979-05-27 07:32:00", "07:32:00", "0o17", "1979-05-27"]
)
VALUE = st.recursive(
    st.one_of(STRING, OTHER),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda v: "[ " + ", # c\n".join(v) + " ]"),
        st.dictionaries(BARE, inner, max_size=2).map(
            lambda d: "{ " + ", ".join(f"{k} = {v}" for k, v in d.items()) + " }"
        ),
    ),
    max_leaves=5,
)
KEY = st.one_of(BARE, NICE.map(lambda t: f'"{t}"'), st.lists(BARE, min_size=2, max_size=3).map(" . ".join))
STATEMENT = st.one_of(
    st.builds(lambda k, v: f"{k} = {v}", KEY, VALUE),
    st.builds(lambda k, v: f"{k} = {v} # comment", KEY, STRING),
    KEY.map(lambda k: f"[{k}]"),
    KEY.map(lambda k: f"[[ {k} ]]"),
    st.just("# a comment"),
    st.just(""),
)
DOCUMENT = st.builds(lambda end, lines: end.join(lines) + end, LINE, st.lists(STATEMENT, max_size=8))


def values(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value of a document with its key path."""
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in items:
        yield (*path, key), item
        yield from values(item, (*path, key))


def assert_placed(text: str, data: dict[str, Any], places: Places) -> None:
    for path, value in values(data):
        span = places.value(*path)
        assert span is not None, path
        if isinstance(value, str):
            decoded, offsets = decode(text, span)
            assert decoded == value, path
            assert len(offsets) == len(value) + 1
            for character, at in zip(decoded, offsets, strict=False):
                assert text[at] == character or text[at] == "\\" or text[at : at + 2] == "\r\n"
            assert offsets == sorted(offsets)


@given(DOCUMENT)
@example('a = """x\r\ny\\\r\n  z"""\r\n')
@example('a = """"x"""""\n')
@example("a = ''''x'''''\n")
@example("[a]\nb.c = 1\n[[d]]\n[d.e]\n[[d]]\nf = [ { g = 'h' } ]\n")
def test_places_agree_with_tomllib(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert_placed(text, data, scan(text))
    assert tables(Source("t", text))[0].keys() == data.keys()


@given(
    st.one_of(
        DOCUMENT, st.text(), st.text("[]{}=.,'\"\\\n\r #ab1-:"), DOCUMENT.map(lambda t: t[: len(t) * 2 // 3])
    )
)
@example("a = '''x''")
@example("[a")
@example("a.")
@example("\ufeff")
def test_any_text_is_placed_or_a_fault_inside_it(text: str) -> None:
    try:
        scan(text, accepted=False)
    except Fault as fault:
        assert 0 <= fault.span.start <= len(text)
        assert fault.message


def test_every_file_of_the_corpus_is_placed(shared: Path) -> None:
    files = sorted((shared / "corpus" / "elastic").rglob("*.toml"))
    assert files
    for file in files[:: 1 if FUZZ else 8]:
        text = file.read_bytes().decode("utf-8")
        assert_placed(text, tomllib.loads(text), scan(text))
