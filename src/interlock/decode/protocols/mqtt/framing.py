"""Cuts MQTT control packets out of a stream; of a very long one only the first octets are read.

    | type 4 bits, flags 4 bits | remaining length 1 to 4 octets, 7 bits each, least significant first | … |

Source: MQTT 3.1.1 and 5.0, clause 2.
"""

from __future__ import annotations

from interlock.decode.framing import Framer

__all__ = ["KEPT", "WHOLE", "MqttFramer", "remaining_length"]

WHOLE = 65536
"""Packets up to this long are read whole."""
KEPT = 16384
"""Octets that are read of a longer one: its topic, its properties and how its payload begins."""
_HEADER = 5
FLAGS_2 = (6, 8, 10)
"""PUBREL, SUBSCRIBE and UNSUBSCRIBE: their flags are 2; PUBLISH has flags that mean something; all others 0."""


def remaining_length(head):
    """Octets of the fixed header and its remaining length; (0, 0): more are needed, (-1, 0): malformed.

    head: at least one octet of a packet.
    """
    length = 0
    for k in range(1, min(len(head), _HEADER)):
        length |= (head[k] & 0x7F) << (7 * (k - 1))
        if head[k] < 0x80:
            return k + 1, length
    return (-1, 0) if len(head) >= _HEADER else (0, 0)


class MqttFramer(Framer):
    """Without state: a packet says how long it is."""

    def __init__(self):
        Framer.__init__(self, _HEADER + WHOLE)

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        head = bytes(self.octets[start : min(end, start + _HEADER)])
        if head[0] < 0x10:
            return -left
        header, length = remaining_length(head)
        if header < 0:
            return -left
        if header == 0:
            self.want = len(head) + 1
            return 0
        whole = header + length
        taken = whole if whole <= WHOLE else KEPT
        if taken > left:
            self.want = taken
            return 0
        self.leap = whole - taken
        return taken

    def begins(self, start, end):
        """See Framer.begins: the packets from here on fit together, or the first is long and well-formed."""
        octets = bytes(self.octets[start : min(end, start + 512)])
        return 1 if plausible(octets) >= 1 else 0


def plausible(octets):
    """How many packets with right flags and fitting lengths stand here, the last one perhaps cut; 0: no packet."""
    at = found = 0
    while at < len(octets) and found < 8:
        kind, flags = octets[at] >> 4, octets[at] & 15
        header, length = remaining_length(octets[at : at + _HEADER])
        if header <= 0 or not _fits(kind, flags, length):
            return 0
        if kind == 3 and not _topic_fits(octets[at + header :], length, flags):
            return 0
        at += header + length
        found += 1
    return found


def _fits(kind, flags, length):
    if kind == 0 or (kind == 3 and (flags & 6) == 6):
        return False
    if kind not in (3, *FLAGS_2) and flags:
        return False
    if kind in FLAGS_2 and flags != 2:
        return False
    if kind in (12, 13):
        return length == 0
    least = (0, 12, 2, 3, 2, 2, 2, 2, 6, 3, 5, 2, 0, 0, 0, 0)[kind]
    return length >= least


def _topic_fits(body, length, flags):
    """Whether a PUBLISH has a topic of text without wildcards that fits its length."""
    if len(body) < 2:
        return True
    size = int.from_bytes(body[:2], "big")
    if size + 2 + (2 if flags & 6 else 0) > length:
        return False
    topic = body[2 : 2 + size]
    return all(octet >= 32 and octet not in (0x23, 0x2B) for octet in topic)
