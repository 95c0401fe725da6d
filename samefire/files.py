"""Files at the edge: read as text, where what a disk and an editor can do wrong becomes a placed problem, and
written whole."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from samefire.problems import Problem, ProblemError
from samefire.source import Source, Span

MAX_BYTES = 10_000_000
"""A text file beyond this is refused unread."""


def read_source(path: str | os.PathLike[str], *, limit: int = MAX_BYTES) -> Source:
    """The UTF-8 text of a file under the name given, line ends as they are; raises ProblemError
    (`file-unreadable`, `file-too-large`, `file-not-unicode`)."""
    name = os.fspath(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"the file cannot be read: {reason[:1].lower()}{reason[1:]}"
        raise ProblemError([Problem("file-unreadable", message, Source(name, ""))]) from None
    if len(data) > limit:
        message = f"the file has more than {limit:,} bytes"
        raise ProblemError([Problem("file-too-large", message, Source(name, ""))])
    return Source(name, _decoded(name, data))


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            problem = Problem("file-not-unicode", "the file is UTF-16, not UTF-8", Source(name, ""))
        else:
            text = data[: error.start].decode("utf-8")
            source = Source(name, text + data[error.start :].decode("utf-8", "replace"))
            message, span = f"byte 0x{data[error.start]:02x} is not UTF-8", Span(len(text), len(text) + 1)
            problem = Problem("file-not-unicode", message, source, span)
        raise ProblemError([replace(problem, hint="save the file as UTF-8")]) from None


def write_file(path: Path, data: bytes) -> None:
    """Put a file in its place at once: a run that is stopped leaves the old one or the new one, never a part.
    A file that is no plain file (a pipe, `/dev/stdout`) is written to as it is. Raises OSError."""
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(2, "no such file or folder", str(path))
    import tempfile

    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
