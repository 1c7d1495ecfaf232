"""SMB 1 and 2: commands, names, status; octets written after MS-SMB2, MS-CIFS and MS-NLMP."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.smb_octets import (
    DENIED,
    FILE,
    MORE,
    PENDING,
    agreed,
    create,
    created,
    framed,
    negotiate,
    ntlm_authenticate,
    ntlm_challenge,
    read_of,
    setup,
    smb2,
    text,
    tree_connect,
    tree_connected,
    was_read,
    was_set_up,
    write_of,
)
from interlock.decode.protocols.smb.decoder import SPEC
from interlock.decode.protocols.smb.ntlm import read_ntlm
from interlock.decode.protocols.smb.windows import spelled_out, windows_of
from interlock.decode.spec import NEED_MORE, Hint

TALK = [
    (CLIENT, framed(smb2(0, 0, negotiate(0x0302, 0x0311)))),
    (SERVER, framed(smb2(0, 0, agreed(0x0311, mode=3, cipher=2), answer=True))),
    (CLIENT, framed(smb2(1, 1, setup(b"NTLMSSP\0\x01\0\0\0" + bytes(24)), session=0))),
    (SERVER, framed(smb2(1, 1, was_set_up(ntlm_challenge()), answer=True, status=MORE))),
    (CLIENT, framed(smb2(1, 2, setup(ntlm_authenticate())))),
    (SERVER, framed(smb2(1, 2, was_set_up(), answer=True))),
    (CLIENT, framed(smb2(3, 3, tree_connect("\\\\hist01\\recipes")))),
    (SERVER, framed(smb2(3, 3, tree_connected(), answer=True))),
    (CLIENT, framed(smb2(5, 4, create("mix.txt")))),
    (SERVER, framed(smb2(5, 4, created(), answer=True))),
    (CLIENT, framed(smb2(8, 5, read_of(FILE), chained=True), smb2(9, 6, write_of(FILE, b"1")))),
    (SERVER, framed(smb2(8, 5, struct.pack("<HBBIB", 9, 0, 0, 0, 0), answer=True, status=PENDING))),
    (SERVER, framed(smb2(8, 5, was_read(bytes(80000)), answer=True))),
    (SERVER, framed(smb2(9, 6, struct.pack("<HBBIB", 9, 0, 0, 0, 0), answer=True, status=DENIED))),
]


def told(rows: dict) -> list[tuple]:
    return [
        (r["function"], r["verb"], r["user"], r["object"], r["outcome"], r["code"])
        for r in rows["operations"]
    ]


def segments(pieces: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    return [(side, octets[at : at + 60000]) for side, octets in pieces for at in range(0, len(octets), 60000)]


def test_commands_with_their_names_and_status() -> None:
    rows = tcp(segments(TALK), port=445)
    share, file = "\\\\hist01\\recipes", "\\\\hist01\\recipes\\mix.txt"
    assert sorted(told(rows), key=str) == sorted(
        [
            (0, "open", None, "SMB 3.1.1, signing required, encryption AES-128-GCM", "ok", None),
            (1, "authenticate", None, None, "ok", None),
            (1, "authenticate", "joe", None, "ok", None),
            (3, "open", "joe", share, "ok", None),
            (5, "open", "joe", file, "ok", None),
            (8, "file-read", None, None, "unknown", PENDING),
            (8, "file-read", "joe", file, "ok", None),
            (9, "file-write", "joe", file, "refused", DENIED - (1 << 32)),
        ],
        key=str,
    )
    assert rows["oddities"] == []


def test_names_of_machines_domains_and_users() -> None:
    clues = {(r["who"], r["field"], r["value"]) for r in tcp(segments(TALK), port=445)["clues"]}
    assert {
        ("10.0.0.2", "name", "hist01.plant.example"),
        ("10.0.0.2", "domain", "plant.example"),
        ("10.0.0.2", "os", "Windows Server 2022 (build 20348)"),
        ("10.0.0.2", "software", "SMB 3.1.1"),
        ("10.0.0.2", "service", "smb/445"),
        ("10.0.0.1", "user", "joe"),
        ("10.0.0.1", "name", "ENG07"),
        ("10.0.0.1", "os", "Windows 7 or Server 2008 R2 (build 7601)"),
    } <= clues


def smb1(
    command: int, words: bytes, data: bytes, *, answer: bool = False, status: int = 0, number: int = 1
) -> bytes:
    head = struct.pack(
        "<4sBIBHH8xHHHHH", b"\xffSMB", command, status, 0x80 * answer, 0xC001, 0, 0, 1, 0xFEFF, 1, number
    )
    return head + bytes((len(words) // 2,)) + words + struct.pack("<H", len(data)) + data


def test_version_1() -> None:
    setup = text("Windows 5.1\0Windows 2000 LAN Manager\0PLANT\0")
    talk = [
        (CLIENT, framed(smb1(0x72, b"", b"\2PC NETWORK PROGRAM 1.0\0\2NT LM 0.12\0"))),
        (SERVER, framed(smb1(0x72, struct.pack("<H32x", 1), b"", answer=True))),
        (CLIENT, framed(smb1(0x73, bytes(26), b"\0" + bytes(8), number=2))),
        (SERVER, framed(smb1(0x73, bytes(6), b"\0" * (len(bytes(6)) % 2) + setup, answer=True, number=2))),
        (
            CLIENT,
            framed(smb1(0x75, struct.pack("<HHHH", 255, 0, 0, 1), b"\0" + text("\\\\S\\C$\0"), number=3)),
        ),
        (SERVER, framed(smb1(0x75, b"", b"", answer=True, status=DENIED, number=3))),
    ]
    rows = tcp(talk, port=139)
    assert [(r["function"], r["function_name"], r["outcome"]) for r in rows["operations"]] == [
        (0x72, "SMB_COM_NEGOTIATE", "ok"),
        (0x73, "SMB_COM_SESSION_SETUP_ANDX", "ok"),
        (0x75, "SMB_COM_TREE_CONNECT_ANDX", "refused"),
    ]
    clues = {(r["field"], r["value"]) for r in rows["clues"] if r["who"] == "10.0.0.2"}
    assert ("software", "SMB 1 (NT LM 0.12)") in clues


def netbios(name: str, suffix: int) -> bytes:
    octets = name.ljust(15).encode() + bytes((suffix,))
    return b"\x20" + bytes(65 + half for o in octets for half in (o >> 4, o & 15)) + b"\x00"


def announcement() -> bytes:
    said = (
        b"\x01\x00"
        + bytes(4)
        + b"ENG07".ljust(16, b"\0")
        + bytes((6, 1))
        + struct.pack("<IHH", 0x1003, 271, 0xAA55)
    )
    name = b"\\MAILSLOT\\BROWSE\0"
    return smb1(0x25, bytes(34), name + said + b"line 3\0")


def in_datagram(smb: bytes) -> bytes:
    names = netbios("ENG07", 0) + netbios("PLANT", 0x1D)
    return struct.pack(">BBH4sHHH", 0x11, 2, 1, bytes(4), 138, len(names) + len(smb), 0) + names + smb


def test_a_browser_announcement_names_its_sender() -> None:
    rows = udp([(CLIENT, in_datagram(announcement()))], port=138, client_port=138)
    assert [(r["function"], r["verb"], r["outcome"], r["client"]) for r in rows["operations"]] == [
        (37, "report", "unsolicited", "10.0.0.1")
    ]
    clues = {(r["field"], r["value"]) for r in rows["clues"]}
    assert {("name", "ENG07"), ("os", "Windows 7 or Server 2008 R2"), ("description", "line 3")} <= clues


@pytest.mark.parametrize(
    ("slot", "octets", "verb"),
    [
        ("BROWSE", b"\x0c\x00" + bytes(30), "report"),
        ("BROWSE", b"\x09\x04" + bytes(4), "discover"),
        ("LANMAN", b"\x01" + bytes(20), "report"),
        ("BROWSE", b"\x63" + bytes(20), "unknown"),
        ("BROWSE", b"", "unknown"),
        ("NET\\NETLOGON", b"\x0c" + bytes(20), "unknown"),
    ],
)
def test_what_a_browser_frame_does(slot: str, octets: bytes, verb: str) -> None:
    smb = smb1(0x25, bytes(34), f"\\MAILSLOT\\{slot}\0".encode() + octets)
    rows = udp([(CLIENT, in_datagram(smb))], port=138, client_port=138)
    assert [r["verb"] for r in rows["operations"]] == [verb]


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (framed(smb2(0, 0, bytes(36))) + b"\x99" * 20, "not-framed"),
        (framed(smb2(0, 0, bytes(36)))[:4] + b"\xfeSMB" + bytes(96), "truncated"),
        (framed(smb2(0, 0, bytes(36))[:20] + b"\x03\0\0\0" + bytes(80)), "chain-invalid"),
        (
            framed(*(smb2(13, k, bytes(4), chained=True) for k in range(70)), smb2(13, 70, bytes(4))),
            "chain-too-long",
        ),
        (framed(b"\xfeSMB" + bytes(30)), "truncated"),
    ],
)
def test_oddities(octets: bytes, oddity: str) -> None:
    if oddity == "truncated":
        octets = framed(b"\xfeSMB" + bytes(40))
    assert oddity in {r["oddity"] for r in tcp([(CLIENT, octets)], port=445)["oddities"]}


def test_whole_and_split_agree() -> None:
    pieces = [p for p in TALK if len(p[1]) < 2000]
    whole = bare(tcp(pieces, port=445))
    for at, split in cut_anywhere(pieces, port=445, step=17):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 300), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated([p for p in TALK if len(p[1]) < 2000], changes), port=445)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@given(st.binary(max_size=200))
def test_any_octets_behind_the_signature(octets: bytes) -> None:
    read_ntlm(b"NTLMSSP\0" + octets)


@pytest.mark.parametrize(
    ("octets", "least", "most"),
    [
        (TALK[0][1], 90, 100),
        (framed(smb1(0x72, b"", b"")), 90, 100),
        (b"\x00\x00\x00\x55\xfeS", NEED_MORE, NEED_MORE),
        (b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a", 0, 0),
        (b"\x00\x00\x00\x20" + bytes(32), 0, 0),
    ],
)
def test_probe(octets: bytes, least: int, most: int) -> None:
    assert least <= SPEC.probe(octets, Hint("tcp", 50000, 12345, 0, True, 0)) <= most


def test_names_of_windows() -> None:
    assert windows_of(10, 0, 22631) == "Windows 11 (build 22631)"
    assert windows_of(6, 1) == "Windows 7 or Server 2008 R2"
    assert windows_of(0, 0) == ""
    assert spelled_out("Windows 5.1") == "Windows XP"
    assert spelled_out("Samba 4") == "Samba 4"


STRANGE = b"\0\0\0\x28\xfaSMB" + bytes(36)
"""A session packet of 40 octets whose magic number no version of SMB has."""


def odd(rows: dict) -> list[tuple]:
    return [(r["oddity"], r["offset"], r["octets"]) for r in rows["oddities"]]


@pytest.mark.parametrize(
    "strange", [STRANGE, b"\0\0\0\2hi", b"\0\0\0\4\xfeSMC"], ids=["long", "short", "four"]
)
def test_a_strange_magic_costs_its_own_message_only(strange: bytes) -> None:
    whole, at = tcp(segments(TALK), port=445), 6
    rows = tcp(segments([*TALK[:at], (CLIENT, strange), *TALK[at:]]), port=445)
    assert odd(rows) == [("magic-unknown", 4, strange[4:36])]
    assert told(rows) == told(whole)
    joined = [*TALK[:at], (CLIENT, strange + TALK[at][1]), *TALK[at + 1 :]]
    assert odd(tcp(segments(joined), port=445)) == odd(rows)
    assert told(tcp(segments(joined), port=445)) == told(whole)


def test_a_strange_magic_may_come_octet_by_octet() -> None:
    talk = [*TALK[:6], (CLIENT, STRANGE), *TALK[6:8]]
    whole = bare(tcp(talk, port=445))
    assert [r["oddity"] for r in whole["oddities"]] == ["magic-unknown"]
    for at, split in cut_anywhere(talk, port=445, step=7):
        assert split == whole, at


@pytest.mark.parametrize(
    "talk",
    [
        [(CLIENT, STRANGE), *TALK[:2]],
        [*TALK[:2], (CLIENT, b"\0\2\0\0\xfaSMB" + bytes(600)), *TALK[2:4]],
    ],
    ids=["nothing-was-said", "too-long"],
)
def test_what_was_never_smb_is_no_message(talk: list[tuple[int, bytes]]) -> None:
    rows = tcp([*TALK[1:2], *talk] if talk[0][1] == STRANGE else talk, port=445)
    assert {r["oddity"] for r in rows["oddities"]} == {"not-framed"}
