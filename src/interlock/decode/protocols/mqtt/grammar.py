"""Control packets: their types, and what each version of MQTT allows in them.

Source: MQTT 3.1, MQTT 3.1.1 and MQTT 5.0 (OASIS), clauses 2.1 and 3.
"""

from __future__ import annotations

__all__ = [
    "AUTH",
    "CONNACK",
    "CONNECT",
    "DISCONNECT",
    "PINGREQ",
    "PINGRESP",
    "PUBACK",
    "PUBCOMP",
    "PUBLISH",
    "PUBREC",
    "PUBREL",
    "SUBACK",
    "SUBSCRIBE",
    "UNSUBACK",
    "UNSUBSCRIBE",
    "flags_fit",
    "plain_filters",
]

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK = range(1, 10)
UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(10, 16)


def flags_fit(kind, flags, version):
    """MQTT 3.1 gives SUBSCRIBE, UNSUBSCRIBE and PUBREL a QoS of 1 and the mark of a copy; later ones fix the flags."""
    if kind not in (PUBREL, SUBSCRIBE, UNSUBSCRIBE):
        return flags == 0
    return flags == 2 or (version == 3 and flags == 10)


def plain_filters(c, kind):
    """Whether topic filters without properties before them (version 3) fill the rest exactly; the cursor stays."""
    at, step, here = 0, 1 if kind == SUBSCRIBE else 0, c.offset()
    octets = c.take(c.left())
    c.seek(here)
    while at + 2 <= len(octets):
        at += 2 + int.from_bytes(octets[at : at + 2], "big") + step
    return at == len(octets)
