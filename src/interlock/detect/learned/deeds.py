"""What somebody does who never did it here: verbs as deeds, each with its techniques, weight and physical consequence.

Techniques are those of ATT&CK for ICS, the most fitting first. They are chosen by what the deviation *is*:

- A machine that nobody had seen and that commands a controller is a rogue master (T0848) whose messages are
  unauthorised (T0855); one that had always read there and now writes is no new master, and T0855 stands first.
- Writing values changes parameters (T0836); operating, forcing and writing outputs commands (T0855, T0831).
- Asking who is there is T0846, asking one machine what it is T0888, asking for names of points T0861; reading values
  is monitoring (T0801), and collecting (T0802) where many are read.
- Values and events told by a new sender are spoofed reports (T0856).
- Remote desktops, shells and shares are remote services (T0886); what is put there is a tool (T0867).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.records.vocabulary import Severity

__all__ = [
    "ACTS",
    "DEEDS",
    "INFRASTRUCTURE",
    "OFFICE",
    "QUIET",
    "REMOTE",
    "Deed",
    "deed_of",
    "is_group",
    "is_handshake",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What verbs of one kind mean.

    did: between client and server, in the past. asked: the same where it was not done. stranger: how grave from a
    machine never seen, else from one that never spoke so to this server. known: from one that speaks so to it, but
    never did this. matters: what follows at the machine. rogue: techniques from a stranger, before the others.
    """

    did: str
    asked: str
    stranger: Severity
    known: Severity
    matters: str
    techniques: tuple[str, ...]
    rogue: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 5.2")


_CHANGES: Final = ("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 3.4", "IEC 62443-3-3 SR 6.2")

DEEDS: Final[dict[str, Deed]] = {
    "write": Deed(
        did="wrote values into", asked="to take values", stranger="high", known="high",
        matters="Written values move actuators or set what the controller aims at: the process follows whoever writes.",
        techniques=("T0855", "T0836", "T0831"), rogue=("T0848",),
    ),
    "operate": Deed(
        did="operated outputs of", asked="to operate outputs", stranger="high", known="high",
        matters="Such a command switches or moves something at once: a breaker, a valve, a drive.",
        techniques=("T0855", "T0831"), rogue=("T0848",),
    ),
    "force": Deed(
        did="forced inputs or outputs of", asked="to force inputs or outputs", stranger="critical", known="high",
        matters="A forced point no longer follows the process or the program: interlocks that read it are blind.",
        techniques=("T0835", "T0855", "T0831"), rogue=("T0848",),
    ),
    "configure": Deed(
        did="changed settings of", asked="to change settings", stranger="high", known="medium",
        matters="Settings decide under which name and limits a device works; a wrong one takes it out of the process.",
        techniques=("T0836", "T0855"), rogue=("T0848",), requirements=_CHANGES,
    ),
    "start": Deed(
        did="started", asked="to start", stranger="high", known="medium",
        matters="What starts unexpectedly sets machines in motion, perhaps with people near them.",
        techniques=("T0858", "T0855"), rogue=("T0848",),
    ),
    "stop": Deed(
        did="stopped", asked="to stop", stranger="critical", known="high",
        matters="A stopped controller leaves outputs as they were or at rest: the process halts, or runs on unwatched.",
        techniques=("T0858", "T0816", "T0881"), rogue=(),
    ),
    "mode-set": Deed(
        did="changed the operating mode of", asked="to change its operating mode", stranger="high", known="high",
        matters="In programming or test mode a controller takes changes, or no longer follows its program.",
        techniques=("T0858",), rogue=(),
    ),
    "reset": Deed(
        did="restarted or reset", asked="to restart or reset", stranger="critical", known="high",
        matters="While it restarts it neither controls nor watches; a factory reset loses program and address.",
        techniques=("T0816", "T0814"), rogue=(),
    ),
    "program-write": Deed(
        did="wrote a program into", asked="to take a program", stranger="critical", known="high",
        matters="A controller does what its program says: who writes it decides how the machine moves.",
        techniques=("T0843", "T0889", "T0821"), requirements=_CHANGES,
    ),
    "program-read": Deed(
        did="read the program of", asked="for its program", stranger="medium", known="medium",
        matters="A program is the plan of the process: who has it knows what to change to do harm.",
        techniques=("T0845", "T0882"),
    ),
    "firmware-write": Deed(
        did="wrote firmware into", asked="to take firmware", stranger="critical", known="critical",
        matters="Firmware runs below the program and survives its reload; a wrong one makes scrap of the controller.",
        techniques=("T0857", "T0839", "T0800"), requirements=_CHANGES,
    ),
    "file-write": Deed(
        did="put files on", asked="to take files", stranger="high", known="medium",
        matters="Files carry tools from machine to machine, and on a controller its configuration.",
        techniques=("T0867", "T0886", "T0809"), requirements=_CHANGES,
    ),
    "file-read": Deed(
        did="fetched files from", asked="for files", stranger="medium", known="low",
        matters="Projects, recipes and records tell how the plant works, and how to harm it.",
        techniques=("T0811", "T0882", "T0893"),
    ),
    "time-set": Deed(
        did="set the clock of", asked="to set its clock", stranger="high", known="medium",
        matters="With a wrong clock, events and alarms are out of order, and timed sequences run at the wrong time.",
        techniques=("T0836", "T0855", "T0872"), requirements=_CHANGES,
    ),
    "alarm-suppress": Deed(
        did="suppressed alarms of", asked="to suppress alarms", stranger="high", known="high",
        matters="Operators no longer learn what their process does.",
        techniques=("T0878", "T0838"),
    ),
    "authenticate": Deed(
        did="logged in to", asked="to be let in", stranger="medium", known="low",
        matters="Whoever is logged in may do what that account may.",
        techniques=("T0859", "T0812"),
        requirements=("IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 1.11", "IEC 62443-3-3 SR 6.2"),
    ),
    "explore": Deed(
        did="asked who and what is there:", asked="who and what is there:", stranger="medium", known="low",
        matters="Whoever lists machines and what they are looks for a way in; some controllers stop at such questions.",
        techniques=("T0846", "T0888"),
    ),
    "watch": Deed(
        did="read values of", asked="for values", stranger="medium", known="low",
        matters="Values and names of points tell how the process runs, which is what a targeted attack needs first.",
        techniques=("T0801", "T0861", "T0802"), rogue=(),
    ),
    "tell": Deed(
        did="told values or events to", asked="to take values or events", stranger="high", known="medium",
        matters="Controllers and operators act on what they are told: a false report moves the process or hides it.",
        techniques=("T0856", "T0832"), rogue=("T0848",),
    ),
    "connect": Deed(
        did="opened connections to", asked="to be connected:", stranger="medium", known="low",
        matters="A connection is the first step of everything else, and some devices take only few of them.",
        techniques=("T0846", "T0885"),
    ),
    "call": Deed(
        did="called", asked="to answer a call:", stranger="medium", known="medium",
        matters="Whoever has got in reports home and is told what to do next in everyday protocols.",
        techniques=("T0869", "T0885"),
        requirements=("IEC 62443-3-3 SR 5.2", "IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 1.13"),
    ),
    "unknown": Deed(
        did="sent requests that cannot be read to", asked="what cannot be read:", stranger="medium", known="medium",
        matters="What is encrypted or of no known function may be anything, a command too.",
        techniques=("T0869", "T0885"),
    ),
}  # fmt: skip
"""Name → what it means."""

