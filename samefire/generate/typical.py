"""What a field of this name and type usually holds: values for whatever a query leaves open.

Names and addresses are from the ranges that documentation may use (RFC 5737, RFC 3849, RFC 2606).
"""

from __future__ import annotations

import ipaddress
from random import Random
from typing import Any

from samefire.fields import FieldTypes

_BY_NAME: tuple[tuple[str, tuple[Any, ...]], ...] = (
    # the end of a name, most telling first, and what such a field holds
    ("parent.executable", ("C:\\Windows\\explorer.exe", "/usr/sbin/sshd")),
    ("executable", ("C:\\Windows\\System32\\notepad.exe", "/usr/bin/less")),
    ("parent.name", ("explorer.exe", "sshd")),
    ("process.name", ("notepad.exe", "less")),
    ("command_line", ("notepad.exe C:\\Users\\dana\\notes.txt", "less /var/log/messages")),
    ("args", ("notepad.exe", "--help")),
    ("entity_id", ("Zx9Ta0hOQ2", "Lm4Pq8rWv1")),
    ("host.name", ("ws-0142", "build-07")),
    ("host.id", ("6f0d1a52c3", "b1946ac924")),
    ("hostname", ("ws-0142", "build-07")),
    ("user.name", ("dana", "kim")),
    ("user.id", ("S-1-5-21-1004336348-1177238915-682003330-1107", "1001")),
    ("user.email", ("dana@example.com", "kim@example.org")),
    ("domain", ("example.com", "files.example.net")),
    ("file.path", ("C:\\Users\\dana\\notes.txt", "/home/kim/notes.txt")),
    ("file.name", ("notes.txt", "report.pdf")),
    ("extension", ("txt", "pdf")),
    ("directory", ("C:\\Users\\dana", "/home/kim")),
    ("os.type", ("windows", "linux", "macos")),
    ("registry.path", ("HKLM\\SOFTWARE\\Example\\Setting",)),
    ("user_agent.original", ("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0")),
    ("url.full", ("https://example.com/index.html",)),
    ("url.path", ("/index.html", "/api/v1/items")),
    ("sha256", ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",)),
    ("md5", ("098f6bcd4621d373cade4e832627b4f6",)),
    ("region", ("eu-west-1", "us-east-2")),
    ("account.id", ("111122223333",)),
    ("port", (443, 8080)),
    ("pid", (4242, 977)),
    ("message", ("The service entered the running state.",)),
)
_BY_TYPE: dict[str, tuple[Any, ...]] = {
    "ip": ("192.0.2.17", "198.51.100.23", "2001:db8::17"),
    "boolean": (False, True),
    "date": ("2026-03-02T09:15:00.000Z",),
    "date_nanos": ("2026-03-02T09:15:00.000Z",),
    "double": (0.5, 12.25),
    "float": (0.5, 12.25),
    "half_float": (0.5,),
    "scaled_float": (0.5, 12.25),
    "version": ("1.4.2", "10.0.19045"),
    "geo_point": ("52.37,4.89", "-33.87,151.21", "40.71,-74.01"),
}
_WHOLE = frozenset({"long", "integer", "short", "byte", "unsigned_long"})


def typical(field: str, fields: FieldTypes, rng: Random) -> Any:
    """A value that the field could hold in a quiet hour."""
    kind = fields.get(field)
    name = kind.type if kind is not None else "keyword"
    if name in _BY_TYPE:
        return rng.choice(_BY_TYPE[name])
    for ending, known in _BY_NAME:
        if field == ending or field.endswith((f".{ending}", f"_{ending}")):
            fitting = [v for v in known if not isinstance(v, int) or name in _WHOLE] or [
                str(v) for v in known
            ]
            return rng.choice(fitting)
    if name in _WHOLE:
        return rng.choice((1, 7, 100))
    return rng.choice(("alpha", "beta", "gamma"))


def holdable(field: str, value: Any, fields: FieldTypes) -> bool:
    """Whether the field can hold the value: Elasticsearch refuses a word in a boolean, an address or a number, and
    a whole number loses its fraction."""
    kind = fields.get(field)
    match kind.type if kind is not None else "keyword":
        case "boolean":
            return isinstance(value, bool) or value in ("true", "false")
        case "ip":
            return isinstance(value, str) and _is_address(value)
        case name if name in _WHOLE:
            return _is_whole(value)
        case _:
            return True


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return value.removeprefix("-").isdecimal()
    return isinstance(value, int) and not isinstance(value, bool)
