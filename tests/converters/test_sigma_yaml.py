"""YAML text: what goes in comes out of every YAML reader, and it reads well."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

text = importlib.import_module("samefire.converters._sigma_yaml")

AWKWARD = list(" \n\t'\":#-|>&*!%@`?[]{},0123456789xeE.+_~yYnNo\\\0\x85\u2028\ufeff")
strings = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(AWKWARD)), max_size=40
)
scalars = st.one_of(
    strings,
    strings.map(text.Prose),
    st.booleans(),
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
trees = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(strings, below, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(strings, trees, min_size=1, max_size=4), min_size=1, max_size=3))
@example([{"a": text.Prose("  two\n blanks ")}])
@example([{"a": text.Prose("word " * 40)}])
def test_what_is_written_is_read(documents: list[dict[str, Any]]) -> None:
    assert list(yaml.load_all(text.render(documents), yaml.CSafeLoader)) == documents


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("process", "process"),
        ("rundll32.exe", "rundll32.exe"),
        ("yes", "'yes'"),
        ("No", "'No'"),
        ("null", "'null'"),
        ("on", "'on'"),
        ("0x1f", "'0x1f'"),
        ("007", "'007'"),
        ("1e3", "'1e3'"),
        (".5", "'.5'"),
        ("12:30", "'12:30'"),
        ("2026-01-31", "'2026-01-31'"),
        ("90s", "90s"),
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("8f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b11", "8f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b11"),
        ("C:\\Windows\\", "'C:\\Windows\\'"),
        ("it's", "'it''s'"),
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        ("", "''"),
        ("nul\0 and \x1b[0m", '"nul\\0 and \\e[0m"'),
        ("\u202egnp.exe", '"\\u202egnp.exe"'),
        ("naïve", "'naïve'"),
    ],
)
def test_strings_are_quoted_where_readers_differ(value: str, written: str) -> None:
    assert text.scalar(value) == written


def test_layout() -> None:
    document = {
        "title": "A title",
        "description": text.Prose("Two lines,\none block."),
        "detection": {
            "selection": {"a|cased": "x", "b": ["w", "1"]},
            "other": [{"c": "z", "d": 5}, {"e": True}],
        },
        "empty": [],
        "small": 1e-7,
    }
    assert text.render([document, {"title": "second"}]) == (
        "title: A title\n"
        "description: |-\n"
        "    Two lines,\n"
        "    one block.\n"
        "detection:\n"
        "    selection:\n"
        "        a|cased: x\n"
        "        b:\n"
        "            - w\n"
        "            - '1'\n"
        "    other:\n"
        "        - c: z\n"
        "          d: 5\n"
        "        - e: true\n"
        "empty: []\n"
        "small: 1.0e-07\n"
        "---\n"
        "title: second\n"
    )
