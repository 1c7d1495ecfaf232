"""Cuts NetBIOS session packets (ports 139 and 445); of a very long one only the first octets are one message.

What follows them is passed over, unless it is of a file that is read or written: then it is handed on in
pieces, as it comes.

    | type 1 | length 3 | … |        on port 139 the length has 17 bits

A stream that has spoken SMB goes on being cut by its lengths where a session packet holds something else: its receiver
reads the lengths, too, and what follows is SMB again.

Source: RFC 1002 clause 4.3.1, MS-SMB2 clause 2.1.
"""

from __future__ import annotations

from interlock.decode.framing import Framer

__all__ = ["KEPT", "SmbFramer", "carries_file"]

HEADER = 4
WHOLE = 65536
"""Packets up to this long are read whole; they hold every command but large reads and writes."""
KEPT = 1024
SESSION, KEEPALIVE = 0x00, 0x85
TYPES = (SESSION, 0x81, 0x82, 0x83, 0x84, KEEPALIVE)
MAGICS = (b"\xffSMB", b"\xfeSMB", b"\xfdSMB", b"\xfcSMB")


def carries_file(octets):
    """Whether a long packet that begins so is an answer to a READ or a WRITE (MS-SMB2 2.2.1, MS-CIFS 2.2.3.1)."""
    if len(octets) < 24:
        return False
    if octets[4:8] == b"\xffSMB":
        return octets[8] == (0x2E if octets[13] & 0x80 else 0x2F)
    if octets[4:8] != b"\xfeSMB":
        return False
    command, answers = int.from_bytes(octets[16:18], "little"), octets[20] & 1
    return command == (8 if answers else 9)


class SmbFramer(Framer):
    """A packet says how long it is; spoken: streams that had a message with a magic number of SMB.

    bodies: per stream, octets to come of a packet that are handed on.
    """

    def __init__(self):
        Framer.__init__(self, HEADER + WHOLE)
        self.spoken = set()
        self.bodies = {}

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        if self.bodies and (body := self.bodies.pop(self.slot * 2 + self.side, 0)):
            if body > left:
                self.bodies[self.slot * 2 + self.side] = body - left
            return min(body, left)
        head = bytes(self.octets[start : min(end, start + 8)])
        if head[0] not in TYPES:
            return -left
        if left < HEADER:
            self.want = HEADER
            return 0
        length = int.from_bytes(head[1:4], "big")
        if head[0] != SESSION and length > 1024:
            return -left
        stream = self.slot * 2 + self.side
        foreign = head[0] == SESSION and length and head[4:8] not in _beginnings(len(head) - HEADER)
        if foreign and (length > WHOLE or stream not in self.spoken):
            return -left
        if head[4:8] in MAGICS:
            self.spoken.add(stream)
        whole = HEADER + length
        taken = whole if length <= WHOLE else HEADER + KEPT
        if taken > left:
            self.want = taken
            return 0
        if whole > taken and carries_file(bytes(self.octets[start : start + 24])):
            self.bodies[stream] = whole - taken
        else:
            self.leap = whole - taken
        return taken

    def begins(self, start, end):
        """See Framer.begins: a session packet with an SMB header stands here."""
        head = bytes(self.octets[start : min(end, start + 8)])
        if len(head) < 8 or head[0] != SESSION or head[4:8] not in MAGICS:
            return 0
        self.bodies.pop(self.slot * 2 + self.side, None)
        return 1

    def forget(self, slot):
        """See Framer.forget."""
        self.spoken -= {slot * 2, slot * 2 + 1}
        self.bodies.pop(slot * 2, None)
        self.bodies.pop(slot * 2 + 1, None)


def _beginnings(count):
    return MAGICS if count >= 4 else tuple(magic[:count] for magic in MAGICS)
