"""How a command that could not go on ends: one message, the right exit code, never a traceback."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from samefire.commands import Exit, Result, WrongUse, ended
from samefire.problems import ProblemError, visible


def guarded(call: Callable[[], object]) -> Result:
    """The result of a command; problems and files out of reach become results too."""
    from samefire.reports.text import problems_text

    try:
        result = call()
    except ProblemError as error:
        unread = ended(error.problems) is Exit.UNREACHABLE
        return Result(Exit.UNREACHABLE if unread else Exit.WRONG_USE, err=problems_text(error.problems))
    except OSError as error:
        return Result(Exit.UNREACHABLE, err=told_of_file(error))
    assert isinstance(result, Result)
    return result


def told_of_file(error: OSError) -> str:
    """What a disk has against a path."""
    if not error.filename:
        return f"samefire: {visible((error.strerror or str(error)).lower())}"
    path = Path(os.fsdecode(error.filename))
    if isinstance(error, NotADirectoryError | FileExistsError):
        file = next((p for p in (*reversed(path.parents), path) if p.is_file()), path)
        return f"samefire: {visible(str(file))} is a file, not a folder"
    if isinstance(error, IsADirectoryError):
        return f"samefire: {visible(str(path))} is a folder, not a file"
    what = "no such file or folder" if isinstance(error, FileNotFoundError) else str(error.strerror).lower()
    return f"samefire: {visible(str(path))}: {what}"


def describe(error: Exception, arguments: Sequence[str], *, debug: bool) -> tuple[int, str]:
    """Exit code and message for what escaped a command."""
    if hasattr(error, "format_message"):
        from samefire.commands.usage import told_of_usage

        return int(Exit.WRONG_USE), told_of_usage(error)
    if isinstance(error, WrongUse):
        return int(Exit.WRONG_USE), f"samefire: {visible(str(error))}"
    if debug:
        return int(Exit.OURS), "".join(traceback.format_exception(error))
    told = visible(str(error).split("\n")[0][:300])
    return int(Exit.OURS), (
        f"samefire itself failed ({type(error).__name__}: {told}); "
        "this is a fault of samefire, not of your rules\n"
        "  help: run the same command with SAMEFIRE_DEBUG=1 and report what it prints"
    )
