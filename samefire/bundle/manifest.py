"""The manifest of a bundle: a digest for each file, and what each rule became. No clock, no machine."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from samefire import __version__
from samefire.json_text import pretty
from samefire.problems import Problem, Severity

if TYPE_CHECKING:
    from samefire.bundle.build import Content, Entry

MANIFEST = "manifest.json"
VERSION = 1


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_manifest(raw: bytes) -> bool:
    """Whether a text is the manifest of a bundle, and not of something else that has one."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and {"manifest_version", "samefire", "files"} <= data.keys()


def record(entry: Entry, file: str | None, content: Content) -> dict[str, Any]:
    """What one rule became in one form."""
    document = entry.converted.document
    rule = entry.rule
    return {
        "form": entry.form,
        "rule_id": rule.id,
        "name": rule.name,
        "version": content.versions.get(rule.id),
        "source": content.sources.get(rule.path, rule.path),
        "source_sha256": sha256(rule.source.text.encode("utf-8", "surrogatepass")),
        "status": status(entry),
        "file": file,
        "sha256": sha256(document.text.encode("utf-8", "surrogatepass")) if document else None,
        "reasons": [_reason(p) for p in entry.converted.problems if p.severity is not Severity.NOTE],
        "verdicts": _counts(entry),
    }


def status(entry: Entry) -> str:
    """`exact`, `approximate`, `refused`, or `unread`: written, but nothing here can run it."""
    if entry.converted.refused:
        return "refused"
    if entry.unread:
        return "unread"
    return "approximate" if entry.converted.approximate else "exact"


def _reason(problem: Problem) -> dict[str, Any]:
    at = problem.location
    return {"code": problem.code, "message": problem.message, "line": at.line, "column": at.column}


def _counts(entry: Entry) -> dict[str, int] | None:
    """Verdicts by outcome; None when the cases were not run."""
    if entry.verdicts is None:
        return None
    return dict(sorted(Counter(v.outcome.value for v in entry.verdicts).items()))


def totals(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Rules by form and status, and verdicts by form and outcome."""
    found: dict[str, Counter[str]] = {}
    for one in records:
        form = found.setdefault(one["form"], Counter())
        form[one["status"]] += 1
        form.update({f"verdicts_{outcome}": n for outcome, n in (one["verdicts"] or {}).items()})
    return {form: dict(sorted(counts.items())) for form, counts in sorted(found.items())}


def manifest(
    files: Mapping[str, bytes], records: Sequence[Mapping[str, Any]], about: Mapping[str, Any]
) -> bytes:
    """The manifest's text. `about`: what the caller knows of where the bundle comes from."""
    data = {
        "manifest_version": VERSION,
        "samefire": __version__,
        **about,
        "files": {name: {"sha256": sha256(raw), "bytes": len(raw)} for name, raw in sorted(files.items())},
        "totals": totals(records),
        "rules": list(records),
    }
    return pretty(data)
