"""Words about packets' headers: as the decoder hands them over, and the same of many as of one."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import ACK, CLIENT, FIN, SERVER, SYN, Tcp, ethernet, run
from decode.wire import ipv4, ipv6
from detect.signatures.engine.test_engine import matchers, told
from detect.signatures.rows import PlainEngine, batch, headers_of, rows_of
from interlock.detect.batch import Batch
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.engine.engine import Engine
from interlock.detect.signatures.engine.headers import Headers, fields_of
from interlock.detect.signatures.language.checks import Field, Flags, FragBits
from interlock.detect.signatures.language.numbers import Bound
from interlock.detect.signatures.language.reading import read_rules
from interlock.detect.signatures.plain.unit import Unit

ANY = "any any -> any any"
NUMBERS = {"ttl": 255, "tos": 255, "id": 65_535, "seq": 2**32 - 1, "ack": 2**32 - 1, "flags": 255, "window": 65_535,
           "fragbits": 7, "itype": 255, "icode": 255, "icmp_id": 65_535, "icmp_seq": 65_535}  # fmt: skip


def units():
    fields = st.fixed_dictionaries(
        {}, optional={name: st.integers(0, most) for name, most in NUMBERS.items()}
    )
    return st.builds(
        lambda fields, transport, wide, octets: Unit(
            transport=transport, source=10 + wide * 2**32, target=11 + wide * 2**32, to_server=True, fields=fields,
            source_port=1 if transport in {6, 17} else None, target_port=2 if transport in {6, 17} else None,
            buffers={"packet": (octets,)},
        ),
        fields, st.sampled_from([1, 6, 17, 58, 50]), st.booleans(), st.sampled_from([b"", b"x", b"xyz"]),
    )  # fmt: skip


def checks():
    bounds = st.builds(Bound, st.sampled_from(["=", "!=", "<", ">", "<=", ">="]), st.integers(0, 300))
    masks = st.integers(0, 255)
    return st.one_of(
        st.builds(Field, st.sampled_from([n for n in NUMBERS if n not in {"flags", "fragbits"}]), bounds),
        st.builds(lambda m, a, b: Flags(mode=m, mask=a, ignored=b), st.sampled_from("=+*!"), masks, masks),
        st.builds(lambda m, a: FragBits(mode=m, mask=a), st.sampled_from("=+*!"), st.integers(0, 7)),
    )


@settings(max_examples=200)
@given(st.lists(units(), min_size=1, max_size=6), checks())
def test_many_at_once_rule_out_nothing_that_holds(made, check):
    octets = [headers_of(unit) for unit in made]
    starts = np.concatenate(([0], np.cumsum([len(one) for one in octets]))).astype(np.int64)
    may = Headers(np.frombuffer(b"".join(octets) + bytes(8), np.uint8), starts).may(
        check, np.arange(len(made))
    )
    for unit, one, there in zip(made, octets, may.tolist(), strict=True):
        fields = fields_of(one)
        name = getattr(check, "name", "flags" if isinstance(check, Flags) else "fragbits")
        holds = name in fields and (check.bound.holds if isinstance(check, Field) else check.holds)(
            fields[name]
        )
        assert there or not holds
        assert unit.source >> 32 or there == holds or name in {"icmp_id", "icmp_seq"}


@settings(max_examples=100)
@given(st.lists(units(), min_size=1, max_size=8))
def test_engine_and_plain_way_agree_on_headers(made):
    rules = matchers(
        f"alert tcp {ANY} (flags:S,12; sid:1;)", f"alert tcp {ANY} (flags:*FR; ttl:<9; sid:2;)",
        f"alert icmp {ANY} (itype:8; icode:0; sid:3;)", f"alert ip {ANY} (ip_proto:50; sid:4;)",
        f"alert ip {ANY} (id:0; dsize:0; sid:5;)", f'alert tcp {ANY} (flags:!S; content:"xy"; sid:6;)',
        f'alert tcp {ANY} (tcp.hdr; content:"|00 00|"; sid:7;)', f"alert icmp {ANY} (icmp_seq:7; sid:8;)",
        f'alert tcp {ANY} (flags:A+; content:!"y"; sid:9;)', f"alert tcp {ANY} (sid:10;)",
        f"alert tcp {ANY} (tcp.hdr; byte_test:1,=,0x50,12; sid:11;)",
        f'alert ip {ANY} (ip.src; content:"|0a|"; sid:12;)',
        f'alert tcp {ANY} (content:"x"; ip.dst; content:"|0b|"; endswith; sid:13;)',
        f"alert tcp {ANY} (byte_test:1,=,0x78,0; ip.src; isdataat:!4; sid:14;)",
    )  # fmt: skip
    rows = batch([row for k, unit in enumerate(made) for row in rows_of(unit, k)])
    assert told(Engine(rules), rows) == told(PlainEngine(rules), rows)


def hits(frames, *texts):
    rules = matchers(*texts)
    engine = Engine(rules)
    rows = run(frames, buffers=engine.buffers).get("payloads", [])
    told(engine, batch(rows))
    return [int(n) for n in engine.hit], len(rows)


def conversation():
    connection = Tcp(502)
    connection.open()
    for _ in range(5):
        connection.segment(CLIENT, b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01")
        connection.segment(SERVER, b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x00")
    connection.segment(CLIENT, flags=FIN | ACK)
    connection.segment(SERVER, flags=FIN | ACK)
    connection.segment(CLIENT, flags=ACK)
    return connection.frames


def test_a_rule_about_flags_hears_of_what_opens_and_ends_and_of_nothing_else():
    opens, rows = hits(conversation(), f"alert tcp {ANY} (flow:to_server; flags:S,12; sid:1;)")
    assert opens == [1]
    assert rows < len(conversation())
    counts, _ = hits(
        conversation(), f"alert tcp {ANY} (flags:SA; sid:1;)", f"alert tcp {ANY} (flags:F+; sid:2;)"
    )
    assert counts[0] == 1
    assert counts[1] >= 1


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        # Once a direction: addresses alone, or a protocol alone.
        (f"alert ip {ANY} (sid:1;)", 2),
        (f"alert tcp {ANY} (flowbits:set,a; sid:1;)", 2),
        ("alert tcp 10.0.0.0/8 any -> 10.0.0.2 any (sid:1;)", 1),
        (f"alert tcp {ANY} (app-layer-protocol:modbus; sid:1;)", 2),
        (f"alert tcp {ANY} (app-layer-protocol:modbus; flow:to_server; sid:1;)", 1),
        # Packet by packet: a port, an address said by what it is not, a question about a mark, a state of the flow.
        ("alert tcp any any -> any 502 (sid:1;)", 7),
        ("alert tcp any any -> !10.9.9.9 any (sid:1;)", 14),
        ("alert tcp $HOME_NET any -> !$EXTERNAL_NET any (sid:1;)", 14),
        (f"alert tcp {ANY} (flowbits:isnotset,a; sid:1;)", 14),
        (f"alert tcp {ANY} (app-layer-protocol:modbus; flow:established,to_server; sid:1;)", 6),
        (f"alert tcp {ANY} (flowint:n,+,1; sid:1;)", 14),
    ],
)
def test_how_often_rules_without_contents_speak(text, counted):
    assert hits(conversation(), text)[0] == [counted]


def test_a_rule_about_payloads_makes_no_more_rows_than_before():
    _, rows = hits(conversation(), f'alert tcp {ANY} (content:"|01 03|"; depth:8; sid:1;)')
    assert rows == 10, "each is a packet and a piece of a stream at once"


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        (f"alert tcp {ANY} (flow:not_established,to_server; flags:S; sid:1;)", True),
        (f"alert tcp {ANY} (flow:established; flags:S; sid:1;)", False),
        (f"alert tcp {ANY} (flags:A; dsize:0; sid:1;)", True),
        (f"alert tcp {ANY} (ttl:255; sid:1;)", False),
        (f"alert udp {ANY} (sid:1;)", False),
    ],
)
def test_words_of_headers_on_a_conversation(text, hit):
    (count,), _ = hits(conversation(), text)
    assert bool(count) == hit


def test_a_batch_without_the_column_says_nothing_of_headers():
    rows = batch(rows_of(Unit(to_server=True, source_port=1, target_port=2, buffers={"packet": (b"x",)}), 1))
    rules = matchers(f"alert tcp {ANY} (flags:PA; sid:1;)")
    assert told(Engine(rules), rows)
    fewer = Batch("payloads", rows._base.rows.drop_columns(["headers"]))
    assert not told(Engine(rules), fewer)


SEGMENT = struct.pack("!HHIIBBHHH", 1025, 502, 7, 0, 0x50, SYN, 512, 0, 0) + b"in three pieces!"


def _pieces(*cuts):
    """Fragments of IPv4."""
    for begin, end in cuts:
        more = 0x2000 if end < len(SEGMENT) else 0
        yield ethernet(ipv4(SEGMENT[begin:end], ident=7, piece=more | begin // 8), 0x0800)


def _pieces6(*cuts):
    """The same of IPv6 (RFC 8200 clause 4.5)."""
    for begin, end in cuts:
        fragment = struct.pack("!BBHI", 6, 0, begin | (end < len(SEGMENT)), 7) + SEGMENT[begin:end]
        head = struct.pack("!IHBB", 0x60000000, len(fragment), 44, 64) + bytes(15) + b"\1" + bytes(15) + b"\2"
        yield ethernet(head + fragment, 0x86DD)


CUTS = ((0, 8), (8, 24), (24, 36))


@pytest.mark.parametrize("made", [_pieces, _pieces6])
@pytest.mark.parametrize("order", [CUTS, CUTS[::-1]])
def test_headers_of_datagrams_that_were_joined(made, order):
    """One packet, as whoever put it together sees it: none of its pieces is looked at."""
    version = 6 if made is _pieces6 else 4
    shown = "00 00 40 06" if version == 4 else "2c 40"
    for options, counted in (
        ("flags:S;", 1),
        ("flags:S; ttl:64;", 1),
        ("flags:A;", 0),
        ("flow:only_frag; flags:S;", 1),
        ("flow:no_frag; flags:S;", 0),
        ('flow:only_frag; content:"three";', 1),
        ("seq:7; window:512;", 1),
        (f'ipv{version}.hdr; content:"|{shown}|"; offset:6; depth:{4 if version == 4 else 2};', 1),
        ('tcp.hdr; content:"|01 f6|"; offset:2; depth:2;', 1),
    ):
        assert hits([*made(*order)], f"alert tcp {ANY} ({options} sid:1;)")[0] == [counted], options
    whole = [*made((0, len(SEGMENT)))] if version == 4 else []
    for options, counted in (("flow:only_frag; flags:S;", 0), ("flow:no_frag; flags:S;", 1)):
        assert not whole or hits(whole, f"alert tcp {ANY} ({options} sid:1;)")[0] == [counted]


INSIDE = ipv4(struct.pack("!HHIIBBHHH", 1025, 502, 7, 0, 0x50, ACK, 512, 0, 0))
OUTSIDE = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])


def _carried(inside, protocol, ttl=9):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inside), 5, 0x4000, ttl, protocol, 0)
    return [ethernet(head + OUTSIDE[0] + OUTSIDE[1] + inside, 0x0800)]


@pytest.mark.parametrize(
    ("protocol", "inside"), [(4, INSIDE), (41, ipv6(INSIDE[20:])), (47, b"\0\0\x08\0" + INSIDE)]
)
def test_packets_that_carry_others(protocol, inside):
    """Both are packets: the one that carries by its header, the one in it as any other; here one without payload."""
    frames = _carried(inside, protocol)
    for head, options, counted in (
        ("ip any any -> any any", f"ip_proto:{protocol};", 1),
        ("ip 192.0.2.1 any -> 192.0.2.0/24 any", f"ip_proto:{protocol}; ttl:9;", 1),
        ("ip 192.0.2.2 any -> any any", f"ip_proto:{protocol};", 0),
        ("ip 10.0.0.0/8 any -> any any", f"ip_proto:{protocol};", 0),
        ("ip any any -> any any", f"ip_proto:{protocol}; ttl:64;", 0),
        ("ip any any -> any any", f"ip_proto:{protocol}; fragbits:D; id:5;", 1),
        ("ip any any -> any any", f'ip_proto:{protocol}; ipv4.hdr; content:"|c0 00 02 01|"; offset:12;', 1),
        ("ip any any -> any any", f'ip_proto:{protocol}; ip.src; content:"|c0 00 02 01|";', 1),
        ("ip any any -> any any", "ip_proto:50;", 0),
        ("tcp any any -> any 502", "flags:A; window:512;", 1),
    ):
        assert hits(frames, f"alert {head} ({options} sid:1;)")[0] == [counted], options
    rules = matchers(f"alert ip {ANY} (ip_proto:{protocol}; sid:1;)", f"alert tcp {ANY} (flags:A; sid:2;)")
    engine = Engine(rules)
    rows = batch(run(frames, buffers=engine.buffers)["payloads"])
    assert told(engine, rows) == told(PlainEngine(rules), rows)


def test_what_packets_carry_is_no_payload_of_theirs():
    (read,) = read_rules(f'alert ip {ANY} (ip_proto:41; content:"a"; sid:1;)', "a")
    assert put_in_force(read).refusal.keyword == "ip_proto"
