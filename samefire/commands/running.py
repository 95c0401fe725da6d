"""How commands that judge many rules run: processes, cache, a progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samefire.cache import FOLDER, Cache
from samefire.forms import Converter, Options
from samefire.harness.many import Job
from samefire.workspace import Workspace


@dataclass(frozen=True)
class Running:
    """The flags `--jobs` and `--no-cache`; `jobs` 0: one process for each core."""

    jobs: int = 0
    cache: bool = True


AS_USUAL = Running()


def job_of(
    running: Running,
    workspace: Workspace,
    forms: Sequence[Converter],
    options: Options,
    mapping: Path | None = None,
) -> Job:
    """The job that the flags describe."""
    return Job(
        forms=forms,
        options=options,
        mapping=mapping,
        cache=cache_of(workspace) if running.cache else None,
        processes=running.jobs or None,
        progress=Progress(len(workspace.rules)),
    )


def cache_of(workspace: Workspace) -> Cache:
    """The cache beside the settings, or where SAMEFIRE_CACHE says."""
    asked = os.environ.get("SAMEFIRE_CACHE")
    return Cache(Path(asked) if asked else workspace.settings.path(FOLDER))


class Progress:
    """A bar on stderr when that is a terminal and there is enough to wait for."""

    ENOUGH = 100
    WIDTH = 30

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = -1
        self._on = total >= self.ENOUGH and sys.stderr.isatty()

    def __call__(self, done: int) -> None:
        self._done += done
        share = self._done * self.WIDTH // max(self._total, 1)
        if self._on and share != self._shown:
            self._shown = share
            bar = "█" * share + "░" * (self.WIDTH - share)
            end = "\r\x1b[K" if self._done >= self._total else ""
            sys.stderr.write(f"\r{bar} {self._done}/{self._total} rules{end}")
            sys.stderr.flush()
