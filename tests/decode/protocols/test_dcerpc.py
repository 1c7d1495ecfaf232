"""DCE/RPC over TCP: interfaces, operations, what calls name, how they end; compared with tshark where it is there."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Tcp, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.rpc_octets import (
    NDR64,
    answered,
    bind,
    bound,
    call,
    counted,
    fault,
    nothing,
    packet,
    refused,
    string,
    that,
    this,
    unique,
)
from decode.protocols.second_reader import tshark_fields, tshark_values
from decode.protocols.smb_octets import ntlm_authenticate, ntlm_challenge
from interlock.decode.protocols.dcerpc.decoder import SPEC
from interlock.decode.protocols.dcerpc.interfaces import interfaces
from interlock.decode.registry import load_verbs
from interlock.decode.spec import NEED_MORE, Hint

if TYPE_CHECKING:
    from pathlib import Path

Talk = list[tuple[int, bytes]]
UUIDS = {found.name: uuid for uuid, found in interfaces().items()}
MANAGER, SERVICE, KEY = (bytes(4) + bytes([n]) * 16 for n in (1, 2, 3))
ACCESS_DENIED = 5


def asked(number: int, operation: int, stub: bytes, answer: bytes) -> Talk:
    return [(CLIENT, call(number, operation, stub)), (SERVER, answered(number, answer))]


def opened(*names: str, **how: str) -> Talk:
    results = (0,) * len(names)
    return [
        (CLIENT, bind(1, *(UUIDS[n] for n in names), **how)),
        (SERVER, bound(1, *results, **how)),
    ]


def told(rows: dict) -> list[tuple]:
    return [(r["function_name"], r["verb"], r["object"], r["outcome"]) for r in rows["operations"]]


def create_service(name: str, path: str) -> bytes:
    """RCreateServiceW (MS-SCMR 3.1.4.12)."""
    fixed = struct.pack("<IIII", 0xF01FF, 0x10, 3, 1)
    return MANAGER + string(name) + unique("displayed") + fixed + string(path) + bytes(24)


SERVICES = [
    *opened("svcctl"),
    *asked(2, 15, unique("\\\\plant-1") + bytes(8), MANAGER + nothing()),
    *asked(3, 12, create_service("mixer", "C:\\mixer.exe"), bytes(4) + SERVICE + nothing()),
    *asked(4, 19, SERVICE + bytes(8), nothing()),
    *asked(5, 1, SERVICE + struct.pack("<I", 1), bytes(28) + nothing()),
    *asked(6, 2, SERVICE, struct.pack("<I", ACCESS_DENIED)),
    *asked(7, 0, SERVICE, bytes(20) + nothing()),
    *asked(8, 99, b"", nothing()),
]


def test_services_are_created_started_stopped_and_deleted() -> None:
    rows = tcp(SERVICES, port=49153)
    assert told(rows) == [
        ("bind", "open", "interface:svcctl 1.0", "ok"),
        ("svcctl::ROpenSCManagerW", "open", None, "ok"),
        ("svcctl::RCreateServiceW", "configure", "service:mixer", "ok"),
        ("svcctl::RCreateServiceW", "configure", "C:\\mixer.exe", "ok"),
        ("svcctl::RStartServiceW", "start", "service:mixer", "ok"),
        ("svcctl::RControlService (SERVICE_CONTROL_STOP)", "stop", "service:mixer", "ok"),
        ("svcctl::RDeleteService", "configure", "service:mixer", "refused"),
        ("svcctl::RCloseServiceHandle", "close", "service:mixer", "ok"),
        ("svcctl::99", "unknown", None, "ok"),
    ]
    assert [r["function"] for r in rows["operations"]][:3] == [65547, 15, 12]
    assert rows["operations"][6]["code"] == ACCESS_DENIED
    assert {r["protocol"] for r in rows["operations"]} == {"dcerpc"}


REGISTRY = [
    *opened("winreg"),
    *asked(2, 2, bytes(8), KEY + nothing()),
    *asked(3, 15, KEY + counted("SOFTWARE\\Plant") + bytes(8), SERVICE + nothing()),
    *asked(4, 22, SERVICE + counted("Setpoint") + struct.pack("<IIII", 4, 4, 7, 4), nothing()),
    *asked(5, 7, KEY + counted("SYSTEM"), struct.pack("<I", ACCESS_DENIED)),
]


def test_keys_of_the_registry_have_their_whole_path() -> None:
    assert told(tcp(REGISTRY, port=49153))[1:] == [
        ("winreg::OpenLocalMachine", "open", "HKLM", "ok"),
        ("winreg::BaseRegOpenKey", "open", "HKLM\\SOFTWARE\\Plant", "ok"),
        ("winreg::BaseRegSetValue", "configure", "HKLM\\SOFTWARE\\Plant\\Setpoint", "ok"),
        ("winreg::BaseRegDeleteKey", "configure", "HKLM\\SYSTEM", "refused"),
    ]


def test_tasks_and_jobs() -> None:
    job = unique("\\\\plant-1") + struct.pack("<IIBBxx", 36000000, 0, 0, 0) + unique("cmd /c mix")
    rows = tcp(
        [
            *opened("atsvc", "ITaskSchedulerService"),
            *asked(2, 0, job, struct.pack("<II", 1, 0)),
            (CLIENT, call(3, 1, unique("\\Mixer") + string("<Task/>") + bytes(24), context=1)),
            (SERVER, answered(3, bytes(8), context=1)),
            (CLIENT, call(4, 12, string("\\Mixer") + bytes(24), context=1)),
            (SERVER, fault(4, 0x5)),
        ],
        port=49153,
    )
    assert told(rows)[2:] == [
        ("atsvc::NetrJobAdd", "configure", "cmd /c mix", "ok"),
        ("ITaskSchedulerService::SchRpcRegisterTask", "configure", "task:\\Mixer", "ok"),
        ("ITaskSchedulerService::SchRpcRun", "start", "task:\\Mixer", "refused"),
    ]


def tower(interface: str) -> bytes:
    """A protocol tower (C706 appendix L) for NDR over TCP."""
    floors = struct.pack("<HHB", 5, 19, 13) + UUID(interface).bytes_le + struct.pack("<HHH", 1, 2, 0)
    return bytes(4) + struct.pack("<III", 3, len(floors), len(floors)) + floors + bytes(24)


def test_the_endpoint_mapper_is_asked_for_an_interface() -> None:
    rows = tcp([*opened("epmapper"), *asked(2, 3, tower(UUIDS["svcctl"]), bytes(40))], port=135)
    assert told(rows)[1] == ("epmapper::ept_map", "discover", "interface:svcctl", "ok")
    assert ("10.0.0.2", "service", "dcerpc/135") in {
        (r["who"], r["field"], r["value"]) for r in rows["clues"]
    }


def add_items(*items: str) -> bytes:
    """IOPCItemMgt::AddItems (OPC DA 2.05a, 4.5.4.1)."""
    head = struct.pack("<II", len(items), len(items))
    for _ in items:
        head += struct.pack("<IIIIIIHH", 0, 0x20000, 1, 7, 0, 0, 5, 0)
    return this() + head + b"".join(string(item) for item in items)


OPC = [
    *opened("IOPCServer", "IOPCItemMgt", "IOPCSyncIO", "IOPCBrowseServerAddressSpace"),
    *asked(2, 3, this() + string("fast") + bytes(40), that() + bytes(20) + nothing()),
    (CLIENT, call(3, 3, add_items("Mixer.Speed", "Mixer.Level"), context=1, thing=NDR64)),
    (SERVER, answered(3, that() + bytes(60) + struct.pack("<I", 1), context=1)),
    (CLIENT, call(4, 4, this() + struct.pack("<III", 1, 1, 900), context=2)),
    (SERVER, answered(4, that() + struct.pack("<I", 0xC0040006), context=2)),
    (CLIENT, call(5, 3, this() + struct.pack("<HxxII", 2, 1, 1), context=2)),
    (SERVER, answered(5, that() + bytes(40) + nothing(), context=2)),
    (CLIENT, call(6, 5, this() + struct.pack("<Hxx", 3) + string("Mixer.*"), context=3)),
    (SERVER, fault(6, 0x1C010003)),
]


def test_opc_classic_is_named() -> None:
    rows = tcp(OPC, port=49200)
    assert told(rows)[4:] == [
        ("IOPCServer::AddGroup", "subscribe", "group:fast", "ok"),
        ("IOPCItemMgt::AddItems", "subscribe", "Mixer.Speed", "ok"),
        ("IOPCItemMgt::AddItems", "subscribe", "Mixer.Level", "ok"),
        ("IOPCSyncIO::Write", "write", None, "refused"),
        ("IOPCSyncIO::Read", "read", None, "ok"),
        ("IOPCBrowseServerAddressSpace::BrowseOPCItemIDs", "discover", "Mixer.*", "refused"),
    ]
    assert rows["operations"][-3]["code"] == 0xC0040006 - (1 << 32)


def added(*handles: int) -> bytes:
    """The answer of AddItems: OPCITEMRESULT for each item, and their errors."""
    results = b"".join(struct.pack("<IHHIII", handle, 5, 0, 3, 0, 0) for handle in handles)
    errors = struct.pack("<II", 0x20004, len(handles)) + b"".join(struct.pack("<I", not h) for h in handles)
    return that() + struct.pack("<II", 0x20000, len(handles)) + results + errors + nothing()


def test_items_are_known_by_the_handles_that_they_got() -> None:
    items = ("Mixer.Speed", "Mixer.Level", "Mixer.None")
    talk = [
        *opened("IOPCItemMgt", "IOPCSyncIO"),
        *asked(2, 3, add_items(*items), added(7, 8, 0)),
        (CLIENT, call(3, 4, this() + struct.pack("<IIII", 2, 2, 8, 99) + bytes(40), context=1)),
        (SERVER, answered(3, that() + bytes(20) + nothing(), context=1)),
        (CLIENT, call(4, 3, this() + struct.pack("<HxxIII", 1, 1, 1, 7), context=1)),
        (SERVER, answered(4, that() + bytes(40) + nothing(), context=1)),
        *asked(5, 3, add_items("Pump.Speed"), added(7)),
        (CLIENT, call(6, 3, this() + struct.pack("<HxxIII", 1, 1, 1, 7), context=1)),
        (SERVER, answered(6, that() + bytes(40) + nothing(), context=1)),
    ]
    rows = told(tcp(talk, port=49200))
    assert [(name, item) for name, _, item, _ in rows[5:]] == [
        ("IOPCSyncIO::Write", "Mixer.Level"),
        ("IOPCSyncIO::Write", None),
        ("IOPCSyncIO::Read", "Mixer.Speed"),
        ("IOPCItemMgt::AddItems", "Pump.Speed"),
        ("IOPCSyncIO::Read", None),
    ]


def test_accounts_of_ntlm_are_users() -> None:
    talk = [
        (CLIENT, bind(1, UUIDS["winreg"], token=b"NTLMSSP\0\x01\0\0\0" + bytes(24))),
        (SERVER, bound(1, 0, token=ntlm_challenge())),
        (CLIENT, packet(16, 1, bytes(4), token=ntlm_authenticate())),
        *asked(2, 2, bytes(8), KEY + nothing()),
    ]
    rows = tcp(talk, port=49153)
    assert [(r["function_name"], r["user"]) for r in rows["operations"]] == [
        ("bind", None),
        ("auth3", "joe"),
        ("winreg::OpenLocalMachine", "joe"),
    ]
    clues = {(r["who"], r["field"], r["value"]) for r in rows["clues"]}
    assert {("10.0.0.2", "name", "hist01.plant.example"), ("10.0.0.1", "name", "ENG07")} <= clues


def test_what_is_encrypted_or_ndr64_names_nothing() -> None:
    stub = create_service("mixer", "x")
    sealed = [(CLIENT, call(2, 12, stub, token=bytes(16), level=6)), (SERVER, answered(2, bytes(28)))]
    rows = tcp([*opened("svcctl"), *sealed], port=49153)
    assert told(rows)[1] == ("svcctl::RCreateServiceW", "configure", None, "ok")
    rows = tcp([*opened("svcctl", transfer=NDR64), *asked(2, 12, stub, bytes(28))], port=49153)
    assert told(rows)[1] == ("svcctl::RCreateServiceW", "configure", None, "ok")


def test_fragments_are_one_call() -> None:
    stub = create_service("mixer", "C:\\mixer.exe")
    talk = [
        *opened("svcctl"),
        (CLIENT, call(2, 12, stub[:40], flags=1)),
        (CLIENT, call(2, 12, stub[40:60], flags=0)),
        (CLIENT, call(2, 12, stub[60:], flags=2)),
        (SERVER, answered(2, bytes(10), flags=1)),
        (SERVER, answered(2, bytes(18), flags=2)),
    ]
    rows = tcp(talk, port=49153)
    assert [r["object"] for r in rows["operations"][1:]] == ["service:mixer", "C:\\mixer.exe"]
    assert [(r["frame"], r["response_frame"]) for r in rows["operations"][1:]] == [(8, 10)] * 2


def test_both_byte_orders() -> None:
    talk = [
        (CLIENT, bind(1, UUIDS["IOPCServerList"], order=">")),
        (SERVER, bound(1, 0, order=">")),
        (CLIENT, call(2, 5, bytes(32) + string("Plant.Server", ">"), order=">")),
        (SERVER, answered(2, bytes(24) + b"\x80\x04\x01\x54", order=">")),
    ]
    rows = tcp(talk, port=49153)
    assert told(rows)[1] == ("IOPCServerList::CLSIDFromProgID", "discover", "Plant.Server", "refused")


def test_a_bind_can_be_refused_whole_or_in_part() -> None:
    talk = [
        (CLIENT, bind(1, UUIDS["svcctl"], "00112233-4455-6677-8899-aabbccddeeff")),
        (SERVER, bound(1, 0, 2)),
        (CLIENT, bind(2, UUIDS["samr"], kind=14)),
        (SERVER, refused(2, 1)),
    ]
    rows = tcp(talk, port=49153)
    assert [(r["object"], r["outcome"]) for r in rows["operations"]][:2] == [
        ("interface:svcctl 1.0", "ok"),
        ("interface:00112233-4455-6677-8899-aabbccddeeff 1.0", "refused"),
    ]


def test_a_call_of_an_interface_that_was_not_seen_bound_is_unknown() -> None:
    assert told(tcp(asked(2, 12, bytes(40), bytes(28)), port=135)) == [(None, "unknown", None, "ok")]


def test_an_answer_without_its_call() -> None:
    rows = tcp([(SERVER, answered(2, bytes(28)))], port=135)
    assert told(rows) == [(None, "unknown", None, "ok")]
    assert rows["operations"][0]["function"] is None


@pytest.mark.parametrize("talk", [SERVICES, REGISTRY, OPC])
def test_whole_and_split_agree(talk: Talk) -> None:
    whole = bare(tcp(talk, port=135))
    for at, split in cut_anywhere(talk, port=135, step=19):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 300), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    for talk in (SERVICES, REGISTRY, OPC):
        rows = tcp(mutated(talk, changes), port=135)
        assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (bind(1, UUIDS["svcctl"]) + b"\x99" * 30, "not-framed"),
        (packet(11, 1, struct.pack("<HHIBxH", 5840, 5840, 0, 9, 0) + bytes(60)), "truncated"),
        (packet(11, 1, struct.pack("<HHIBxH", 5840, 5840, 0, 200, 0) + bytes(60)), "too-many-contexts"),
        (packet(0, 1, b"", token=bytes(16))[:-22] + b"\xff" + bytes(21), "authentication-length"),
    ],
)
def test_oddities(octets: bytes, oddity: str) -> None:
    assert oddity in {r["oddity"] for r in tcp([(CLIENT, octets)], port=135)["oddities"]}


@pytest.mark.parametrize(
    ("octets", "least", "most"),
    [
        (bind(1, UUIDS["svcctl"]), 90, 100),
        (call(2, 12, bytes(300)), 80, 100),
        (call(2, 12, bytes(30), order=">"), 80, 100),
        (bind(1, UUIDS["svcctl"])[:10], NEED_MORE, NEED_MORE),
        (b"\x05\x01\x00", NEED_MORE, NEED_MORE),  # SOCKS 5 greets so, and asks so
        (b"\x05\x01\x00\x05\x01\x00\x01\x0a\x00\x00\x02\x00\x50", 0, 0),
        (b"\x05\x02\x00\x01", 0, 0),
        (b"\x05\x64\x14\xc4\x01\x00\x00\x04" + bytes(20), 0, 0),  # DNP3's first octet is the same
        (b"\x05\x00\x00\x03\x10\x00\x00\x00\x08\x00" + bytes(20), 0, 0),
    ],
)
def test_probe(octets: bytes, least: int, most: int) -> None:
    assert least <= SPEC.probe(octets, Hint("tcp", 50000, 12345, 0, True, 0)) <= most


def test_tshark_reads_the_same(tmp_path: Path) -> None:
    connection = Tcp(49153)
    connection.open()
    for side, octets in [*SERVICES, *REGISTRY]:
        connection.segment(side, octets)
    fields = ("frame.number", "dcerpc.pkt_type", "dcerpc.opnum", "dcerpc.cn_call_id", "svcctl.servicename",
              "winreg.winreg_OpenKey.keyname", "winreg.winreg_String.name", "_ws.malformed")  # fmt: skip
    seen = tshark_fields(connection.frames, fields, tmp_path)
    asking = [row for row in seen if row["dcerpc.pkt_type"] in ("0", "11")]
    rows = [r for r in tcp([*SERVICES, *REGISTRY], port=49153)["operations"] if r["item"] == 0]
    assert [row["frame.number"] for row in asking] == [str(r["frame"]) for r in rows]
    for row, other in zip(rows, asking, strict=True):
        assert row["transaction"] == other["dcerpc.cn_call_id"]
        if other["dcerpc.pkt_type"] == "0":
            assert str(row["function"]) == other["dcerpc.opnum"]
        if other["winreg.winreg_String.name"]:
            assert row["object"].endswith(other["winreg.winreg_String.name"])


def bare_name(name: str) -> str:
    """An operation's name without what only one of two spellings has."""
    plain = name.rpartition("::")[2].lower().replace("_", "")
    for prefix in (
        "netr",
        "rpc",
        "lsar",
        "lsa",
        "samr",
        "elfr",
        "basereg",
        "base",
        "idldrs",
        "drsuapi",
        "ds",
        "ept",
        "net",
    ):
        plain = plain.removeprefix(prefix)
    return plain.removeprefix("r") if plain[:1] == "r" else plain


@pytest.mark.parametrize(
    ("ours", "theirs", "alike"),
    [
        ("svcctl", "svcctl", 40),
        ("ITaskSchedulerService", "taskschedulerservice", 20),
        ("atsvc", "atsvc", 4),
        ("epmapper", "epm", 6),
        ("IOXIDResolver", "oxid", 6),
        ("netlogon", "netlogon", 38),
        ("winreg", "winreg", 25),
    ],
)
def test_tshark_knows_the_same_operations(ours: str, theirs: str, alike: int) -> None:
    rows, known = load_verbs()[f"dcerpc-{ours}"], tshark_values(f"{theirs}.opnum")
    same = [n for n, (name, _) in rows.items() if n in known and bare_name(name) == bare_name(known[n])]
    assert len(same) >= alike, [(n, rows[n][0], known.get(n)) for n in rows if n not in same]
