"""A recorded event as a fixture: without what tells people and machines, without what does not matter, still firing.

Every name, address and identifier becomes an invented one, the same one wherever it stands, unless the rule would
then be silent. Fields that neither the rule nor a reader needs go.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from samefire.generate.build import Flat, flattened, nested

Fires = Callable[[Sequence[Mapping[str, Any]]], bool]

KEPT = (
    "@timestamp",
    "ecs.version",
    "event.",
    "data_stream.",
    "host.os.",
    "cloud.provider",
    "process.name",
    "message",
)
"""Fields that tell a reader what an event is; the others go when the rule fires without them."""
_NAMES = ("host.name", "host.hostname", "agent.name", "observer.name", "machine", "computer_name", "hostname")
_PEOPLE = ("user.name", "user.full_name", "user.email", "username", "alternate_id", "user_id", "user.id")
_IDS = ("id", "entity_id", "uuid", "guid", "arn", "token", "session_id", "account.id", "tenant_id", "sid")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_NUMBER = re.compile(r"[0-9a-fA-F]{8,}|\d{6,}")


def mended(
    events: Sequence[Mapping[str, Any]], asked: frozenset[str], fires: Fires
) -> list[Mapping[str, Any]]:
    """The events redacted and trimmed. `asked` are the fields of the rule; `fires` says whether it fires on
    events. When the rule is silent on the events as they are, they are only redacted and trimmed of what it
    does not ask about."""
    flats = [flattened(event) for event in events]
    firing = fires([nested(flat) for flat in flats])

    def holds(changed: list[Flat]) -> bool:
        return not firing or fires([nested(flat) for flat in changed])

    flats = _trimmed(flats, asked, holds)
    return [nested(flat) for flat in _redacted(flats, holds)]


def _trimmed(flats: list[Flat], asked: frozenset[str], holds: Callable[[list[Flat]], bool]) -> list[Flat]:
    """Without the fields that nobody needs: all at once, else one after the other."""
    names = list(dict.fromkeys(name for flat in flats for name in flat))
    spare = [name for name in names if not _needed(name, asked)]
    slim = [_without(flat, spare) for flat in flats]
    if holds(slim):
        return slim
    for name in spare:
        slim = [_without(flat, [name]) for flat in flats]
        flats = slim if holds(slim) else flats
    return flats


def _needed(name: str, asked: frozenset[str]) -> bool:
    related = any(name == one or name.startswith(f"{one}.") or one.startswith(f"{name}.") for one in asked)
    return related or name.startswith(KEPT)


def _without(flat: Flat, names: Sequence[str]) -> Flat:
    return {name: value for name, value in flat.items() if name not in names}


def _redacted(flats: list[Flat], holds: Callable[[list[Flat]], bool]) -> list[Flat]:
    """With invented values where the rule allows; a field is asked about once for all events."""
    for name in dict.fromkeys(name for flat in flats for name in flat):
        changed = [{**flat, name: invented(name, flat[name])} if name in flat else flat for flat in flats]
        if changed != flats and holds(changed):
            flats = changed
    return flats


def invented(name: str, value: Any) -> Any:
    """A value like this one that tells nothing; the same value always becomes the same."""
    if isinstance(value, list):
        return [invented(name, one) for one in value]
    if not isinstance(value, str) or not value:
        return value
    if (address := _address(value)) is not None:
        return _other_address(address)
    mark = hashlib.sha256(value.encode()).hexdigest()
    if _MAIL.fullmatch(value):
        return f"user-{mark[:4]}@example.com"
    if name.endswith(_NAMES):
        return f"host-{mark[:4]}"
    if name.endswith(_PEOPLE):
        return f"user-{mark[:4]}"
    if name.rpartition(".")[2] in _IDS or name.endswith(_IDS[-3:]):
        return mark[: max(len(value), 8)][:40]
    return _MAIL.sub(
        lambda found: f"user-{hashlib.sha256(found[0].encode()).hexdigest()[:4]}@example.com", value
    )


def _address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def _other_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Another address of the same kind: private stays private."""
    mark = hashlib.sha256(str(address).encode()).digest()
    if address.version == 6:
        return str(address) if address.is_loopback else f"2001:db8::{mark[0]:x}{mark[1]:02x}"
    if address.is_loopback or address.is_unspecified:
        return str(address)
    if address.is_private:
        return f"10.0.{mark[0]}.{mark[1] % 254 + 1}"
    return f"81.2.{mark[0] % 64 + 64}.{mark[1] % 254 + 1}"