_BY_VERB: Final = {
    "select": "operate", "read": "watch", "subscribe": "watch", "report": "tell", "discover": "explore",
    "identify": "explore", "diagnose": "explore", "open": "connect", "close": "connect",
}  # fmt: skip

ACTS: Final = frozenset({
    "write", "operate", "select", "force", "configure", "start", "stop", "mode-set", "reset", "program-write",
    "program-read", "firmware-write", "file-write", "file-read", "time-set", "alarm-suppress",
})  # fmt: skip
"""Verbs that do something, or take something away: each object they touch counts."""

QUIET: Final = frozenset({"open", "close", "identify", "discover", "diagnose", "subscribe", "read", "report"})
"""Verbs that are no news between machines that speak that protocol: handshakes, and what is asked after a restart."""

INFRASTRUCTURE: Final = frozenset({
    "arp", "ndp", "icmp", "icmpv6", "igmp", "dhcp", "dhcpv6", "dns", "mdns", "llmnr", "nbns", "ssdp", "ntp", "ptp",
    "lldp", "cdp", "stp", "mrp", "hsr", "prp", "lacp", "vrrp", "netbios", "netbios-ns", "netbios-dgm", "profinet-ptcp",
})  # fmt: skip
"""Speech of networks, not of plants: a new machine shows in it, and more is not news."""

OFFICE: Final = frozenset({"http", "http2", "tls", "mqtt", "quic", "websocket", "smtp", "ldap", "irc"})
"""Everyday protocols: in them, what matters is whom somebody calls."""

_SENDS: Final = frozenset({"syslog", "goose", "sampled-values", "egd", "profinet-rt"})
"""In these the client of a report is who tells it."""

REMOTE: Final = frozenset({"rdp", "ssh", "telnet", "winrm", "vnc", "smb", "dcerpc", "rlogin"})
"""Ways to work on a machine from afar."""

_HANDSHAKES: Final = frozenset({
    ("dnp3", "WRITE", "internal-indication:7"),  # IEEE 1815, 7.3: the master clears the outstation's restart bit
    ("dnp3", "ENABLE_UNSOLICITED", ""),
    ("dnp3", "DISABLE_UNSOLICITED", ""),
    ("dnp3", "ASSIGN_CLASS", ""),
    ("pnio-cm", "Write", ""),  # IEC 61158-6-10: records of a connection's parameters, between Connect and PrmEnd
    ("pnio-cm", "PrmEnd", ""),
    ("pnio-cm", "ApplicationReady", ""),
    ("opcua", "ActivateSession", ""),
    ("mqtt", "CONNECT", ""),
})  # fmt: skip
"""Protocol, function, object ("" for any): what a client does first on a connection that is made anew."""


def deed_of(verb: str, protocol: str = "", server: str = "") -> str:
    """Give the deed that a verb is in a protocol; a report to a group is told by the client, else asked for by it."""
    if protocol in ("smb", "ftp", "ftp-data") and verb in ("write", "file-write"):
        return "file-write"
    if verb == "report":
        return "tell" if is_group(server) or protocol in _SENDS else "watch"
    name = _BY_VERB.get(verb, verb)
    if protocol in OFFICE and name in ("watch", "connect", "unknown", "write", "tell"):
        return "call"
    return name if name in DEEDS else "unknown"


def is_group(address: str) -> bool:
    """Whether an address is that of a group or of all."""
    head, colon, _ = address.partition(":")
    if colon and len(head) == 4:
        return address[:2].lower() == "ff"
    if colon:
        return len(head) == 2 and _hexadecimal(head) and bool(int(head, 16) & 1)
    first, dot, _ = address.partition(".")
    return bool(dot) and ((first.isdecimal() and 224 <= int(first) < 240) or address.endswith(".255"))


def _hexadecimal(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in text)


def is_handshake(protocol: str, function: str, target: str) -> bool:
    """Whether machines that work together do this whenever one of them begins anew."""
    return (protocol, function, target) in _HANDSHAKES or (protocol, function, "") in _HANDSHAKES
