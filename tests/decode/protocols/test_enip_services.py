"""CIP's services by class: tags, identities, programs, files, PCCC; octets written after the public manuals."""

from __future__ import annotations

import struct

import pytest

from decode.feed import CLIENT, SERVER, Rows, Tcp, run
from decode.protocols.enip_octets import (
    BACKPLANE_0,
    IDENTITY,
    MESSAGE_ROUTER,
    PORT,
    connected,
    enip,
    forward_open,
    identity,
    logical,
    one,
    opened,
    reply,
    request,
    routed,
    tag,
    talk,
    unconnected,
)
from interlock.decode.protocols.enip.epath import parse_path


def call(service: int, path: bytes, data: bytes = b"", answer: bytes | None = None, status: int = 0) -> Rows:
    """One unconnected request and its answer."""
    return talk(unconnected(request(service, path, data)), unconnected(reply(service, answer or b"", status)))


def told(rows: Rows, protocol: str = "cip") -> set[tuple[str, str, str]]:
    return {(c["who"], c["field"], c["value"]) for c in rows["clues"] if c["protocol"] == protocol}


# --- paths


@pytest.mark.parametrize(
    ("octets", "text", "route"),
    [
        (tag("Speed"), "Speed", ""),
        (tag("Tag[3]"), "Tag[3]", ""),
        (tag("Cube[1,2,3].Edge"), "Cube[1,2,3].Edge", ""),
        (tag("Program:Main.Counts[7].PRE"), "Program:Main.Counts[7].PRE", ""),
        (bytes.fromhex("9103546167002900e803"), "Tag[1000]", ""),
        (bytes.fromhex("9103546167002a00a0860100"), "Tag[100000]", ""),
        (logical(0x01, 1, 7), "class:0x01/1/7", ""),
        (logical(0x68, 0x2420) + logical(0x6A, 7162), "class:0x68/9248/class:0x6a/7162", ""),
        (bytes.fromhex("200424802c972c98"), "class:0x04/128:151,152", ""),
        (bytes.fromhex("206b250011222804"), "class:0x6b/8721[4]", ""),
        (bytes.fromhex("0100") + MESSAGE_ROUTER, "class:0x02/1", "1,0"),
        (bytes.fromhex("120b31302e302e302e31323a31") [:2] + b"10.0.0.12:1" + b"\0", "", "2,10.0.0.12:1"),
        (bytes.fromhex("0f12340100"), "", "13330,1"),
        (bytes.fromhex("3404010002000300810a") + IDENTITY, "class:0x01/1", ""),
        (b"\x65Valve", "Valve", ""),
    ],
)  # fmt: skip
def test_a_path_is_spelled(octets: bytes, text: str, route: str) -> None:
    path = parse_path(octets)
    assert (path.text, path.route) == (text, route)


@pytest.mark.parametrize(
    "octets", [b"\x91", b"\x91\x05Tag", b"\x21\0", b"\x0f", b"\xa0\0", b"\x23\0", b"\x60\0", b"\x11\0\0"]
)
def test_a_broken_path_is_not_whole(octets: bytes) -> None:
    assert not parse_path(octets).whole


# --- tags and their values


