"""Why a test cannot be run. Apart from the matchers, so that a run without expressions loads none of them."""

from __future__ import annotations


class RegexRefused(ValueError):
    """Why a pattern cannot be run: it is none, or no linear matcher can run it."""


class RegexTooHard(Exception):
    """A regular expression cannot be decided within the bounds of a run."""
