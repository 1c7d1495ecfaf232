"""Protocols that a rule's head may name.

Source: Suricata user guide, "Rules Format", section "Protocol".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PROTOCOLS", "Protocol"]

TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMP6: Final = 58


@dataclass(frozen=True, slots=True)
class Protocol:
    """transports: IP protocol numbers; empty: any. application: what the conversation must speak.

    level: `packet` or `stream` where a rule asks one of both alone; `any` otherwise. known_by: a buffer that must be
    asked for, so that the conversation is recognised. recognised: whether anything here ever says that it is spoken.
    """

    transports: frozenset[int] = frozenset()
    application: str = ""
    level: str = "any"
    version: int = 0
    known_by: str = ""
    recognised: bool = True


def _spoken(application: str, *transports: int, known_by: str = "", recognised: bool = True) -> Protocol:
    return Protocol(frozenset(transports), application, known_by=known_by, recognised=recognised)


PROTOCOLS: Final[dict[str, Protocol]] = {
    "ip": Protocol(),
    "ipv4": Protocol(version=4),
    "ip4": Protocol(version=4),
    "ipv6": Protocol(version=6),
    "ip6": Protocol(version=6),
    "tcp": Protocol(frozenset({TCP})),
    "tcp-pkt": Protocol(frozenset({TCP}), level="packet"),
    "tcp-stream": Protocol(frozenset({TCP}), level="stream"),
    "udp": Protocol(frozenset({UDP})),
    "icmp": Protocol(frozenset({ICMP, ICMP6})),
    "icmpv4": Protocol(frozenset({ICMP})),
    "icmpv6": Protocol(frozenset({ICMP6})),
    "http": _spoken("http", TCP),
    "http1": _spoken("http", TCP),
    "tls": _spoken("tls", TCP),
    "ssl": _spoken("tls", TCP),
    "smb": _spoken("smb", TCP),
    "smtp": _spoken("smtp", TCP, known_by="smtp.helo"),
    "ftp": _spoken("ftp", TCP, known_by="ftp.command"),
    "ftp-data": _spoken("ftp-data", TCP),
    "ssh": _spoken("ssh", TCP),
    "dcerpc": _spoken("dcerpc", TCP, UDP),
    "dns": _spoken("dns", TCP, UDP, known_by="dns.query"),
    "tftp": _spoken("tftp", UDP),
    "ntp": _spoken("ntp", UDP),
    "dhcp": _spoken("dhcp", UDP),
    "snmp": _spoken("snmp", UDP, TCP),
    "sip": _spoken("sip", UDP, TCP, known_by="sip.protocol"),
    "krb5": _spoken("krb5", TCP, UDP, known_by="krb5.msg_type"),
    "rdp": _spoken("rdp", TCP),
    "rfb": _spoken("rfb", TCP, recognised=False),
    "mqtt": _spoken("mqtt", TCP),
    "modbus": _spoken("modbus", TCP),
    "dnp3": _spoken("dnp3", TCP, UDP),
    "enip": _spoken("enip", TCP, UDP),
    "s7comm": _spoken("s7comm", TCP),
    "bacnet": _spoken("bacnet", UDP),
}
"""Word of the head → what it asks. s7comm and bacnet are ours: Suricata has no word for them."""
