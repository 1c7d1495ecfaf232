"""What somebody does who never did it here: verbs as deeds, each with its weight and physical consequence.

Which techniques of ATT&CK for ICS a deed is stands in detect/techniques.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.records.vocabulary import Severity

__all__ = [
    "ACTS",
    "DEEDS",
    "INFRASTRUCTURE",
    "LOOKS",
    "OFFICE",
    "QUIET",
    "REMOTE",
    "Deed",
    "area_of",
    "begins",
    "deed_of",
    "is_group",
    "is_handshake",
    "takes_stock",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What verbs of one kind mean.

    did: between client and server, in the past. asked: the same where it was not done. stranger: how grave from a
    machine never seen, else from one that never spoke so to this server. known: from one that speaks so to it, but
    never did this. matters: what follows at the machine. Its name, also behind `stranger-`, is one of techniques.SEEN.
    """

    did: str
    asked: str
    stranger: Severity
    known: Severity
    matters: str
    requirements: tuple[str, ...] = ("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 5.2")


_CHANGES: Final = ("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 3.4", "IEC 62443-3-3 SR 6.2")

DEEDS: Final[dict[str, Deed]] = {
    "write": Deed(
        did="wrote values into", asked="to take values", stranger="high", known="high",
        matters="Written values move actuators or set what the controller aims at: the process follows whoever writes.",
    ),
    "operate": Deed(
        did="operated outputs of", asked="to operate outputs", stranger="high", known="high",
        matters="Such a command switches or moves something at once: a breaker, a valve, a drive.",
    ),
    "force": Deed(
        did="forced inputs or outputs of", asked="to force inputs or outputs", stranger="critical", known="high",
        matters="A forced point no longer follows the process or the program: interlocks that read it are blind.",
    ),
    "configure": Deed(
        did="changed settings of", asked="to change settings", stranger="high", known="medium",
        matters="Settings decide under which name and limits a device works; a wrong one takes it out of the process.",
        requirements=_CHANGES,
    ),
    "start": Deed(
        did="started", asked="to start", stranger="high", known="medium",
        matters="What starts unexpectedly sets machines in motion, perhaps with people near them.",
    ),
    "stop": Deed(
        did="stopped", asked="to stop", stranger="critical", known="high",
        matters="A stopped controller leaves outputs as they were or at rest: the process halts, or runs on unwatched.",
    ),
    "mode-set": Deed(
        did="changed the operating mode of", asked="to change its operating mode", stranger="high", known="high",
        matters="In programming or test mode a controller takes changes, or no longer follows its program.",
    ),
    "reset": Deed(
        did="restarted or reset", asked="to restart or reset", stranger="critical", known="high",
        matters="While it restarts it neither controls nor watches; a factory reset loses program and address.",
    ),
    "program-write": Deed(
        did="wrote a program into", asked="to take a program", stranger="critical", known="high",
        matters="A controller does what its program says: who writes it decides how the machine moves.",
        requirements=_CHANGES,
    ),
    "program-read": Deed(
        did="read the program of", asked="for its program", stranger="medium", known="medium",
        matters="A program is the plan of the process: who has it knows what to change to do harm.",
    ),
    "firmware-write": Deed(
        did="wrote firmware into", asked="to take firmware", stranger="critical", known="critical",
        matters="Firmware runs below the program and survives its reload; a wrong one makes scrap of the controller.",
        requirements=_CHANGES,
    ),
    "file-write": Deed(
        did="put files on", asked="to take files", stranger="high", known="medium",
        matters="Files carry tools from machine to machine, and on a controller its configuration.",
        requirements=_CHANGES,
    ),
    "file-read": Deed(
        did="fetched files from", asked="for files", stranger="medium", known="low",
        matters="Projects, recipes and records tell how the plant works, and how to harm it.",
    ),
    "time-set": Deed(
        did="set the clock of", asked="to set its clock", stranger="high", known="medium",
        matters="With a wrong clock, events and alarms are out of order, and timed sequences run at the wrong time.",
        requirements=_CHANGES,
    ),
    "alarm-suppress": Deed(
        did="suppressed alarms of", asked="to suppress alarms", stranger="high", known="high",
        matters="Operators no longer learn what their process does.",
    ),
    "authenticate": Deed(
        did="logged in to", asked="to be let in", stranger="medium", known="low",
        matters="Whoever is logged in may do what that account may.",

        requirements=("IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 1.11", "IEC 62443-3-3 SR 6.2"),
    ),
    "explore": Deed(
        did="asked who and what is there:", asked="who and what is there:", stranger="medium", known="low",
        matters="Whoever lists machines and what they are looks for a way in; some controllers stop at such questions.",
    ),
    "watch": Deed(
        did="read values of", asked="for values", stranger="medium", known="low",
        matters="Values and names of points tell how the process runs, which is what a targeted attack needs first.",
    ),
    "tell": Deed(
        did="told values or events to", asked="to take values or events", stranger="high", known="medium",
        matters="Controllers and operators act on what they are told: a false report moves the process or hides it.",
    ),
    "connect": Deed(
        did="opened connections to", asked="to be connected:", stranger="medium", known="low",
        matters="A connection is the first step of everything else, and some devices take only few of them.",
    ),
    "call": Deed(
        did="called", asked="to answer a call:", stranger="medium", known="medium",
        matters="Whoever has got in reports home and is told what to do next in everyday protocols.",

        requirements=("IEC 62443-3-3 SR 5.2", "IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 1.13"),
    ),
    "unknown": Deed(
        did="sent requests that cannot be read to", asked="what cannot be read:", stranger="medium", known="medium",
        matters="What is encrypted or of no known function may be anything, a command too.",
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

LOOKS: Final = frozenset({"identify", "discover", "diagnose"})
"""Those of them that ask who or what is there."""

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

_AREA: Final = re.compile(r"(DB|[MIQEA](?=[BWDX]?\d)|[a-z][a-z-]*(?=:\d))")
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


def area_of(place: str) -> str:
    """Which of a controller's areas an object lies in, as the protocols spell it: DB, M, holding, coil; else empty.

    place: perhaps with its unit before it.
    """
    found = _AREA.match(place.rpartition(" ")[2])
    return found[1] if found else ""


def takes_stock(protocol: str, function: str) -> bool:
    """Whether a master asks a station for everything so: it does when it begins (IEC 60870-5-5, 6.4 and 6.9)."""
    return protocol == "iec104" and function in ("C_IC_NA_1", "C_CI_NA_1")


def begins(word: tuple[str, ...]) -> bool:
    """Whether a function (a word of the lexicon) belongs to a connection's beginning: no sign of what will come."""
    return word[4] == "pnio-cm" or (word[0] == "f" and is_handshake(word[4], word[6], ""))
