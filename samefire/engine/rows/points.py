"""Addresses in networks, and points on the globe."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from samefire.engine.rows.calls import Function, built_single, constant, single
from samefire.engine.rows.table import Setting
from samefire.query import values
from samefire.query.pipeline import Apply

_EARTH = 6_371_008.7714
"""Mean radius in metres, as Lucene measures."""
_POINT = re.compile(r"\s*POINT\s*\(\s*(\S+)\s+(\S+)\s*\)\s*", re.IGNORECASE)


@built_single("cidr_match")
def _cidr_match(call: Apply, setting: Setting) -> Function:
    """The address lies in one of the networks; constant ones are read once."""
    blocks = [constant(call, place) for place in range(1, len(call.arguments))]
    flat = [b for block in blocks for b in (block if isinstance(block, tuple) else (block,))]
    if all(isinstance(block, str) for block in flat):
        ranges = [values.network(block) for block in flat]  # a wrong constant was refused before
        return lambda address, *_: any(low <= address <= high for low, high in ranges)
    return lambda address, *networks: any(_within(address, network) for network in networks)


def _within(address: int, network: str) -> bool:
    low, high = values.network(network)
    return low <= address <= high


@single("ip_prefix")
def _ip_prefix(address: int, length4: int, length6: int) -> int:
    """The first address of the network of that length."""
    four = address >> 32 == 0xFFFF
    limit, length = (32, length4) if four else (128, length6)
    if not 0 <= length <= limit:
        raise ValueError(f"Prefix length must be in range [0, {limit}], found {length}")
    return address >> (limit - length) << (limit - length)


def read_point(value: Any) -> tuple[float, float]:
    """A point of a text (`POINT (lon lat)`, `lat,lon`), a pair (lon, lat) or an object; raises ValueError."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, Mapping):
        return float(value["lon"]), float(value["lat"])
    written = str(value)
    found = _POINT.fullmatch(written)
    if found:
        return float(found[1]), float(found[2])
    lat, comma, lon = written.partition(",")
    if not comma:
        raise ValueError(f"Failed to parse WKT: {written}")
    return float(lon), float(lat)


@single("st_x")
def _st_x(point: tuple[float, float]) -> float:
    return point[0]


@single("st_y")
def _st_y(point: tuple[float, float]) -> float:
    return point[1]


@built_single("st_distance")
def _st_distance(call: Apply, setting: Setting) -> Function:
    """Metres along the globe, or the plain distance of cartesian points."""
    if any(a.type == "cartesian_point" for a in call.arguments):
        return lambda a, b: math.dist(a, b)
    return _haversine


def _haversine(a: tuple[float, float], b: tuple[float, float]) -> float:
    lat1, lat2 = math.radians(a[1]), math.radians(b[1])
    part = (1 - math.cos(lat1 - lat2)) + math.cos(lat1) * math.cos(lat2) * (
        1 - math.cos(math.radians(a[0] - b[0]))
    )
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(part * 0.5)))
