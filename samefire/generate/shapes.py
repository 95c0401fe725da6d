"""Texts that DISSECT and GROK can take apart: the pattern with a value in each place.

No claims: whether the pattern really fits is for the engine to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from samefire.generate.values import passing
from samefire.query.ast import Regex, RegexSyntax

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
_ANYTHING = re.compile(r"\.[*+]\??|\[\^[^\]]*\][*+]\??")
_INNER = re.compile(r"\(\?[a-z]*:")
PRIVATE = 0xE000
"""Letters that stand for values while the pattern around them is walked."""
Fill = Callable[[], str]
"""Gives what stands in the next place of a pattern."""


def dissected(pattern: str, fill: Fill) -> str:
    """A text that DISSECT takes apart, with a value in each place that has a name."""
    return _KEY.sub(lambda found: fill() if found[1].strip("?+") else "x", pattern)


class _Aside:
    """Values that stand aside while the pattern around them is worked on, a letter of its own for each."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def put(self, text: str) -> str:
        """The letter for a value."""
        self.texts.append(text)
        return chr(PRIVATE + len(self.texts) - 1)

    def back(self, text: str) -> str:
        """The text with the values in their places."""
        return text.translate({PRIVATE + at: value for at, value in enumerate(self.texts)})


def grown(pattern: str, fill: Fill) -> str | None:
    """A text of the language of a GROK pattern, a value where it may be anything; None: it cannot be walked."""
    aside = _Aside()
    rng = Random(f"{pattern}:{fill()}")
    known: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        """The value of a named group; sometimes the one that a group like it has."""
        if _ANYTHING.fullmatch(found[2]):
            return aside.put(fill())
        text = _walked(found[2], rng)
        if text is None:
            return f"({found[2]})"
        first = known.setdefault(found[2], text)
        return aside.put(first if rng.random() < 0.3 else text)

    rest = _KEY.sub(lambda found: aside.put(_sample(found, fill)), _GROUP.sub(named, pattern))
    chosen = _walked(rest.removeprefix("^").removesuffix("$"), rng)
    return None if chosen is None else aside.back(chosen)


def _walked(expression: str, rng: Random) -> str | None:
    """A text of the language of an expression, as far as it can be walked."""
    texts = passing(Regex(_INNER.sub("(", expression), RegexSyntax.PCRE), rng)
    return next((text for text in texts if isinstance(text, str)), None)


def _sample(found: re.Match[str], fill: Fill) -> str:
    name, _, rest = found[1].partition(":")
    return _SAMPLES.get(name) or (fill() if rest or name in ("DATA", "GREEDYDATA") else "x")


def grokked(pattern: str, fill: Fill) -> str:
    """A text that GROK takes apart, with a value where it may be anything."""
    aside = _Aside()
    text = _GROUP.sub(lambda found: aside.put(fill()), pattern)
    text = _KEY.sub(lambda found: aside.put(_sample(found, fill)), text)
    text = _OPTIONAL.sub("", text.removeprefix("^").removesuffix("$"))
    text = _CHOICE.sub(r"\1", text)
    text = _CLASS.sub(lambda found: _CLASSES.get(found[0][:2], ""), text)
    text = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)(\w)\?", r"\1", text))
    return aside.back(text)
