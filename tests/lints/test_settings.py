"""Levels of lints in the settings, and that `check` and the settings' reader hold to them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from samefire.commands.check import check
from samefire.problems import ProblemError, Severity, render
from samefire.settings import Settings, read
from samefire.source import Source
from samefire.workspace import open_workspace
from tests.lints.test_lints import TEMPLATE


def settings(text: str) -> Settings:
    return read(tomllib.loads(text), Source("samefire.toml", text), Path())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[lints]\nlint-coverd = 'off'\n",
            "samefire.toml:2:1: error: there is no lint `lint-coverd` [settings-unknown-key]\n"
            "  2 | lint-coverd = 'off'\n"
            "    | ^^^^^^^^^^^\n"
            "  help: did you mean `lint-covered`?",
        ),
        (
            "lints = { lint-covered = 'quiet' }\n",
            "samefire.toml:1:1: error: the level of `lint-covered` must be one of error, warning, off "
            "[settings-wrong-type]\n"
            "  1 | lints = { lint-covered = 'quiet' }\n"
            "    | ^^^^^",
        ),
        (
            "lints = 'off'\n",
            "samefire.toml:1:1: error: `lints` must be a table, not a string [settings-wrong-type]\n"
            "  1 | lints = 'off'\n"
            "    | ^^^^^",
        ),
    ],
)
def test_wrong_settings(text: str, message: str) -> None:
    with pytest.raises(ProblemError) as caught:
        settings(text)
    assert "\n".join(render(p) for p in caught.value.problems) == message


def test_check_holds_to_the_levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = '"process.name: (a.exe or a.exe) and event.type: strt"'
    text = TEMPLATE.format(type="query", language="kuery", query=query, rule="", more="")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.toml").write_text(text)
    levels = 'lints = { lint-duplicate = "off", lint-value-not-allowed = "error" }\n'
    (tmp_path / "samefire.toml").write_text(levels)
    monkeypatch.chdir(tmp_path)
    found = [(p.code, p.severity) for p in check(open_workspace([])) if p.code.startswith("lint-")]
    assert found == [("lint-value-not-allowed", Severity.ERROR)]
