"""Bundles on disk: a folder or a zip file, put in its place at once.

A bundle that was there stays until the new one is whole: both are exchanged in one step where the system can
(Linux, macOS); elsewhere the old one is moved aside first.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from samefire.bundle.manifest import MANIFEST, is_manifest
from samefire.bundle.reading import BROKEN
from samefire.files import write_file

EPOCH = (1980, 1, 1, 0, 0, 0)
STALE = 3600.0
"""Seconds after which what a stopped run left beside a bundle is taken away."""


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Put a bundle at `target`: a zip file when it ends in `.zip`, else a folder. What was there is only
    replaced when it is a bundle, or empty. Raises OSError, FileExistsError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix.lower() == ".zip":
        if target.exists() and not _zipped(target):
            raise FileExistsError(f"{target} exists and is no bundle")
        write_file(target, zipped(files))
    else:
        _write_folder(files, target)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file: sorted, without times, uncompressed, since compressors differ from machine to machine."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, raw in sorted(files.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, raw)
    return buffer.getvalue()


def _zipped(target: Path) -> bool:
    """Whether a zip file is a bundle."""
    try:
        with zipfile.ZipFile(target) as archive:
            return is_manifest(archive.read(MANIFEST))
    except (OSError, KeyError, *BROKEN):
        return False


def _write_folder(files: Mapping[str, bytes], target: Path) -> None:
    if (target.exists() or target.is_symlink()) and not _ours(target):
        raise FileExistsError(f"{target} exists and is no bundle")
    _sweep(target)
    fresh = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    try:
        for folder in sorted({str(PurePosixPath(name).parent) for name in files}):
            (fresh / folder).mkdir(parents=True, exist_ok=True)
        for name, raw in files.items():
            with open(f"{fresh}/{name}", "xb") as file:  # noqa: PTH123 - thousands of them
                file.write(raw)
        fresh.chmod(0o755)
        _swap(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _prefix(target: Path) -> str:
    return f".{target.name[:80]}.samefire-"


def _sweep(target: Path) -> None:
    """Take away what runs that were stopped left; what is young may belong to a run beside this one."""
    for left in target.parent.glob(f"{_prefix(target)}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.lstat().st_mtime > STALE:
                shutil.rmtree(left, ignore_errors=True)


def _ours(target: Path) -> bool:
    if target.is_symlink() or not target.is_dir():
        return False
    manifest = target / MANIFEST
    return is_manifest(manifest.read_bytes()) if manifest.is_file() else not any(target.iterdir())


def _swap(fresh: Path, target: Path) -> None:
    """Put `fresh` where `target` is. Where the system can exchange two names in one step, a reader (or a
    kill) sees the old bundle or the new one and never neither."""
    if not target.exists():
        fresh.rename(target)
    elif not _exchange(fresh, target):
        old = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
        target.replace(old)
        try:
            fresh.replace(target)
        except OSError:
            old.replace(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names atomically (Linux renameat2, macOS renamex_np); False where that is not to be had."""
    if os.name != "posix":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if hasattr(libc, "renameat2"):
        at_cwd, exchange = -100, 2
        return bool(libc.renameat2(at_cwd, first, at_cwd, second, exchange) == 0)
    if hasattr(libc, "renamex_np"):
        swap = 2
        return bool(libc.renamex_np(first, second, swap) == 0)
    return False
