"""Sequences, samples and thresholds as Sigma correlations: one document a stage and one that joins them.

The correlation comes first and alone carries what the rule says about itself. What is inside a stage is left to
`_sigma_detection.py`.
"""

from __future__ import annotations

from collections.abc import Sequence as Listing
from dataclasses import dataclass
from typing import Any

from samefire.query.ast import Node
from samefire.query.dates import DateError, resolve
from samefire.query.detection import Pipe, Sample, Sequence, Stage, Threshold
from samefire.rule import Rule
from samefire.source import NOWHERE, Span

from ._sigma_losses import Losses
from ._sigma_names import slug

MOST_STAGES = 100
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Part:
    """One event rule of a correlation: its name in it, a few words for its title, and what it selects."""

    name: str
    title: str
    where: Node


@dataclass(frozen=True, slots=True)
class Plan:
    """The `correlation` section and the event rules that it joins."""

    correlation: dict[str, Any]
    parts: tuple[Part, ...]


def lookback(rule: Rule, losses: Losses) -> int | None:
    """Milliseconds of events that one run of the rule sees, or None (told): `from` to `to`."""
    start, end = str(rule.contents.get("from", "now-6m")), str(rule.contents.get("to", "now"))
    now = 1_700_000_000 * 1_000_000_000
    try:
        length = (resolve(end, now, round_up=False) - resolve(start, now, round_up=False)) // 1_000_000
    except DateError as error:
        losses.refuse("sigma-cannot-timespan", f"the look-back of the rule cannot be read: {error}", NOWHERE)
        return None
    if length <= 0:
        losses.refuse("sigma-cannot-timespan", f"the look-back from `{start}` to `{end}` is empty", NOWHERE)
        return None
    return length


def timespan(milliseconds: int, span: Span, losses: Losses) -> str:
    """The time in the largest unit that says it exactly; Sigma has none below a second."""
    seconds, rest = divmod(milliseconds, 1000)
    if rest or not seconds:
        losses.refuse("sigma-cannot-timespan", f"Sigma has no timespan of {milliseconds} ms", span)
        return "1s"
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def of_sequence(body: Sequence, stem: str, window: int | None, losses: Losses) -> Plan:
    """`temporal_ordered` over the stages, or `event_count` when one stage is repeated."""
    stages = body.stages + ((body.until,) if body.until else ())
    _refuse_stages(body, losses)
    tell_pipes(body.pipes, losses)
    span = stages[0].span if stages else NOWHERE
    length = body.maxspan if body.maxspan is not None else window
    text = timespan(length, span, losses) if length is not None else "1s"
    if len(body.stages) == 1:
        return _counted(body.stages[0], stem, text)
    return _joined("temporal_ordered", body.stages, stem, text, losses)


def of_sample(body: Sample, stem: str, window: int | None, losses: Losses) -> Plan:
    """`temporal` over the stages, within the look-back of the rule."""
    tell_pipes(body.pipes, losses)
    _refuse_optional(body.stages, losses)
    text = timespan(window, NOWHERE, losses) if window is not None else "1s"
    return _joined("temporal", body.stages, stem, text, losses)


def of_threshold(body: Threshold, stem: str, window: int | None, losses: Losses) -> Plan:
    """`event_count`, or `value_count` when distinct values are counted."""
    text = timespan(window, NOWHERE, losses) if window is not None else "1s"
    part = Part(f"{stem}_events", "Events", body.where)
    correlation: dict[str, Any] = {
        "type": "value_count" if body.cardinality else "event_count",
        "rules": [part.name],
        "group-by": list(dict.fromkeys(body.fields)),
        "timespan": text,
        "condition": {"gte": body.value},
    }
    if body.cardinality:
        field, least = body.cardinality[0]
        correlation["condition"] = {"field": field, "gte": least}
        if len(body.cardinality) > 1 or body.value > least:
            losses.approximate(
                "approximate-threshold",
                f"Sigma counts one thing: {least} values of `{field}`, not the {body.value} events besides",
                NOWHERE,
            )
    return Plan(correlation, (part,))


def _refuse_stages(body: Sequence, losses: Losses) -> None:
    if body.until is not None:
        losses.refuse("sigma-cannot-until", "Sigma has no `until`", body.until.span)
    for stage in body.stages:
        if stage.missing:
            losses.refuse(
                "sigma-cannot-missing-event", "Sigma cannot say that an event must be missing", stage.span
            )
    _refuse_optional(body.stages, losses)
    if sum(stage.runs for stage in body.stages) > MOST_STAGES and len(body.stages) > 1:
        losses.refuse(
            "sigma-cannot-repeat",
            f"more than {MOST_STAGES} events in one sequence are too many documents",
            body.stages[0].span,
        )


def _refuse_optional(stages: Listing[Stage], losses: Losses) -> None:
    for stage in stages:
        for key in stage.keys:
            if key.optional:
                losses.refuse(
                    "sigma-cannot-optional-key",
                    f"Sigma cannot join events where `{key.field}` is missing",
                    key.span,
                )


def tell_pipes(pipes: Listing[Pipe], losses: Losses) -> None:
    """`head` and `tail`, which Sigma has no words for."""
    for pipe in pipes:
        losses.approximate(
            "approximate-pipe", f"Sigma has no `{pipe.kind} {pipe.count}`: it reports every match", NOWHERE
        )


def _counted(stage: Stage, stem: str, text: str) -> Plan:
    """`[A] with runs=n` alone: n events of one kind."""
    part = Part(f"{stem}_events", "Events", stage.where)
    correlation = {
        "type": "event_count",
        "rules": [part.name],
        "group-by": list(dict.fromkeys(key.field for key in stage.keys)),
        "timespan": text,
        "condition": {"gte": stage.runs},
    }
    return Plan(correlation, (part,))


def _joined(kind: str, stages: Listing[Stage], stem: str, text: str, losses: Losses) -> Plan:
    """A rule for each stage (a repeated stage several times), joined by what their keys have in common."""
    runs = [stage for stage in stages for _ in range(min(stage.runs, MOST_STAGES))]
    parts = tuple(
        Part(f"{stem}_{number}", f"Event {number} of {len(runs)}", stage.where)
        for number, stage in enumerate(runs, 1)
    )
    keys = [tuple(key.field for key in stage.keys) for stage in runs]
    groups, aliases = _groups(keys, [part.name for part in parts])
    correlation: dict[str, Any] = {"type": kind, "rules": [part.name for part in parts]}
    correlation |= {"group-by": groups, "timespan": text}
    if aliases:
        correlation["aliases"] = aliases
    return Plan(correlation, parts)


def _groups(
    keys: Listing[tuple[str, ...]], names: Listing[str]
) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Names to group by: the field where all stages have the same, else an alias for the position."""
    groups: dict[str, None] = {}
    aliases: dict[str, dict[str, str]] = {}
    for fields in dict.fromkeys(zip(*keys, strict=True)):
        if len(set(fields)) == 1:
            groups[fields[0]] = None
            continue
        alias = _alias(fields[0], {*groups, *(name for stage in keys for name in stage)})
        groups[alias] = None
        aliases[alias] = dict(zip(names, fields, strict=True))
    return list(groups), aliases


def _alias(field: str, taken: set[str]) -> str:
    stem = name = slug("_".join(field.split(".")[-2:])) or "key"
    count = 1
    while name in taken:
        count += 1
        name = f"{stem}_{count}"
    return name
