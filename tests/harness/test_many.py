"""Several processes: Ctrl-C ends them all without a word of theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import HOME

CODE = """
import samefire.harness.many as many
from samefire.cli import main
many.CHUNK = 4
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
@pytest.mark.parametrize("wait", [0.6, 1.2])
def test_ctrl_c(wait: float) -> None:
    """As a terminal sends it: to every process of the group, while workers start or work."""
    command = [sys.executable, "-c", CODE, "test", "rules", "--no-cache", "-j", "2"]
    child = subprocess.Popen(
        command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    time.sleep(wait)
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "samefire: stopped\n")
