"""What recognises PROFIsafe and FSoE; octets written after IEC 61784-3-3, makers' manuals and ETG.5100."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.safety.fsoe import FsoeWatch, is_candidate
from interlock.decode.safety.profisafe import read_f_parameters

POLYNOMIAL = 0x1_4EAB


def crc(octets: bytes) -> int:
    """Long division of the message by the generator polynomial, bit by bit."""
    value = int.from_bytes(octets, "big") << 16
    for shift in range(8 * len(octets) - 1, -1, -1):
        if value >> (shift + 16) & 1:
            value ^= POLYNOMIAL << shift
    return value


def f_parameters(
    flags: int = 0x0840, *, source: int = 1, target: int = 199, watchdog: int = 150, more: bytes = b""
) -> bytes:
    """more: a second watchdog, then the CRC of individual parameters, which is summed first."""
    body = struct.pack(">HHHH", flags, source, target, watchdog) + more
    own = more[-4:] if flags >> 3 & 1 else b""
    return body + struct.pack(">H", crc(own + body[: len(body) - len(own)]))


@pytest.mark.parametrize(
    ("flags", "individual", "printed"),
    [
        (0x0848, 1132081116, 17033),  # TR-Electronic CDH 75 M, manual TR-ECE-BA-GB-0095-19, clause 5.6.1
        (0x0448, 3489011925, 9296),  # TR-Electronic CDV 582, manual TR-ECE-BA-GB-0139-02, clause 6.5.1.3
        (0x2448, 3489011925, 35282),  # its other submodule
    ],
)
def test_the_crc_is_that_of_makers_default_parameters(flags: int, individual: int, printed: int) -> None:
    """Both addresses 1, watchdog 125 ms, as the manuals print them."""
    record = struct.pack(">HHHHIH", flags, 1, 1, 125, individual, printed)
    found = read_f_parameters(record)
    assert found is not None
    assert found.proven
    assert f_parameters(flags, target=1, watchdog=125, more=struct.pack(">I", individual)) == record


def test_f_parameters_with_their_crc() -> None:
    found = read_f_parameters(f_parameters())
    assert found is not None
    assert (found.source, found.destination, found.watchdog_ms, found.sil, found.proven) == (
        1,
        199,
        150,
        3,
        True,
    )


def test_f_parameters_with_individual_parameters() -> None:
    found = read_f_parameters(f_parameters(0x0448, more=b"\1\2\3\4"))
    assert found is not None
    assert (found.sil, found.proven) == (2, True)


def test_f_parameters_whose_crc_does_not_fit_are_not_proven() -> None:
    found = read_f_parameters(f_parameters()[:-1] + b"\0")
    assert found is not None
    assert not found.proven


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        f_parameters(source=0),
        f_parameters(target=0xFFFF),
        f_parameters(watchdog=0),
        f_parameters(0x0800),
        f_parameters(0x0848),
        f_parameters(0x8840),
        f_parameters() + b"\0",
        bytes(10),
        b"\xff" * 10,
    ],
)
def test_what_is_something_else(octets: bytes) -> None:
    assert read_f_parameters(octets) is None


def pdu(command: int, data: bytes, beat: int = 0, connection: int = 7) -> bytes:
    crcs = [struct.pack("<H", 0x1234 + beat + k) for k in range(len(data) // 2 or 1)]
    pairs = [data[at : at + 2] for at in range(0, len(data), 2)]
    return (
        bytes([command])
        + b"".join(p + c for p, c in zip(pairs, crcs, strict=True))
        + struct.pack("<H", connection)
    )


def test_a_connection_that_is_built_up_is_fsoe_once() -> None:
    watch = FsoeWatch()
    steps = [
        pdu(0x2A, b"\0\0"),
        pdu(0x4E, b"\1\2", 1),
        pdu(0x64, b"\3\4", 2),
        pdu(0x52, b"\5\6", 3),
        pdu(0x36, b"\0\1", 4),
    ]
    told = [watch.seen(("slave", 0), octets) for octets in steps]
    assert told == [None] * 4 + ["built up from Session to data"]
    assert watch.seen(("slave", 0), pdu(0x36, b"\0\1", 5)) is None


def test_a_running_connection_is_fsoe_by_its_counting_crc() -> None:
    watch = FsoeWatch()
    told = [watch.seen(1, pdu(0x36, b"\0\1", beat)) for beat in range(12)]
    assert [t for t in told if t] == ["CRC counts over still data"]


def test_what_stands_still_or_changes_all_over_is_no_fsoe() -> None:
    watch = FsoeWatch()
    assert not any(watch.seen(1, pdu(0x36, b"\0\1")) for _ in range(50))
    assert not any(watch.seen(2, pdu(0x36, bytes([n, n]), n)) for n in range(50))
    assert not any(watch.seen(3, pdu(0x36, b"\0\1", n, connection=1 + n)) for n in range(50))
    assert not any(watch.seen(4, bytes([0x31]) + bytes(6)) for _ in range(50))


@pytest.mark.parametrize(
    ("size", "fits"), [(5, False), (6, True), (7, True), (8, False), (11, True), (15, True)]
)
def test_sizes(size: int, fits: bool) -> None:
    assert is_candidate(b"\x36" + bytes(size - 3) + b"\1\0") is fits


@given(st.lists(st.binary(max_size=16), max_size=40))
def test_any_octets_are_judged(pieces: list[bytes]) -> None:
    watch = FsoeWatch()
    for octets in pieces:
        assert watch.seen(0, octets) in (None, "built up from Session to data", "CRC counts over still data")
        read_f_parameters(octets)


def test_places_are_bounded() -> None:
    watch = FsoeWatch()
    for place in range(3000):
        watch.seen(place, pdu(0x36, b"\0\1"))
    assert len(watch._places) <= 1024
