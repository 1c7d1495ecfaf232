"""What Suricata 7.0.10 said of heads, actions, Base64 and requests (`suricata_beside.py --made random --theme …`)."""

from __future__ import annotations

import base64
import struct
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, _ip
from detect.signatures.engine.over_wire import ANSWER, REQUEST, conversation, every_way
from detect.signatures.test_meaning import hits
from interlock.detect.signatures.language.header import read_term
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.plain.steps import _plain
from interlock.plant.protocols import cip, dcerpc
from interlock.plant.protocols.dnp3 import link_frame

ANY = "alert tcp any any -> any any"


spoken = partial(conversation, closed=True, acknowledged=True)
"""Opened and closed by both, each segment acknowledged."""


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"a", b""),
        (b"a.", b"h"),
        (b"ab", b"i"),
        (b"ab=", b"i\xb0"),
        (b"ab==", b"i"),
        (b"=abc", b"\x01\xa6"),
        (b"abcd=", b"i\xb7\x1d"),
        (b"abcd==", b"i\xb7\x1d\0"),
        (b"abcde", b"i\xb7\x1d"),
        (b"abcde f", b"i\xb7\x1dx"),
        (b"====", b""),
        (b"==.", b"\0"),
        (b".", b""),
    ],
)
def test_base64_goes_on_behind_its_end_and_reads_an_equals_sign_as_a_letter(octets, expected):
    assert _plain(octets) == expected


@given(st.binary(max_size=40))
def test_base64_that_is_whole_is_read_as_it_is(octets):
    text = base64.b64encode(octets)
    assert _plain(text) == octets
    assert _plain(text.rstrip(b"=")) == octets


@given(st.text("abA+/=. ", max_size=14).map(str.encode))
def test_base64_letter_by_letter(octets):
    """The same in another way: groups of four, of which each sign of equality takes an octet away."""
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    made, group, cut = b"", [], 0
    for octet in octets:
        if octet not in letters + b"=":
            break
        cut += octet == 61
        group.append(max(letters.find(octet), 0))
        if len(group) == 4:
            made += _three(group)[: max(3 - cut, 0)]
            group, cut = [], 0
    else:
        group = group if len(group) > 1 else []
    made += _three([*group, 0, 0, 0][:4])[: max(len(group) - 1, 1)] if group else b""
    assert _plain(octets) == made


def _three(group):
    return sum(value << 18 - 6 * k for k, value in enumerate(group)).to_bytes(3, "big")


def test_what_has_no_ports_is_none_of_a_rule_that_asks_for_some():
    icmp = {
        "transport": 1,
        "source_port": None,
        "target_port": None,
        "level": "packet",
        "buffers": {"packet": (b"x",)},
    }
    for ends, expected in (
        ("any any -> any any", True),
        ("any any -> any 0:100", False),
        ("any !22 -> any any", False),
    ):
        assert hits('content:"x";', head=f"alert ip {ends}", **icmp) is expected


@pytest.mark.parametrize(
    ("term", "there", "not_there"),
    [
        ("!10.0.0.1", ["10.0.0.2"], ["10.0.0.1", "2001:db8::1"]),
        ("$EXTERNAL_NET", ["192.0.2.1"], ["10.0.0.1", "2001:db8::1"]),
        ("!2001:db8::1", ["2001:db8::2"], ["10.0.0.1", "2001:db8::1"]),
        ("[10.0.0.0/8,!2001:db8::1]", ["10.0.0.1", "2001:db8::2"], ["192.0.2.1", "2001:db8::1"]),
        ("[any,!10.0.0.1]", ["2001:db8::1", "10.0.0.2"], ["10.0.0.1"]),
        ("[!10.0.0.1,!10.0.0.2]", ["10.0.0.3"], ["10.0.0.2", "2001:db8::1"]),
    ],
)
def test_what_is_said_by_what_it_is_not_is_of_that_version_of_ip(term, there, not_there):
    apart, plain = Variables().as_suricata(), Variables()
    addresses = {
        text: plain.addresses(read_term(text, ports=False)).ranges[0][0] for text in [*there, *not_there]
    }
    found = apart.addresses(read_term(term, ports=False))
    assert [text for text, number in addresses.items() if number in found] == there


def test_ports_are_no_addresses():
    for variables in (Variables(), Variables().as_suricata()):
        head = read_term("![22,80]", ports=True)
        assert 22 not in variables._spans(head, ports=True)
        assert 23 in variables._spans(head, ports=True)


