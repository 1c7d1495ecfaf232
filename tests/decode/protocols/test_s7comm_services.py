"""Program invocation services of S7 communication: every one by its name, with the arguments its analysts give it.

Octets: function, 6 unknown, 0xFD, length of the parameters 2, parameters, length of the name 1, name. Arguments of a
SINUMERIK's services are strings, each behind its length, each with a zero where it would take an odd number of octets.
"""

from __future__ import annotations

import struct

import pytest

from decode.protocols.s7_octets import CONFIRM, CONNECT, ack, job, one, service, talk
from interlock.decode.registry import load_verbs

WRITE, WORK, CHANNEL = "program-write", "/_N_WKS_DIR/_N_A_WPD/_N_A_MPF", "C1"
FILE = "/_N_MPF_DIR/_N_TEST_MPF"

SERVICES = [
    ("_MODU", ("EP",), WRITE),
    ("_GARB", (), "configure"),
    ("P_PROGRAM", (), "start"),
    # the address identifier alone
    ("_N_LOGOUT", ("P01",), "close"),
    ("_N_CANCEL", ("P01",), "reset"),
    ("_N_DASAVE", ("P01",), "configure"),
    ("_N_DIGIOF", ("P01",), "configure"),
    ("_N_DIGION", ("P01",), "configure"),
    ("_N_DZERO_", ("P01",), "configure"),
    ("_N_ENDEXT", ("P01",), "configure"),
    ("_N_OST_OF", (CHANNEL,), "mode-set"),
    ("_N_OST_ON", (CHANNEL,), "mode-set"),
    ("_N_SCALE_", ("P01",), "configure"),
    ("_N_SETUFR", (CHANNEL,), "configure"),
    ("_N_STRTLK", ("P01",), "mode-set"),
    ("_N_STRTUL", ("P01",), "mode-set"),
    ("_N_TMRASS", ("P01",), "reset"),
    # and a file
    ("_N_F_DELE", ("P01", FILE), "file-write"),
    ("_N_EXTERN", (CHANNEL, FILE), "mode-set"),
    ("_N_EXTMOD", (CHANNEL, FILE), "mode-set"),
    ("_N_F_DELR", ("P01", FILE), "file-write"),
    ("_N_F_XFER", ("P01", FILE), "file-read"),
    ("_N_LOCKE_", ("P01", FILE), "configure"),
    ("_N_SELECT", (CHANNEL, WORK), "mode-set"),
    ("_N_SRTEXT", ("P01", FILE), "configure"),
    # a file in the editor: its name, the window, where and what is looked for
    ("_N_F_OPEN", ("P01", FILE, "WINDOW1"), "file-write"),
    ("_N_F_OPER", ("P01", FILE, "WINDOW1"), "file-read"),
    ("_N_F_CLOS", ("P01", "WINDOW1"), "close"),
    ("_N_F_SEEK", ("P01", "WINDOW1", "0", "2000", "G01", "1"), "file-read"),
    ("_N_F_COPY", ("P01", "1", FILE, WORK), "file-write"),
    ("_N_F_DMDA", ("P01", "1"), "file-write"),
    ("_N_F_PROR", ("P01", FILE, "77777"), "file-write"),
    ("_N_F_PROT", ("P01", FILE, "77777"), "file-write"),
    ("_N_F_RENA", ("P01", FILE, WORK), "file-write"),
    # interrupt, priority, fast retraction, block synchronisation, file
    ("_N_ASUP__", (CHANNEL, "1", "1", "0", "0", FILE), "configure"),
    # tools, their edges and places in magazines
    ("_N_CHEKDM", ("TO1", "1", "2", "3"), "diagnose"),
    ("_N_CHKDNO", ("TO1", "1", "2", "3"), "diagnose"),
    ("_N_CRCEDN", ("TO1", "5", "1"), "configure"),
    ("_N_DELECE", ("TO1", "5", "1"), "configure"),
    ("_N_CREACE", ("TO1", "5"), "configure"),
    ("_N_CREATO", ("TO1", "5"), "configure"),
    ("_N_DELETO", ("TO1", "5"), "configure"),
    ("_N_CRTOCE", ("TO1", "5", "1"), "configure"),
    ("_N_SETTST", ("TO1", "1", "2", "3"), "configure"),
    ("_N_TMAWCO", ("TO1", "1", "2", "3"), "configure"),
    ("_N_TMCRTC", ("TO1", "DRILL", "5", "1", "2"), "configure"),
    ("_N_TMCRTO", ("TO1", "DRILL", "5", "1"), "configure"),
    ("_N_TMFDPL", ("TO1", "5", "1", "2", "3", "4"), "read"),
    ("_N_TMFPBP", ("TO1", "1", "2", "3", "4", "5", "6", "0", "1", "0", "1", "2", "3"), "read"),
    ("_N_TMGETT", ("TO1", "DRILL", "1"), "read"),
    ("_N_TMMVTL", ("TO1", "5", "1", "2", "3", "4"), "operate"),
    ("_N_TMPCIT", ("TO1", "1", "2"), "configure"),
    ("_N_TMPOSM", ("TO1", "5", "DRILL", "1", "1", "2", "3", "4"), "operate"),
    ("_N_TRESMO", ("TO1", "5", "1", "2"), "reset"),
    ("_N_TSEARC", ("TO1", "1", "2", "3", "4", "5", "6", "1", "2"), "read"),
    # the rest: class, data block and its cells, mode of search, switch, semaphore, speed, line
    ("_N_CONFIG", ("P01", "1"), "configure"),
    ("_N_DELVAR", ("P01", "7", "1", "2", "3", "4"), "file-write"),
    ("_N_FINDBL", (CHANNEL, "2"), "mode-set"),
    ("_N_IBN_SS", ("P01", "1"), "mode-set"),
    ("_N_MMCSEM", ("P01", "1", "1"), "configure"),
    ("_N_NCKMOD", ("P01", "1", "2", "100"), "mode-set"),
    ("_N_SEL_BL", (CHANNEL, "120"), "mode-set"),
]
SECRET = [
    ("_N_LOGIN_", ("P01", "SESAME"), "authenticate", "_N_LOGIN_ P01"),
    ("_N_NEWPWD", ("P01", "SESAME", "2"), "configure", "_N_NEWPWD P01 2"),
]
BLOCKS = [
    ("_INSE", b"\1\x000A00001P", WRITE, ["DB1/P"]),
    ("_INS2", b"\2\x000800001P0C00007P", WRITE, ["OB1/P", "FC7/P"]),
    ("_DELE", b"\1\x000800035B", WRITE, ["OB35/B"]),
]


