"""Rings as the kernel writes them, and such as it never would: built from the layout of if_packet.h."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import pack, pack_into

from hypothesis import strategies as st

VLAN_VALID, VLAN_TPID_VALID = 1 << 4, 1 << 6
MAC = 82


@dataclass
class Packet:
    octets: bytes
    seconds: int = 5
    nanoseconds: int = 7
    lacking: int = 0
    tag: tuple[int, int | None] | None = None
    """tci, and the tpid where the kernel says it."""

    @property
    def whole(self):
        """The frame as it was on the wire."""
        if self.tag is None or len(self.octets) < 12:
            return self.octets
        tci, tpid = self.tag
        return self.octets[:12] + pack(">HH", tpid or 0x8100, tci) + self.octets[12:]

    def written(self, last):
        tci, tpid = self.tag or (0, None)
        status = (VLAN_VALID if self.tag else 0) | (VLAN_TPID_VALID if tpid else 0) | 1
        size = -(-(MAC + len(self.octets)) // 16) * 16
        head = pack(
            "=IIIIIIHHIIHH8x",
            0 if last else size,
            self.seconds,
            self.nanoseconds,
            len(self.octets),
            len(self.octets) + self.lacking,
            status,
            MAC,
            MAC + 14,
            0,
            tci,
            tpid or 0,
            0,
        )
        return (head.ljust(MAC, b"\xee") + self.octets).ljust(size, b"\xee")


@dataclass
class Block:
    sequence: int
    packets: list[Packet] = field(default_factory=list)
    status: int = 1

    def written(self, block_octets):
        body = b"".join(p.written(p is self.packets[-1]) for p in self.packets)
        head = pack("=IIIIIIQ16x", 1, 48, self.status, len(self.packets), 48, 48 + len(body), self.sequence)
        assert len(head) == 48
        assert len(head) + len(body) <= block_octets
        return (head + body).ljust(block_octets, b"\xdd")


def ring(blocks, block_octets, count):
    memory = bytearray(block_octets * count)
    for block in blocks:
        at = (block.sequence - 1) % count * block_octets
        memory[at : at + block_octets] = block.written(block_octets)
    return memory


TAGS = st.one_of(
    st.none(), st.tuples(st.integers(0, 0xFFFF), st.sampled_from([None, 0x8100, 0x88A8, 0x9100]))
)
PACKETS = st.builds(
    Packet,
    octets=st.binary(max_size=90),
    seconds=st.integers(0, (1 << 32) - 1),
    nanoseconds=st.integers(0, 999_999_999),
    lacking=st.sampled_from([0, 0, 0, 3000]),
    tag=TAGS,
)


@st.composite
def rings(draw, block_octets=1024, count=4):
    """(memory, filled blocks in order, sequence of the first)"""
    first = draw(st.integers(1, 9))
    filled = draw(st.integers(0, count))
    blocks = [Block(first + k, draw(st.lists(PACKETS, max_size=5))) for k in range(filled)]
    return ring(blocks, block_octets, count), blocks, first


@st.composite
def hostile_rings(draw, block_octets=512, count=4):
    """(memory, sequence): fields of blocks and packets overwritten with anything, or nothing but noise."""
    memory, _, first = draw(rings(1024, count).filter(lambda r: r[1]))
    if draw(st.booleans()):
        noise = draw(st.binary(min_size=len(memory) // 8, max_size=len(memory) // 8)) * 8
        memory = bytearray(noise)
        for block in range(count):
            pack_into("=I", memory, block * 1024 + 8, 1)
            pack_into("=Q", memory, block * 1024 + 24, first + (block - first + 1) % count)
    numbers = st.one_of(
        st.sampled_from(
            [0, 1, 12, 47, 48, 49, 975, 976, 977, 1023, 1024, 1025, 65535, 1 << 31, (1 << 32) - 1]
        ),
        st.integers(0, (1 << 32) - 1),
    )
    for _ in range(draw(st.integers(0, 6))):
        block = draw(st.integers(0, count - 1)) * 1024
        at = block + draw(
            st.one_of(
                st.sampled_from([12, 16, 20, 48, 60, 64, 68, 72]), st.integers(3, 60).map(lambda k: 4 * k)
            )
        )
        pack_into("=I", memory, at, draw(numbers))
    return memory, first
