"""What an event of a data set holds whatever it tells: its stream, its kind, the machine or account it is from.

Beside the fields that a query asks about; a query's own fields are never filled here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from samefire.engine.scope import index_filter, index_of

ECS = "9.1.0"
Flat = dict[str, Any]

_STREAM = re.compile(r"(logs|metrics|traces)-([a-z0-9_.*]+?)-?\*")
_HOST: Mapping[str, Any] = {
    "host.name": "ws-0142",
    "host.id": "6f0d1a52c3b84e1f9d27",
    "agent.type": "endpoint",
    "user.name": "dana",
    "user.id": "S-1-5-21-1004336348-1177238915-682003330-1107",
}
_BY_PREFIX: tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...] = (
    (("aws",), {"cloud.provider": "aws", "cloud.account.id": "111122223333", "cloud.region": "eu-west-1"}),
    (("azure",), {"cloud.provider": "azure", "azure.tenant_id": "9f2d7c31-0b7e-4a8e-8c1d-5f6b2a7c4d10"}),
    (("o365",), {"organization.id": "9f2d7c31-0b7e-4a8e-8c1d-5f6b2a7c4d10", "user.name": "dana"}),
    (("gcp", "google"), {"cloud.provider": "gcp", "cloud.project.id": "example-project"}),
    (("okta",), {"okta.request.ip_chain.ip": "81.2.69.142"}),
    (("github",), {"github.org": "example"}),
    (("kubernetes",), {"orchestrator.type": "kubernetes", "orchestrator.cluster.name": "example"}),
    (("network_traffic", "zeek", "suricata", "panw", "fortinet", "checkpoint"), {"observer.name": "edge-01"}),
)
_PART = {"library": "library", "file": "file", "registry": "registry", "network": "network"}


def skeleton(index: Sequence[str], category: str = "") -> Flat:
    """The fields of any event of the first data stream among the index patterns; `category` is the event
    category that the query asks for, which chooses the stream where a pattern leaves it open."""
    dataset, kind = _dataset(index, category)
    flat: Flat = {"@timestamp": "2026-03-02T09:15:00.000Z", "ecs.version": ECS, "event.kind": "event"}
    if dataset:
        flat |= {"event.module": dataset.partition(".")[0], "event.dataset": dataset}
        flat |= {"data_stream.type": kind, "data_stream.dataset": dataset, "data_stream.namespace": "default"}
    known = next((extra for names, extra in _BY_PREFIX if dataset.startswith(names)), None)
    return flat | dict(known if known is not None else _HOST)


def _dataset(index: Sequence[str], category: str) -> tuple[str, str]:
    """The data set and the type of the first stream that the patterns allow; none for indices of Beats."""
    allowed = index_filter(index)
    for pattern in (part.strip() for one in index for part in one.split(",")):
        found = _STREAM.fullmatch(pattern.rpartition(":")[2])
        if found is None:
            continue
        filled = _PART.get(category, "process") if "endpoint" in found[2] else "generic"
        dataset = found[2].replace("*", filled).strip(".-")
        if dataset and allowed(f"{found[1]}-{dataset}-default"):
            return dataset, found[1]
    return "", "logs"


def in_stream(flat: Flat, index: Sequence[str], asked: Collection[str]) -> Flat:
    """The event with one data set, whichever of the two fields for it the query asks about, where the patterns
    allow it. One whose data stream they leave out says that it lies in another index, which they name: the query
    decides about it, not where it lies."""
    names = ("event.dataset", "data_stream.dataset")
    told = next((flat[name] for name in names if name in asked and isinstance(flat.get(name), str)), None)
    open_name = next((name for name in names if name in flat and name not in asked), None)
    allowed = index_filter(index)
    if told and open_name and allowed(f"{flat.get('data_stream.type', 'logs')}-{told}-default"):
        flat = {**flat, open_name: told}
    lies = index_of(flat)
    if not index or lies is None or allowed(lies) or "_index" in asked:
        return flat
    named = (part.strip().replace("*", "default") for one in index for part in one.split(","))
    inside = next((name for name in named if allowed(name)), None)
    return {**flat, "_index": inside} if inside else flat


def beside(base: Mapping[str, Any], names: Iterable[str]) -> Flat:
    """The base without the fields in `names`, those above and those below them."""
    taken = set(names)
    above = {name[:at] for name in taken for at, letter in enumerate(name) if letter == "."}
    return {
        name: value
        for name, value in base.items()
        if name not in taken
        and name not in above
        and not any(name.startswith(f"{other}.") for other in taken)
    }
