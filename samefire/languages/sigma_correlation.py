"""The `correlation` section of a document: its form, with every problem placed.

Which rules the references mean is for `sigma_lower.py`; running one is for `engine/correlation.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from samefire.languages.sigma_conditions import Condition, names_in
from samefire.languages.sigma_header import header, missing
from samefire.languages.sigma_reader import Reader, kind
from samefire.languages.sigma_tree import CorrelationDocument
from samefire.languages.sigma_yaml import Path
from samefire.problems import did_you_mean
from samefire.query.detection import CorrelationType

KEYS = ("type", "rules", "aliases", "group-by", "timespan", "condition", "generate")
OPERATORS = ("lt", "lte", "gt", "gte", "eq", "neq")
TEMPORAL = ("temporal", "temporal_ordered")
UNITS = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "M": 2_629_746_000,
    "y": 31_556_952_000,
}
"""Milliseconds a unit; a month and a year as pySigma counts them (mean Gregorian)."""
_TIMESPAN = re.compile(r"(\d{1,9})([smhdwMy])")


def read_correlation(reader: Reader, data: Mapping[str, Any], path: Path) -> CorrelationDocument | None:
    """The document, or None with its problems noted."""
    before = len(reader.found)
    head = header(reader, data, path)
    here = (*path, "correlation")
    section = reader.mapping(data["correlation"], here, "`correlation`")
    if section is None:
        return None
    for key in section:
        if key not in KEYS:
            reader.unknown(key, KEYS, (*here, key), "`correlation`")
    kind_ = _type(reader, section, here)
    if kind_ is None:
        return None
    comparisons, expression, value_field, percentile = _condition(reader, section, here, kind_)
    rules = _rules(reader, section, here, expression)
    document = CorrelationDocument(
        header=head,
        type=kind_,
        rules=rules,
        timespan=_timespan(reader, section, here),
        path=path,
        group_by=_group_by(reader, section, here),
        aliases=_aliases(reader, section, here),
        comparisons=comparisons,
        expression=expression,
        value_field=value_field,
        percentile=percentile,
        generate=_generate(reader, section, here),
    )
    return document if len(reader.found) == before or not _failed(reader, before) else None


def _failed(reader: Reader, since: int) -> bool:
    return any(problem.severity == "error" for problem in reader.found[since:])


def _type(reader: Reader, section: Mapping[str, Any], path: Path) -> str | None:
    if section.get("type") is None:
        missing(reader, section, path, "type")
        return None
    text = reader.text(section["type"], (*path, "type"), "`type`")
    known = [str(one) for one in CorrelationType]
    if text is not None and text not in known:
        hint = did_you_mean(text, known) or f"one of {', '.join(known)}"
        reader.problem("sigma-unknown-value", f"`{text}` is no correlation type", (*path, "type"), hint=hint)
        return None
    return text


def _rules(
    reader: Reader, section: Mapping[str, Any], path: Path, expression: Condition | None
) -> tuple[str, ...]:
    """The references; an extended condition may stand alone and then names them."""
    named = (
        tuple(dict.fromkeys(leaf.name for leaf in names_in(expression) if hasattr(leaf, "name")))
        if expression
        else ()
    )
    if section.get("rules") is None:
        if not named:
            missing(reader, section, path, "rules")
        return named
    here = (*path, "rules")
    rules = reader.texts(section["rules"], here, "`rules`")
    if not rules and section["rules"] == []:
        reader.problem("sigma-empty", "`rules` names no rule", here, key=True)
    for number, rule in enumerate(rules):
        if rule in rules[:number]:
            reader.problem("sigma-duplicate-rule", f"the rule `{rule}` is named twice", (*here, number))
        elif expression is not None and rule not in named:
            said = f"the condition does not use the rule `{rule}`"
            reader.problem(
                "sigma-unused-rule", said, (*here, number), hint="name it in the condition or leave it out"
            )
    for name in named:
        if name not in rules:
            hint = did_you_mean(name, rules) or "add it to `rules`"
            reader.problem(
                "sigma-unknown-rule", f"`{name}` is not one of `rules`", (*path, "condition"), hint=hint
            )
    return rules


def _timespan(reader: Reader, section: Mapping[str, Any], path: Path) -> int:
    if section.get("timespan") is None:
        missing(reader, section, path, "timespan")
        return 0
    value = section["timespan"]
    fits = _TIMESPAN.fullmatch(value) if isinstance(value, str) else None
    if fits is None or int(fits[1]) == 0:
        hint = "write a number above 0 and a unit: s, m, h, d (also w, M, y)"
        reader.problem("sigma-timespan", f"`{value}` is no timespan", (*path, "timespan"), hint=hint)
        return 0
    return int(fits[1]) * UNITS[fits[2]]


def _group_by(reader: Reader, section: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    value = section.get("group-by")
    if value is None:
        said = "there is no `group-by`: all events are one group"
        reader.warning("sigma-group-by", said, path, key=True, hint="Sigma 2.1 wants one")
        return ()
    return reader.texts(value, (*path, "group-by"), "`group-by`")


def _aliases(
    reader: Reader, section: Mapping[str, Any], path: Path
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    here = (*path, "aliases")
    if section.get("aliases") is None:
        return ()
    aliases = reader.mapping(section["aliases"], here, "`aliases`") or {}
    out = []
    for alias, value in aliases.items():
        rules = reader.mapping(value, (*here, alias), f"the alias `{alias}`") or {}
        pairs = []
        for rule, name in rules.items():
            text = reader.text(name, (*here, alias, rule), f"the field of `{rule}`")
            if text is not None:
                pairs.append((rule, text))
        out.append((alias, tuple(pairs)))
    return tuple(out)


def _generate(reader: Reader, section: Mapping[str, Any], path: Path) -> bool:
    value = section.get("generate")
    if value is not None and not isinstance(value, bool):
        reader.problem(
            "sigma-type", f"`generate` must be true or false, not {kind(value)}", (*path, "generate")
        )
    return value is True


_Condition = tuple[tuple[tuple[str, float], ...], Condition | None, tuple[str, ...], float | None]
_NONE: _Condition = ((), None, (), None)


def _condition(reader: Reader, section: Mapping[str, Any], path: Path, type_: str) -> _Condition:
    """Comparisons with a field, or (temporal types) an expression over the names of rules."""
    here = (*path, "condition")
    value = section.get("condition")
    if value is None:
        if type_ not in TEMPORAL:
            missing(reader, section, path, "condition")
        return _NONE
    if isinstance(value, str):
        return ((), _expression(reader, value, here, type_), (), None)
    given = reader.mapping(value, here, "`condition`")
    if given is None:
        return _NONE
    known = (*OPERATORS, "field", "percentile")
    for key in given:
        if key not in known:
            reader.unknown(key, known, (*here, key), "`condition`")
    comparisons = tuple(
        (key, number)
        for key in given
        if key in OPERATORS and (number := _number(reader, given[key], (*here, key))) is not None
    )
    if not any(key in OPERATORS for key in given) and set(given) <= set(known):
        hint = f"one of {', '.join(OPERATORS)}"
        reader.problem("sigma-missing-key", "`condition` compares with no number", here, key=True, hint=hint)
    return (comparisons, None, _field(reader, given, here, type_), _percentile(reader, given, here, type_))


def _expression(reader: Reader, text: str, path: Path, type_: str) -> Condition | None:
    if type_ not in TEMPORAL:
        said = f"a condition of type {type_} compares a number, it is no expression"
        reader.problem("sigma-condition", said, path, hint="write for example `gte: 10` below `condition`")
        return None
    return reader.condition(text, path, selectors=False)


def _number(reader: Reader, value: Any, path: Path) -> float | None:
    try:
        number = float("nan") if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        reader.problem("sigma-type", f"`{path[-1]}` must be a number, not `{value}`", path)
        return None
    return number


def _field(reader: Reader, given: Mapping[str, Any], path: Path, type_: str) -> tuple[str, ...]:
    wanted = type_.startswith("value_")
    if given.get("field") is None:
        if wanted:
            missing(reader, given, path, "field")
        return ()
    if not wanted:
        hint = "use type value_count to count values of a field"
        reader.problem("sigma-field", f"type {type_} takes no `field`", (*path, "field"), key=True, hint=hint)
        return ()
    fields = reader.texts(given["field"], (*path, "field"), "`field`")
    if len(fields) > 1 and type_ != "value_count":
        reader.problem("sigma-field", f"type {type_} takes one field", (*path, "field"))
    return fields


def _percentile(reader: Reader, given: Mapping[str, Any], path: Path, type_: str) -> float | None:
    value = given.get("percentile")
    if value is None:
        if type_ == "value_percentile":
            said = "no `percentile` is given: the 50th is taken"
            reader.warning(
                "sigma-percentile", said, path, key=True, hint="write for example `percentile: 95`"
            )
        return None
    here = (*path, "percentile")
    if type_ != "value_percentile":
        reader.problem("sigma-field", f"type {type_} takes no `percentile`", here, key=True)
        return None
    number = _number(reader, value, here)
    if number is not None and not 0 <= number <= 100:
        reader.problem("sigma-type", "`percentile` must lie between 0 and 100", here)
    return number
