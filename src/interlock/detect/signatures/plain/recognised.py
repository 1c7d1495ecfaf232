"""Where Suricata recognises what a conversation speaks: most protocols by octets, some only at ports it looks at them.

We recognise protocols by their octets wherever they stand. Where rules are to say what Suricata says, a conversation
of one that it looks for at ports alone speaks nothing at others. Ports as it is delivered (`app-layer.protocols.*.
detection-ports` of its configuration; Modbus, DNP3 and EtherNet/IP switched on), or as its sources have them
(src/app-layer-*.c, rust/src/*, version 7.0).
"""

from __future__ import annotations

from typing import Final

__all__ = ["FROM_BOTH_ENDS", "recognised"]

_TCP, _UDP = 6, 17
_PORTS: Final[dict[tuple[str, int], frozenset[int]]] = {
    ("dhcp", _UDP): frozenset({67, 68}),
    ("dnp3", _TCP): frozenset({20_000}),
    ("dnp3", _UDP): frozenset(),
    ("dns", _TCP): frozenset({53}),
    ("dns", _UDP): frozenset({53}),
    ("enip", _TCP): frozenset({44_818}),
    ("enip", _UDP): frozenset({44_818}),
    ("krb5", _TCP): frozenset({88}),
    ("krb5", _UDP): frozenset({88}),
    ("modbus", _TCP): frozenset({502}),
    ("mqtt", _TCP): frozenset({1_883}),
    ("ntp", _UDP): frozenset({123}),
    ("rdp", _TCP): frozenset({3_389}),
    ("sip", _TCP): frozenset(),
    ("sip", _UDP): frozenset({5_060, 5_061}),
    ("snmp", _TCP): frozenset(),
    ("snmp", _UDP): frozenset({161, 162}),
    ("tftp", _UDP): frozenset({69}),
}
"""Application as heads of rules name it, and IP's number of what carries it → ports of servers; none: nowhere."""
FROM_BOTH_ENDS: Final = frozenset({("enip", _UDP)})
"""Those of them that are recognised from that port, too, where it is who is heard first: answers to a broadcast."""


def recognised(application: str, transport: int, port: int | None) -> bool:
    """Whether Suricata takes octets for that protocol. port: the server's; None where it is not known."""
    ports = _PORTS.get((application, transport))
    return ports is None or port is None or port in ports
