"""What ECS says beside types: which values a field may have, and in a line what it is for.

For the checks of rules and for editors; read from `data/ecs_values.json` and `data/ecs_texts.tsv` when asked.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from samefire.fields.shipped import DATA, ecs_layer


def version() -> str:
    """The version of ECS that is shipped (`9.5.0-dev`)."""
    return ecs_layer().version


def allowed_values(field: str) -> tuple[str, ...] | None:
    """The only values that ECS allows (`event.category`, `event.type`, `event.kind`, `event.outcome` …); None
    for a field that is free."""
    found = _values()["allowed"].get(field)
    return None if found is None else tuple(found)


def expected_values(field: str) -> tuple[str, ...] | None:
    """Values that ECS expects without forbidding others (`host.os.type`); None where it names none."""
    found = _values()["expected"].get(field)
    return None if found is None else tuple(found)


def event_types(category: str) -> tuple[str, ...] | None:
    """The values of `event.type` that go with a value of `event.category`; None for an unknown category."""
    found = _values()["types"].get(category)
    return None if found is None else tuple(found)


def text(field: str) -> str | None:
    """One line on what an ECS field is for."""
    return _texts().get(field)


@cache
def _values() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "ecs_values.json").read_text(encoding="utf-8"))
    return found


@cache
def _texts() -> dict[str, str]:
    lines = (DATA / "ecs_texts.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {name: about for name, _, about in (line.partition("\t") for line in lines)}
