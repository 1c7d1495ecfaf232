"""Whether octets are MQTT: a CONNECT by its protocol name, Sparkplug by its topics, the rest by port and structure.

Source: MQTT 3.1 clause 3.1, 3.1.1 and 5.0 clause 3.1.2.1; Sparkplug 3.0 clause 4.1.
"""

from __future__ import annotations

from interlock.decode.protocols.mqtt.framing import plausible, remaining_length
from interlock.decode.spec import NEED_MORE

__all__ = ["PORTS", "probe"]

PORTS = frozenset({1883, 1884, 8883, 11883})
_NAMES = (b"\x00\x04MQTT\x03", b"\x00\x04MQTT\x04", b"\x00\x04MQTT\x05", b"\x00\x06MQIsdp\x03")
_SPARKPLUG = b"spBv1.0/"


def probe(octets, hint):
    """See ProtocolSpec.probe."""
    if hint.transport != "tcp" or not octets or octets[0] < 0x10:
        return 0
    kind = octets[0] >> 4
    own = hint.source_port in PORTS or hint.target_port in PORTS
    if kind not in (1, 3, 8) and not own:
        return 0
    header, length = remaining_length(octets[:5])
    if header <= 0:
        return NEED_MORE if own and header == 0 else 0
    body = octets[header:]
    if octets[0] == 0x10:
        return _connect(body, length, own)
    if kind == 3 and body[2:10] == _SPARKPLUG and plausible(octets):
        return 90
    if octets[0] == 0x82 and length == len(body) and _filters(body):
        return 70
    return 50 if own and plausible(octets) else 0


def _connect(body, length, own):
    if length < 10:
        return 0
    if any(body.startswith(name) for name in _NAMES):
        return 95
    if len(body) < 9 and any(name.startswith(body) for name in _NAMES):
        return NEED_MORE
    # A bridge sets the version's top bit; other versions are a newer MQTT where the name and the port say so.
    return 60 if own and body[:6] == b"\x00\x04MQTT" else 0


def _filters(body):
    """Whether a SUBSCRIBE of version 3 fills its packet exactly: packet id, then filters of text with a QoS."""
    at = 2
    while at + 3 < len(body):
        size = int.from_bytes(body[at : at + 2], "big")
        octets = body[at + 2 : at + 2 + size]
        if not size or len(octets) < size or any(octet < 32 for octet in octets):
            return False
        at += 3 + size
        if at > len(body) or body[at - 1] > 2:
            return False
    return at == len(body) and at > 2
