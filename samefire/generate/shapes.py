"""Texts that DISSECT and GROK can take apart: the pattern with a value in each place.

No claims: whether the pattern really fits is for the engine to say.
"""

from __future__ import annotations

import re

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
_CLASS = re.compile(r"\[\^?[^\]]*\][+*?]*|\\[sSwWdD][+*?]*|\.[+*]\??")
_CLASSES = {"\\s": " ", "\\d": "1", "\\w": "a", "\\S": "a"}


def dissected(pattern: str, value: str) -> str:
    """A text that DISSECT takes apart, with the value in each place that has a name."""
    return _KEY.sub(lambda found: value if found[1].strip("?+") else "x", pattern)


def grokked(pattern: str, value: str) -> str:
    """A text that GROK takes apart, with the value where it may be anything."""

    def sample(found: re.Match[str]) -> str:
        name, _, rest = found[1].partition(":")
        return _SAMPLES.get(name, value if rest or name in ("DATA", "GREEDYDATA") else "x")

    text = _KEY.sub(sample, _GROUP.sub(lambda found: value, pattern))
    text = _CLASS.sub(lambda found: _CLASSES.get(found[0][:2], ""), text.removeprefix("^").removesuffix("$"))
    text = re.sub(r"\(\?[:i][^|)]*?:?([^|()]*)\|?[^()]*\)[?*+]?", r"\1", text)
    return re.sub(r"\\(.)", r"\1", text)
