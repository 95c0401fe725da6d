"""Bundles read back: what is in them, held against their manifest and against what the sources make.

A bundle may be anybody's work: nothing is followed out of it, nothing is unpacked, and a file is read only when it
has the size that the manifest says.
"""

from __future__ import annotations

import json
import os
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from samefire.bundle.manifest import MANIFEST, sha256
from samefire.json_text import pretty
from samefire.problems import Problem, ProblemError
from samefire.source import Source

LARGEST = 256 * 1024 * 1024
"""A file of a bundle beyond this is not read."""
LINK = "a symbolic link, which leads elsewhere on another machine"
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Part:
    """One entry of a bundle. `odd`: why it is no file that a bundle can have, or ""."""

    name: str
    size: int
    bytes: Callable[[], bytes]
    odd: str = ""


@dataclass(frozen=True)
class Opened:
    """A bundle: the manifest (`raw`: its text), the files that it lists and that have its sizes, and what is wrong
    with entries. `names`: every entry."""

    shown: str
    manifest: Mapping[str, Any]
    raw: bytes
    listed: Mapping[str, tuple[str, int]]
    files: dict[str, bytes] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def read(target: Path) -> Opened:
    """A bundle, a folder or a zip file. Raises ProblemError (`bundle-unreadable`, `bundle-no-manifest`), OSError."""
    if target.is_dir():
        return _opened(list(_folder(target)), str(target))
    if not target.exists():
        raise FileNotFoundError(2, "no such file or folder", str(target))
    with _zip(target) as archive:
        return _opened(list(_entries(archive)), str(target))


@contextmanager
def _zip(target: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(target)
    except BROKEN as error:
        message = f"neither a folder nor a zip file: {str(error).lower()}"
        raise ProblemError([Problem("bundle-unreadable", message, Source(str(target), ""))]) from error
    with archive:
        yield archive


def _folder(target: Path) -> Iterator[Part]:
    for folder, folders, names in os.walk(target):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in [*links, *names]:
            path = Path(folder, name)
            about = path.lstat()
            plain = "" if stat.S_ISREG(about.st_mode) else "no plain file"
            odd = LINK if stat.S_ISLNK(about.st_mode) else plain
            yield Part(path.relative_to(target).as_posix(), about.st_size, path.read_bytes, odd)


def _entries(archive: zipfile.ZipFile) -> Iterator[Part]:
    often = Counter(info.filename for info in archive.infolist())
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        parts = PurePosixPath(info.filename).parts
        odd = ""
        if often[info.filename] > 1:
            odd = "there more than once: readers take one or the other"
        elif info.filename.startswith("/") or ".." in parts or "\\" in info.filename or ":" in info.filename:
            odd = "named so that it would be unpacked elsewhere"
        elif kind == stat.S_IFLNK:
            odd = LINK
        elif info.is_dir() and not info.file_size:
            continue
        yield Part(info.filename, info.file_size, partial(archive.read, info), odd)


def _opened(parts: Sequence[Part], shown: str) -> Opened:
    """The parts held against the manifest among them."""
    manifest = next((p for p in parts if p.name == MANIFEST and not p.odd and p.size <= LARGEST), None)
    opened = _manifest(manifest, shown)
    problems: list[Problem] = []
    files: dict[str, bytes] = {}
    for part in sorted(parts, key=lambda part: part.name):
        if part.odd:
            problems.append(_wrong("bundle-odd-file", shown, part.name, f"this is {part.odd}"))
        elif part is manifest:
            continue
        elif part.name not in opened.listed:
            problems.append(_unknown(shown, part.name))
        elif part.size != opened.listed[part.name][1] or part.size > LARGEST:
            problems.append(_changed(shown, part.name))
        else:
            try:
                files[part.name] = part.bytes()
            except BROKEN:
                problems.append(_changed(shown, part.name))
    unique = tuple(dict.fromkeys(problems))
    return replace(opened, files=files, names=frozenset(p.name for p in parts), problems=unique)


def _manifest(part: Part | None, shown: str) -> Opened:
    try:
        raw = part.bytes() if part else b""
        data = json.loads(raw)
        listed = {n: (str(f["sha256"]), int(f["bytes"])) for n, f in data["files"].items()}
    except (*BROKEN, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        message = f"{MANIFEST} is not there or cannot be read: this is no bundle"
        raise ProblemError([Problem("bundle-no-manifest", message, Source(shown, ""))]) from error
    return Opened(shown, data, raw, listed)


def check(opened: Opened) -> Iterator[Problem]:
    """Where the files of a bundle are not what its manifest says."""
    yield from opened.problems
    for name, (digest, _) in sorted(opened.listed.items()):
        if name not in opened.names:
            message = "the manifest lists this file, and it is not there"
            yield _wrong("bundle-file-missing", opened.shown, name, message)
        elif name in opened.files and sha256(opened.files[name]) != digest:
            yield _changed(opened.shown, name)


def compare(opened: Opened, fresh: Mapping[str, bytes]) -> Iterator[Problem]:
    """Where the files of a bundle are not what the sources make of themselves now."""
    files, shown = opened.files, opened.shown
    for name in sorted(fresh.keys() - opened.names):
        yield _wrong("bundle-behind", shown, name, "the sources make this file, and the bundle has none")
    for name in sorted(files.keys() & fresh.keys()):
        if files[name] != fresh[name]:
            yield _wrong("bundle-behind", shown, name, "the sources make another file of this name")
    for name in sorted(opened.names - fresh.keys()):
        yield _wrong("bundle-behind", shown, name, "the sources do not make this file any more")


def compare_manifest(opened: Opened, fresh: bytes) -> Iterator[Problem]:
    """Where the manifest of a bundle whose files are right says anything else than that of the sources: the
    revision aside, which may have moved on without them."""
    made = json.loads(fresh)
    told = opened.manifest
    wanted = pretty({**made, "revision": told.get("revision")})
    if opened.raw == wanted:
        return
    keys = [key for key in sorted({*made, *told}) if key != "revision" and made.get(key) != told.get(key)]
    what = f"something else under {', '.join(f'`{key}`' for key in keys)}" if keys else "it in another layout"
    message = f"the sources make another manifest: this one says {what}"
    yield _wrong("bundle-behind", opened.shown, MANIFEST, message)


def _unknown(shown: str, name: str) -> Problem:
    return _wrong("bundle-file-unknown", shown, name, "the manifest does not know this file")


def _changed(shown: str, name: str) -> Problem:
    return _wrong("bundle-file-changed", shown, name, "the file is not what the manifest says")


def _wrong(code: str, shown: str, name: str, message: str) -> Problem:
    return Problem(code, message, Source(f"{shown}/{name}", ""), hint="run `samefire bundle` again")