@pytest.mark.parametrize(
    ("data", "kind", "numbers"),
    [
        (b"\xc1\0\xff", "BOOL", [1.0]),
        (b"\xc1\3\x01", "BOOL", [1.0]),
        (b"\xc2\0\xfe\x02", "SINT", [-2.0, 2.0]),
        (b"\xc3\0" + struct.pack("<hh", -300, 300), "INT", [-300.0, 300.0]),
        (b"\xc4\0" + struct.pack("<i", -70000), "DINT", [-70000.0]),
        (b"\xc5\0" + struct.pack("<q", -(1 << 40)), "LINT", [-float(1 << 40)]),
        (b"\xc6\0\xfe", "USINT", [254.0]),
        (b"\xc7\0\xff\xff", "UINT", [65535.0]),
        (b"\xc8\0\xff\xff\xff\xff", "UDINT", [4294967295.0]),
        (b"\xc9\0" + struct.pack("<Q", 1 << 63), "ULINT", [float(1 << 63)]),
        (b"\xca\0" + struct.pack("<f", 1.5), "REAL", [1.5]),
        (b"\xcb\0" + struct.pack("<d", -2.25), "LREAL", [-2.25]),
        (b"\xd3\0" + struct.pack("<I", 0x80000001), "DWORD", [2147483649.0]),
    ],
)
def test_a_read_tag_has_its_values(data: bytes, kind: str, numbers: list[float]) -> None:
    rows = call(0x4C, tag("T"), b"\1\0", data)
    assert one(rows["values"], "object", "direction", "type", "number", "server") == (
        "T",
        "read",
        kind,
        numbers,
        "10.0.0.2",
    )
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"\xa0\x02\xce\x0f" + struct.pack("<I", 5) + b"Hello" + bytes(77), "STRING", "Hello"),
        (b"\xd0\0\3\0abc", "STRING", "abc"),
        (b"\xda\0\4abcd", "SHORT_STRING", "abcd"),
        (b"\xda\0\2\xff\xfe", "SHORT_STRING", "\\xff\\xfe"),
    ],
)
def test_a_tag_of_text_is_text(data: bytes, kind: str, text: str) -> None:
    assert one(call(0x4C, tag("T"), b"\1\0", data)["values"], "type", "text") == (kind, text)


def test_structures_and_unknown_types_stay_octets() -> None:
    rows = call(0x4C, tag("T"), b"\1\0", b"\xa0\x02\x34\x12\1\2\3")
    assert one(rows["values"], "type", "raw") == ("STRUCT 0x1234", b"\1\2\3")
    rows = call(0x4C, tag("T"), b"\1\0", b"\xde\0\1\2\3")
    assert one(rows["values"], "type", "raw") == ("0x00de", b"\1\2\3")


def test_a_write_shows_what_is_written() -> None:
    rows = call(0x4D, tag("Set[2]"), b"\xca\0\2\0" + struct.pack("<ff", 0.5, 2.0))
    assert one(rows["operations"], "verb", "function_name", "object", "count") == (
        "write",
        "Write Tag",
        "Set[2]",
        2,
    )
    assert one(rows["values"], "direction", "type", "number") == ("written", "REAL", [0.5, 2.0])
    rows = call(0x53, tag("Set"), b"\xc3\0\4\0\2\0\0\0" + struct.pack("<hh", 3, 4))
    assert one(rows["operations"], "function_name", "count") == ("Write Tag Fragmented", 4)
    assert one(rows["values"], "number") == ([3.0, 4.0],)


def test_a_fragment_of_a_read_is_partial_and_right() -> None:
    rows = call(0x52, tag("Big"), b"\x64\0\0\0\0\0", b"\xc3\0\1\0\2\0", status=6)
    assert one(rows["operations"], "function_name", "count", "outcome", "code") == (
        "Read Tag Fragmented",
        100,
        "ok",
        6,
    )
    assert one(rows["values"], "number") == ([1.0, 2.0],)


def test_a_masked_write_shows_its_masks() -> None:
    rows = call(0x4E, tag("Bits"), b"\4\0" + struct.pack("<II", 8, 0xFFFFFFFF))
    assert one(rows["operations"], "verb", "object") == ("write", "Bits")
    assert one(rows["values"], "type", "number") == ("or-and-mask", [8.0, 4294967295.0])


def test_a_tag_by_number_has_the_name_that_the_controller_listed() -> None:
    listed = b"\x11\x22\0\0\5\0Speed\xc4\0" + b"\x12\x22\0\0\4\0Sets\xca\x20"
    by_number = request(0x4C, logical(0x6B, 0x2212) + b"\x28\3", b"\1\0")
    rows = talk(
        unconnected(request(0x55, logical(0x6B, 0), b"\2\0\1\0\2\0")), unconnected(reply(0x55, listed)),
        unconnected(by_number), unconnected(reply(0x4C, b"\xca\0" + bytes(4))),
        unconnected(request(0x4C, logical(0x6B, 9), b"\1\0")), unconnected(reply(0x4C, status=5)),
    )  # fmt: skip
    assert [(r["function_name"], r["verb"], r["object"]) for r in rows["operations"]] == [
        ("Get Instance Attribute List", "discover", "class:0x6b/0"),
        ("Read Tag", "read", "Sets[3]"),
        ("Read Tag", "read", "class:0x6b/9"),
    ]


