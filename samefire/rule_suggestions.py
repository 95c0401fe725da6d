"""What a wrong value of a rule file was most likely meant to be: hints such as `write "now-9m"`, or None."""

from __future__ import annotations

import datetime
import re
from typing import Any

UUID = (
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|7eb54028-ca72-4eb7-8185-b6864572347db"  # Elastic published one with a digit too many
)


def as_date(value: Any) -> str | None:
    """A day in the form of rule files."""
    text = value.isoformat() if isinstance(value, datetime.date) else str(value)
    match = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:T.*)?", text)
    return f'write "{match[1]}/{match[2]:0>2}/{match[3]:0>2}"' if match else None


_SPAN = re.compile(r"-? *([1-9]\d*) *(s|m|h|d)(?:[a-z]*s)?(?: ago)?")


def as_interval(value: Any) -> str | None:
    """A time such as `5 minutes` in its short form."""
    match = _SPAN.fullmatch(str(value))
    return f'write "{match[1]}{match[2]}"' if match else None


def as_date_math(value: Any) -> str | None:
    """A time back from now, where only the time was written."""
    match = _SPAN.fullmatch(str(value).removeprefix("now").strip())
    return f'write "now-{match[1]}{match[2]}"' if match else None


def as_uuid(value: Any) -> str | None:
    """A UUID in lower case."""
    lower = str(value).lower()
    return f'write "{lower}"' if re.fullmatch(UUID, lower) else None


def as_severity(value: Any) -> str | None:
    """A severity under one of its other names."""
    meant = {"info": "low", "informational": "low", "none": "low", "moderate": "medium", "severe": "high"}
    return _meant(meant.get(str(value).lower()))


def as_language(value: Any) -> str | None:
    """A query language under one of its other names, or of another rule type."""
    if value in ("eql", "esql"):
        return f'a rule in {value} has type = "{value}"'
    return _meant(
        {"kql": "kuery", "kibana": "kuery", "es|ql": "esql", "luc": "lucene"}.get(str(value).lower())
    )


def _meant(name: str | None) -> str | None:
    return f"did you mean `{name}`?" if name else None
