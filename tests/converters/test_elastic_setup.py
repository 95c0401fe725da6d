"""The setup section of an investigation guide: read out of its own section, the same as out of the whole text."""

from __future__ import annotations

import importlib
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

setup = importlib.import_module("samefire.converters._elastic_setup")

_LINES = (
    "",
    "",
    "## Setup",
    "# Setup",
    "### Setup of it",
    "  ## Setup",
    "## Triage",
    "# Top",
    "#hash",
    "## config",
    "####### seven",
    "a *word* and `code`",
    "- item [link](https://example.org)",
    "  - inner",
    "1. one",
    "> quoted",
    "> ## Setup",
    "- ## Setup",
    "    indented",
    "\tindented",
    "***",
    "---",
    "===",
    "```",
    "<div>",
    "<!-- a comment",
    "[a]: https://example.org",
    "[a]",
    "| a | b |",
    "| --- | --- |",
    "ends with two blanks  ",
    "ends with a backslash\\",
    "Setup",
)


@given(st.lists(st.sampled_from(_LINES), max_size=12).map("\n".join))
def test_a_section_alone_is_read_as_in_the_whole(note: str) -> None:
    taken = setup.take(note, note, has_setup=False)
    with mock.patch.object(setup, "told", lambda text: [text]):
        assert setup.take(note, note, has_setup=False) == taken