def test_a_programs_tags_are_named_with_it() -> None:
    program = tag("Program:Main")
    rows = talk(
        unconnected(request(0x55, program + logical(0x6B, 0), b"\1\0\1\0")),
        unconnected(reply(0x55, b"\7\0\0\0\3\0Ton")),
        unconnected(request(0x4C, program + logical(0x6B, 7), b"\1\0")), unconnected(reply(0x4C, status=5)),
    )  # fmt: skip
    assert rows["operations"][1]["object"] == "Program:Main.Ton"


def test_attributes_are_items_and_octets() -> None:
    rows = call(0x03, logical(0x73, 1), b"\2\0\2\0\5\0", b"\2\0\2\0\0\0\1\0")
    assert [(r["object"], r["item"], r["items"]) for r in rows["operations"]] == [
        ("class:0x73/1/2", 0, 2), ("class:0x73/1/5", 1, 2),
    ]  # fmt: skip
    rows = call(0x0E, logical(0x04, 100, 3), b"", b"\1\2\3")
    assert one(rows["values"], "object", "direction", "raw") == ("class:0x04/100/3", "read", b"\1\2\3")
    rows = call(0x10, logical(0x04, 100, 3), b"\7")
    assert one(rows["operations"], "verb") == ("write",)
    assert one(rows["values"], "object", "direction", "raw") == ("class:0x04/100/3", "written", b"\7")


# --- who they are


def test_all_attributes_of_identity_are_clues_about_the_routes_end() -> None:
    rows = talk(unconnected(routed(request(0x01, IDENTITY))), unconnected(reply(0x01, identity())))
    who = "10.0.0.2/1,0"
    assert told(rows) == {
        (who, "unit", "1,0"), (who, "vendor-id", "cip:1"), (who, "product-code", "cip:1/14/54"),
        (who, "device-type", "cip:14"),
        (who, "firmware", "20.11"), (who, "serial", "0x0051823f"), (who, "product", "1756-L61/B"),
    }  # fmt: skip
    assert one(rows["operations"], "verb", "unit") == ("identify", "1,0")
    assert one(rows["cip_identities"], "unit", "product_name", "state") == ("1,0", "1756-L61/B", None)


def test_attributes_of_identity_one_by_one_are_put_together() -> None:
    single = [(1, b"\1\0"), (2, b"\x0e\0"), (3, b"\x36\0"), (4, b"\x14\x0b"), (6, b"\1\0\0\0"), (7, b"\2L6")]
    payloads: list[bytes] = []
    for attribute, value in single:
        payloads += [unconnected(request(0x0E, logical(1, 1, attribute))), unconnected(reply(0x0E, value))]
    fields = {(f, v) for _, f, v in told(talk(*payloads))}
    assert {
        ("product-code", "cip:1/14/54"),
        ("firmware", "20.11"),
        ("serial", "0x00000001"),
        ("product", "L6"),
    } < fields
    answer = b"\3\0\1\0\0\0\x57\1\4\0\x14\0\7\0\0\0\2Z9"
    rows = call(0x03, IDENTITY, b"\3\0\1\0\4\0\7\0", answer, status=0x0A)
    assert {(f, v) for _, f, v in told(rows)} == {("vendor-id", "cip:343"), ("product", "Z9")}
    assert one(rows["operations"][:1], "outcome", "code") == ("refused", 0x0A)


def test_network_objects_tell_name_and_addresses() -> None:
    configuration = struct.pack("<IIIII", 0x0A000002, 0xFFFFFF00, 0x0A0000FE, 0, 0) + b"\5\0plant\0"
    rows = call(0x0E, logical(0xF5, 1, 5), b"", configuration)
    assert {(f, v) for _, f, v in told(rows)} == {
        ("ip", "10.0.0.2"), ("netmask", "255.255.255.0"), ("router", "10.0.0.254"), ("domain", "plant"),
    }  # fmt: skip
    assert {
        (f, v) for _, f, v in told(call(0x0E, logical(0xF6, 1, 3), b"", bytes.fromhex("0000bc3eebe4")))
    } == {("mac", "00:00:bc:3e:eb:e4")}


