"""`samefire lsp`: the language server, on stdin and stdout."""

from __future__ import annotations

from samefire.commands import Exit, Result, WrongUse


def run() -> Result:
    """Serve one editor until it says good-bye."""
    try:
        from samefire.lsp.server import create
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise WrongUse("the language server needs pygls: pip install 'samefire[lsp]'") from None
    create().start_io()
    return Result(Exit.FINE)
