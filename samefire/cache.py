"""A cache on disk: values by the digest of everything that they follow from.

An entry is one file, written whole under another name and then renamed, and carries its own digest: another
run at the same time, a full disk or a flipped bit make a miss, never a wrong value. Values are JSON, so that
nothing in a cache that somebody else wrote can run. Pure but for the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from samefire import __version__

FOLDER = ".samefire/cache"
MOST = 20_000
"""Entries that are kept; the oldest beyond these are removed."""


@dataclass(frozen=True)
class Cache:
    """Values in a folder."""

    folder: Path

    def get(self, key: str) -> Any:
        """The value of a key, or None."""
        try:
            raw = self._file(key).read_bytes()
        except OSError:
            return None
        digest, _, body = raw.partition(b"\n")
        if digest != _digest(key, body):
            return None
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep a value. A folder that cannot be written keeps nothing."""
        try:
            body = orjson.dumps(value)
        except TypeError:
            return
        with contextlib.suppress(OSError):
            self._write(self._file(key), _digest(key, body) + b"\n" + body)

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]

    def _write(self, path: Path, raw: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._ignored()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _ignored(self) -> None:
        """A folder that git does not look into, whatever the repository ignores."""
        mark = self.folder / ".gitignore"
        if not mark.exists():
            mark.write_text("*\n", encoding="ascii")

    def prune(self, most: int = MOST) -> int:
        """Remove the entries that were written first when there are more than `most`; how many."""
        aged: list[tuple[float, Path]] = []
        with contextlib.suppress(OSError):
            for path in self.folder.glob("??/*"):
                with contextlib.suppress(OSError):
                    aged.append((path.stat().st_mtime, path))
        gone = sorted(aged)[: max(0, len(aged) - most)]
        for _, path in gone:
            with contextlib.suppress(OSError):
                path.unlink()
        return len(gone)


def _digest(key: str, body: bytes) -> bytes:
    return hashlib.sha256(key.encode("ascii") + body).hexdigest().encode("ascii")


def key(parts: Iterable[str | bytes]) -> str:
    """The digest of parts in their order; no two lists of parts run into each other."""
    found = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found.update(len(raw).to_bytes(8, "big"))
        found.update(raw)
    return found.hexdigest()


LIBRARIES = ("google-re2", "marko", "orjson", "pysigma", "pysigma-backend-elasticsearch", "pyyaml", "rtoml")


@cache
def tool() -> str:
    """What stands for this version of samefire: its number, its files, Python and the libraries."""
    from importlib.metadata import PackageNotFoundError, version

    import samefire

    parts = [__version__, platform.python_version()]
    for name in LIBRARIES:
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            parts.append(f"{name} none")
    home = Path(samefire.__file__).parent
    shelves = [
        (home, home.rglob("*")),
        *((Path(p), Path(p).glob("converters/*.py")) for p in samefire.__path__),
    ]
    for root, files in shelves:
        for path in sorted(p for p in files if p.suffix in (".py", ".json", ".tsv")):
            about = path.stat()
            parts.append(f"{path.relative_to(root)} {about.st_size} {about.st_mtime_ns}")
    return key(parts)
