"""A Modbus read within every link type, tag and tunnel is the same Modbus read."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode import feed
from decode.wire import answer, decode, ipv4, ipv6, read, segment, udp_head

ADDRESSES = ("10.0.0.1", "10.0.0.2")


def _tcp(side: int) -> bytes:
    return segment(side, read() if side == 0 else answer(1, 7), seq=1000 + 4000 * side)


def _inner(side: int) -> bytes:
    return feed.ethernet(ipv4(_tcp(side), side=side), 0x0800, side=side)


def _tagged(side: int) -> bytes:
    return feed.ethernet(b"\x20\x05\x08\x00" + ipv4(_tcp(side), side=side), 0x8100, side=side)


def _qinq(side: int) -> bytes:
    tags = b"\x00\x64\x81\x00" + b"\x00\x05\x08\x00"
    return feed.ethernet(tags + ipv4(_tcp(side), side=side), 0x88A8, side=side)


def _hsr(side: int) -> bytes:
    tag = struct.pack(">HHH", 0x0040, 9 + side, 0x0800)
    return feed.ethernet(tag + ipv4(_tcp(side), side=side), 0x892F, side=side)


def _snap(side: int) -> bytes:
    packet = b"\xaa\xaa\x03\x00\x00\x00\x08\x00" + ipv4(_tcp(side), side=side)
    return feed.ethernet(packet, len(packet), side=side)


def _outer(payload: bytes, protocol: int) -> bytes:
    return feed.ethernet(ipv4(payload, protocol=protocol), 0x0800)


def _gre(side: int) -> bytes:
    return _outer(struct.pack(">HHI", 0x2000, 0x0800, 5) + ipv4(_tcp(side), side=side), 47)


def _erspan2(side: int) -> bytes:
    return _outer(struct.pack(">HHI", 0x1000, 0x88BE, 1) + b"\x10" + bytes(7) + _inner(side), 47)


def _erspan3(side: int) -> bytes:
    return _outer(struct.pack(">HHI", 0x1000, 0x22EB, 1) + b"\x20" + bytes(11) + _inner(side), 47)


def _erspan3_long(side: int) -> bytes:
    return _outer(
        struct.pack(">HHI", 0x1000, 0x22EB, 1) + b"\x20" + bytes(10) + b"\x01" + bytes(8) + _inner(side), 47
    )


def _vxlan(side: int) -> bytes:
    return _outer(udp_head(4789, b"\x08" + bytes(7) + _inner(side)), 17)


def _tzsp(side: int) -> bytes:
    return _outer(udp_head(37008, b"\x01\x00\x00\x01" + b"\x0a\x01\x55" + b"\x00\x01" + _inner(side)), 17)


def _ip_in_ip(side: int) -> bytes:
    return _outer(ipv4(_tcp(side), side=side), 4)


def _vntag(side: int) -> bytes:
    return feed.ethernet(b"\0\0\0\1\x08\0" + ipv4(_tcp(side), side=side), 0x8926, side=side)


def _provider(side: int) -> bytes:
    return feed.ethernet(b"\0\0\0\1" + _inner(side), 0x88E7, side=side)


def _fabric(side: int) -> bytes:
    return feed.ethernet(b"\0\1" + _inner(side), 0x8903, side=side)


def _ppp(side: int) -> bytes:
    carried = b"\xff\x03\0\x21" + ipv4(_tcp(side), side=side)
    return _outer(struct.pack(">HHHHII", 0x3081, 0x880B, len(carried), 1, 1, 1) + carried, 47)


def _ppp_short(side: int) -> bytes:
    return _outer(struct.pack(">HH", 0, 0x880B) + b"\x21" + ipv4(_tcp(side), side=side), 47)


def _gre_tagged(side: int) -> bytes:
    return _outer(struct.pack(">HH", 0, 0x8100) + b"\0\5\x08\0" + ipv4(_tcp(side), side=side), 47)


def _from_vxlan(side: int) -> bytes:
    octets = b"\x08" + bytes(7) + _inner(side)
    return _outer(struct.pack(">HHHH", 4789, 40000, 8 + len(octets), 0) + octets, 17)


def _geneve_ip(side: int) -> bytes:
    return _outer(udp_head(6081, b"\0\0\x08\0\0\0\7\0" + ipv4(_tcp(side), side=side)), 17)


def _teredo(side: int, origin: bytes = b"", more: bytes = b"") -> bytes:
    carried = ipv6(_tcp(side), after=6, side=side)
    return _outer(udp_head(3544, origin + carried + more), 17)


@pytest.mark.parametrize("origin", [b"", bytes(8)])
def test_teredo(origin: bytes) -> None:
    _assert_read(decode([_teredo(side, origin) for side in (0, 1)]), ("2001:db8::1", "2001:db8::2"))


@pytest.mark.parametrize(("origin", "more"), [(b"\0\1" + bytes(6), b""), (b"", b"\0")])
def test_what_is_no_teredo_stays_a_datagram(origin: bytes, more: bytes) -> None:
    rows = decode([_teredo(0, origin, more)])
    assert [(flow["client"], flow["server_port"]) for flow in rows["flows"]] == [("10.0.0.1", 3544)]


def _assert_read(rows: feed.Rows, ends: tuple[str, str] = ADDRESSES) -> None:
    operations = [
        (r["client"], r["server"], r["verb"], r["object"], r["outcome"], r["frame"], r["response_frame"])
        for r in rows["operations"]
    ]
    assert operations == [(*ends, "read", "holding:10", "ok", 1, 2)]
    assert len(rows["flows"]) == 1


@pytest.mark.parametrize(
    ("build", "vlan"),
    [
        (_inner, None),
        (_tagged, 5),
        (_qinq, 100),
        (_hsr, None),
        (_snap, None),
        (_gre, None),
        (_erspan2, None),
        (_erspan3, None),
        (_erspan3_long, None),
        (_vxlan, None),
        (_tzsp, None),
        (_ip_in_ip, None),
        (_vntag, None),
        (_provider, None),
        (_fabric, None),
        (_ppp, None),
        (_ppp_short, None),
        (_gre_tagged, 5),
        (_from_vxlan, None),
        (_geneve_ip, None),
    ],
)
def test_ethernet_tags_and_tunnels(build: object, vlan: int | None) -> None:
    rows = decode([build(0), build(1)])  # type: ignore[operator]
    _assert_read(rows)
    assert rows["flows"][0]["vlan"] == vlan


@pytest.mark.parametrize(
    ("linktype", "head"),
    [
        (113, struct.pack(">HHH", 0, 1, 6) + feed.MACS[0] + b"\x00\x00\x08\x00"),
        (276, struct.pack(">HHIHBB", 0x0800, 0, 3, 1, 0, 6) + feed.MACS[0] + b"\x00\x00"),
        (101, b""),
        (228, b""),
        (12, b""),
        (0, b"\x02\x00\x00\x00"),
        (108, b"\x00\x00\x00\x02"),
    ],
)
def test_other_link_types(linktype: int, head: bytes) -> None:
    _assert_read(decode([head + ipv4(_tcp(side), side=side) for side in (0, 1)], linktype=linktype))


@pytest.mark.parametrize(
    ("after", "headers"),
    [
        (6, b""),
        (0, b"\x06\x00" + bytes(6)),
        (43, b"\x06\x01" + bytes(14)),
        (0, b"\x3c\x00" + bytes(6) + b"\x06\x00" + bytes(6)),
        (51, b"\x06\x04" + bytes(22)),
        (44, b"\x06\x00\x00\x00" + bytes(4)),
    ],
)
def test_ipv6_extension_headers(after: int, headers: bytes) -> None:
    frames = [feed.ethernet(ipv6(headers + _tcp(s), after=after, side=s), 0x86DD, side=s) for s in (0, 1)]
    _assert_read(decode(frames), ("2001:db8::1", "2001:db8::2"))


def _prp(frame: bytes, number: int, lan: int) -> bytes:
    return frame + struct.pack(">HHH", number, lan << 12 | (len(frame) - 14 + 6), 0x88FB)


def _twins() -> list[bytes]:
    return [_prp(_inner(side), 40 + side, lan) for side in (0, 1) for lan in (10, 11)]


def test_prp_twins_count_once() -> None:
    rows = decode(_twins())
    assert [(r["frame"], r["response_frame"], r["outcome"]) for r in rows["operations"]] == [(1, 3, "ok")]
    flow = rows["flows"][0]
    assert (flow["client_packets"], flow["server_packets"], flow["retransmissions"]) == (1, 1, 0)


def test_the_same_prp_frame_in_two_realms_is_no_twin() -> None:
    frames = [_prp(_inner(side), 40 + side, 10) for side in (0, 1) for _ in (0, 1)]
    rows = decode(frames, realms=("a", "b"), source=[0, 1, 0, 1])
    assert sorted((r["realm"], r["outcome"]) for r in rows["operations"]) == [("a", "ok"), ("b", "ok")]


@settings(max_examples=60, deadline=None)
@given(
    linktype=st.sampled_from([0, 1, 12, 101, 108, 113, 228, 229, 276, 999]),
    which=st.sampled_from(
        [
            _inner,
            _qinq,
            _hsr,
            _snap,
            _gre,
            _erspan3,
            _vxlan,
            _tzsp,
            _ip_in_ip,
            _ppp,
            _geneve_ip,
            _teredo,
            _provider,
        ]
    ),
    cut=st.integers(0, 160),
    at=st.integers(0, 159),
    octet=st.integers(0, 255),
)
def test_broken_frames_are_counted_and_break_nothing(
    linktype: int, which: object, cut: int, at: int, octet: int
) -> None:
    frame = bytearray(which(0))  # type: ignore[operator]
    frame[at % len(frame)] = octet
    rows = decode([bytes(frame[:cut]), _inner(0), _inner(1)], linktype=linktype)
    assert sum(f["client_packets"] + f["server_packets"] for f in rows["flows"]) <= 3


def test_tunnels_within_tunnels_end() -> None:
    frame = _inner(0)
    for _ in range(40):
        frame = _outer(struct.pack(">HH", 0, 0x6558) + frame, 47)
    rows = decode([frame])
    assert [f["transport"] for f in rows["flows"]] == ["ip/47"]


def _option(after: int, octets: int = 8) -> bytes:
    """A hop-by-hop, routing or destination options header (RFC 8200, section 4) that says nothing."""
    return bytes([after, octets // 8 - 1]) + bytes(octets - 2)


def _authentication(after: int) -> bytes:
    """An authentication header (RFC 4302) of 24 octets: its length counts units of 4, less 2."""
    return bytes([after, 4]) + bytes(22)


def _piece_head(after: int, offset: int, ident: int, *, more: bool) -> bytes:
    """A fragment header (RFC 8200, section 4.5); offset in octets."""
    return struct.pack(">BBHI", after, 0, offset | more, ident)


V6_ENDS = ("2001:db8::1", "2001:db8::2")


def _v6(side: int, chain: list[tuple[int, bytes]]) -> bytes:
    """TCP behind a chain of (number, header); each header already names what follows it."""
    first = chain[0][0] if chain else 6
    return feed.ethernet(
        ipv6(b"".join(h for _, h in chain) + _tcp(side), after=first, side=side), 0x86DD, side=side
    )


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [(0, _option(6))],
        [(0, _option(43)), (43, _option(60, 24)), (60, _option(6, 16))],
        [(60, _option(51)), (51, _authentication(6))],
        [(44, _piece_head(6, 0, 7, more=False))],
        [(0, _option(44)), (44, _piece_head(6, 0, 7, more=False))],
        [(60, _option(60))] * 10 + [(60, _option(6))],
    ],
)
def test_ipv6_extension_headers_are_stepped_over(chain: list[tuple[int, bytes]]) -> None:
    _assert_read(decode([_v6(0, chain), _v6(1, chain)]), V6_ENDS)


@pytest.mark.parametrize(
    "chain",
    [
        [(60, _option(60))] * 40 + [(60, _option(6))],
        [(60, bytes([6, 255]) + bytes(6))],
        [(0, bytes([6]))],
        [(51, bytes([6, 255]) + bytes(6))],
        [(44, b"\x06\x00\x00")],
        [(59, b"")],
    ],
)
def test_a_hostile_chain_costs_its_packet_and_nothing_else(chain: list[tuple[int, bytes]]) -> None:
    head, rest = chain[0][0], b"".join(h for _, h in chain)
    short = feed.ethernet(ipv6(rest, after=head), 0x86DD)
    rows = decode([short, _v6(0, chain) if len(chain) > 1 else short, _v6(0, []), _v6(1, [])])
    assert [(r["verb"], r["frame"], r["response_frame"], r["outcome"]) for r in rows["operations"]] == [
        ("read", 3, 4, "ok")
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("before", [[], [(0, _option(44))]])
def test_ipv6_fragments_come_together_in_any_order(
    order: tuple[int, ...], before: list[tuple[int, bytes]]
) -> None:
    whole = _tcp(0)
    pieces = []
    for begin, end in ((0, 8), (8, 24), (24, len(whole))):
        head = _piece_head(6, begin, 7, more=end < len(whole))
        octets = b"".join(h for _, h in before) + head + whole[begin:end]
        pieces.append(feed.ethernet(ipv6(octets, after=before[0][0] if before else 44), 0x86DD))
    rows = decode([*(pieces[k] for k in order), _v6(1, [])])
    assert [(r["client"], r["object"], r["frame"], r["outcome"]) for r in rows["operations"]] == [
        (V6_ENDS[0], "holding:10", 3, "ok")
    ]


def test_ipv6_fragments_of_two_datagrams_are_kept_apart() -> None:
    def piece(ident: int, begin: int, end: int, address: int) -> bytes:
        whole = segment(0, read(ident, address), seq=1000 + 12 * (ident - 1))
        head = _piece_head(6, begin, ident, more=end < len(whole))
        return feed.ethernet(ipv6(head + whole[begin:end], after=44), 0x86DD)

    cut = [piece(1, 0, 16, 10), piece(2, 0, 16, 20), piece(1, 16, 32, 10), piece(2, 16, 32, 20)]
    found = {(r["transaction"], r["object"]) for r in decode(cut)["operations"]}
    assert found == {("1", "holding:10"), ("2", "holding:20")}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([0, 43, 44, 51, 60, 135]), st.binary(max_size=120))
def test_any_octets_behind_an_ipv6_header_cost_at_most_their_packet(after: int, octets: bytes) -> None:
    rows = decode([feed.ethernet(ipv6(octets, after=after), 0x86DD), _v6(0, []), _v6(1, [])])
    assert ("read", 2, 3, "ok") in {
        (r["verb"], r["frame"], r["response_frame"], r["outcome"]) for r in rows["operations"]
    }
