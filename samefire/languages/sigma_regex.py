"""Whether a linear-time matcher can run a regular expression of a Sigma rule (`engine/regex.py` runs it)."""

from __future__ import annotations

import re
from functools import lru_cache

_HARD = (
    (re.compile(r"\(\?<?[=!]"), "look-around"),
    (re.compile(r"\(\?>|[*+?}]\+"), "an atomic group or possessive repetition"),
    (re.compile(r"\\[1-9]|\(\?P=|\\k"), "a back-reference"),
)
_SPELLINGS = ((r"\Z", r"\z"), (r"\h", " "), (r"\e", r"\x1b"))


@lru_cache(maxsize=4096)
def complaint(pattern: str) -> str | None:
    """What is wrong with the pattern, or None when it can be run."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    try:
        re2.compile(_spelled(pattern), options)
    except re2.error as error:
        said = error.args[0] if error.args else "not a regular expression"
        return _hard(pattern) or (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))
    except UnicodeError:
        return "it holds half of a surrogate pair"
    return None


def _spelled(pattern: str) -> str:
    """What PCRE and RE2 spell otherwise."""
    for old, new in _SPELLINGS:
        pattern = pattern.replace(old, new)
    return re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern)


def _hard(pattern: str) -> str | None:
    for needs, name in _HARD:
        if needs.search(pattern):
            return f"{name} cannot be matched in bounded time"
    return None