def test_services_that_a_device_lists_are_clues() -> None:
    listed = b"\1\0" + struct.pack("<HHHH", 0x100, 20, 1, 0x120) + b"Communications\0\0"
    rows = talk(enip(0x04, session=0), enip(0x04, listed))
    assert {(f, v) for _, f, v in told(rows, "enip")} == {
        ("service", "enip/44818"),
        ("service", "enip-io/2222"),
    }


def test_safety_is_told_by_a_safety_segment_or_object_only() -> None:
    segment = b"\x50\1\0\0"
    rows = talk(unconnected(forward_open(BACKPLANE_0 + logical(4, 1) + segment)), unconnected(opened()))
    assert told(rows) == {
        ("10.0.0.1", "safety", "CIP Safety (safety segment in Forward Open)"),
        ("10.0.0.2/1,0", "safety", "CIP Safety (safety segment in Forward Open)"),
    }
    assert told(call(0x0E, logical(0x39, 1, 11), b"", b"\2")) == {
        ("10.0.0.2", "safety", "CIP Safety (safety object answered)")
    }
    assert told(call(0x0E, logical(0x39, 1, 11), b"", status=5)) == set()
    assert told(talk(unconnected(forward_open(logical(4, 1))), unconnected(opened()))) == set()


# --- what they do


@pytest.mark.parametrize(
    ("service", "path", "verb", "name"),
    [
        (0x05, IDENTITY, "reset", "Reset"),
        (0x06, logical(0x8E, 1), "start", "Change Mode to Run"),
        (0x07, logical(0x8E, 1), "stop", "Change Mode to Program"),
        (0x04, logical(0x8B, 1), "time-set", "Set_Attribute_List"),
        (0x10, logical(0x8B, 1, 5), "time-set", "Set_Attribute_Single"),
        (0x4B, logical(0x8E, 1) + logical(0x74, 1), "open", "Lock"),
        (0x4F, logical(0x68, 9248) + logical(0x6A, 7162), "program-read", "Upload"),
        (0x50, logical(0x6A, 7162), "program-write", "Download"),
        (0x4C, logical(0x68, 9248) + logical(0x6D, 9248), "program-read", "Upload Logic"),
        (0x4B, logical(0x72, 1), "program-write", "Download Logic"),
        (0x08, logical(0x68, 9248), "program-write", "Create"),
        (0x4D, logical(0x69, 0), "force", "Enable Forces"),
        (0x4D, logical(0xA1, 1), "firmware-write", "Transfer"),
        (0x4B, logical(0x37, 200), "file-read", "Initiate_Upload"),
        (0x53, logical(0x39, 1), "mode-set", "Mode_Change"),
        (0x10, logical(0xF5, 1, 5), "configure", "Set_Attribute_Single"),
        (0x50, logical(0x44, 1), "write", "Write_Holding_Registers"),
        (0x4B, logical(0x99, 1), "unknown", None),
        (0x4C, logical(0x04, 1), "unknown", None),
        (0x7F, IDENTITY, "unknown", None),
    ],
)
def test_the_class_makes_the_meaning(service: int, path: bytes, verb: str, name: str | None) -> None:
    rows = call(service, path)
    assert one(rows["operations"], "verb", "function_name", "function", "outcome") == (
        verb,
        name,
        service,
        "ok",
    )


def test_vendor_specific_classes_of_another_maker_are_unknown() -> None:
    stop = unconnected(request(0x07, logical(0x8E, 1)))
    rows = talk(
        unconnected(request(0x0E, logical(1, 1, 1))), unconnected(reply(0x0E, b"\x2f\0")),
        unconnected(request(0x50, logical(0x6A, 1))), unconnected(reply(0x50)), stop, unconnected(reply(0x07)),
        unconnected(request(0x4C, tag("Speed"), b"\1\0")), unconnected(reply(0x4C, b"\xc3\0\1\0")),
    )  # fmt: skip
    assert [(r["verb"], r["function_name"]) for r in rows["operations"]][1:] == [
        ("unknown", None), ("stop", "Stop"), ("read", "Read Tag"),
    ]  # fmt: skip


