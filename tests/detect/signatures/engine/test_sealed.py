"""What TLS and SSH encipher is shown to no rule about octets.

What is expected follows from Suricata's configuration (suricata.yaml, `encryption-handling` of TLS and SSH, as
delivered) and its source (src/app-layer-ssl.c, rust/src/ssh/ssh.rs): payload is not inspected from where both ends
encipher on; packets' headers and buffers of the handshake are.
"""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.buffers.test_tap import hello
from decode.buffers.test_text_protocols import _kexinit
from decode.feed import CLIENT, SERVER
from detect.signatures.engine.over_wire import conversation, every_way

RULES = """
alert tcp any any -> any any (msg:"begins"; content:"begin"; sid:1;)
alert tcp any any -> any any (msg:"stream"; content:"needle"; sid:2;)
alert tcp any any -> any any (msg:"packet"; flow:no_stream; content:"needle"; sid:3;)
alert tcp any any -> any any (msg:"place"; content:"needle"; depth:40; sid:4;)
alert tcp any any -> any any (msg:"size"; dsize:>10; content:!"absent"; sid:5;)
alert tls any any -> any any (msg:"name"; tls.sni; content:"begin"; sid:6;)
alert tcp any any -> any any (msg:"header"; flags:S; sid:7;)
alert tcp any any -> any any (msg:"number"; byte_test:1,=,0x6e,5; sid:8;)
"""
CHANGED, FINISHED = b"\x14\x03\x03\x00\x01\x01", b"\x16\x03\x03\x00\x06" + b"~" * 6
ALERT = b"\x15\x03\x03\x00\x06needle"


def data(octets=b"needle"):
    return b"\x17\x03\x03" + len(octets).to_bytes(2, "big") + octets


def server_hello():
    body = b"\x03\x03" + bytes(32) + b"\x00\x13\x01\x00"
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


frames_of = partial(conversation, port=443)

GREETED = ((CLIENT, hello(b"begin.example")), (SERVER, server_hello()))
TLS_12 = (*GREETED, (CLIENT, CHANGED + FINISHED), (SERVER, CHANGED + FINISHED))
TLS_13 = (*GREETED, (SERVER, CHANGED), (SERVER, data(b"certificates")), (CLIENT, CHANGED))


@pytest.mark.parametrize("begun", [TLS_12, TLS_13])
@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_octets_of_tls_are_shown_until_both_ends_encipher(begun, midstream):
    found = every_way(RULES, frames_of(*begun, *[(CLIENT, data()), (SERVER, data())] * 3), midstream)
    assert {1, 6, 7} <= set(found)
    assert not {2, 3, 4, 8} & set(found)
    assert found[5] <= len(begun)


def test_an_alert_before_is_shown():
    found = every_way(RULES, frames_of(*GREETED, (SERVER, ALERT), (CLIENT, b"")))
    assert {2, 3, 4, 8} <= set(found)


def test_one_end_alone_seals_nothing():
    assert 2 in every_way(RULES, frames_of(*GREETED, (CLIENT, CHANGED), (SERVER, ALERT)))


def test_the_next_connection_is_shown():
    """Between the same ends and ports: the old one's seal is not its."""
    first, again = (
        frames_of(*TLS_12, (CLIENT, data()), closed=True),
        frames_of((CLIENT, b"begin a needle"), (SERVER, b"needle")),
    )
    found = every_way(RULES, first + again)
    assert found[2] == 2


NEWKEYS = b"\x00\x00\x00\x0c\x0a\x15" + bytes(10)
SSH = (
    (SERVER, b"SSH-2.0-begin\r\n"),
    (CLIENT, b"SSH-2.0-b\r\n"),
    (SERVER, _kexinit(b"k")),
    (CLIENT, _kexinit(b"k")),
)


@pytest.mark.parametrize(("keyed", "seen"), [((), True), ((CLIENT,), True), ((SERVER, CLIENT), False)])
def test_octets_of_ssh_are_shown_until_both_ends_took_new_keys(keyed, seen):
    frames = frames_of(*SSH, *((side, NEWKEYS) for side in keyed), (CLIENT, b"aaaaaneedle"), port=22)
    found = every_way(RULES, frames)
    assert 1 in found
    assert bool({2, 3, 4, 8} & set(found)) is seen


@given(
    st.lists(
        st.tuples(st.sampled_from([CLIENT, SERVER]), st.sampled_from([CHANGED, FINISHED, data(), ALERT])),
        max_size=6,
    )
)
def test_wherever_batches_end(sent):
    every_way(RULES, frames_of(*GREETED, *sent))
