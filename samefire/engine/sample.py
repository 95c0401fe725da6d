"""EQL samples: for each combination of key values one event a stage, in any order."""

from __future__ import annotations

from collections.abc import Sequence

from samefire.engine.events import Events
from samefire.engine.joinkeys import JoinKey, join_keys, order
from samefire.engine.sequence import Match
from samefire.query import detection


def run_sample(
    sample: detection.Sample, hits: Sequence[Sequence[int]], events: Events, *, size: int | None = None
) -> list[Match]:
    """The samples of events, in the order of their keys. `hits[i]` are the ordinals that satisfy stage i;
    `size` how many samples the search asks for (the first ones)."""
    by_stage = [_by_key(stage, found, events) for stage, found in zip(sample.stages, hits, strict=True)]
    shared = set(by_stage[0]).intersection(*by_stage[1:])
    found: list[Match] = []
    for key in sorted(shared, key=order):
        if size is not None and len(found) >= size:
            break
        chosen = pick([stage[key][: len(by_stage)] for stage in by_stage])
        if chosen is not None:
            found.append(Match(tuple(chosen), key))
    return found


def _by_key(stage: detection.Stage, ordinals: Sequence[int], events: Events) -> dict[JoinKey, list[int]]:
    found: dict[JoinKey, list[int]] = {}
    for event in ordinals:
        for key in join_keys(stage.keys, events, event):
            found.setdefault(key, []).append(event)
    return found


def pick(choices: Sequence[Sequence[int]]) -> list[int] | None:
    """One event of each list, all different, the earliest possible first; None when there is no way."""
    chosen: list[int] = []
    places = [0]
    while places:
        stage = len(places) - 1
        options = choices[stage]
        while places[-1] < len(options) and options[places[-1]] in chosen:
            places[-1] += 1
        if places[-1] == len(options):
            places.pop()
            if chosen:
                chosen.pop()
            if places:
                places[-1] += 1
            continue
        chosen.append(options[places[-1]])
        if len(chosen) == len(choices):
            return chosen
        places.append(0)
    return None
