"""DCE/RPC in named pipes: rows of its own beside SMB's; compared with tshark where it is installed."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from decode.feed import CLIENT, SERVER, Tcp, tcp
from decode.protocols.cutting import bare, cut_anywhere
from decode.protocols.rpc_octets import answered, bind, bound, call, fault, nothing, string, unique
from decode.protocols.second_reader import tshark_fields
from decode.protocols.smb_octets import (
    FILE,
    close,
    controlled,
    create,
    created,
    framed,
    ioctl,
    read_of,
    smb2,
    tree_connect,
    tree_connected,
    was_closed,
    was_read,
    was_written,
    write_of,
)

if TYPE_CHECKING:
    from pathlib import Path

Talk = list[tuple[int, bytes]]
SERVICES = "367abb81-9844-35f1-ad32-98f038001003"
TRANSCEIVE = 0x0011C017
MANAGER, SERVICE = (bytes(4) + bytes([n]) * 16 for n in (1, 2))
PIPE = "\\\\plant-1\\IPC$\\svcctl"
CREATE = (
    MANAGER
    + string("mixer")
    + unique("displayed")
    + struct.pack("<IIII", 0xF01FF, 0x10, 3, 1)
    + string("C:\\mixer.exe")
    + bytes(24)
)


def exchange(number: int, command: int, ask: bytes, answer: bytes, status: int = 0) -> Talk:
    return [
        (CLIENT, framed(smb2(command, number, ask))),
        (SERVER, framed(smb2(command, number, answer, answer=True, status=status))),
    ]


OPENED = [
    *exchange(1, 3, tree_connect("\\\\plant-1\\IPC$"), tree_connected(2)),
    *exchange(2, 5, create("svcctl"), created()),
]
CALLS = [
    *exchange(3, 9, write_of(FILE, bind(1, SERVICES)), was_written(72)),
    *exchange(4, 8, read_of(FILE), was_read(bound(1, 0))),
    *exchange(
        5,
        11,
        ioctl(FILE, TRANSCEIVE, call(2, 15, unique("\\\\plant-1") + bytes(8))),
        controlled(FILE, TRANSCEIVE, answered(2, MANAGER + nothing())),
    ),
    *exchange(
        6,
        11,
        ioctl(FILE, TRANSCEIVE, call(3, 12, CREATE)),
        controlled(FILE, TRANSCEIVE, answered(3, bytes(4) + SERVICE + nothing())[:30]),
        0x80000005,
    ),
    *exchange(7, 8, read_of(FILE), was_read(answered(3, bytes(4) + SERVICE + nothing())[30:])),
    *exchange(
        8,
        11,
        ioctl(FILE, TRANSCEIVE, call(4, 19, SERVICE + bytes(8))),
        controlled(FILE, TRANSCEIVE, fault(4, 5)),
    ),
]
TALK = [*OPENED, *CALLS, *exchange(9, 6, close(), was_closed())]


def calls(rows: dict) -> list[tuple]:
    found = [r for r in rows["operations"] if r["protocol"] == "dcerpc"]
    return [(r["function_name"], r["verb"], r["object"], r["outcome"]) for r in found]


def test_a_service_is_created_over_a_pipe() -> None:
    assert calls(tcp(TALK, port=445)) == [
        ("bind", "open", "interface:svcctl 1.0", "ok"),
        ("svcctl::ROpenSCManagerW", "open", None, "ok"),
        ("svcctl::RCreateServiceW", "configure", "service:mixer", "ok"),
        ("svcctl::RCreateServiceW", "configure", "C:\\mixer.exe", "ok"),
        ("svcctl::RStartServiceW", "start", "service:mixer", "refused"),
    ]


def test_smb_says_what_it_carried_them_in() -> None:
    rows = [r for r in tcp(TALK, port=445)["operations"] if r["protocol"] == "smb"]
    told = [(r["function_name"], r["verb"], r["object"]) for r in rows][1:5]
    assert told == [
        ("SMB2 CREATE", "open", PIPE),
        ("SMB2 WRITE", "write", PIPE),
        ("SMB2 READ", "read", PIPE),
        ("SMB2 IOCTL (FSCTL_PIPE_TRANSCEIVE)", "write", PIPE),
    ]


def test_a_pipe_that_was_not_seen_opened_is_told_by_its_octets() -> None:
    assert calls(tcp(CALLS, port=445)) == calls(tcp(TALK, port=445))
    write = [r for r in tcp(CALLS, port=445)["operations"] if r["function_name"] == "SMB2 WRITE"]
    assert write[0]["verb"] == "unknown"


def test_octets_of_a_file_are_no_calls() -> None:
    talk = [
        *exchange(1, 3, tree_connect("\\\\plant-1\\recipes"), tree_connected()),
        *exchange(2, 5, create("svcctl"), created()),
        *exchange(3, 9, write_of(FILE, bind(1, SERVICES)), was_written(72)),
    ]
    assert calls(tcp(talk, port=445)) == []


def test_what_is_no_rpc_is_left_alone() -> None:
    talk = [
        *OPENED,
        *CALLS[:4],
        *exchange(5, 9, write_of(FILE, b"no such packet, no call"), was_written(23)),
        *CALLS[4:],
    ]
    rows = tcp(talk, port=445)
    assert [name for name, *_ in calls(rows)] == ["bind"]
    assert rows["oddities"] == []


def test_a_bind_that_is_wrong_is_an_oddity_of_its_own_protocol() -> None:
    wrong = bytearray(bind(1, SERVICES))
    wrong[24] = 9
    rows = tcp([*OPENED, *exchange(3, 9, write_of(FILE, bytes(wrong)), was_written(72))], port=445)
    assert [(r["protocol"], r["oddity"]) for r in rows["oddities"]] == [("dcerpc", "truncated")]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=445))
    for at, split in cut_anywhere(TALK, port=445, step=29):
        assert split == whole, at


def test_tshark_reads_the_same(tmp_path: Path) -> None:
    connection = Tcp(445)
    connection.open()
    for side, octets in TALK:
        connection.segment(side, octets)
    fields = ("frame.number", "dcerpc.pkt_type", "dcerpc.opnum", "_ws.malformed")
    seen = [row for row in tshark_fields(connection.frames, fields, tmp_path) if row["dcerpc.pkt_type"]]
    asked = [row for row in seen if row["dcerpc.pkt_type"] in ("0", "11")]
    rows = [r for r in tcp(TALK, port=445)["operations"] if r["protocol"] == "dcerpc" and r["item"] == 0]
    assert [row["frame.number"] for row in asked] == [str(r["frame"]) for r in rows]
    assert [row["dcerpc.opnum"] for row in asked[1:]] == [str(r["function"]) for r in rows[1:]]
