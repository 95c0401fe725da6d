"""JSON laid out for people: sorted keys, the same bytes on every run. Several times as fast as the standard
library's, which writes indented text in Python."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_INDENT = re.compile(rb"^ +", re.MULTILINE)
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def pretty(data: Any, *, indent: int = 2) -> bytes:
    """UTF-8, keys sorted, `indent` (2 or 4) spaces a level, a line break at the end. What UTF-8 or 64 bits
    cannot hold is written by the standard library, as escapes and whole numbers of any length."""
    try:
        text = orjson.dumps(data, option=_OPTIONS)
    except TypeError:
        return (json.dumps(data, indent=indent, sort_keys=True) + "\n").encode("ascii")
    return text if indent == 2 else _INDENT.sub(lambda found: found[0] * 2, text)
