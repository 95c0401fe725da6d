"""ECS field names as those of Sigma's own taxonomy (`--taxonomy sigma`): the way back of pySigma's pipelines.

Fields that Sigma names are renamed; fields that are part of one are derived (`process.name` is the end of
`Image`); what the log source already says is left out; the rest keeps its ECS name. All but the first is told.
Names are from the taxonomy appendix and from the mappings of pySigma's Elasticsearch pipelines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from samefire.query.ast import Pattern, Wild

from ._sigma_clause import Clause, Every, Item, Some, Without
from ._sigma_losses import Losses
from ._sigma_names import slug
from ._sigma_tree import every, some, without

_PROCESS = {
    "process.executable": "Image",
    "process.entity_id": "ProcessGuid",
    "process.pid": "ProcessId",
}
_CREATION = _PROCESS | {
    "process.command_line": "CommandLine",
    "process.working_directory": "CurrentDirectory",
    "process.parent.executable": "ParentImage",
    "process.parent.command_line": "ParentCommandLine",
    "process.parent.entity_id": "ParentProcessGuid",
    "process.parent.pid": "ParentProcessId",
    "process.pe.original_file_name": "OriginalFileName",
    "process.pe.company": "Company",
    "process.pe.product": "Product",
    "process.pe.description": "Description",
    "process.pe.file_version": "FileVersion",
    "process.pe.imphash": "Imphash",
    "process.Ext.token.integrity_level_name": "IntegrityLevel",
}
_CONNECTION = _PROCESS | {
    "source.ip": "SourceIp",
    "source.port": "SourcePort",
    "source.domain": "SourceHostname",
    "destination.ip": "DestinationIp",
    "destination.port": "DestinationPort",
    "destination.domain": "DestinationHostname",
    "network.transport": "Protocol",
}
_REGISTRY = _PROCESS | {"registry.path": "TargetObject", "registry.data.strings": "Details"}
_FILE = _PROCESS | {"file.path": "TargetFilename"}
_WINDOWS = {
    "event.code": "EventID",
    "event.provider": "Provider_Name",
    "winlog.channel": "Channel",
    "winlog.computer_name": "ComputerName",
    "winlog.provider_name": "Provider_Name",
}
_CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "process_creation": _CREATION,
    "process_termination": _PROCESS,
    "network_connection": _CONNECTION,
    "dns_query": _PROCESS | {"dns.question.name": "QueryName"},
    "file_event": _FILE,
    "file_delete": _FILE,
    "file_rename": _FILE,
    "registry_event": _REGISTRY,
    "registry_add": _REGISTRY,
    "registry_set": _REGISTRY,
    "registry_delete": _REGISTRY,
    "image_load": _PROCESS | {"dll.path": "ImageLoaded", "file.path": "ImageLoaded"},
    "driver_load": {"driver.path": "ImageLoaded", "dll.path": "ImageLoaded", "file.path": "ImageLoaded"},
    "ps_script": {"powershell.file.script_block_text": "ScriptBlockText", "file.path": "Path"},
}
_SERVICES: Mapping[str, Mapping[str, str]] = {
    "cloudtrail": {
        "event.provider": "eventSource",
        "event.action": "eventName",
        "source.ip": "sourceIPAddress",
        "user_agent.original": "userAgent",
        "cloud.region": "awsRegion",
        "aws.cloudtrail.error_code": "errorCode",
        "aws.cloudtrail.user_identity.type": "userIdentity.type",
        "aws.cloudtrail.user_identity.arn": "userIdentity.arn",
    },
    "okta": {"event.action": "eventType"},
    "gcp.audit": {"event.action": "gcp.audit.method_name"},
    "activitylogs": {"azure.activitylogs.operation_name": "operationName"},
}
_PARTS = {
    # a field that is a part of another: the other one, what stands before the part, and where it stands
    "process.name": ("process.executable", "/", "end"),
    "process.parent.name": ("process.parent.executable", "/", "end"),
    "process.args": ("process.command_line", "", "inside"),
    "process.parent.args": ("process.parent.command_line", "", "inside"),
    "file.name": ("file.path", "/", "end"),
    "file.extension": ("file.path", ".", "end"),
    "dll.name": ("dll.path", "/", "end"),
}
_ABSORBED = frozenset(
    {"event.category", "event.type", "event.kind", "event.dataset", "data_stream.dataset", "event.module"}
    | {"host.os.type", "host.os.family", "winlog.channel"}
)


@dataclass(slots=True)
class Renamed:
    """What was done to the names, for the word to the user."""

    derived: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, None] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)


def to_sigma(clause: Clause, logsource: Mapping[str, Any], losses: Losses) -> Clause:
    """The clause in Sigma's field names for events of this log source; tells what is not exact."""
    names, told = names_of(logsource), Renamed()
    renamed = _renamed(_without_absorbed(clause, names, told), names, logsource, told)
    if messages := _messages(told):
        losses.approximate("approximate-taxonomy", "; ".join(messages), _span(clause))
    return renamed


