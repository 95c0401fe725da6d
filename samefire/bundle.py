"""Bundles for release: every export of a set of rules, as files that are the same bytes on every run.

Pure but for `write`, which replaces a folder atomically.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from samefire import __version__
from samefire.fields import FieldTypes
from samefire.forms import Converted, Converter, Options
from samefire.problems import Problem, Severity
from samefire.rule import Rule

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One rule in one form."""

    rule: Rule
    form: str
    suffix: str
    converted: Converted


@dataclass(frozen=True)
class Bundle:
    """Files by their path inside the bundle, and what could not be said."""

    files: Mapping[str, bytes]
    problems: tuple[Problem, ...] = ()


def convert_all(
    rules: Iterable[Rule], forms: Sequence[Converter], fields: FieldTypes, options: Options
) -> list[Entry]:
    """Every rule in every form, sorted by rule id."""
    ordered = sorted(rules, key=lambda rule: (rule.id, rule.path))
    return [
        Entry(rule, form.name, form.suffix, form.write(rule, fields, options))
        for rule in ordered
        for form in forms
    ]


def build(entries: Sequence[Entry], *, sources: Mapping[str, str] | None = None) -> Bundle:
    """The bundle of converted rules. `sources` gives the path of a rule as the manifest shows it."""
    files: dict[str, bytes] = {}
    records: list[dict[str, Any]] = []
    lines: dict[str, list[str]] = {}
    beside: dict[str, list[str]] = {}
    for entry in entries:
        document = entry.converted.document
        name = None
        if document is not None and entry.suffix == ".json":
            name = f"{entry.form}/rules.ndjson"
            first, *others = ndjson(document.text)
            lines.setdefault(name, []).append(first)
            beside.setdefault(name, []).extend(others)
        elif document is not None:
            name = _free(files, f"{safe(entry.form)}/{safe(document.name)}", entry.rule.id)
            files[name] = document.text.encode("utf-8")
        records.append(_record(entry, name, sources or {}))
    for name, rules in lines.items():
        texts = [*rules, *dict.fromkeys(beside[name])]
        files[name] = "".join(f"{text}\n" for text in texts).encode("utf-8")
    files[MANIFEST] = manifest(files, records)
    problems = tuple(p for e in entries for p in e.converted.problems)
    return Bundle(dict(sorted(files.items())), problems)


def ndjson(text: str) -> list[str]:
    """A JSON text, or the lines of an NDJSON text, as lines of an export: keys sorted, ASCII only."""
    try:
        return [json.dumps(json.loads(text), sort_keys=True)]
    except json.JSONDecodeError:
        return [json.dumps(json.loads(line), sort_keys=True) for line in text.splitlines()]


def safe(name: str) -> str:
    """A file name that stays inside its folder and means the same on every system."""
    kept = "".join(c if c.isalnum() or c in "._-" else "_" for c in PurePosixPath(name).name)
    kept = kept.lstrip(".")[-150:]
    return kept or "rule"


def _free(files: Mapping[str, bytes], name: str, rule_id: str) -> str:
    if name not in files:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}_{safe(rule_id)}{dot}{suffix}"


def _record(entry: Entry, name: str | None, sources: Mapping[str, str]) -> dict[str, Any]:
    converted = entry.converted
    status = "refused" if converted.refused else "approximate" if converted.approximate else "exact"
    text = converted.document.text if converted.document else None
    return {
        "form": entry.form,
        "rule_id": entry.rule.id,
        "name": entry.rule.name,
        "source": sources.get(entry.rule.path, entry.rule.path),
        "source_sha256": _sha256(entry.rule.source.text.encode("utf-8", "surrogatepass")),
        "status": status,
        "file": name,
        "sha256": _sha256(text.encode("utf-8")) if text is not None else None,
        "reasons": [
            {"code": p.code, "message": p.message}
            for p in converted.problems
            if p.severity is not Severity.NOTE
        ],
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest(files: Mapping[str, bytes], records: Sequence[Mapping[str, Any]]) -> bytes:
    """The manifest: a digest for each file, and what each rule became. No clock, no machine."""
    data = {
        "manifest_version": MANIFEST_VERSION,
        "samefire": __version__,
        "files": {name: {"sha256": _sha256(raw), "bytes": len(raw)} for name, raw in sorted(files.items())},
        "rules": list(records),
    }
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def write(bundle: Bundle, target: Path) -> None:
    """Put the bundle at `target`: first whole beside it, then in its place by renaming. What was there
    stays until then, and is only replaced when it is a bundle (or empty). Raises OSError, FileExistsError."""
    if target.exists() and not _ours(target):
        raise FileExistsError(f"{target} exists and is no bundle")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for name, raw in bundle.files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
        fresh.chmod(0o755)
        _swap(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _ours(target: Path) -> bool:
    return target.is_dir() and ((target / MANIFEST).is_file() or not any(target.iterdir()))


def _swap(fresh: Path, target: Path) -> None:
    """Put `fresh` where `target` is. Where the system can exchange two names in one step, a reader (or a
    kill) sees the old bundle or the new one and never neither."""
    if not target.exists():
        fresh.rename(target)
    elif not _exchange(fresh, target):
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        target.replace(old)
        try:
            fresh.replace(target)
        except OSError:
            old.replace(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names atomically (Linux renameat2, macOS renamex_np); False where that is not to be had."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if hasattr(libc, "renameat2"):
        at_cwd, exchange = -100, 2
        return bool(libc.renameat2(at_cwd, first, at_cwd, second, exchange) == 0)
    if hasattr(libc, "renamex_np"):
        swap = 2
        return bool(libc.renamex_np(first, second, swap) == 0)
    return False
