"""Alert suppression as Kibana does it within one run of a rule: alerts of one group become one alert.

A duration only joins alerts of later runs to those of earlier ones, so within one run it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from samefire.engine.alerts import Alert
from samefire.engine.events import Events, Scalar
from samefire.engine.values import text
from samefire.query.detection import Suppression

MAX_GROUPS = 10_000

Group = tuple[tuple[str, ...] | None, ...]
"""A value for each field: its texts, or None when it is missing."""


def suppress(alerts: Sequence[Alert], by: Suppression, events: Events) -> list[Alert]:
    """One alert for each group, in order of the group's first alert; its events are those of all."""
    if not by.group_by:
        return list(alerts)
    groups: dict[object, list[Alert]] = {}
    for number, alert in enumerate(alerts):
        for group in _groups(alert, by, events):
            alone = by.missing != "suppress" and None in group
            groups.setdefault(("alone", number) if alone else group, []).append(alert)
    return [_joined(members, by.group_by, events) for members in groups.values()]


def _groups(alert: Alert, by: Suppression, events: Events) -> Iterator[Group]:
    values = [_texts(alert, field, events) for field in by.group_by]
    if by.whole:
        yield tuple(some or None for some in values)
        return
    choices = [[(one,) for one in dict.fromkeys(some)] if some else [None] for some in values]
    for count, group in enumerate(product(*choices)):
        if count >= MAX_GROUPS:
            return
        yield group


def _texts(alert: Alert, field: str, events: Events) -> tuple[str, ...]:
    """The values of a field, sorted, as often as they stand there; of several events those that all have (the shell
    alert of a sequence holds what its events share). A row has its own."""
    if alert.row is not None and field in alert.row:
        return tuple(sorted(alert.row[field]))
    found = [[text(v) for v in events.values(o, field)] for o in alert.ordinals if o >= 0]
    if len(found) == 1:
        return tuple(sorted(found[0]))
    return tuple(sorted(set.intersection(*map(set, found)))) if found else ()


def _joined(members: Sequence[Alert], fields: Sequence[str], events: Events) -> Alert:
    ordinals = tuple(dict.fromkeys(o for alert in members for o in alert.ordinals))
    first = next((o for o in ordinals if o >= 0), None)
    if members[0].keys or first is None:
        return Alert(ordinals, members[0].keys)
    keys: list[Scalar | None] = [next(iter(events.values(first, field)), None) for field in fields]
    return Alert(ordinals, tuple(keys))
