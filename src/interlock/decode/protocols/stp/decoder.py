"""STP, RSTP, MSTP: what bridges tell each other about the tree that keeps loops out of a network.

    LLC 42 42 03, or SNAP AA AA 03 00 00 0C 01 0B
    | protocol 2 = 0 | version 1 | type 1 | flags 1 | root 8 | cost to it 4 | bridge 8 | port 2 | four times 2 …

A topology change notice (type 80) ends behind its type. A bridge's identifier is its priority (2, with the tree's
number in the low 12 bits) and its MAC.
Source: IEEE 802.1D-2004 clause 9.3; IEEE 802.1Q clause 14.
"""

from __future__ import annotations

from interlock.decode.addresses import mac_text
from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Stp"]

LLC = b"\x42\x42\x03"
SNAP = b"\xaa\xaa\x03\x00\x00\x0c\x01\x0b"
"""Before the trees of single VLANs (PVST+), which follow the same form."""
CONFIGURATION, RAPID, CHANGE = 0x00, 0x02, 0x80
_HEAD = 4
"""Protocol, version and type."""


class Stp(Decoder):
    """One BPDU: the row's object names the root, its function the BPDU's type."""

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        first = c.take(min(len(LLC), c.left()))
        if first != LLC and first + c.take(min(len(SNAP) - len(LLC), c.left())) != SNAP:
            return  # others with a header of their own may share these addresses
        if c.u16be() != 0:
            raise DecodeError("protocol-unknown", c.offset() - 2)
        c.skip(1)
        kind = c.u8()
        row = out.tell(m, i, self.f, kind)
        if kind == CHANGE:
            return
        if kind not in (CONFIGURATION, RAPID):
            self.facts.oddity(m, i, "stp", "type-unknown", c.offset() - 1)
            return
        c.skip(1)
        out.set_object(row, self.objects.code(f"root:{_identifier(c)}"), 1)


def _identifier(c):
    """Priority as four hexadecimal digits, then the MAC."""
    priority = c.u16be()
    return f"{priority:04x}.{mac_text(int.from_bytes(c.take(6), 'big'))}"


def _probe(octets, hint):
    head = len(SNAP) if octets[: len(SNAP)] == SNAP else len(LLC)
    if octets[:head] not in (LLC, SNAP) or len(octets) < head + _HEAD:
        return 0
    return 95 if octets[head : head + 2] == b"\0\0" else 0


SPEC = ProtocolSpec(name="stp", names=("stp",), probe=_probe, decoder=Stp, ethertypes=frozenset({4}))
