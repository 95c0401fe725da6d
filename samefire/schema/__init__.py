"""What a table may hold, as data: `shapes.py`. Read by `check` (every problem of a value at once, in the words
of `words.py`) and by `json_schema` (for editors). The shapes of rule files are in `samefire/rule_schema.py`.
"""

from samefire.schema.checks import Finding, Report, bad_choice, check, missing_key, unknown_key
from samefire.schema.json_schema import json_schema
from samefire.schema.shapes import Either, Flag, Free, Key, ListOf, Map, Path, Shape, Table, Text, Whole

__all__ = [
    "Either",
    "Finding",
    "Flag",
    "Free",
    "Key",
    "ListOf",
    "Map",
    "Path",
    "Report",
    "Shape",
    "Table",
    "Text",
    "Whole",
    "bad_choice",
    "check",
    "json_schema",
    "missing_key",
    "unknown_key",
]
