"""`samefire explain-code`: what a problem's code means, an example, and its mend."""

from __future__ import annotations

from collections.abc import Sequence

from samefire.commands import Exit, Result, WrongUse
from samefire.problem_codes import entries, entry, shown
from samefire.problems import did_you_mean


def run(codes: Sequence[str]) -> Result:
    """The entries of codes; without any, all codes with what they say."""
    if not codes:
        return Result(Exit.FINE, "\n".join(f"{one.code}: {one.about}" for one in entries().values()))
    found = []
    for code in codes:
        one = entry(code.strip("[]"))
        if one is None:
            near = did_you_mean(code, entries())
            raise WrongUse(f"there is no code `{code}`; {near or '`samefire explain-code` lists all'}")
        found.append(shown(one))
    return Result(Exit.FINE, "\n\n".join(found))
