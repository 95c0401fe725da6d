"""Values that a constant of an ES|QL query may be about: itself, near it, around it; texts that fit its pattern.

Which of them a condition accepts is for the engine to say.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from random import Random
from typing import Any

from samefire.generate.moments import written
from samefire.generate.natural import natural
from samefire.generate.values import failing, passing
from samefire.query.ast import Regex, RegexSyntax, Wildcard
from samefire.query.pipeline import Literal

REPEATED = (1, 12, 60, 700, 1500)
"""Times that a text is repeated for conditions on its length."""


def plain(literal: Literal, name: str) -> Iterator[str]:
    """The texts that a constant names, as they stand or as they fit its pattern."""
    values = literal.value if isinstance(literal.value, tuple) else (literal.value,)
    for value in values:
        if isinstance(value, Regex):
            yield from passing(value, Random(f"{value.pattern}"))[:3]
        elif isinstance(value, Wildcard):
            yield from natural(value, name)
        elif isinstance(value, str) and len(value) < 80:
            yield value


def values_of(literal: Literal, kind: str, name: str, rng: Random) -> Iterator[Any]:
    """Values of a field of this type that a constant may be about."""
    values = literal.value if isinstance(literal.value, tuple) else (literal.value,)
    for value in values:
        if isinstance(value, Regex | Wildcard):
            yield from natural(value, name)
            yield from passing(value, rng)[:4]
            yield from (near for _, near in failing(value, rng)[:2])
        elif isinstance(value, bool):
            yield from (value, not value)
        elif literal.type == "ip" and isinstance(value, int):
            yield str(ipaddress.ip_address(value & 0xFFFFFFFF if value >> 32 == 0xFFFF else value))
        elif literal.type in ("date", "date_nanos") and isinstance(value, int):
            yield from (written(value + step * 10**9) for step in (0, 1, -1))
        elif isinstance(value, int | float):
            yield from _numbers(value, kind)
        elif isinstance(value, str):
            yield from _texts(value, kind, rng)


NUMERIC = (
    "long",
    "integer",
    "short",
    "byte",
    "double",
    "float",
    "unsigned_long",
    "half_float",
    "scaled_float",
)


def _numbers(value: int | float, kind: str) -> Iterator[Any]:
    if kind in (*NUMERIC, "dynamic"):
        yield from (value, value + 1, value - 1, value * 10 + 1)
    if kind in NUMERIC:
        return
    yield str(value)
    if kind not in ("ip", "date", "boolean") and 0 <= value <= 20_000:
        yield from ("x" * max(int(value) + step, 0) for step in (0, 1, -1))
        yield f"a{' ' * (int(value) + 1)}b"
        yield "a1" * (int(value) + 1)


def _texts(value: str, kind: str, rng: Random) -> Iterator[Any]:
    if kind == "ip" or "/" in value:
        try:
            network = ipaddress.ip_network(value, strict=False)
            yield str(network.network_address + min(9, network.num_addresses - 1))
        except ValueError:
            pass
    if kind in ("ip", "date"):
        return
    yield value
    yield f"{value}/example"
    yield f"run {value} now"
    matching = passing(Regex(value, RegexSyntax.LUCENE), rng)[:2] if len(value) < 200 else []
    for text in matching:
        yield from (text * count for count in REPEATED if len(text) * count <= 20_000)
