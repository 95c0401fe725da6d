"""The repository that the gate's tests change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.gate.repository import Repo, fill, git


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("gate") / "repo"
    root.mkdir()
    repo = fill(root)
    here = Path.cwd()
    os.chdir(root)
    try:
        repo.lock()
    finally:
        os.chdir(here)
    git(root, "init", "-q", "-b", "main")
    repo.commit()
    git(root, "checkout", "-q", "-b", "work")
    return root


@pytest.fixture
def repo(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    root = tmp_path / "repo"
    shutil.copytree(template, root, symlinks=True)
    monkeypatch.chdir(root)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return Repo(root)
