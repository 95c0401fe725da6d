"""Spaces at the edge of a value, for the kinds of lints that look at values of one language."""

from __future__ import annotations

EDGE = "lint-value-edge-space"


def spaced(text: str) -> bool:
    """Whether a value has a space at its edge that is hardly meant: command lines do end with one."""
    bare = text.strip()
    starred = "*" in (bare[:1], bare[-1:])
    return (
        text != bare and bool(bare.strip("*")) and (starred or not any(c.isspace() or c == '"' for c in bare))
    )
