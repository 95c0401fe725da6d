"""Where the cursor stands in a text that is being written."""

from __future__ import annotations

import pytest

from samefire.lsp.cursor import Part, cursor_at


@pytest.mark.parametrize(
    ("text", "part", "table", "key", "typed", "inside"),
    [
        ("|", Part.KEY, (), "", "", None),
        ("[ru|le]\na = 1\n", Part.HEADER, ("rule",), "", "ru", None),
        ("[[rule.th|", Part.HEADER, ("rule", "th"), "", "rule.th", None),
        ("[rule]\nse|\n", Part.KEY, ("rule",), "", "se", None),
        ("[rule]\nse|v = 1\n", Part.KEY, ("rule",), "sev", "se", None),
        ("[rule]\nsev = |\n", Part.VALUE, ("rule",), "sev", "", None),
        ("[rule]\nsev = 'me|d'\n", Part.VALUE, ("rule",), "sev", "me", "'med'"),
        ("[rule]\nsev = 'me|\nx = 1\n", Part.VALUE, ("rule",), "sev", "me", "'me"),
        ("[rule]\nsev = 'med'|\n", Part.VALUE, ("rule",), "sev", "", None),
        ('[rule]\nindex = ["a", "b|"]\n', Part.VALUE, ("rule",), "index", "b", '"b"'),
        ('[rule]\nindex = ["a",\n  "b|\nx = 1\n', Part.VALUE, ("rule",), "index", "b", '"b'),
        (
            "[rule]\nquery = '''\na.b: 1 and c.|d\n'''\n",
            Part.VALUE,
            ("rule",),
            "query",
            "c.",
            "'''\na.b: 1 and c.d\n'''",
        ),
        ("[rule]\nquery = '''\na.b: 1 and c.|", Part.VALUE, ("rule",), "query", "c.", "'''\na.b: 1 and c."),
        ("[a]\nx = '''\n[b]\n'''\ny|", Part.KEY, ("a",), "", "y", None),
        ('[a]\nx = [ # "\n1]\ny|', Part.KEY, ("a",), "", "y", None),
        ("[rule . 'a b']\ny|", Part.KEY, ("rule", "a b"), "", "y", None),
    ],
)
def test_cursor(
    text: str, part: Part, table: tuple[str, ...], key: str, typed: str, inside: str | None
) -> None:
    offset = text.index("|")
    text = text.replace("|", "", 1)
    found = cursor_at(text, offset)
    assert (found.part, found.table, found.key, found.typed) == (part, table, key, typed)
    assert (text[slice(*found.text)] if found.text else None) == inside


def test_siblings_are_those_of_the_same_table() -> None:
    text = "[[a]]\nx = 1\n[[a]]\ny = 1\n\nz = 2\n[[a]]\nw = 1\n"
    assert cursor_at(text, text.index("\n\nz") + 1).siblings() == {"y", "z"}
