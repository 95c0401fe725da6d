"""Join keys of sequences and samples: the values that events share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from samefire.engine.events import Events, Scalar, date_nanos
from samefire.engine.values import address, boolean, number, text
from samefire.query.detection import Key

JoinKey = tuple[Any, ...]
"""One value a key: None (nothing there), or (kind, value), so that values compare across fields."""

MAX_KEYS = 10_000
"""Combinations of array values that one event takes part in."""


def join_keys(keys: Sequence[Key], events: Events, event: int) -> Iterator[JoinKey]:
    """The keys under which an event joins others: one for each combination of the distinct values of its
    fields. None at all when a mandatory field has no value."""
    choices = [key_values(key, events.values(event, key.reads)) for key in keys]
    for count, combination in enumerate(product(*choices)):
        if count >= MAX_KEYS:
            return
        yield combination


def key_values(key: Key, values: Sequence[Scalar]) -> list[Any]:
    """The distinct values of one key; an optional one without a value has None."""
    if key.type == "unmapped":
        return [None]
    found = [made for value in values if (made := key_value(key.type, value)) is not None]
    if found:
        return list(dict.fromkeys(found))
    return [None] if key.optional else []


def key_value(kind: str, value: Scalar) -> tuple[str, Any] | None:
    """A value as its type stores it, so that equal ones are equal; None: the type refuses it. Elasticsearch
    compares keys as objects: a long is no integer and no double, whatever their values. An unknown type is what
    dynamic mapping makes of the value."""
    match kind:
        case "long" | "integer" | "short" | "byte" | "unsigned_long":
            return _made(kind, number(value))
        case "double" | "float" | "half_float" | "scaled_float":
            return _made("double", number(value))
        case "boolean":
            return _made("boolean", boolean(value))
        case "date" | "date_nanos":
            return _made("date", date_nanos(value))
        case "ip":
            return _made("ip", address(value))
        case "dynamic" if isinstance(value, bool):
            return ("boolean", value)
        case "dynamic" if not isinstance(value, str):
            return ("double" if isinstance(value, float) else "long", value)
        case _:
            return ("string", text(value))


def _made(kind: str, value: Any) -> tuple[str, Any] | None:
    return None if value is None else (kind, value)


def order(key: JoinKey) -> tuple[Any, ...]:
    """Sorts keys as a composite aggregation does: nothing first, strings by their bytes."""
    return tuple(_order(value) for value in key)


def _order(value: tuple[str, Any] | None) -> tuple[Any, ...]:
    if value is None:
        return (0,)
    kind, inner = value
    return (1, kind, inner.encode("utf-8", "surrogatepass") if isinstance(inner, str) else inner)


def shown(value: tuple[str, Any] | None) -> str | None:
    """One value of a key as a search reports it."""
    if value is None:
        return None
    kind, inner = value
    if kind == "date":
        return _date(inner)
    if kind == "ip":
        return _address(inner)
    return text(inner)


def _date(nanos: int) -> str:
    import datetime

    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=nanos // 1000)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _address(value: int) -> str:
    import ipaddress

    if value >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(value & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(value))
