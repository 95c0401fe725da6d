"""What each command does, one file each: arguments in, a `Result` out. Printing is up to `cli.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samefire.problems import Problem


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    FINDINGS = 1  # the rules have findings: a check, test or gate failed
    WRONG_USE = 2  # the command or its configuration is wrong
    UNREACHABLE = 3  # an engine or a file could not be reached or read
    OURS = 4  # samefire itself failed


@dataclass(frozen=True)
class Result:
    """What a command says: results for stdout, messages for stderr, and how it ended."""

    code: Exit
    out: str = ""
    err: str = ""


def ended(problems: Iterable[Problem], *, failed: bool = False) -> Exit:
    """How a command ends that told of these problems; `failed`: it found something else, too."""
    errors = {problem.code for problem in problems if problem.severity == "error"}
    if errors & {"file-unreadable", "git-failed"}:
        return Exit.UNREACHABLE
    return Exit.FINDINGS if errors or failed else Exit.FINE


class WrongUse(Exception):
    """A flag or argument that makes no sense; the message says what would."""
