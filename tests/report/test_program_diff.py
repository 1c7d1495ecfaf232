"""What differs between two versions of a program, told so that it can be checked against both."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.protocols.s7comm.block_parts import parts_of
from interlock.report.program_diff import MAX_RANGES, compare_octets, ranges_of


def block(
    networks: list[bytes], interface: bytes = b"", *, table: bytes | None = None, author: bytes = b"ann"
) -> bytes:
    """An S7 function of these networks."""
    code = b"".join(networks)
    if table is None:
        table = struct.pack(f"<{1 + len(networks)}H", 1 + len(networks), *map(len, networks))
    inner = code + interface + table
    size = 72 + len(inner)
    head = struct.pack(">2sBBBBHIIIHIHHHHH", b"pp", 1, 1, 1, 0x0C, 7, size, 0, 1000, 9000, 2000, 9001,
                       len(interface), len(table), 20, len(code))  # fmt: skip
    return head + inner + author.ljust(8) + bytes(16) + b"\x10\0\xab\xcd" + bytes(8)


def rebuilt(a: bytes, b: bytes) -> bytes:
    """b, from a and what was told to differ."""
    out, at = b"", 0
    for r in ranges_of(a, b):
        out += a[at : r.at_a] + b[r.at_b : r.at_b + r.size_b]
        at = r.at_a + r.size_a
    return out + a[at:]


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_ranges_tell_all_that_differs(a: bytes, b: bytes) -> None:
    assert rebuilt(a, b) == b
    assert rebuilt(a, a) == a


@given(st.binary(min_size=1, max_size=300), st.lists(st.integers(0, 299), max_size=8))
def test_ranges_of_one_length_are_those_octets_alone(a: bytes, at: list[int]) -> None:
    b = bytearray(a)
    for k in at:
        b[k % len(a)] ^= 0xFF
    differs = {k for k in range(len(a)) if a[k] != b[k]}
    told = ranges_of(a, bytes(b))
    covered = {k for r in told for k in range(r.at_a, r.at_a + r.size_a)}
    assert differs <= covered
    assert all({r.at_a, r.at_a + r.size_a - 1} <= differs for r in told)


def test_a_changed_network_is_named_and_no_other() -> None:
    a = block([b"\x01" * 10, b"\x02" * 20, b"\x03" * 6], b"io")
    b = block([b"\x01" * 10, b"\x02" * 19 + b"\x09", b"\x03" * 6], b"io")
    told = compare_octets(a, b)
    assert told["outcome"] == "changed"
    assert [(p["part"], p["ranges"]) for p in told["parts"]] == [
        ("network 2", [{"at_a": 19, "size_a": 1, "at_b": 19, "size_b": 1}])
    ]


def test_a_network_that_came_is_told_with_its_table_and_lengths() -> None:
    told = compare_octets(block([b"\x01" * 10]), block([b"\x01" * 10, b"\x02" * 4]))
    parts = {p["part"]: (p["a"], p["b"]) for p in told["parts"]}
    assert parts == {"header": (36, 36), "network 2": (0, 4), "segment table": (4, 6)}
    assert {d["field"]: (d["a"], d["b"]) for d in told["differences"]}["code octets"] == ("10", "14")


def test_other_authors_of_one_code_are_restamped() -> None:
    told = compare_octets(block([b"\x01"]), block([b"\x01"], author=b"bob"))
    assert told["outcome"] == "restamped"
    assert told["differences"] == [{"field": "author", "a": "ann", "b": "bob"}]


@given(st.binary(max_size=80), st.binary(max_size=40), st.binary(max_size=40))
def test_the_parts_are_the_block_whatever_its_table_says(code: bytes, interface: bytes, table: bytes) -> None:
    octets = block([code], interface, table=table)
    assert b"".join(parts_of(octets).values()) == octets


@given(st.binary(min_size=72, max_size=200))
def test_the_parts_of_anything_that_passes_for_a_block_are_it(octets: bytes) -> None:
    octets = b"pp\x01\x01\x01\x0c" + octets[6:34] + (len(octets) - 72).to_bytes(2, "big") + octets[36:]
    assert b"".join(parts_of(octets).values()) == octets


ST = [f"x{n} := {n};" for n in range(200)]


def test_texts_are_told_as_lines_whose_numbers_are_those_of_the_files() -> None:
    other = [*ST[:150], "valve := TRUE;", *ST[151:]]
    told = compare_octets("\n".join(ST).encode(), "\n".join(other).encode(), names=("old", "new"))
    assert told["text"][:3] == ["--- old", "+++ new", "@@ -148,7 +148,7 @@"]
    assert [line for line in told["text"][3:] if line[0] != " "] == ["-x150 := 150;", "+valve := TRUE;"]
    assert told["parts"] == []


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_a_difference_of_texts_makes_the_one_of_the_other(a: list[str], b: list[str]) -> None:
    told = compare_octets("\n".join(a).encode(), "\n".join(b).encode())
    if "text" not in told:
        assert a == b or not told["parts"] or b"".join(map(str.encode, a)) == b"".join(map(str.encode, b))
        return
    out: list[str] = []
    at = 0
    for line in told["text"][2:]:
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            out += a[at:begin]
            at = begin
        elif line[0] == "+":
            out.append(line[1:])
        elif line[0] == "-":
            at += 1
        else:
            out.append(line[1:])
            at += 1
    assert out + a[at:] == b


def test_ends_of_lines_alone_are_told_as_octets() -> None:
    told = compare_octets(b"a\r\nb\r\n", b"a\nb\n")
    assert "text" not in told
    assert told["parts"][0]["part"] == "octets"


def test_a_thousand_places_are_counted_past_a_bound() -> None:
    a = bytes(100_000)
    b = bytes(1 if k % 100 == 0 else 0 for k in range(100_000))
    (part,) = compare_octets(a, b)["parts"]
    assert (len(part["ranges"]), part["more_ranges"]) == (MAX_RANGES, 1000 - MAX_RANGES)
