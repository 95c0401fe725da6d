"""Log sources of Sigma rules as conditions on Windows events.

Facts of the Sigma community's Windows and Sysmon pipelines: which Sysmon event ids a category means, which
event log channels a service. Other log sources name no field of the event and give no condition.
"""

from __future__ import annotations

from samefire.languages.sigma_tree import LogSource
from samefire.query.ast import And, Fold, Leaf, Node, NumberIs, Or, Term

SYSMON_EVENTS: dict[str, tuple[int, ...]] = {
    "process_creation": (1,),
    "file_change": (2,),
    "network_connection": (3,),
    "sysmon_status": (4, 16),
    "process_termination": (5,),
    "driver_load": (6,),
    "image_load": (7,),
    "create_remote_thread": (8,),
    "raw_access_thread": (9,),
    "process_access": (10,),
    "file_event": (11,),
    "registry_add": (12,),
    "registry_delete": (12,),
    "registry_set": (13,),
    "registry_rename": (14,),
    "registry_event": (12, 13, 14),
    "create_stream_hash": (15,),
    "pipe_created": (17, 18),
    "wmi_event": (19, 20, 21),
    "dns_query": (22,),
    "file_delete": (23,),
    "clipboard_capture": (24,),
    "process_tampering": (25,),
    "file_delete_detected": (26,),
    "file_block_executable": (27,),
    "file_block_shredding": (28,),
    "file_executable_detected": (29,),
    "sysmon_error": (255,),
}
"""Category → Sysmon event ids."""

POWERSHELL_EVENTS: dict[str, tuple[str, int]] = {
    "ps_module": ("powershell", 4103),
    "ps_script": ("powershell", 4104),
    "ps_classic_start": ("powershell-classic", 400),
    "ps_classic_provider_start": ("powershell-classic", 600),
    "ps_classic_script": ("powershell-classic", 800),
}
"""Category → service and event id."""

_PREFIX = "Microsoft-Windows-"
CHANNELS: dict[str, tuple[str, ...]] = {
    "security": ("Security",),
    "application": ("Application",),
    "system": ("System",),
    "sysmon": (_PREFIX + "Sysmon/Operational",),
    "powershell": (_PREFIX + "PowerShell/Operational", "PowerShellCore/Operational"),
    "powershell-classic": ("Windows PowerShell",),
    "taskscheduler": (_PREFIX + "TaskScheduler/Operational",),
    "wmi": (_PREFIX + "WMI-Activity/Operational",),
    "dns-server": ("DNS Server",),
    "dns-server-audit": (_PREFIX + "DNS-Server/Audit",),
    "dns-server-analytic": (_PREFIX + "DNS-Server/Analytical",),
    "driver-framework": (_PREFIX + "DriverFrameworks-UserMode/Operational",),
    "ntlm": (_PREFIX + "NTLM/Operational",),
    "dhcp": (_PREFIX + "DHCP-Server/Operational",),
    "msexchange-management": ("MSExchange Management",),
    "applocker": (
        _PREFIX + "AppLocker/MSI and Script",
        _PREFIX + "AppLocker/EXE and DLL",
        _PREFIX + "AppLocker/Packaged app-Deployment",
        _PREFIX + "AppLocker/Packaged app-Execution",
    ),
    "printservice-admin": (_PREFIX + "PrintService/Admin",),
    "printservice-operational": (_PREFIX + "PrintService/Operational",),
    "codeintegrity-operational": (_PREFIX + "CodeIntegrity/Operational",),
    "smbclient-security": (_PREFIX + "SmbClient/Security",),
    "firewall-as": (_PREFIX + "Windows Firewall With Advanced Security/Firewall",),
    "bits-client": (_PREFIX + "Bits-Client/Operational",),
    "windefend": (_PREFIX + "Windows Defender/Operational",),
    "terminalservices-localsessionmanager": (_PREFIX + "TerminalServices-LocalSessionManager/Operational",),
    "microsoft-servicebus-client": ("Microsoft-ServiceBus-Client",),
    "ldap_debug": (_PREFIX + "LDAP-Client/Debug",),
    "security-mitigations": (
        _PREFIX + "Security-Mitigations/Kernel Mode",
        _PREFIX + "Security-Mitigations/User Mode",
    ),
    "diagnosis-scripted": (_PREFIX + "Diagnosis-Scripted/Operational",),
    "shell-core": (_PREFIX + "Shell-Core/Operational",),
    "openssh": ("OpenSSH/Operational",),
    "bitlocker": (_PREFIX + "BitLocker/BitLocker Management",),
    "vhdmp": (_PREFIX + "VHDMP/Operational",),
    "appxdeployment-server": (_PREFIX + "AppXDeploymentServer/Operational",),
    "lsa-server": (_PREFIX + "LSA/Operational",),
    "appxpackaging-om": (_PREFIX + "AppxPackaging/Operational",),
    "dns-client": (_PREFIX + "DNS Client Events/Operational",),
    "appmodel-runtime": (_PREFIX + "AppModel-Runtime/Admin",),
    "capi2": (_PREFIX + "CAPI2/Operational",),
    "certificateservicesclient-lifecycle-system": (
        _PREFIX + "CertificateServicesClient-Lifecycle-System/Operational",
    ),
}
"""Service → event log channels."""


_NO_EVENTS: tuple[int, ...] = ()


def condition(source: LogSource) -> Node | None:
    """What an event in Sigma's own field names must be to come from this log source; None: not known."""
    if source.product not in (None, "windows"):
        return None
    service, events = source.service, _NO_EVENTS
    if source.category in SYSMON_EVENTS:
        service, events = service or "sysmon", SYSMON_EVENTS[source.category]
    elif source.category in POWERSHELL_EVENTS:
        belongs, event = POWERSHELL_EVENTS[source.category]
        service, events = service or belongs, (event,)
    if source.product is None and source.service is None:
        return None
    parts = [_any("Channel", [Term(name, Fold.UNICODE) for name in CHANNELS.get(service or "", ())])]
    parts.append(_any("EventID", [NumberIs(event) for event in events]))
    known = tuple(part for part in parts if part is not None)
    return And(known, name="logsource") if known else None


def _any(field: str, tests: list[Term] | list[NumberIs]) -> Node | None:
    leaves = tuple(Leaf(field, test) for test in tests)
    if not leaves:
        return None
    return leaves[0] if len(leaves) == 1 else Or(leaves)