def test_a_read_of_memory_is_about_its_address() -> None:
    rows = call(0x4C, logical(0x72, 0), struct.pack("<IH", 0x000402CC, 1), b"\1\0\0\0")
    assert one(rows["operations"], "object", "count", "verb") == ("class:0x72/0/0x000402cc", 1, "read")
    assert one(rows["values"], "object", "raw") == ("class:0x72/0/0x000402cc", b"\1\0\0\0")


def initiate_download(name: bytes) -> bytes:
    return struct.pack("<IHBB", 4096, 1, 1, 2) + b"\1eng\xda\4\0" + bytes([len(name)]) + name


def test_a_file_named_like_firmware_is_firmware() -> None:
    path = logical(0x37, 5)
    payloads: list[bytes] = []
    for name in (b"1756L61.nvs", b"device.eds"):
        payloads += [unconnected(request(0x4C, path, initiate_download(name))), unconnected(reply(0x4C))]
        payloads += [unconnected(request(0x50, path, b"\1" + bytes(40))), unconnected(reply(0x50))]
    rows = talk(*payloads)
    assert [(r["verb"], r["object"]) for r in rows["operations"]] == [
        ("firmware-write", "class:0x37/5/1756L61.nvs"), ("firmware-write", "class:0x37/5"),
        ("file-write", "class:0x37/5/device.eds"), ("file-write", "class:0x37/5"),
    ]  # fmt: skip


# --- PCCC

REQUESTER = bytes.fromhex("074d0078563412")


def pccc(command: bytes, answer: bytes) -> Rows:
    return call(0x4B, logical(0x67, 1), REQUESTER + command, REQUESTER + answer)


def test_a_pccc_read_is_named_addressed_and_valued() -> None:
    rows = pccc(bytes.fromhex("0f000100a2040789 0a00"), bytes.fromhex("4f000100 2a00feff"))
    wanted = ("protocol", "function", "function_name", "verb", "object", "outcome")
    name = "Protected typed logical read with three address fields"
    assert one(rows["operations"], *wanted) == ("pccc", 0x0FA2, name, "read", "N7:10", "ok")
    assert one(rows["values"], "protocol", "object", "type", "number") == (
        "pccc",
        "N7:10",
        "int16",
        [42.0, -2.0],
    )
    wanted = ("command", "function", "name", "transaction", "vendor", "originator", "object", "octets")
    assert one(rows["pccc"], *wanted) == (0x0F, 0xA2, name, 1, 0x4D, 0x12345678, "N7:10", 4)


def test_a_pccc_write_shows_what_is_written() -> None:
    command = bytes.fromhex("0f000100aa04088aff000200") + struct.pack("<f", 1.25)
    rows = pccc(command, bytes.fromhex("4f000100"))
    assert one(rows["operations"], "verb", "object") == ("write", "F8:512")
    assert one(rows["values"], "direction", "type", "number") == ("written", "float", [1.25])


@pytest.mark.parametrize(
    ("command", "verb"),
    [
        ("0f0001003a02", "mode-set"), ("0f0001008006", "mode-set"), ("0f00010053", "program-read"),
        ("0f00010050", "program-write"), ("0f0001000600", "program-read"), ("0f00010041", "force"),
        ("0f0001000a", "reset"),
        ("060001000000", "diagnose"), ("080001000000", "write"), ("0700010000", "stop"), ("0f000100ee", "unknown"),
        ("99000100", "unknown"),
    ],
)  # fmt: skip
def test_a_pccc_command_is_what_its_function_says(command: str, verb: str) -> None:
    assert one(pccc(bytes.fromhex(command), bytes.fromhex("4f000100"))["operations"], "verb") == (verb,)


def test_a_refused_pccc_command_carries_its_own_status() -> None:
    rows = pccc(bytes.fromhex("0f000100a20407890a00"), bytes.fromhex("4f100100"))
    assert one(rows["operations"], "outcome", "code") == ("refused", 0x10)
    rows = pccc(bytes.fromhex("0f000100a20407890a00"), bytes.fromhex("4ff001000b"))
    assert one(rows["operations"], "outcome", "code") == ("refused", 0xF00B)


