"""Reading the past through git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from samefire.problems import ProblemError, render
from samefire.revision import Change, Repository


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a b.toml").write_text("one\n")
    (tmp_path / "gone.toml").write_text("x\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return Repository.around(tmp_path)


def test_changes_of_the_work_tree(repository: Repository) -> None:
    (repository.root / "a b.toml").write_text("two\n")
    (repository.root / "gone.toml").unlink()
    (repository.root / "nëw.toml").write_text("n\n")
    base = repository.merge_base("main")
    assert repository.changes(base) == {
        "a b.toml": Change.CHANGED,
        "gone.toml": Change.DELETED,
        "nëw.toml": Change.ADDED,
    }


def test_files_as_they_were(repository: Repository) -> None:
    (repository.root / "a b.toml").write_text("two\n")
    base = repository.commit("HEAD")
    assert repository.read(base, ["a b.toml", "nothing", "gone.toml"]) == {
        "a b.toml": b"one\n",
        "gone.toml": b"x\n",
    }
    assert repository.files(base) == ["a b.toml", "gone.toml"]


def test_error_unknown_revision(repository: Repository) -> None:
    with pytest.raises(ProblemError) as caught:
        repository.merge_base("origin/main")
    assert render(caught.value.problems[0]) == (
        "git:1:1: error: git knows no revision `origin/main` [git-unknown-revision]\n"
        "  help: fetch it first, or name another one with --base"
    )


def test_error_a_revision_is_no_option(repository: Repository) -> None:
    with pytest.raises(ProblemError) as caught:
        repository.commit("--output=/tmp/x")
    assert caught.value.problems[0].code == "git-unknown-revision"


def test_error_no_repository(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        Repository.around(tmp_path)
    assert caught.value.problems[0].code == "git-no-repository"
