"""What several commands ask of their arguments: forms by name, output formats, the style of a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence

from samefire.commands import WrongUse
from samefire.forms import Converter, converters, form_named, packages
from samefire.problems import did_you_mean
from samefire.reports.style import Style


def chosen_forms(
    names: Sequence[str], default: Sequence[str] = (), *, derived: bool = False
) -> list[Converter]:
    """Converters by name; none: the default ones, or all that are exports, and those that other programs derive
    from them when `derived`. Raises WrongUse."""
    wanted = list(names) or list(default)
    if not wanted:
        return [one for one in converters().values() if derived or not one.derived]
    chosen: list[Converter] = []
    for name in dict.fromkeys(wanted):
        found = form_named(name)
        if found is None:
            raise WrongUse(f"unknown form `{name}`; {_instead(name, converters())}")
        chosen.append(found)
    return chosen


def _instead(name: str, known: Collection[str]) -> str:
    """What to do about a form that is not there."""
    package = packages().get(name)
    if package is not None:
        return f"`pip install {package}` brings it"
    return did_you_mean(name, known) or f"known: {', '.join(known)}"


def check_format(name: str, known: Sequence[str]) -> str:
    """The output format, when it is one of those. Raises WrongUse."""
    if name not in known:
        near = did_you_mean(name, known)
        raise WrongUse(f"unknown format `{name}`; {near or 'known: ' + ', '.join(known)}")
    return name


def terminal_style(stream: object = None) -> Style:
    """Colour only on a terminal, never with NO_COLOR or TERM=dumb."""
    out = stream or sys.stdout
    on = bool(getattr(out, "isatty", lambda: False)())
    return Style(on and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
