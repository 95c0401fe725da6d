"""Stopped at any moment, a run leaves the old file or the new one, never half of either."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from samefire.bundle.store import STALE, write
from samefire.commands.bundle import Wanted, run
from samefire.commands.running import Running
from samefire.lock import lock_text, read
from samefire.source import Source
from tests.bundle.test_bundle import contents
from tests.conftest import FUZZ
from tests.gate.repository import Repo

KILLS = 200 if FUZZ else 15
PLAIN = Running(1, False)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")]


def killed(work: Callable[[int], None], patience: float) -> None:
    """Do `work` with 0, 1, 2 … in a process of its own, and kill it at a random moment."""
    child = os.fork()
    if child == 0:
        try:
            for number in range(1_000_000):
                work(number)
        finally:
            os._exit(1)
    time.sleep(random.uniform(0, patience))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the work itself failed"


@pytest.mark.parametrize("output", ["out", "out.zip"])
def test_bundle(repo: Repo, output: str) -> None:
    wanted = [Wanted(), Wanted(details=True)]
    target = Path(output)

    def state() -> object:
        return contents(target) if target.is_dir() else target.read_bytes()

    whole = []
    for one in wanted:
        run([], one, target, running=PLAIN)
        whole.append(state())
    assert whole[0] != whole[1]
    for _ in range(KILLS):
        killed(lambda number: assert_fine(run([], wanted[number % 2], target, running=PLAIN).code), 0.3)
        assert state() in whole


def assert_fine(code: int) -> None:
    assert code == 0


def test_writing_alone(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    manifests = [b'{"manifest_version": 1, "samefire": "%d", "files": {}}' % n for n in (0, 1)]
    sets = [{"manifest.json": m, **{f"f/{i}": m for i in range(200)}} for m in manifests]
    write(sets[0], target)
    for _ in range(KILLS):
        killed(lambda number: write(sets[number % 2], target), 0.1)
        assert contents(target) in sets


def test_what_a_kill_left_is_swept_later(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    files = {"manifest.json": b"{}"}
    old, young = tmp_path / ".bundle.samefire-old", tmp_path / ".bundle.samefire-young"
    for left in (old, young):
        left.mkdir()
        (left / "x").write_text("x")
    past = time.time() - STALE - 60
    os.utime(old, (past, past))
    write(files, target)
    assert (old.exists(), young.exists(), contents(target)) == (False, True, files)


def test_lock(repo: Repo) -> None:
    path = Path("samefire.lock.json")

    def work(number: int) -> None:
        score = 20 + (number + os.getpid()) % 50
        text = (repo.root / "rules/shell.toml").read_text()
        before = text.split("risk_score = ")[1].split("\n")[0]
        fresh = text.replace(f"risk_score = {before}", f"risk_score = {score}")
        Path("rules/.new").write_text(fresh)
        Path("rules/.new").replace("rules/shell.toml")
        repo.lock()

    for _ in range(KILLS):
        killed(work, 0.15)
        text = path.read_text()
        assert lock_text(read(Source("lock", text))) == text
