"""ATT&CK for ICS: ids, names and tactics of its techniques (facts), and which ones network data can show.

Source: MITRE ATT&CK for ICS 18.1. `seen` is our own judgement, argued in docs/detection.md: whether the message or the
conversation by which it is done, or its absence, crosses a network where a sensor listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["TACTICS", "TECHNIQUES", "Technique", "tactics_of"]

TACTICS: Final = (
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "evasion",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "inhibit-response-function",
    "impair-process-control",
    "impact",
)
"""In the order of the matrix: how far an attacker has come."""


@dataclass(frozen=True, slots=True)
class Technique:
    """One technique. tactics: those it serves, in the matrix's order. seen: whether network data can show it."""

    id: str
    name: str
    tactics: tuple[str, ...]
    seen: bool


_ROWS: Final = """
T0800|Activate Firmware Update Mode|inhibit-response-function|seen
T0801|Monitor Process State|collection|seen
T0802|Automated Collection|collection|seen
T0803|Block Command Message|inhibit-response-function|seen
T0804|Block Reporting Message|inhibit-response-function|seen
T0805|Block Serial COM|inhibit-response-function|
T0806|Brute Force I/O|impair-process-control|seen
T0807|Command-Line Interface|execution|
T0809|Data Destruction|inhibit-response-function|seen
T0811|Data from Information Repositories|collection|
T0812|Default Credentials|lateral-movement|seen
T0813|Denial of Control|impact|seen
T0814|Denial of Service|inhibit-response-function|seen
T0815|Denial of View|impact|
T0816|Device Restart/Shutdown|inhibit-response-function|seen
T0817|Drive-by Compromise|initial-access|
T0819|Exploit Public-Facing Application|initial-access|seen
T0820|Exploitation for Evasion|evasion|
T0821|Modify Controller Tasking|execution|seen
T0822|External Remote Services|initial-access|seen
T0823|Graphical User Interface|execution|
T0826|Loss of Availability|impact|
T0827|Loss of Control|impact|
T0828|Loss of Productivity and Revenue|impact|
T0829|Loss of View|impact|seen
T0830|Adversary-in-the-Middle|collection|seen
T0831|Manipulation of Control|impact|seen
T0832|Manipulation of View|impact|
T0834|Native API|execution|
T0835|Manipulate I/O Image|inhibit-response-function|seen
T0836|Modify Parameter|impair-process-control|seen
T0837|Loss of Protection|impact|
T0838|Modify Alarm Settings|inhibit-response-function|seen
T0839|Module Firmware|persistence,impair-process-control|seen
T0840|Network Connection Enumeration|discovery|
T0842|Network Sniffing|discovery|
T0843|Program Download|lateral-movement|seen
T0845|Program Upload|collection|seen
T0846|Remote System Discovery|discovery|seen
T0847|Replication Through Removable Media|initial-access|
T0848|Rogue Master|initial-access|seen
T0849|Masquerading|evasion|seen
T0851|Rootkit|evasion,inhibit-response-function|
T0852|Screen Capture|collection|
T0853|Scripting|execution|
T0855|Unauthorized Command Message|impair-process-control|seen
T0856|Spoof Reporting Message|evasion,impair-process-control|seen
T0857|System Firmware|persistence,inhibit-response-function|seen
T0858|Change Operating Mode|execution,evasion|seen
T0859|Valid Accounts|persistence,lateral-movement|seen
T0860|Wireless Compromise|initial-access|
T0861|Point & Tag Identification|collection|seen
T0862|Supply Chain Compromise|initial-access|
T0863|User Execution|execution|
T0864|Transient Cyber Asset|initial-access|seen
T0865|Spearphishing Attachment|initial-access|
T0866|Exploitation of Remote Services|initial-access,lateral-movement|seen
T0867|Lateral Tool Transfer|lateral-movement|seen
T0868|Detect Operating Mode|collection|seen
T0869|Standard Application Layer Protocol|command-and-control|seen
T0871|Execution through API|execution|
T0872|Indicator Removal on Host|evasion|seen
T0873|Project File Infection|persistence|
T0874|Hooking|execution,privilege-escalation|
T0877|I/O Image|collection|
T0878|Alarm Suppression|inhibit-response-function|seen
T0879|Damage to Property|impact|
T0880|Loss of Safety|impact|seen
T0881|Service Stop|inhibit-response-function|seen
T0882|Theft of Operational Information|impact|seen
T0883|Internet Accessible Device|initial-access|seen
T0884|Connection Proxy|command-and-control|
T0885|Commonly Used Port|command-and-control|seen
T0886|Remote Services|initial-access,lateral-movement|seen
T0887|Wireless Sniffing|discovery,collection|
T0888|Remote System Information Discovery|discovery|seen
T0889|Modify Program|persistence|seen
T0890|Exploitation for Privilege Escalation|privilege-escalation|
T0891|Hardcoded Credentials|persistence,lateral-movement|seen
T0892|Change Credential|inhibit-response-function|seen
T0893|Data from Local System|collection|
T0894|System Binary Proxy Execution|evasion|
T0895|Autorun Image|execution|
"""


def _technique(row: str) -> Technique:
    number, name, tactics, seen = row.split("|")
    return Technique(number, name, tuple(tactics.split(",")), bool(seen))


TECHNIQUES: Final = {t.id: t for t in map(_technique, _ROWS.split("\n")[1:-1])}
"""By id."""


def tactics_of(technique: str) -> tuple[str, ...]:
    """The tactics that a technique serves; none where the id is not known."""
    known = TECHNIQUES.get(technique)
    return () if known is None else known.tactics
