"""Names of files: made of a rule's name alone, so that the same rule always has the same."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

_MAX = 80
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)\Z")


def stem(name: str, fallback: str) -> str:
    """`Suspicious cmd.exe (v2)` → `suspicious_cmd_exe_v2`; `fallback` when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    short = words[:_MAX].rstrip("_") or re.sub(r"[^A-Za-z0-9-]+", "_", fallback)
    return f"{short}_" if _RESERVED.match(short) else short


def stems(named: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The stem of each of `(id, name)`; those that would share one all have the start of their id behind it."""
    first = {key: stem(name, key) for key, name in named}
    shared = {name for name, count in Counter(first.values()).items() if count > 1}
    return {key: with_id(name, key) if name in shared else name for key, name in first.items()}


def with_id(name: str, key: str) -> str:
    """The stem with the start of an id behind it."""
    return f"{name}_{re.sub('[^A-Za-z0-9]+', '', key)[:8]}"
