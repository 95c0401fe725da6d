"""`samefire.fmt`: one layout, every comment kept, the same meaning; proved before anything is written."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.fmt import formatted, same
from samefire.fmt.document import comments
from samefire.fmt.queries import query
from samefire.fmt.reading import read
from samefire.fmt.strings import string
from samefire.problems import ProblemError, render
from samefire.source import Source
from samefire.toml_text import tables

UNTIDY = """\
# Copyright of somebody

# what the rule is about
[rule]   # the rule itself
type="query" # plain
query = \"\"\"process.name: "a\\\\b"
\"\"\"
tags=['one',
   # a remark on two
   "two", # behind two
   # at the end
]
name = "It's \\"so\\""
# from = "now-1h"
risk_score = 0x10
'quoted key' = 'C:\\dir'
note = '''first
second'''
list = [ { b = 1, a = "x" }, [1,2 , 3] ]

# stays with [rule]

# about the threat
[[rule.threat]]
framework = "F"
[rule.threat.tactic]
id = "1"
[[rule.threat.technique]]
id = "2"
[[rule.threat]]
[metadata]
updated_date = "2026/01/02"
creation_date = "2026/01/01"
# the end
"""

TIDY = """\
# Copyright of somebody

[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/02"

# the end

# what the rule is about
[rule] # the rule itself
list = [{ b = 1, a = "x" }, [1, 2, 3]]
name = "It's \\"so\\""
note = \"\"\"
first
second\"\"\"
"quoted key" = 'C:\\dir'
# from = "now-1h"
risk_score = 0x10
tags = [
    "one",
    # a remark on two
    "two", # behind two
    # at the end
]
type = "query" # plain

query = '''
process.name: "a\\b"
'''

# stays with [rule]

# about the threat
[[rule.threat]]
framework = "F"

[[rule.threat.technique]]
id = "2"

[rule.threat.tactic]
id = "1"

[[rule.threat]]
"""


def layout(text: str, *, queries: bool = False) -> str:
    return formatted(Source("x.toml", text), queries=queries)


def test_layout() -> None:
    assert layout(UNTIDY) == TIDY


def test_a_tidy_file_stays() -> None:
    assert layout(TIDY) == TIDY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("# alone\n", "# alone\n"),
        ("\n\n# a\n\n\n# b\n", "# a\n\n# b\n"),
        ("b = 1\n\n\na = 2", "b = 1\n\na = 2\n"),
        ("a.b = 1\n", "a.b = 1\n"),
        ("a = []\n", "a = []\n"),
        ("a = {}\n", "a = {}\n"),
        ("a = { b = [ # c\n1] }\n", "a = { b = [ # c\n1] }\n"),
        ("a = [ # first\n]\n", "a = [\n    # first\n]\n"),
        ("a = [1 # x\n, # y\n2]\n", "a = [\n    1, # x\n    # y\n    2,\n]\n"),
        ('a = """\\\n  folded"""\n', 'a = """\\\n  folded"""\n'),
        ('a = "\\u200b"\n', 'a = "\\u200b"\n'),
        ('a = "\\\\u"\n', "a = '\\u'\n"),
        ('a = "\\t"\n', 'a = "\\t"\n'),
        ("a = 1979-05-27 07:32:00 # t\n", "a = 1979-05-27 07:32:00 # t\n"),
        ("[ a . 'b c' ]\n", '[a."b c"]\n'),
        ("\ufeffa = 1\n", "a = 1\n"),
        ("a = 1\r\nb = '''\r\nx\r\ny'''\r\n", 'a = 1\r\nb = """\r\nx\r\ny"""\r\n'),
        ("[a.b]\nx = 1\n[a]\ny = 1\n", "[a]\ny = 1\n\n[a.b]\nx = 1\n"),
        ("a = ['''x\ny''', 'z']\n", 'a = [\n    """\nx\ny""",\n    "z",\n]\n'),
    ],
)
def test_small_texts(before: str, after: str) -> None:
    assert layout(before) == after
    assert layout(after) == after


def test_a_list_that_does_not_fit_is_broken() -> None:
    words = ", ".join(f'"{"w" * 20}{i}"' for i in range(6))
    lines = "".join(f'    "{"w" * 20}{i}",\n' for i in range(6))
    assert layout(f"a = [{words}]\n") == f"a = [\n{lines}]\n"


def test_a_long_query_starts_on_a_line_of_its_own() -> None:
    text = "process.name: " + " or ".join(f"a{i}" for i in range(40))
    assert layout(f'[rule]\nquery = "{text}"\n') == f"[rule]\nquery = '''\n{text}'''\n"


def test_what_is_no_toml_is_told() -> None:
    with pytest.raises(ProblemError) as caught:
        layout("a = \n")
    assert [p.code for p in caught.value.problems] == ["toml-syntax"]


def test_a_result_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samefire.fmt.write", lambda document, kind: "a = 2\n")
    with pytest.raises(ProblemError) as caught:
        layout("a = 1\n")
    assert render(caught.value.problems[0]) == (
        "x.toml:1:1: error: the file would say something else; it is left as it is [fmt-unproved]\n"
        "  1 | a = 1\n"
        "    | ^\n"
        "  help: please report this as a bug, with the file"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = 1\n", "a comment would be lost"),
        ("a = 1 # c\n\n\n", "formatting once more would change the file again"),
        ("a = ", "the file could not be read again"),
    ],
)
def test_every_part_of_the_proof(text: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = iter([text, "other"])
    monkeypatch.setattr("samefire.fmt.write", lambda document, kind: next(texts))
    with pytest.raises(ProblemError) as caught:
        layout("a = 1 # c\n")
    assert caught.value.problems[0].message == f"{why}; it is left as it is"


def test_types_count() -> None:
    assert not same({"a": 1}, {"a": 1.0})
    assert not same([1], [True])
    assert same({"a": [1, {"b": float("nan")}]}, {"a": [1, {"b": float("nan")}]})


# ---- queries ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("kuery", "a :1 AND b: ( x or y )\n", "a: 1 and b: (x or y)\n"),
        ("eql", "process where a==1 // why", "process where a == 1\n// why"),
        ("esql", "from a|where b==1", "FROM a\n| WHERE b == 1"),
        ("esql", "from a // why\n|where b==1", "from a // why\n|where b==1"),
        ("esql", 'from a|where b=="//"', 'FROM a\n| WHERE b == "//"'),
        ("lucene", "a:1   b:2", "a:1   b:2"),
        ("kuery", "a: (", "a: ("),
        ("unknown", "a", "a"),
    ],
)
def test_queries(language: str, before: str, after: str) -> None:
    assert query(before, language) == after
    assert query(after, language) == after


def test_queries_are_laid_out_when_asked() -> None:
    rule = '[rule]\nlanguage = "kuery"\n\nquery = "a :1"\n'
    assert layout(rule) == rule
    assert layout(rule, queries=True) == rule.replace("a :1", "a: 1")


# ---- any text -----------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    "\"'\\\n\t\r ab#", max_size=12
)
KEYS = st.text("ab-_.\"' é#", max_size=4)
SCALARS = TEXTS | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False)


@pytest.mark.property
@given(TEXTS, st.sampled_from(["query", "note", "name", ""]), st.integers(-10, 120))
def test_a_string_reads_back(text: str, key: str, room: int) -> None:
    assert tables(Source("x", f"a = {string(text, key, room)}\n"))[0] == {"a": text}


@pytest.mark.property
@given(
    st.recursive(
        SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3), max_leaves=8
    )
)
def test_values_comments_and_layout(value: Any) -> None:
    import rtoml

    text = "# top\n" + rtoml.dumps({"rule": {"x": value}, "y": {"z": value}}) + "\n# tail\n"
    once = layout(text)
    assert same(tables(Source("x", once))[0], tables(Source("x", text))[0])
    assert layout(once) == once
    assert Counter(comments(read(once)))["# top"] == 1
