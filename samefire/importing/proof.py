"""Whether an imported rule is exported as what it came from: the file is read and written by the form, and both
objects are compared key by key."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from samefire.fields import FieldTypes
from samefire.forms import Converter, Options
from samefire.importing.export import Record
from samefire.importing.rules import BY_KIBANA, FILLED_IN, Imported, imported, without_null
from samefire.importing.text import Unsayable, toml_text
from samefire.problems import Problem, ProblemError, Severity
from samefire.rule import load
from samefire.source import Source

_ADDED = ("version", "required_fields", "related_integrations")
"""What an exporter may add of its own."""


@dataclass(frozen=True, slots=True)
class Proved:
    """An imported rule with the text of its file, None when TOML cannot say it. `differs`: keys that would be
    exported in another way."""

    rule: Imported
    text: str | None
    problems: tuple[Problem, ...]
    differs: tuple[str, ...] = ()


def brought_in(
    record: Record, today: str, form: Converter, fields: FieldTypes, *, deprecated: bool = False
) -> Proved:
    """The file of a rule of an export, and everything that is to be said of it."""
    proved = _proved(imported(record, today, deprecated=deprecated), form, fields)
    if deprecated or not proved.differs or BY_KIBANA & record.data.keys():
        return proved
    # Not out of Kibana, and no active rule is exported so: it is the export of a deprecated one.
    other = _proved(imported(record, today, deprecated=True), form, fields)
    if other.differs or other.text is None:
        return proved
    message = (
        "an active rule is exported in another way: this is the JSON of a deprecated one, and is kept as one"
    )
    return replace(other, problems=(*other.problems, record.problem("import-deprecated", message)))


def _proved(rule: Imported, form: Converter, fields: FieldTypes) -> Proved:
    try:
        text = toml_text(rule.tables)
    except Unsayable as error:
        path = error.path[1:] if error.path[:1] == ("rule",) else error.path
        problem = rule.record.problem(
            "import-unsayable", f"{error.what}; the rule is left out", path, severity=Severity.ERROR
        )
        return Proved(rule, None, (*rule.problems, problem))
    try:
        loaded = load(Source("<import>", text))
    except ProblemError:
        return Proved(rule, text, rule.problems)  # told at the places of the export
    converted = form.write(loaded, fields, Options())
    if converted.document is None:
        problems = (_refused(rule.record, problem) for problem in converted.problems)
        return Proved(rule, text, (*rule.problems, *problems))
    written = json.loads(converted.document.text.split("\n")[0])
    differs = tuple(differing(wanted(rule), written))
    return Proved(rule, text, (*rule.problems, *(_differs(rule, key, written) for key in differs)), differs)


def _refused(record: Record, problem: Problem) -> Problem:
    message = f"the rule cannot be exported again: {problem.message}"
    return record.problem("import-cannot-export", message, ("query",), hint=problem.hint)


def wanted(rule: Imported) -> dict[str, Any]:
    """What the rule should be exported as: all of it but what is kept aside."""
    kept = rule.tables["metadata"].get("extended", {}).get("kibana", {})
    data = copy.deepcopy({key: v for key, v in rule.record.data.items() if key not in kept})
    without_null(data)
    put_in = rule.tables["rule"].keys() & set(FILLED_IN) - data.keys()
    return data | {key: rule.tables["rule"][key] for key in put_in}


def differing(wanted: Mapping[str, Any], written: Mapping[str, Any]) -> list[str]:
    """The keys of two exports that are not equal; null counts as nothing."""
    given = copy.deepcopy(dict(written))
    without_null(given)
    added = [key for key in _ADDED if key not in wanted]
    return sorted(
        key for key in wanted.keys() | (given.keys() - set(added)) if wanted.get(key) != given.get(key)
    )


def _differs(rule: Imported, key: str, written: Mapping[str, Any]) -> Problem:
    before, after = rule.record.data.get(key), written.get(key)
    if key not in rule.record.data:
        message = f"the export will have `{key}`, which this rule has not"
    elif key not in written:
        message = f"the export will have no `{key}`"
    elif _words(before) == _words(after):
        message = f"line breaks and blanks at the ends of lines in `{key}` will be exported as single blanks"
    else:
        message = f"`{key}` will be exported in another way than it is here"
    path = (key,) if key in rule.record.data else ()
    return rule.record.problem("import-differs", message, path)


def _words(value: Any) -> Any:
    return "".join(json.dumps(value, sort_keys=True).replace("\\n", " ").replace("\\r", " ").split())