def correlation_to_sigma(
    correlation: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """A `correlation` section in Sigma's names; `names` are those of each event rule. A field that they call
    differently gets an alias."""
    aliases = {
        alias: {rule: names[rule].get(name, name) for rule, name in fields.items()}
        for alias, fields in correlation.get("aliases", {}).items()
    }
    groups: list[str] = []
    for group in correlation["group-by"]:
        called = {rule: known.get(group, group) for rule, known in names.items()}
        if group in aliases or len(set(called.values())) == 1:
            groups.append(group if group in aliases else next(iter(called.values())))
            continue
        alias = slug(group)
        aliases[alias] = called
        groups.append(alias)
    renamed = {**correlation, "group-by": groups}
    if "field" in correlation.get("condition", {}):
        counted = correlation["condition"]["field"]
        known = next(iter(names.values()))
        renamed["condition"] = {**correlation["condition"], "field": known.get(counted, counted)}
    return renamed | ({"aliases": aliases} if aliases else {})


def names_of(logsource: Mapping[str, Any]) -> Mapping[str, str]:
    """Sigma's name for each ECS field of a log source."""
    if logsource.get("category") in _CATEGORIES:
        return _CATEGORIES[logsource["category"]]
    if logsource.get("service") in _SERVICES:
        return _SERVICES[logsource["service"]]
    return _WINDOWS if logsource.get("product") == "windows" else {}


def _span(clause: Clause) -> Any:
    match clause:
        case Item(span=span):
            return span
        case Every(children=children) | Some(children=children):
            return _span(children[0]) if children else (0, 0)
        case Without(child=child):
            return _span(child)
        case _:
            assert_never(clause)


def _messages(told: Renamed) -> list[str]:
    messages = [f"`{name}` is {how}" for name, how in told.derived.items()]
    if told.left_out:
        messages.append(f"the log source stands for {_list(told.left_out)}")
    if told.unknown:
        messages.append(f"Sigma has no name of its own for {_list(told.unknown)}")
    return messages


def _list(names: Mapping[str, None]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _without_absorbed(clause: Clause, names: Mapping[str, str], told: Renamed) -> Clause:
    """The clause without what every event of the log source is: wanted at the top, of one of these fields."""
    if not isinstance(clause, Every):
        return clause
    kept: list[Clause] = []
    for child in clause.children:
        if (
            isinstance(child, Item)
            and child.field in _ABSORBED
            and child.field not in names
            and child.patterns
        ):
            told.left_out[child.field] = None
        else:
            kept.append(child)
    return every(kept) if kept else clause


def _renamed(clause: Clause, names: Mapping[str, str], logsource: Mapping[str, Any], told: Renamed) -> Clause:
    match clause:
        case Item():
            return _item(clause, names, logsource, told)
        case Every(children=children):
            return every(_renamed(child, names, logsource, told) for child in children)
        case Some(children=children):
            return some(_renamed(child, names, logsource, told) for child in children)
        case Without(child=child):
            return without(_renamed(child, names, logsource, told))
        case _:
            assert_never(clause)


def _item(item: Item, names: Mapping[str, str], logsource: Mapping[str, Any], told: Renamed) -> Clause:
    name = item.field
    if name is None:
        return item
    if name in names:
        return replace(item, field=names[name])
    if name.startswith("winlog.event_data.") and logsource.get("product") == "windows":
        return replace(item, field=name.removeprefix("winlog.event_data."))
    whole, before, where = _PARTS.get(name, ("", "", ""))
    if whole in names and item.patterns:
        mark = "\\" if before == "/" and logsource.get("product") == "windows" else before
        told.derived[name] = (
            f"the end of `{names[whole]}`" if where == "end" else f"a part of `{names[whole]}`"
        )
        patterns = tuple(_placed(pattern, mark, where) for pattern in item.patterns)
        return replace(item, field=names[whole], patterns=patterns)
    told.unknown[name] = None
    return item


def _placed(pattern: Pattern, mark: str, where: str) -> Pattern:
    """The pattern of a part as one of the whole value."""
    if where == "inside":
        start: Pattern = () if pattern[:1] == (Wild.MANY,) else (Wild.MANY,)
        end: Pattern = () if pattern[-1:] == (Wild.MANY,) else (Wild.MANY,)
        return start + pattern + end
    if pattern[:1] == (Wild.MANY,):
        return pattern
    first = pattern[0] if pattern else ""
    if isinstance(first, str):
        return (Wild.MANY, mark + first, *pattern[1:])
    return (Wild.MANY, mark, *pattern)
