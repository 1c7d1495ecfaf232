"""Random captures in every variant, each with the rows that reading it must give."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from .writers import COMPRESSIONS, Interface, Packet, Section, pcap, pcapng

unhurried = settings(deadline=None)
"""Shared machines and uncompiled modules may be slow at any moment; time is bounded elsewhere."""

TIMES = st.integers(1000, (1 << 32) * 10**9 - 1)
LINKTYPES = st.sampled_from([0, 1, 101, 113, 276])


@st.composite
def packets(draw, interfaces: int = 1):
    return Packet(
        time=draw(TIMES),
        octets=draw(st.binary(max_size=80)),
        lacking=draw(st.sampled_from([0, 0, 1, 4, 1400])),
        interface=draw(st.integers(0, interfaces - 1)),
        kind=draw(st.sampled_from(["enhanced", "enhanced", "obsolete", "simple"])),
    )


@st.composite
def pcaps(draw):
    """(octets, rows)"""
    order, unit, linktype = draw(st.sampled_from("<>")), draw(st.sampled_from([1, 1000])), draw(LINKTYPES)
    modified = unit == 1000 and draw(st.booleans())
    items = draw(st.lists(packets(), max_size=12))
    expected = [
        (p.time // unit * unit, p.octets, len(p.octets) + p.lacking, linktype, number)
        for number, p in enumerate(items, 1)
    ]
    return pcap(items, order, unit, linktype, modified), expected


@st.composite
def interfaces(draw):
    resol = st.one_of(st.none(), st.integers(0, 19), st.integers(0x80, 0x80 + 63))
    return Interface(
        linktype=draw(LINKTYPES),
        tsresol=draw(resol),
        tsoffset=draw(st.one_of(st.none(), st.integers(-(10**6), 10**6))),
    )


def representable(interface: Interface, time: int) -> bool:
    return 0 <= interface.ticks(time) < 1 << 64 and 0 <= interface.read_back(time) < 1 << 62


@st.composite
def sections(draw):
    described = tuple(draw(st.lists(interfaces(), min_size=1, max_size=3)))
    items = []
    for p in draw(st.lists(packets(len(described)), max_size=8)):
        if p.kind == "simple":
            items.append(Packet(p.time, p.octets, 0, 0, "simple"))
        elif representable(described[p.interface], p.time):
            items.append(p)
    return Section(draw(st.sampled_from("<>")), described, tuple(items), draw(st.booleans()))


@st.composite
def pcapngs(draw):
    """(octets, rows)"""
    parts = draw(st.lists(sections(), min_size=1, max_size=3))
    expected = []
    latest = 0
    for part in parts:
        for p in part.packets:
            interface = part.interfaces[p.interface]
            latest = latest if p.kind == "simple" else interface.read_back(p.time)
            wirelen = len(p.octets) + p.lacking
            expected.append((latest, p.octets, wirelen, interface.linktype, len(expected) + 1))
    return pcapng(parts), expected


@st.composite
def captures(draw):
    """(octets, rows) of either format, compressed or not."""
    octets, expected = draw(st.one_of(pcaps(), pcapngs()))
    return draw(st.sampled_from(list(COMPRESSIONS.values())))(octets), expected