def strings(arguments: tuple[str, ...]) -> bytes:
    counted = [struct.pack("B", len(text)) + text.encode() for text in arguments]
    return b"".join(octets + bytes(len(octets) % 2) for octets in counted)


def parameters(name: str, arguments: tuple[str, ...]) -> bytes:
    return strings(arguments) if name.startswith("_N_") else "".join(arguments).encode()


def both_ways(name: str, octets: bytes) -> list[dict]:
    """The service granted, then refused: `job of an unknown name`, error class 0x85, code 0."""
    rows = talk(
        CONNECT,
        CONFIRM,
        service(1, name, octets),
        ack(1, b"\x28"),
        service(2, name, octets),
        ack(2, b"\x28", error=0x8500),
    )
    assert rows["oddities"] == []
    assert "SESAME" not in repr(rows)
    told = rows["operations"]
    assert {(r["function"], r["function_name"]) for r in told} == {(0x28, f"PI-Service {name}")}
    assert [(r["outcome"], r["code"]) for r in told if r["item"] == 0] == [("ok", None), ("refused", 0x8500)]
    return told


@pytest.mark.parametrize(("name", "arguments", "verb"), SERVICES, ids=[row[0] for row in SERVICES])
def test_every_service_is_told(name: str, arguments: tuple[str, ...], verb: str) -> None:
    told = both_ways(name, parameters(name, arguments))
    assert [(r["verb"], r["object"]) for r in told] == 2 * [(verb, " ".join((name, *arguments)))]


@pytest.mark.parametrize(("name", "arguments", "verb", "about"), SECRET, ids=[row[0] for row in SECRET])
def test_passwords_of_services_are_kept_out(
    name: str, arguments: tuple[str, ...], verb: str, about: str
) -> None:
    told = both_ways(name, strings(arguments))
    assert [(r["verb"], r["object"]) for r in told] == 2 * [(verb, about)]
    rows = talk(service(1, name, strings(arguments)))
    assert one(rows["credentials"], "protocol", "scheme") == ("s7comm", "password")


@pytest.mark.parametrize(("name", "octets", "verb", "blocks"), BLOCKS, ids=[row[0] for row in BLOCKS])
def test_services_on_blocks_name_each(name: str, octets: bytes, verb: str, blocks: list[str]) -> None:
    told = both_ways(name, octets)
    assert [(r["verb"], r["object"]) for r in told] == 2 * [(verb, block) for block in blocks]


def test_no_service_is_left_out() -> None:
    known = {name for name, _ in load_verbs(outside=False)["s7comm-pi"].values()}
    assert {row[0] for row in (*SERVICES, *SECRET, *BLOCKS)} == known


def test_a_service_without_arguments_is_told_by_its_name() -> None:
    rows = talk(job(1, b"\x28" + bytes(6) + b"\xfd\0\0\x09_N_OST_ON"))
    assert one(rows["operations"], "verb", "object") == ("mode-set", "_N_OST_ON")
