"""A rule of Kibana as the tables of a rule file.

Every key has a place: in `[rule]` when rule files know it, else in `[metadata.extended.kibana]`, which is exported
nowhere, and that is told. What a rule file must say and Kibana does not (dates, an author) is filled in.
"""

from __future__ import annotations

import copy
import textwrap
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from samefire.importing.export import Record
from samefire.problems import Problem, Severity
from samefire.rule_checks import check_file
from samefire.rule_schema import SET_BY_KIBANA
from samefire.schema import Finding, Report

Tables = dict[str, Any]
BY_KIBANA = frozenset((*SET_BY_KIBANA, "version", "revision"))
_SPACE = uuid.UUID("6f0d0d2c-5d5c-5b0e-9a0f-3d7c1f6e2b11")
FILLED_IN = ("author", "language", "rule_id")
"""Keys that rule files must have and that are put in when Kibana gives none."""
_COLUMNS = 110
_QUERIES = ("query", "saved_query", "threshold", "new_terms", "threat_match")


@dataclass(frozen=True, slots=True)
class Imported:
    """The tables of a rule file and what is to be said of them."""

    record: Record
    tables: Tables
    problems: tuple[Problem, ...]

    @property
    def id(self) -> str:
        return str(self.tables["rule"]["rule_id"])

    @property
    def name(self) -> str:
        return str(self.tables["rule"].get("name", ""))


def imported(record: Record, today: str, *, deprecated: bool = False) -> Imported:
    """The rule file of a rule. `today` (`2026/01/31`) stands in for dates that Kibana does not give."""
    problems: list[Problem] = []
    kept: Tables = {}
    rule: Tables = {}
    for key, value in record.data.items():
        (kept if key in BY_KIBANA else rule)[key] = copy.deepcopy(value)
    without_null(kept)
    told: list[tuple[str | int, ...]] = []
    without_null(rule, (), told)
    problems += [_null(record, path) for path in told]
    problems += _filled_in(record, rule)
    metadata = _metadata(record.data, today, deprecated)
    tables = {"metadata": metadata, "rule": rule}
    problems += _checked(record, tables, kept)
    _wrapped(rule)
    if kept:
        metadata["extended"] = {"kibana": kept}
    return Imported(record, tables, tuple(problems))


def _wrapped(rule: Tables) -> None:
    """A long description over several lines, which are one line again in the export."""
    text = rule.get("description")
    if isinstance(text, str) and len(text) > _COLUMNS and " ".join(text.split()) == text:
        lines = textwrap.wrap(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
        rule["description"] = "\n".join(lines) + "\n"


def _metadata(data: Mapping[str, Any], today: str, deprecated: bool) -> Tables:
    created, updated = day(data.get("created_at")) or today, day(data.get("updated_at")) or today
    metadata = {
        "creation_date": min(created, updated),
        "updated_date": updated,
        "maturity": "deprecated" if deprecated else "production",
    }
    return metadata | ({"deprecation_date": updated} if deprecated else {})


def day(moment: Any) -> str | None:
    """`2026-01-31T…` as `2026/01/31`."""
    text = moment[:10] if isinstance(moment, str) else ""
    parts = text.split("-")
    return (
        "/".join(parts) if len(parts) == 3 and all(p.isdigit() for p in parts) and len(text) == 10 else None
    )


def without_null(
    value: Any, path: tuple[str | int, ...] = (), told: list[tuple[str | int, ...]] | None = None
) -> None:
    """Take null out of tables, in place; `told` collects where. A throttle that is null is what the export says
    of itself."""
    if isinstance(value, dict):
        for key in [key for key, item in value.items() if item is None]:
            del value[key]
            if told is not None and key != "throttle":
                told.append((*path, key))
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        without_null(item, (*path, key), told)


def _null(record: Record, path: tuple[str | int, ...]) -> Problem:
    message = f"`{path[-1]}` is null, which TOML cannot say; it is left out"
    return record.problem("import-null", message, path, severity=Severity.NOTE)


def _filled_in(record: Record, rule: Tables) -> Iterator[Problem]:
    """Put in what rule files must say and Kibana may leave out."""
    wanted: Tables = {"author": []}
    if rule.get("type") in _QUERIES:
        wanted["language"] = "kuery"
    if "rule_id" not in rule:
        known = record.data.get("id")
        wanted["rule_id"] = (
            known if isinstance(known, str) else str(uuid.uuid5(_SPACE, str(rule.get("name"))))
        )
    for key, value in wanted.items():
        if key not in rule:
            rule[key] = value
            said = f'"{value}"' if isinstance(value, str) else "[]"
            message = f"the rule has no `{key}`; {key} = {said} is put in"
            yield record.problem("import-filled-in", message, severity=Severity.NOTE)


def _checked(record: Record, tables: Tables, kept: Tables) -> Iterator[Problem]:
    """Set aside the keys that rule files do not know, and tell everything else that is wrong."""
    findings = _findings(tables)
    for found in findings:
        if found.code == "rule-building-block-window":
            tables["metadata"]["bypass_bbr_timing"] = True
        elif found.code == "rule-unknown-key" and found.path[0] == "rule":
            yield _set_aside(record, tables, kept, found)
    for found in _findings(tables) if findings else ():
        if found.path[:1] == ("rule",):
            severity = Severity.WARNING if found.warning else Severity.ERROR
            yield record.problem(
                found.code.replace("rule-", "import-", 1),
                found.message,
                found.path[1:],
                severity=severity,
                hint=found.hint,
            )


def _findings(tables: Tables) -> list[Finding]:
    report = Report()
    check_file(copy.deepcopy(tables), report)
    return report.findings


def _set_aside(record: Record, tables: Tables, kept: Tables, found: Finding) -> Problem:
    """Move a key out of `[rule]`; it is kept under the path that it had."""
    container: Any = tables
    for part in found.path[:-1]:
        container = container[part]
    path = found.path[1:]
    name = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)[1:]
    kept[name] = container.pop(found.path[-1])
    message = f"rule files know no `{name}`; it is kept in [metadata.extended.kibana] and not exported"
    return record.problem("import-unknown-key", message, path)
