"""Octets of MMS and of what carries it, built from ISO 9506-2, 8327-1, 8823-1 and 8650-1."""

from __future__ import annotations

from decode.protocols.iec61850_octets import tlv

__all__ = [
    "CONFIRM", "CONNECT", "aare", "aarq", "answer", "ask", "cotp", "data", "domain", "external", "failed", "high",
    "initiate", "initiated", "integer", "presentation", "report", "spdu", "text", "variables", "vmd",
]  # fmt: skip


def cotp(octets: bytes, *, last: bool = True) -> bytes:
    """One TPKT with a data TPDU."""
    return (
        b"\x03\x00"
        + (7 + len(octets)).to_bytes(2, "big")
        + (b"\x02\xf0\x80" if last else b"\x02\xf0\x00")
        + octets
    )


CONNECT = bytes.fromhex("0300001611e00000000100c0010ac1020001c2020001")
CONFIRM = bytes.fromhex("0300001611d00001000200c0010ac1020001c2020001")


def integer(value: int, tag: int | bytes = 2) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def text(value: str, tag: int | bytes = 0x1A) -> bytes:
    return tlv(tag, value.encode())


def high(number: int, *, constructed: bool = True) -> bytes:
    """Identifier octets of [number], of any number."""
    first = 0xA0 if constructed else 0x80
    return bytes([first | number]) if number < 31 else bytes([first | 0x1F, number])


def data(pdu: bytes) -> bytes:
    """A PDU in its presentation data value, in GIVE TOKENS and DATA TRANSFER, in COTP."""
    return cotp(b"\x01\x00\x01\x00" + tlv(0x61, tlv(0x30, integer(3), tlv(0xA0, pdu))))


def ask(invoke: int, service: int, *content: bytes, constructed: bool = True) -> bytes:
    """A confirmed request."""
    return data(tlv(0xA0, integer(invoke), tlv(high(service, constructed=constructed), *content)))


def answer(invoke: int, service: int, *content: bytes, constructed: bool = True) -> bytes:
    """A confirmed response."""
    return data(tlv(0xA1, integer(invoke), tlv(high(service, constructed=constructed), *content)))


def failed(invoke: int, kind: int, code: int) -> bytes:
    """A confirmed error of a class (its number) and code."""
    return data(tlv(0xA2, integer(invoke, 0x80), tlv(0xA2, tlv(0xA0, integer(code, 0x80 | kind)))))


def domain(name: str) -> bytes:
    """An ObjectName `domain/item`."""
    first, _, item = name.partition("/")
    return tlv(0xA1, text(first), text(item))


def vmd(name: str) -> bytes:
    return text(name, 0x80)


def variables(*names: str) -> bytes:
    """VariableAccessSpecification: a list of variables by name."""
    return tlv(0xA0, *(tlv(0x30, tlv(0xA0, domain(n) if "/" in n else vmd(n))) for n in names))


def report(*results: bytes, name: bytes | None = None) -> bytes:
    """An informationReport of a variable list (RPT), or of `name`, a VariableAccessSpecification."""
    return data(tlv(0xA3, tlv(0xA0, tlv(0xA1, vmd("RPT")) if name is None else name, tlv(0xA0, *results))))


def initiate(detail: int = 65000) -> bytes:
    """An initiate request PDU."""
    inner = (
        integer(1, 0x80),
        tlv(0x81, b"\x05\xf1\x00"),
        tlv(0x82, b"\x03\xee\x1c\x00\x00\x04\x08\x00\x00\x79\xef\x18"),
    )
    return tlv(
        0xA8, integer(detail, 0x80), integer(5, 0x81), integer(5, 0x82), integer(10, 0x83), tlv(0xA4, *inner)
    )


def initiated(detail: int = 32000) -> bytes:
    """An initiate response PDU."""
    inner = (
        integer(1, 0x80),
        tlv(0x81, b"\x05\xf1\x00"),
        tlv(0x82, b"\x03\xee\x1c\x00\x00\x04\x08\x00\x00\x79\xef\x18"),
    )
    return tlv(
        0xA9, integer(detail, 0x80), integer(5, 0x81), integer(3, 0x82), integer(10, 0x83), tlv(0xA4, *inner)
    )


def external(pdu: bytes) -> bytes:
    """User information of ACSE: [30] { EXTERNAL { context 3, single-ASN1-type } }."""
    return tlv(0xBE, tlv(0x28, integer(3), tlv(0xA0, pdu)))


MMS_CONTEXT = tlv(0xA1, tlv(6, bytes.fromhex("28ca220203")))


def aarq(pdu: bytes, *, secret: bytes | None = None, mechanism: str = "520301") -> bytes:
    """An AARQ with AP titles and AE qualifiers, and an authentication value if `secret` is given."""
    login = b"" if secret is None else tlv(0x8B, bytes.fromhex(mechanism)) + tlv(0xAC, tlv(0x80, secret))
    return tlv(
        0x60,
        MMS_CONTEXT,
        tlv(0xA2, tlv(6, bytes.fromhex("2b0ce70101"))),
        tlv(0xA3, integer(12)),
        tlv(0xA6, tlv(6, bytes.fromhex("2b0ce70102"))),
        tlv(0xA7, integer(13)),
        login,
        external(pdu),
    )


def aare(pdu: bytes | None, *, result: int = 0, diagnostic: int = 0) -> bytes:
    """An AARE."""
    return tlv(
        0x61,
        MMS_CONTEXT,
        tlv(0xA2, integer(result)),
        tlv(0xA3, tlv(0xA1, integer(diagnostic))),
        external(pdu) if pdu is not None else b"",
    )


def presentation(acse: bytes, *, accepts: bool = False) -> bytes:
    """A CP or CPA PPDU with its selectors and contexts."""
    contexts = (
        tlv(
            0xA5,
            tlv(0x30, integer(0, 0x80), tlv(0x81, b"\x51\x01")),
            tlv(0x30, integer(0, 0x80), tlv(0x81, b"\x51\x01")),
        )
        if accepts
        else tlv(
            0xA4,
            tlv(0x30, integer(1), tlv(6, bytes.fromhex("52010001")), tlv(0x30, tlv(6, b"\x51\x01"))),
            tlv(0x30, integer(3), tlv(6, bytes.fromhex("28ca220201")), tlv(0x30, tlv(6, b"\x51\x01"))),
        )
    )
    selectors = tlv(0x83, b"\x00\x02") if accepts else tlv(0x81, b"\x00\x01") + tlv(0x82, b"\x00\x02")
    user = tlv(0x61, tlv(0x30, integer(1), tlv(0xA0, acse)))
    return tlv(0x31, tlv(0xA0, integer(1, 0x80)), tlv(0xA2, selectors, contexts, user))


def spdu(kind: int, user: bytes, *, extra: bytes = b"") -> bytes:
    """A session PDU with user data, in COTP."""
    head = bytes.fromhex("05061301001601021402 0002".replace(" ", "")) if kind in (13, 14) else b""
    if kind == 13:
        head += bytes.fromhex("33020001 34020002".replace(" ", ""))
    parameters = head + extra + (_parameter(0xC1, user) if user else b"")
    return cotp(_parameter(kind, parameters))


def _parameter(code: int, value: bytes) -> bytes:
    length = bytes([len(value)]) if len(value) < 255 else b"\xff" + len(value).to_bytes(2, "big")
    return bytes([code]) + length + value
