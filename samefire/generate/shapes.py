"""Texts that DISSECT and GROK can take apart: the pattern with a value in each place.

No claims: whether the pattern really fits is for the engine to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_KEY = re.compile(r"%\{([^}]*)\}")
_GROUP = re.compile(r"\(\?<([A-Za-z_][\w.]*)>((?:[^()\\]|\\.|\([^()]*\))*)\)")
_SAMPLES = {
    "IP": "81.2.69.142",
    "IPV4": "81.2.69.142",
    "NUMBER": "17",
    "INT": "17",
    "POSINT": "17",
    "HOSTNAME": "files.example.net",
    "SPACE": " ",
    "URI": "https://files.example.net/a",
}
_OPTIONAL = re.compile(r"\(\?[a-z]*:[^()]*\)[?*]")
_CHOICE = re.compile(r"\(\?[a-z]*:([^|()]*)[^()]*\)\+?")
_CLASS = re.compile(r"\[\^?[^\]]*\][+*?]*|\\[sSwWdD][+*?]*|\.[+*]\??")
_CLASSES = {"\\s": " ", "\\d": "1", "\\w": "a", "\\S": "a"}
Fill = Callable[[], str]
"""Gives what stands in the next place of a pattern."""


def dissected(pattern: str, fill: Fill) -> str:
    """A text that DISSECT takes apart, with a value in each place that has a name."""
    return _KEY.sub(lambda found: fill() if found[1].strip("?+") else "x", pattern)


def grokked(pattern: str, fill: Fill) -> str:
    """A text that GROK takes apart, with a value where it may be anything."""

    def sample(found: re.Match[str]) -> str:
        name, _, rest = found[1].partition(":")
        return _SAMPLES.get(name) or (fill() if rest or name in ("DATA", "GREEDYDATA") else "x")

    places: list[str] = []

    def kept(text: str) -> str:
        places.append(text)
        return f"\x00{len(places) - 1}\x00"

    text = _KEY.sub(lambda found: kept(sample(found)), _GROUP.sub(lambda found: kept(fill()), pattern))
    text = _OPTIONAL.sub("", text.removeprefix("^").removesuffix("$"))
    text = _CHOICE.sub(r"\1", text)
    text = _CLASS.sub(lambda found: _CLASSES.get(found[0][:2], ""), text)
    text = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)(\w)\?", r"\1", text))
    return re.sub(r"\x00(\d+)\x00", lambda found: places[int(found[1])], text)
