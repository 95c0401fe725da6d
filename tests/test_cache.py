"""The cache: the same results with and without it, whatever happens to its files."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from samefire import cache as caches
from samefire.cache import Cache, key
from samefire.commands import test as command
from samefire.commands.convert import Choices
from samefire.commands.running import Running
from samefire.harness import many
from samefire.reports.formats import report_as
from tests.gate.conftest import repo, template
from tests.gate.repository import Repo

__all__ = ["repo", "template"]

KEY = key(["a"])


def report(cached: bool, jobs: int = 1) -> str:
    return report_as(command.tested([], Choices(), None, Running(jobs, cached)), "json")


def entries(repo: Repo) -> list[Path]:
    return sorted((repo.root / ".samefire/cache").glob("??/*"))


def test_a_value_comes_back(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.get(KEY) is None
    cache.put(KEY, {"x": [1, "é", None]})
    assert cache.get(KEY) == {"x": [1, "é", None]}
    assert (tmp_path / "cache/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("damage", [b"", b"\0" * 90, b"x" * 64 + b"\n{}", None])
def test_damage_is_a_miss(tmp_path: Path, damage: bytes | None) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, "value")
    (file,) = tmp_path.glob("??/*")
    file.write_bytes(file.read_bytes()[:-2] + b'x"' if damage is None else damage)
    assert cache.get(KEY) is None


def test_an_entry_under_another_key_is_a_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, "value")
    other = key(["b"])
    (file,) = tmp_path.glob("??/*")
    (tmp_path / other[:2]).mkdir(exist_ok=True)
    file.rename(tmp_path / other[:2] / other[2:])
    assert cache.get(other) is None


def test_what_cannot_be_written_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = Cache(tmp_path / "file")
    cache.put(KEY, "value")
    cache.put(KEY, {1: object()})
    assert cache.get(KEY) is None


def test_parts_of_a_key_do_not_run_into_each_other() -> None:
    assert len({key(["ab"]), key(["a", "b"]), key(["b", "a"]), key(["a", b"b", ""]), key([])}) == 5


def test_the_oldest_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keys = [key([str(n)]) for n in range(5)]
    for age, one in enumerate(keys):
        cache.put(one, age)
        os.utime(tmp_path / one[:2] / one[2:], (1000 + age, 1000 + age))
    assert cache.prune(2) == 3
    assert [cache.get(one) for one in keys] == [None, None, None, 3, 4]


def test_the_same_bytes_with_and_without(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.edit("rules/shell.toml", '("sh" or "bash")', '"sh"')
    repo.edit("rules/net/curl.toml", '"-o"', '"-o')
    plain = report(False)
    assert not entries(repo)
    assert report(True) == plain
    assert len(entries(repo)) == 3
    monkeypatch.setattr(many, "judge_rule", lambda *_: pytest.fail("judged again"))
    assert report(True) == plain


def test_several_processes_say_the_same(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.edit("rules/shell.toml", '("sh" or "bash")', '"sh"')
    plain = report(False)
    monkeypatch.setattr(many, "CHUNK", 1)
    assert report(False, jobs=2) == plain


CHANGES = {
    "rule": lambda repo: repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 48"),
    "fixture": lambda repo: repo.edit("fixtures/shell/positive/sh.json", "2026-01-10", "2026-01-11"),
    "fixture name": lambda repo: repo.move(
        "fixtures/shell/positive/sh.json", "fixtures/shell/positive/x.json"
    ),
    "version": lambda repo: repo.edit("samefire.lock.json", '"version": 1', '"version": 2'),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_is_judged_again(repo: Repo, name: str) -> None:
    report(True)
    before = len(entries(repo))
    CHANGES[name](repo)
    assert report(True) == report(False)
    assert len(entries(repo)) > before


ALL = {
    "field types": lambda repo: repo.write("fields/own.json", {"properties": {"x": {"type": "long"}}}),
    "settings": lambda repo: repo.settings('strict_fields = true\nforms = ["elastic"]\n'),
    "exceptions": lambda repo: repo.write("exceptions/lists/known.txt", "value\n"),
}


@pytest.mark.parametrize("name", ALL)
def test_what_concerns_all_judges_all_again(repo: Repo, name: str) -> None:
    report(True)
    ALL[name](repo)
    assert report(True) == report(False)
    assert len(entries(repo)) == 6


def test_another_version_of_samefire_is_another_key(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    report(True)
    monkeypatch.setattr(caches, "tool", lambda: "another")
    report(True)
    assert len(entries(repo)) == 6


def test_records_of_another_shape_are_judged_again(repo: Repo) -> None:
    plain = report(True)
    cache = Cache(repo.root / ".samefire/cache")
    for number, file in enumerate(entries(repo)):
        cache.put(
            file.parent.name + file.name, [None, {}, {"forms": [1], "verdicts": [], "problems": []}][number]
        )
    assert report(True) == plain


def _hammer(folder: str, number: int) -> bool:
    cache = Cache(Path(folder))
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        for n in range(8):
            cache.put(key([str(n)]), "x" * 5000 + str(n))
            found = cache.get(key([str(n)]))
            if found is not None and found != "x" * 5000 + str(n):
                return False
        cache.prune(4 + number)
    return True


def test_several_runs_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.starmap(_hammer, [(str(tmp_path), n) for n in range(3)]) == [True] * 3
    assert not list(tmp_path.glob("??/.new.*"))


def test_a_fault_of_ours_names_the_rule(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(many, "judge_rule", broken)
    with pytest.raises(many.Fault, match=r"^rules/logins\.toml: KeyError: 'lost'$"):
        report(False)