def test_a_diagnostic_status_names_the_controller() -> None:
    status = bytes.fromhex("01ee34493a") + b"1747-L553  " + bytes(8)
    rows = pccc(bytes.fromhex("060001000300")[:5], bytes.fromhex("46000100") + status)
    assert ("10.0.0.2", "product", "1747-L553") in told(rows, "pccc")


@pytest.mark.parametrize(
    ("command", "answer", "verb", "objects", "numbers", "kind"),
    [
        ("0f000100 01 0000 0200 06070a 04", "4f000100 2a00feff", "read", ["file7:10"], [[42, -2]], "int16"),
        ("0f000100 00 0100 0200 0e070aff0001 0500", "4f000100", "write", ["file7:10.256+1"], [[5]], "int16"),
        ("0f000100 68 0000 0200 0024 4e373a3000 0200", "4f000100 9909 05 42 05000600", "read", ["N7:0"],
         [[5, 6]], "int16"),
        ("0f000100 67 0000 0100 060803 9408 0000a03f", "4f000100", "write", ["file8:3"], [[1.25]], "float"),
        ("0f000100 26 060703 ff00 0100 060704 0f00 0200", "4f000100", "write", ["file7:3", "file7:4"],
         [[255, 1], [15, 2]], "and-or-mask"),
        ("0f000100 02 060703 0300 0400", "4f000100", "write", ["file7:3"], [[3, 4]], "set-reset-mask"),
        ("0f000100 ab 02 03 85 04 00 0f00 0500", "4f000100", "write", ["B3:4"], [[15, 5]], "masked-int16"),
        ("05000100 1000 0102", "45000100", "write", ["address:16"], [[1, 2]], "set-reset-mask"),
        ("0f000100 80 06", "4f000100", "mode-set", ["mode:0x06"], [], None),
        ("0f000100 81 01 0700 89", "4f000100 0100", "open", ["N7/read"], [], None),
    ],
)  # fmt: skip
def test_pccc_commands_name_what_they_touch(
    command: str, answer: str, verb: str, objects: list, numbers: list, kind: str | None
) -> None:
    rows = pccc(bytes.fromhex(command), bytes.fromhex(answer))
    assert [(r["verb"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        (verb, text, "ok") for text in objects
    ]
    assert [(v["number"], v["type"]) for v in rows["values"]] == [(n, kind) for n in numbers]
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("command", "raw"),
    [("01000100 2000 04", b"abcd"), ("0f000100 a7 04 0100 0000 22", b"abcd")],
)
def test_pccc_octets_without_a_known_type_stay_octets(command: str, raw: bytes) -> None:
    rows = pccc(bytes.fromhex(command), bytes.fromhex("4f000100") + raw)
    assert one(rows["values"], "direction", "raw") == ("read", raw)


def test_a_malformed_pccc_address_costs_the_address_alone() -> None:
    rows = pccc(bytes.fromhex("0f000100 01 0000 0200 00 07"), bytes.fromhex("4f000100"))
    assert one(rows["operations"], "function", "verb", "object") == (0x0F01, "read", None)
    assert [o["oddity"] for o in rows["oddities"]] == ["address-malformed"]


def test_a_pccc_command_that_cip_refuses_is_refused() -> None:
    message = request(0x4B, logical(0x67, 1), REQUESTER + bytes.fromhex("0f0001008006"))
    rows = talk(unconnected(message), unconnected(reply(0x4B, status=8, extended=(7,))))
    assert one(rows["operations"], "protocol", "outcome", "code") == ("pccc", "refused", 8)
    assert one(rows["cip_refusals"], "service") == (0x4B,)


def test_values_are_joined_with_their_operation_and_left_out_where_nobody_asked() -> None:
    connection = Tcp(PORT)
    connection.open()
    connection.segment(CLIENT, connected(request(0x4D, tag("T"), b"\xc4\0\1\0\1\0\0\0")))
    connection.segment(SERVER, connected(reply(0x4D)))
    rows = run(connection.frames)
    assert one(rows["values"], "operation") == one(rows["operations"], "operation")
    rows = run(connection.frames, wanted=frozenset({"operations"}))
    assert one(rows["operations"], "count") == (1,)
    assert rows["values"] == []
