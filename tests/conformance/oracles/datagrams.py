"""SNMP, NTP, DHCP and syslog: one message a datagram, paired by their own numbers.

SNMP: function is the PDU tag of the request (0 get, 1 get-next, 3 set, 5 get-bulk, 6 inform); traps (4, 7)
and reports (8) are unsolicited; an encrypted PDU has no function, and its port tells who asks.
NTP: function is the mode of who asks; 5 is a broadcast.
DHCP: function is the message type of who asks; BOOTP without one has none.
Syslog: function is PRI; nobody answers.
Source: RFC 3416, 3; RFC 5905, 7.3; RFC 2131, 3 and RFC 2132, 9.6; RFC 5424, 6.2.1;
tshark fields snmp.*, ntp.*, dhcp.*, syslog.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Layer, Packet

__all__ = ["DHCP", "NTP", "SNMP", "SYSLOG"]

_RESPONSE: Final = 2
_SNMP_PORT: Final = 161
_NTP_ANSWERS: Final = {2: 1, 4: 3}
_BOOT_REPLY: Final = 2
_ANSWERED: Final = {2: 1, 5: 3, 6: 3}
"""DHCP: what an OFFER, ACK and NAK answer where the request was not seen."""


def _snmp(packets: Iterable[Packet]) -> Iterator[Message]:
    asked: dict[tuple[str, str, int | None], int] = {}
    for packet in packets:
        for layer in packet.named("snmp"):
            function, ends = layer.number("snmp.data"), layer.ends
            number = layer.number("snmp.request_id")
            if function == _RESPONSE:
                known = asked.get((ends.destination, ends.source, number))
                yield answer(packet.number, ends, "snmp", known)
            elif layer.text("snmp.encryptedPDU") is not None:
                make = answer if ends.source_port == _SNMP_PORT else request
                yield make(packet.number, ends, "snmp", None)
            elif function is not None:
                asked[ends.source, ends.destination, number] = function
                yield request(packet.number, ends, "snmp", function)


def _ntp(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("ntp"):
            mode = layer.number("ntp.flags.mode")
            if mode in _NTP_ANSWERS:
                yield answer(packet.number, layer.ends, "ntp", _NTP_ANSWERS[mode])
            elif mode is not None:
                yield request(packet.number, layer.ends, "ntp", mode)


def _syslog(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("syslog"):
            facility, level = layer.number("syslog.facility"), layer.number("syslog.level")
            if facility is not None and level is not None:
                yield request(packet.number, layer.ends, "syslog", 8 * facility + level)


def _dhcp(packets: Iterable[Packet]) -> Iterator[Message]:
    asked: dict[str | None, int | None] = {}
    for packet in packets:
        for layer in packet.named("dhcp"):
            yield _boot(packet.number, layer, asked)


def _boot(frame: int, layer: Layer, asked: dict[str | None, int | None]) -> Message:
    number, kind = layer.text("dhcp.id"), layer.number("dhcp.option.dhcp")
    if layer.number("dhcp.type") == _BOOT_REPLY:
        function = asked.get(number, None if kind is None else _ANSWERED.get(kind))
        return answer(frame, layer.ends, "dhcp", function)
    asked[number] = kind
    return request(frame, layer.ends, "dhcp", kind)


SNMP = Oracle(
    name="snmp",
    protocols=("snmp",),
    layers=("snmp",),
    fields=frozenset({"snmp.data", "snmp.request_id", "snmp.encryptedPDU"}),
    messages=_snmp,
)
NTP = Oracle(
    name="ntp",
    protocols=("ntp",),
    layers=("ntp",),
    fields=frozenset({"ntp.flags.mode"}),
    messages=_ntp,
)
DHCP = Oracle(
    name="dhcp",
    protocols=("dhcp",),
    layers=("dhcp",),
    fields=frozenset({"dhcp.id", "dhcp.type", "dhcp.option.dhcp", "dhcp.hw.mac_addr"}),
    messages=_dhcp,
)
SYSLOG = Oracle(
    name="syslog",
    protocols=("syslog",),
    layers=("syslog",),
    fields=frozenset({"syslog.facility", "syslog.level"}),
    messages=_syslog,
)
