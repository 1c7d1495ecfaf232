"""EtherNet/IP's messages as buffers: wrappers, what is in them, identities; hostile ones are bounded."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from interlock.records.buffers import BUFFERS

ASKED = frozenset(name for name in BUFFERS if name.startswith(("enip.", "cip.")))


def message(command, data=b"", status=0):
    return struct.pack("<HHII8sI", command, len(data), 1, status, b"context!", 0) + data


def wrapped(cip, command=0x6F):
    kind, item = (0xB1, b"\x01\x00" + cip) if command == 0x70 else (0xB2, cip)
    items = struct.pack("<HH", 0, 0) + struct.pack("<HH", kind, len(item)) + item
    return message(command, struct.pack("<IHH", 0, 1, 2) + items)


def multiple(*services, answer=False):
    offsets, at = [], 2 + 2 * len(services)
    for one in services:
        offsets.append(at)
        at += len(one)
    inner = (
        struct.pack("<H", len(services)) + struct.pack(f"<{len(services)}H", *offsets) + b"".join(services)
    )
    return (b"\x8a\x00\x00\x00" if answer else b"\x0a\x02\x20\x02\x24\x01") + inner


def rows(talk, port=44818, **more):
    made = tcp(talk, port=port, buffers=ASKED, **more).get("payloads", [])
    return [(row["direction"], row["transaction"], row["buffer"], row["octets"]) for row in made]


def test_wrappers_and_what_is_in_them():
    read = b"\x4c\x02\x20\x6b\x24\x01\x01\x00"
    talk = [
        (CLIENT, message(0x65, b"\x01\x00\x00\x00")), (SERVER, message(0x65, b"\x01\x00\x00\x00")),
        (CLIENT, wrapped(multiple(read, b"\x0e" + read[1:]))),
        (SERVER, wrapped(multiple(b"\xcc\x00\x00\x00", answer=True))),
        (CLIENT, wrapped(read, 0x70)),
    ]  # fmt: skip
    found = rows(talk)
    commands = [octets for _, _, name, octets in found if name == "enip.any_command"]
    assert commands == [
        b"101",
        b"101",
        b"111",
        b"111",
        b"112",
    ]
    services = [(way, octets) for way, _, name, octets in found if name == "cip.any_service"]
    assert services == [
        ("to_server", b"10"), ("to_server", b"76"), ("to_server", b"14"), ("to_client", b"10"), ("to_client", b"76"),
        ("to_server", b"76"),
    ]  # fmt: skip
    whole = b"".join(octets for side, octets in talk if side == CLIENT)
    split = [(CLIENT, whole[k : k + 7]) for k in range(0, len(whole), 7)]
    ours = [row[2:] for row in found if row[0] == "to_server"]
    assert [row[2:] for row in rows(split)] == ours


def test_an_identity_over_datagrams():
    identity = struct.pack("<H16sHHHBBHI", 1, b"", 1, 12, 58, 4, 3, 0x30, 0x524D8E) + b"\x0b1756-ENBT/A\x03"
    data = struct.pack("<HHH", 1, 0x0C, len(identity)) + identity
    made = udp([(CLIENT, message(0x63)), (SERVER, message(0x63, data))], port=44818, buffers=ASKED)[
        "payloads"
    ]
    said = {row["buffer"]: row["octets"] for row in made if row["direction"] == "to_client"}
    assert said["enip.product_name"] == b"1756-ENBT/A"
    assert (said["enip.revision"], said["enip.serial"], said["enip.state"]) == (b"1027", b"5393806", b"3")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=60), max_size=6), st.sampled_from([0x63, 0x04, 0x6F, 0x70]), st.integers(1, 9)
)
def test_any_octets_behind_a_header_are_read_without_harm(pieces, command, batch):
    talk = [
        (CLIENT, message(0x65, b"\x01\x00\x00\x00")),
        *((SERVER, message(command, octets)) for octets in pieces),
    ]
    found = rows(talk, batch=batch)
    assert sum(name == "enip.any_command" for _, _, name, _ in found) == len(talk)
