"""The console script, and `python -m samefire`: Ctrl-C while the command line is still being loaded ends without a
traceback, too."""

from __future__ import annotations

import importlib
import os
import signal


def main() -> None:
    """Load the command line and run it."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:
        signal.signal(signal.SIGINT, _stopped)
    line = importlib.import_module("samefire.cli")
    if usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    line.main()


def _stopped(number: int, frame: object) -> None:
    """Nothing is to be put away yet."""
    os.write(2, b"samefire: stopped\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
