"""How a command that could not go on ends: one message, the right exit code, never a traceback."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

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
    except FileNotFoundError as error:
        return Result(
            Exit.UNREACHABLE, err=f"samefire: {visible(str(error.filename))}: no such file or folder"
        )
    except OSError as error:
        where = f"{visible(str(error.filename))}: " if error.filename else ""
        return Result(Exit.UNREACHABLE, err=f"samefire: {where}{(error.strerror or str(error)).lower()}")
    assert isinstance(result, Result)
    return result


def describe(error: Exception, arguments: Sequence[str], *, debug: bool) -> tuple[int, str]:
    """Exit code and message for what escaped a command."""
    if hasattr(error, "format_message"):
        return int(Exit.WRONG_USE), _usage(error)
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


def _usage(error: Any) -> str:
    """What the argument parser says (typer's, whichever way it brings click)."""
    text = f"samefire: {error.format_message()}"
    context = getattr(error, "ctx", None)
    if context is not None:
        text += f"\n  help: {context.command_path} --help"
    return text
