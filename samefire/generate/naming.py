"""Names and descriptions of generated cases: what an event is about, in words that make a file's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from samefire.query.wording import wording

LONGEST = 56


def slug(text: str) -> str:
    """Words as a file's name: `process.name is "cmd.exe"` → `process_name_is_cmd_exe`."""
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return words if len(words) <= LONGEST else words[:LONGEST].rsplit("_", 1)[0]


def clause(node: Any) -> str:
    """A clause in words."""
    words = getattr(node, "words", None)
    return words if isinstance(words, str) else wording(node)


class Names:
    """Names that were given; a second one of a kind gets a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def new(self, text: str) -> str:
        """A name of its own for these words."""
        stem = slug(text) or "case"
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{stem}_{count}"
        self._taken.add(name)
        return name
