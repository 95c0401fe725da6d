"""Values that look as they would in an event: what stands for a wildcard in a path, a name or an address, and
what a field holds when nobody asks.

Texts, no claims: whether a value passes is for the engine to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from samefire.fields import FieldTypes
from samefire.generate.typical import typical
from samefire.query.ast import Pattern, Test, Wild, Wildcard

PUBLIC = ("81.2.69.142", "89.160.20.112", "2a02:cf40::17")
PRIVATE = ("10.20.30.40", "192.168.7.21", "127.0.0.1", "172.16.5.9", "::1", "fe80::17")


def natural(test: Test, name: str) -> Iterator[str]:
    """A value that fits a pattern with what people would expect in place of `*`."""
    if isinstance(test, Wildcard):
        yield "".join(_filled(test.pattern, at, name) for at in range(len(test.pattern)))


def _filled(pattern: Pattern, at: int, name: str) -> str:
    piece = pattern[at]
    if isinstance(piece, str):
        return piece
    if piece is Wild.ONE:
        return "C" if _next(pattern, at).startswith(":\\") else "1"
    after, before = _next(pattern, at), _before(pattern, at)
    if after.startswith("\\"):
        return "C:\\Users\\dana" if at == 0 else "dana"
    if after.startswith("/"):
        return "/home/kim" if at == 0 else "kim"
    if before.endswith(("\\", "/")):
        return "" if after and not after.startswith(".") else "report"
    if after.startswith("."):
        return "www" if "domain" in name or "url" in name else "report"
    return _words(name, before, after)


def _words(name: str, before: str, after: str) -> str:
    """What stands before or after the literal part of a text."""
    if "command_line" in name or "args" in name or name.endswith("message"):
        return ("run " if after else " --now") if not (before and after) else " "
    if "ip" in name.split("."):
        return "1"
    return "" if before and after else "a" if not before else "1"


def _next(pattern: Pattern, at: int) -> str:
    following = pattern[at + 1] if at + 1 < len(pattern) else ""
    return following if isinstance(following, str) else ""


def _before(pattern: Pattern, at: int) -> str:
    previous = pattern[at - 1] if at else ""
    return previous if isinstance(previous, str) else ""


def usual(name: str, fields: FieldTypes) -> list[Any]:
    """What the field holds in a quiet hour: several values, always in the same order."""
    found = [typical(name, fields, Random(f"{name}:{turn}")) for turn in range(6)]
    kind = fields.get(name)
    if kind is not None and kind.type == "ip":
        found = [*found, *PUBLIC, *PRIVATE]
    if kind is not None and kind.type in ("long", "integer", "short", "double", "float"):
        found = [*found, 0, 1, 1_000_000]
    return list({repr(value): value for value in found}.values())
