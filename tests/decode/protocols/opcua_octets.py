"""OPC UA written down octet by octet: what the tests of opcua send. Layouts: OPC 10000-6, 5.2 and 6.7."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from decode.feed import CLIENT, SERVER, tcp

if TYPE_CHECKING:
    from decode.feed import Rows

NONE = "http://opcfoundation.org/UA/SecurityPolicy#None"
BASIC256SHA256 = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"
CHANNEL, TOKEN = 7, 3
NULL = b"\xff\xff\xff\xff"
TICKS = 132_500_000_000_000_000
"""A DateTime: 2020-11-16T11:33:20Z."""
SESSION = bytes.fromhex("0401000102030405060708090a0b0c0d0e0f10")
"""An authentication token: a Guid in namespace 1."""


def u32(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def text(value: str | bytes | None) -> bytes:
    if value is None:
        return NULL
    octets = value.encode() if isinstance(value, str) else value
    return u32(len(octets)) + octets


def array(*items: bytes) -> bytes:
    return u32(len(items)) + b"".join(items)


def node(identifier: int | str | bytes, namespace: int = 0) -> bytes:
    if isinstance(identifier, int):
        if namespace == 0 and identifier < 256:
            return bytes([0, identifier])
        if namespace < 256 and identifier < 65536:
            return struct.pack("<BBH", 1, namespace, identifier)
        return struct.pack("<BHI", 2, namespace, identifier)
    kind = 3 if isinstance(identifier, str) else 5
    return struct.pack("<BH", kind, namespace) + text(identifier)


def extension(kind: int, body: bytes | None) -> bytes:
    return node(kind) + (b"\0" if body is None else b"\1" + text(body))


def localized(value: str | None, locale: str | None = None) -> bytes:
    mask = (1 if locale is not None else 0) | (2 if value is not None else 0)
    return bytes([mask]) + b"".join(text(part) for part in (locale, value) if part is not None)


def qualified(name: str | None, namespace: int = 0) -> bytes:
    return struct.pack("<H", namespace) + text(name)


def variant(kind: int, *values: bytes, many: bool = False, dimensions: tuple[int, ...] = ()) -> bytes:
    mask = kind | (0x80 if many else 0) | (0x40 if dimensions else 0)
    body = array(*values) if many else b"".join(values)
    return bytes([mask]) + body + (array(*(u32(d) for d in dimensions)) if dimensions else b"")


def value(inner: bytes | None = None, status: int | None = None, *, times: bool = False) -> bytes:
    mask = (1 if inner else 0) | (0 if status is None else 2) | (0x3C if times else 0)
    tail = b"" if status is None else u32(status)
    if times:
        tail += struct.pack("<QHQH", TICKS, 1, TICKS, 2)
    return bytes([mask]) + (inner or b"") + tail


def chunk(kind: bytes, body: bytes, letter: bytes = b"F") -> bytes:
    return kind + letter + u32(8 + len(body)) + body


def hello(url: str = "opc.tcp://plc7:4840/ua") -> bytes:
    return chunk(b"HEL", u32(0, 65535, 65535, 0, 0) + text(url))


ACKNOWLEDGE = chunk(b"ACK", u32(0, 65535, 65535, 0, 0))


def request_header(*, session: bytes = node(0), hint_ms: int = 0) -> bytes:
    return session + struct.pack("<QII", TICKS, 1, 0) + NULL + u32(hint_ms) + node(0) + b"\0"


def response_header(status: int = 0, diagnostic: bytes = b"\0") -> bytes:
    return struct.pack("<QII", TICKS, 1, status) + diagnostic + NULL + node(0) + b"\0"


def opening(call: int = 1, *, policy: str = NONE, certificate: bytes | None = None) -> bytes:
    service = node(446) + request_header() + u32(0, 0, 1) + text(b"\0") + u32(3_600_000)
    return _open(0, policy, certificate, u32(call, call) + service)


def opened(call: int = 1, *, policy: str = NONE, certificate: bytes | None = None, status: int = 0) -> bytes:
    token = u32(CHANNEL, TOKEN) + struct.pack("<QI", TICKS, 3_600_000)
    service = node(449) + response_header(status) + u32(0) + token + text(b"\0")
    return _open(CHANNEL, policy, certificate, u32(call, call) + service)


def _open(channel: int, policy: str, certificate: bytes | None, rest: bytes) -> bytes:
    return chunk(b"OPN", u32(channel) + text(policy) + text(certificate) + NULL + rest)


def message(
    call: int,
    service: bytes,
    *,
    kind: bytes = b"MSG",
    letter: bytes = b"F",
    sequence: int | None = None,
    channel: int = CHANNEL,
    token: int = TOKEN,
) -> bytes:
    number = call if sequence is None else sequence
    return chunk(kind, u32(channel, token, number, call) + service, letter)


def ask(call: int, function: int, body: bytes = b"", **header: Any) -> bytes:
    return message(call, node(function) + request_header(**header) + body)


def answer(call: int, function: int, body: bytes = b"", status: int = 0, diagnostic: bytes = b"\0") -> bytes:
    """function: of the request; 397: a ServiceFault."""
    kind = function if function == 397 else function + (1 if function > 12000 else 3)
    return message(call, node(kind) + response_header(status, diagnostic) + body)


OPENING = [(CLIENT, hello()), (SERVER, ACKNOWLEDGE), (CLIENT, opening()), (SERVER, opened())]


def read_item(identifier: bytes, attribute: int = 13, span: str | None = None) -> bytes:
    return identifier + u32(attribute) + text(span) + qualified(None)


def read(call: int, *items: bytes, **header: Any) -> bytes:
    return ask(call, 631, struct.pack("<dI", 0.0, 2) + array(*items), **header)


def read_answer(call: int, *values: bytes) -> bytes:
    return answer(call, 631, array(*values) + NULL)


def talk(*payloads: tuple[int, bytes], **options: Any) -> Rows:
    """Decode a conversation on an open channel without security; the opening's own rows are left out."""
    segments = [
        (side, octets[k : k + 60_000]) for side, octets in payloads for k in range(0, len(octets), 60_000)
    ]
    rows = tcp([*OPENING, *segments], port=4840, **options)
    rows["operations"] = [row for row in rows["operations"] if row["function"] != 446]
    return rows


def one(rows: Rows) -> dict[str, Any]:
    """The only operation."""
    (row,) = rows["operations"]
    return row


def objects(rows: Rows) -> list[str | None]:
    return [row["object"] for row in rows["operations"]]


def oddities(rows: Rows) -> set[str]:
    return {row["oddity"] for row in rows["oddities"]}


def clues(rows: Rows) -> set[tuple[str, str, str]]:
    """(who, field, value) of what OPC UA says."""
    return {(r["who"], r["field"], r["value"]) for r in rows["clues"] if r["protocol"] == "opcua"}
