"""RFC 3416: get, set, bulk and their responses; RFC 1157's trap; a message of version 3 (RFC 3412, 3414)."""

from __future__ import annotations

from decode.seeds import Seed

SYS_DESCR, SYS_NAME, IF_ADMIN = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.2.2.1.7.3"
GET, NEXT, RESPONSE, SET, TRAP_1, BULK, INFORM, TRAP_2 = range(8)
NULL = b"\x05\x00"


def _ber(tag: int, content: bytes) -> bytes:
    length = len(content)
    head = bytes((length,)) if length < 128 else b"\x82" + length.to_bytes(2, "big")
    return bytes((tag,)) + head + content


def _integer(value: int, tag: int = 2) -> bytes:
    return _ber(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    octets = bytearray((40 * first + second,))
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        octets += bytes(reversed(groups))
    return _ber(6, bytes(octets))


def _pdu(kind: int, number: int, *bindings: tuple[str, bytes], error: int = 0, index: int = 0) -> bytes:
    pairs = b"".join(_ber(0x30, _oid(name) + value) for name, value in bindings)
    return _ber(0xA0 | kind, _integer(number) + _integer(error) + _integer(index) + _ber(0x30, pairs))


def _message(pdu: bytes, community: bytes = b"public", version: int = 1) -> bytes:
    return _ber(0x30, _integer(version) + _ber(4, community) + pdu)


def _third(number: int, pdu: bytes, flags: int = 4) -> bytes:
    header = _integer(number) + _integer(65507) + _ber(4, bytes((flags,))) + _integer(3)
    engine = bytes.fromhex("8000000003020000000009")
    model = _ber(4, engine) + _integer(5) + _integer(900) + _ber(4, b"operator") + _ber(4, b"") + _ber(4, b"")
    scoped = _ber(0x30, _ber(4, engine) + _ber(4, b"") + pdu)
    return _ber(0x30, _integer(3) + _ber(0x30, header) + _ber(4, _ber(0x30, model)) + scoped)


_TRAP_OLD = _ber(
    0xA4,
    _oid("1.3.6.1.4.1.4196") + _ber(0x40, bytes((192, 0, 2, 9))) + _integer(2) + _integer(0) + _integer(77, 0x43)
    + _ber(0x30, b""),
)  # fmt: skip

SEEDS = (
    Seed(
        name="asked",
        transport="udp",
        port=161,
        messages=(
            (0, _message(_pdu(GET, 7, (SYS_DESCR, NULL), (SYS_NAME, NULL)))),
            (
                1,
                _message(
                    _pdu(RESPONSE, 7, (SYS_DESCR, _ber(4, b"Switch X208")), (SYS_NAME, _ber(4, b"cell-3")))
                ),
            ),
            (0, _message(_pdu(SET, 8, (IF_ADMIN, _integer(2))), b"private")),
            (1, _message(_pdu(RESPONSE, 8, (IF_ADMIN, _integer(2)), error=16, index=1), b"private")),
            (0, _message(_pdu(BULK, 9, ("1.3.6.1.2.1.2.2.1.10", NULL), index=3))),
            (
                1,
                _message(
                    _pdu(
                        RESPONSE, 9, *((f"1.3.6.1.2.1.2.2.1.10.{k}", _integer(900 * k, 0x41)) for k in (1, 2))
                    )
                ),
            ),
            (0, _third(10, _pdu(GET, 10, (SYS_NAME, NULL)))),
            (1, _third(10, _pdu(RESPONSE, 10, (SYS_NAME, _ber(4, b"cell-3"))), flags=0)),
        ),
    ),
    Seed(
        name="traps",
        transport="udp",
        port=162,
        messages=(
            (0, _message(_TRAP_OLD, version=0)),
            (0, _message(_pdu(TRAP_2, 11, ("1.3.6.1.2.1.1.3.0", _integer(77, 0x43))))),
        ),
    ),
)