def test_a_packet_that_passes_silences_no_message_of_tcp():
    """Messages and streams are looked at with a later packet, which acknowledges them."""
    rules = "\n".join(
        (
            'pass tcp-pkt any any -> any any (content:"GET"; sid:1;)',
            f'{ANY} (content:"needle"; dsize:>0; sid:2;)',
            'alert http any any -> any any (http.uri; content:"needle"; sid:3;)',
            f'{ANY} (flow:to_server; content:"needle"; sid:4;)',
        )
    )
    frames = spoken((CLIENT, REQUEST), (SERVER, ANSWER), port=80)
    assert every_way(f"{rules}\n", frames, "no") == {3: 1, 4: 1}
    assert every_way(f"{rules}\n", frames, "own") == {}


def test_what_is_left_of_both_sides_comes_the_clients_first():
    rules = "".join(
        f'alert tcp-stream any any -> any any (flow:{way}; content:"needle"; flowint:{word}; sid:{sid};)\n'
        for sid, way, word in (
            (1, "to_server", "xx,+,1"),
            (2, "to_client", "xx,==,1"),
            (3, "to_client", "yy,+,1"),
            (4, "to_server", "yy,==,1"),
        )
    )
    for sent in ((CLIENT, SERVER), (SERVER, CLIENT)):
        assert every_way(rules, spoken(*((side, b"needle") for side in sent)), "no") == {
            1: 1,
            2: 1,
            3: 1,
        }


def test_services_of_cip_are_asked_of_requests():
    message = cip.request(0x4D, cip.tag_path("ab"), b"\1\0")
    answer = cip.unconnected(7, bytes((0xCD, 0, 0, 0)) + b"\1\0", 1)
    session = (CLIENT, cip.register()), (SERVER, cip.encapsulate(cip.REGISTER, 7, b"\1\0\0\0"))
    frames = spoken(*session, (CLIENT, cip.unconnected(7, message, 1)), (SERVER, answer), port=44818)
    rules = (
        "alert enip any any -> any any (cip_service:77; sid:1;)\n"
        "alert enip any 44818 -> any any (cip_service:77; sid:2;)\n"
        "alert enip any 44818 -> any any (enip_command:111; sid:3;)\n"
    )
    assert every_way(rules, frames, "no") == {1: 1, 3: 1}
    assert every_way(rules, frames, "own") == {1: 2, 2: 1, 3: 1}


def test_numbers_of_streams_count_from_chunks_where_datagrams_may_speak_the_protocol_too():
    asked = link_frame(0xC4, 10, 1, b"\xc0\xc0\x01\x3c\x02\x06")
    frames = spoken((CLIENT, asked), (CLIENT, asked), (CLIENT, asked), port=20_000)
    rules = (
        f"alert dnp3 any any -> any any (byte_test:2,=,0x0564,0; byte_test:2,=,0x0564,{len(asked)}; sid:1;)\n"
    )
    assert every_way(rules, frames, "no") == {1: 1}
    twice = "alert dns any any -> any any (byte_test:1,=,1,1; byte_test:1,=,97,13; sid:2;)\n"
    question = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + b"\1a\0" + struct.pack(">HH", 1, 1)
    datagram = _ip(struct.pack(">HHHH", 2000, 53, 8 + len(question), 0) + question, 17, CLIENT)
    assert every_way(twice, [datagram], "no") == {2: 1}


def test_calls_are_looked_at_one_by_one():
    interface = dcerpc.Interface(dcerpc.uuid.UUID("367abb81-9844-35f1-ad32-98f038001003"), 1, "a")
    sent = [(CLIENT, dcerpc.bind(1, interface)), (SERVER, dcerpc.accept(1, interface))]
    for number in (2, 3):
        sent += [
            (CLIENT, dcerpc.call(number, 12, b"call%d" % number)),
            (SERVER, dcerpc.returned(number, b"answer")),
        ]
    rules = f'{ANY} (content:"call2"; content:"call3"; sid:1;)\n{ANY} (content:"call2"; sid:2;)\n'
    assert every_way(rules, spoken(*sent, port=135), "no") == {2: 1}


def test_segments_of_a_joined_connection_without_payload_have_nothing_to_look_into():
    sent = [frame for frame in spoken((CLIENT, b"ab"), (SERVER, b"cd")) if frame[47] & 2 == 0]
    rules = (
        f"{ANY} (flags:A; window:!1; sid:1;)\n{ANY} (isdataat:!0; sid:2;)\n"
        f'{ANY} (content:!"zz"; sid:3;)\n{ANY} (content:!"a"; sid:4;)\n'
    )
    told = every_way(rules, sent[1:], "no")
    assert told == {1: told[1], 3: 2, 4: 1}
