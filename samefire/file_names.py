"""File names that stay inside their folder and mean the same on every system."""

from __future__ import annotations

from collections.abc import Container
from pathlib import PurePosixPath

LONGEST = 150
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def safe(name: str) -> str:
    """A name made of letters, digits, `.`, `_` and `-`: no folder, no hidden file, no device of Windows."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in last)
    kept = kept[-LONGEST:].lstrip(".").rstrip(".")
    if kept.split(".")[0].lower() in _DEVICES:
        kept = f"_{kept}"
    return kept or "rule"


def free_name(taken: Container[str], name: str, rule_id: str) -> str:
    """The name, or one with the rule's id when another file has it already (in any case). `taken` holds
    names in lower case."""
    if name.lower() not in taken:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}_{safe(rule_id)}{dot}{suffix}"
