"""The Sigma log source of a rule: from what its query asks for and from its index patterns.

A log source only says where to look: the selections that it was taken from stay in the detection. Names are
those of the Sigma taxonomy appendix (v2.1) and of SigmaHQ's rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from samefire.query.ast import And, Leaf, Node, Or, Term

_DATASETS: Mapping[str, tuple[str | None, str | None, str | None]] = {
    # data set: category, product, service
    "apache.access": ("webserver", "apache", None),
    "auditd_manager.auditd": (None, "linux", "auditd"),
    "auditd.log": (None, "linux", "auditd"),
    "aws.cloudtrail": (None, "aws", "cloudtrail"),
    "azure.activitylogs": (None, "azure", "activitylogs"),
    "azure.auditlogs": (None, "azure", "auditlogs"),
    "azure.identity_protection": (None, "azure", "riskdetection"),
    "azure.signinlogs": (None, "azure", "signinlogs"),
    "cisco_duo.auth": (None, "cisco", "duo"),
    "gcp.audit": (None, "gcp", "gcp.audit"),
    "github.audit": (None, "github", "audit"),
    "google_workspace": (None, "gcp", "google_workspace.admin"),
    "iis.access": ("webserver", "windows", "iis"),
    "kubernetes.audit_logs": (None, "kubernetes", "audit"),
    "network_traffic.dns": ("network", None, "dns"),
    "network_traffic.flow": ("network", None, "connection"),
    "nginx.access": ("webserver", "nginx", None),
    "o365.audit": (None, "m365", "audit"),
    "okta.system": (None, "okta", "okta"),
    "okta": (None, "okta", "okta"),
    "onelogin": (None, "onelogin", "onelogin.events"),
    "panw.panos": ("firewall", None, None),
    "pfsense.log": ("firewall", None, None),
    "fortinet_fortigate.log": ("firewall", None, None),
    "system.auth": (None, "linux", "auth"),
    "system.security": (None, "windows", "security"),
    "system.syslog": (None, "linux", "syslog"),
    "windows.powershell": (None, "windows", "powershell-classic"),
    "windows.powershell_operational": (None, "windows", "powershell"),
    "windows.sysmon_operational": (None, "windows", "sysmon"),
}

_CHANNELS = {
    "application": "application",
    "microsoft-windows-bits-client/operational": "bits-client",
    "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
    "microsoft-windows-powershell/operational": "powershell",
    "microsoft-windows-printservice/admin": "printservice-admin",
    "microsoft-windows-printservice/operational": "printservice-operational",
    "microsoft-windows-sysmon/operational": "sysmon",
    "microsoft-windows-taskscheduler/operational": "taskscheduler",
    "microsoft-windows-windows defender/operational": "windefend",
    "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "security": "security",
    "system": "system",
    "windows powershell": "powershell-classic",
}

_SYSMON = {
    "1": "process_creation",
    "2": "file_change",
    "3": "network_connection",
    "5": "process_termination",
    "6": "driver_load",
    "7": "image_load",
    "8": "create_remote_thread",
    "10": "process_access",
    "11": "file_event",
    "13": "registry_set",
    "15": "create_stream_hash",
    "22": "dns_query",
    "23": "file_delete",
    "25": "process_tampering",
}

_SYSTEMS = {"windows": "windows", "linux": "linux", "macos": "macos", "darwin": "macos"}
_STARTS = frozenset({"start", "process_started", "exec", "exec_event", "fork", "executed", "processcreate"})
_ENDS = frozenset({"end", "process_stopped", "process_terminated", "termination_event"})
_DELETES = frozenset({"deletion", "delete", "removal"})

Wants = Mapping[str, frozenset[str]]


def logsource(where: Node, index: Sequence[str] = (), integration: str | None = None) -> dict[str, str]:
    """`category`, `product`, `service` (at least one) of the events that the query asks for."""
    wants = required(where)
    system = _system(wants, index)
    found = (
        _by_channel(wants)
        or _by_sysmon(wants, index)
        or _by_dataset(wants.get("event.dataset") or wants.get("data_stream.dataset") or ())
        or _by_category(wants, _category(wants, index), system)
        or _by_dataset([_stream(i) for i in index if not i.endswith("beat-*") and i != "endgame-*"])
        or _by_system(system)
    )
    if found:
        return found
    category = next(iter(sorted(wants.get("event.category", ()))), None)
    return {"product": integration} if integration else {"category": category or "application"}


def required(where: Node) -> Wants:
    """For each field the (lower-case) values of which every match has one."""
    wants: dict[str, frozenset[str]] = {}
    parts: Iterable[Node] = where.children if isinstance(where, And) else (where,)
    for part in parts:
        if isinstance(part, And):
            wants = {**required(part), **wants}
            continue
        leaves = part.children if isinstance(part, Or) else (part,)
        terms = [c for c in leaves if isinstance(c, Leaf) and isinstance(c.test, Term)]
        fields = {leaf.field for leaf in terms}
        if len(fields) == 1 and len(terms) == len(leaves):
            values = frozenset(t.test.value.lower() for t in terms if isinstance(t.test, Term))
            wants.setdefault(fields.pop(), values)
    return wants


def _one(wants: Wants, *fields: str) -> str | None:
    for field in fields:
        values = wants.get(field, frozenset())
        if len(values) == 1:
            return next(iter(values))
    return None


def _system(wants: Wants, index: Sequence[str]) -> str | None:
    system = _one(wants, "host.os.type", "host.os.family", "host.os.platform")
    if system is not None:
        return _SYSTEMS.get(system)
    windows = ("winlogbeat-", "logs-windows.", "logs-system.security", "logs-system.system")
    return "windows" if index and all(i.startswith(windows) for i in index) else None


def _by_channel(wants: Wants) -> dict[str, str] | None:
    if "4104" in wants.get("event.code", ()):
        return {"category": "ps_script", "product": "windows"}
    service = _CHANNELS.get(_one(wants, "winlog.channel") or "")
    return {"product": "windows", "service": service} if service else None


def _by_sysmon(wants: Wants, index: Sequence[str]) -> dict[str, str] | None:
    """Sysmon's own event ids, where the events can only be Sysmon's."""
    named = wants.get("event.dataset") or frozenset(map(_stream, index))
    category = _SYSMON.get(_one(wants, "event.code") or "")
    only = named == frozenset({"windows.sysmon_operational"})
    return {"category": category, "product": "windows"} if only and category else None


def _by_dataset(names: Iterable[str]) -> dict[str, str] | None:
    """The source of a data set, when all names are of one."""
    sources = {_of_dataset(name) for name in names}
    found = sources.pop() if len(sources) == 1 else None
    if found is None:
        return None
    keys = ("category", "product", "service")
    return {key: value for key, value in zip(keys, found, strict=True) if value}


def _stream(pattern: str) -> str:
    """The data set of an index pattern: `logs-aws.cloudtrail-*` is `aws.cloudtrail`."""
    return pattern.removeprefix("logs-").removeprefix("metrics-").rstrip("*").split("-")[0].rstrip(".-*")


def _of_dataset(name: str) -> tuple[str | None, str | None, str | None] | None:
    if name.startswith("zeek."):
        return (None, "zeek", name.removeprefix("zeek."))
    if name in _DATASETS:
        return _DATASETS[name]
    return _DATASETS.get(name.split(".")[0])


def _category(wants: Wants, index: Sequence[str]) -> str | None:
    """What the query asks for, else what all index patterns of the endpoint name."""
    asked = _one(wants, "event.category")
    kinds = {
        _stream(i).removeprefix("endpoint.events.") for i in index if i.startswith("logs-endpoint.events.")
    }
    only = len(kinds) == 1 and all(i.startswith("logs-endpoint.events.") for i in index)
    return asked if asked or not only else kinds.pop()


def _by_category(wants: Wants, category: str | None, system: str | None) -> dict[str, str] | None:
    kinds = wants.get("event.type", frozenset()) | wants.get("event.action", frozenset())
    named = {
        "process": _process(kinds),
        "file": _file(kinds, system),
        "registry": _registry(kinds),
        "library": "image_load",
        "driver": "driver_load",
        "network": "dns_query" if _asks_dns(wants, kinds) else "network_connection",
        "dns": "dns_query",
    }.get(category or "")
    if named is None:
        return None
    return {"category": named, "product": system} if system else {"category": named}


def _process(kinds: frozenset[str]) -> str | None:
    if kinds & _STARTS or not kinds:
        return "process_creation"
    return "process_termination" if kinds & _ENDS else None


def _file(kinds: frozenset[str], system: str | None) -> str:
    if system != "windows" or not kinds:
        return "file_event"
    return "file_delete" if kinds <= _DELETES else "file_rename" if kinds == {"rename"} else "file_event"


def _registry(kinds: frozenset[str]) -> str:
    if not kinds:
        return "registry_event"
    if kinds <= _DELETES:
        return "registry_delete"
    return (
        "registry_add" if kinds == {"creation"} else "registry_set" if "change" in kinds else "registry_event"
    )


def _asks_dns(wants: Wants, kinds: frozenset[str]) -> bool:
    asked = _one(wants, "network.protocol") == "dns" or "dns.question.type" in wants
    return asked or "lookup_requested" in kinds


def _by_system(system: str | None) -> dict[str, str] | None:
    return {"product": system} if system else None
