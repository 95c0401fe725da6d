"""What a change does to the settings that it is judged by: for a reviewer to see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samefire.gate.past import moved
from samefire.problems import Problem, Severity
from samefire.settings import Settings, key_span
from samefire.source import Source
from samefire.workspace import shown

HINT = "somebody who may change the policy should look at this"


def check_policy_change(settings: Settings, old: Settings) -> Iterator[Problem]:
    """A warning for each key of the settings, and of the gate's policy, that is not what it was."""
    source = settings.source or Source("samefire.toml", "")
    for key, (before, now) in moved(old, settings).items():
        message = (
            f"the change moves the settings it is judged by: `{key}` was {_told(before)}, is {_told(now)}"
        )
        if key == "home":
            message = f"the change moves the settings it is judged by from {_told(before)} to {_told(now)}"
        yield _problem(source, key, message)
    for key in sorted({*old.gate, *settings.gate}):
        before, now = old.gate.get(key), settings.gate.get(key)
        if before != now:
            message = (
                f"the change moves the policy it is judged by: `{key}` was {_told(before)}, is {_told(now)}"
            )
            yield _problem(source, key, message)


def _problem(source: Source, key: str, message: str) -> Problem:
    return Problem("policy-changed", message, source, key_span(source, key), Severity.WARNING, HINT)


def _told(value: Any) -> str:
    if isinstance(value, Path):
        return f"the folder {shown(value)}"
    return "not set" if value is None else json.dumps(value, ensure_ascii=False, default=str)
