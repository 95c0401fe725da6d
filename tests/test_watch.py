"""`samefire watch`: which rules a saved file concerns, and what the screen says."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from samefire.cli import run

from samefire.commands import watch
from samefire.reports.style import PLAIN
from samefire.settings import find
from samefire.watching import affected, changes, look


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samefire.toml").write_text('forms = ["elastic", "sigma"]\n')
    for name, query in (("one", "event.action: a"), ("two", "event.action: b")):
        assert run(["new", "--name", name, "--query", query]) == 0
    return tmp_path


def concerned(project: Path, path: str, text: str) -> list[str] | None:
    settings = find(Path.cwd())
    before = look(settings)
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_text(text)
    now = look(settings)
    found = affected(settings, changes(before, now), now)
    return None if found is None else [Path(rule).name for rule in found]


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("rules/one.toml", ["one.toml"]),
        ("fixtures/two/positive/more.json", ["two.toml"]),
        ("fixtures/none/positive/more.json", []),
        ("samefire.toml", None),
        ("fields/own.toml", None),
        ("exceptions/list.toml", None),
        ("rules/notes.txt", []),
        ("rules/.hidden.toml", []),
    ],
)
def test_what_a_file_concerns(project: Path, path: str, rules: list[str] | None) -> None:
    if path == "rules/.hidden.toml":
        assert concerned(project, path, "x") == []
        return
    assert concerned(project, path, "# changed\n") == rules


def test_a_file_that_goes_concerns_its_rule(project: Path) -> None:
    settings = find(Path.cwd())
    before = look(settings)
    next((project / "fixtures/one/positive").iterdir()).unlink()
    now = look(settings)
    assert affected(settings, changes(before, now), now) == [str(project / "rules/one.toml")]


def shown(changed: list[str] | None) -> str:
    settings = find(Path.cwd())
    return re.sub(r"\d\.\d\d s", "0.00 s", watch.screen(settings, [], changed, look(settings), PLAIN))


def test_the_screen(project: Path) -> None:
    path = str(project / "rules/one.toml")
    assert shown([path]) == (
        "rules/one.toml · 0.00 s\n\n"
        "rules/one.toml  one\n  elastic       1/1 fire, 1/1 silent\n  sigma         1/1 fire, 1/1 silent\n\n"
        "1 rule, 4 verdicts: 4 as expected, 0 failed\n\nwatching; Ctrl-C stops"
    )
    assert shown([str(project / "rules/notes.txt"), path + "x"]) == (
        "rules/notes.txt and 1 more · 0.00 s\n\nno rule is concerned\n\nwatching; Ctrl-C stops"
    )
    assert shown(None).startswith("all rules · 0.00 s\n\nrules/one.toml  one\n")


def test_broken_settings_are_told_and_mended(project: Path) -> None:
    settings = find(Path.cwd())
    (project / "samefire.toml").write_text("rules = 3\n")
    text = watch.screen(settings, [], [str(project / "samefire.toml")], look(settings), PLAIN)
    assert "samefire.toml:1:1: error: `rules` must be a list of strings, not a number" in text


def test_a_save_is_judged_at_once(project: Path) -> None:
    screens: list[str] = []

    def write(text: str) -> None:
        screens.append(text)
        if len(screens) == 1:
            rule = project / "rules/one.toml"
            rule.write_text(rule.read_text().replace("event.action: a", "event.action: c"))

    start = time.perf_counter()
    assert watch.run([], rounds=2, write=write) == 0
    assert time.perf_counter() - start < 5
    assert len(screens) == 2
    assert "FAIL fixtures/one/positive/event_action_is_a.json" in screens[1]
    assert "rules/two.toml" not in screens[1]
