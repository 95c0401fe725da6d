"""Recorded events: nobody is named any more, what does not matter is gone, the rule still fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from samefire.generate.build import flattened
from samefire.generate.recorded import invented, mended

EVENT = {
    "@timestamp": "2026-01-01T00:00:00Z",
    "event": {"action": "login", "ingested": "2026-01-01T00:00:09Z"},
    "user": {"name": "b.jones", "email": "b.jones@corp.internal"},
    "host": {"name": "LT-JONES", "ip": ["10.1.2.3", "8.8.4.4"]},
    "source": {"ip": "8.8.4.4"},
    "message": "b.jones@corp.internal logged in",
    "labels": {"desk": "4th floor"},
}
ASKED = frozenset(["event.action", "host.ip", "source.ip", "user.name"])


def fires(events: Sequence[Mapping[str, Any]]) -> bool:
    flat = flattened(events[0])
    return flat.get("event.action") == "login" and flat.get("user.name") == "b.jones"


def test_redacted_trimmed_and_firing() -> None:
    (event,) = mended([EVENT], ASKED, fires)
    flat = flattened(event)
    assert fires([event])
    assert flat["user.name"] == "b.jones"  # the rule asks for this very name
    assert flat["source.ip"] == flat["host.ip"][1] == invented("source.ip", "8.8.4.4") != "8.8.4.4"
    assert flat["host.ip"][0].startswith("10.0.")
    assert "corp.internal" not in str(event)
    assert not flat.keys() & {"labels.desk", "host.name", "user.email"}


@pytest.mark.parametrize(
    ("name", "value", "begins"),
    [
        ("host.name", "LT-JONES", "host-"),
        ("user.name", "jones", "user-"),
        ("user.email", "a@corp.internal", "user-"),
        ("source.ip", "fe80::1", "2001:db8::"),
        ("source.ip", "127.0.0.1", "127.0.0.1"),
        ("process.name", "cmd.exe", "cmd.exe"),
        ("process.pid", 7, 7),
    ],
)
def test_invented_values(name: str, value: Any, begins: Any) -> None:
    found = invented(name, value)
    assert found == invented(name, value)
    assert str(found).startswith(str(begins))


def test_an_event_that_does_not_fire_is_redacted_all_the_same() -> None:
    (event,) = mended([EVENT], ASKED, lambda events: False)
    assert "jones" not in str(event).lower()
