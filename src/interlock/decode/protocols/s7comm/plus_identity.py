"""Who stands at the ends of an S7comm-plus session, as its objects say.

The client's session object names host, application and comment; the server's gives order number and firmware
(`1;6ES7 214-1HE30-0XB0 ;V2.2`) and the version of its software. What is read from the CPU's proxy object may be an
I&M0 record: | 0x0020 | 0x0038 | 1, 0 | vendor 2 | order 20 | serial 16 | hardware 2 | prefix 1, version 3 | … |
Source: the published analyses of S7comm-plus; IEC 61158-6-10, I&M0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.s7comm.blocks import text_of
from interlock.decode.protocols.s7comm.plus_objects import texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Fact", "of_client", "of_record", "of_server"]

Fact = tuple[str, str, float]
"""Field, value, confidence."""

APPLICATION, HOST, COMMENT = 297, 298, 301
_SIEMENS: Final = 0x002A
_RECORD: Final = b"\0\x20\0\x38\1\0"
_RECORD_SIZE: Final = 50
_PRODUCT: Final = re.compile(rb"\d;(6[A-Z0-9]{2}\d [-A-Z0-9]{5,14}) *;([VS]\d+\.\d+)")


def of_client(octets: bytes) -> Iterator[Fact]:
    """Facts in a request that opens a session."""
    texts = texts_of(octets)
    yield "name", texts.get(HOST, ""), 0.6
    yield "software", texts.get(APPLICATION, ""), 0.7
    yield "description", texts.get(COMMENT, ""), 0.5


def of_server(octets: bytes) -> Iterator[Fact]:
    """Facts in the answer to it, or in an object that was explored."""
    found = _PRODUCT.search(octets)
    if found is None:
        return
    yield "order-number", text_of(found.group(1)), 0.95
    yield "firmware", text_of(found.group(2)), 0.9
    yield "vendor", "Siemens", 0.9
    yield "software", texts_of(octets).get(COMMENT, ""), 0.7


def of_record(octets: bytes) -> Iterator[Fact]:
    """Facts in an I&M0 record that stands somewhere in an answer; none where there is none."""
    at = octets.find(_RECORD)
    if at < 0 or len(octets) - at < _RECORD_SIZE:
        return
    record = octets[at + len(_RECORD) :]
    vendor = int.from_bytes(record[:2], "big")
    yield "vendor-id", f"profinet:0x{vendor:04x}", 0.9
    if vendor == _SIEMENS:
        yield "vendor", "Siemens", 0.9
    yield "order-number", text_of(record[2:22]), 0.95
    yield "serial", text_of(record[22:38]), 0.95
    yield "hardware", str(int.from_bytes(record[38:40], "big")), 0.8
    version = ".".join(map(str, record[41:44]))
    yield "firmware", f"{chr(record[40])}{version}" if record[40:41].isalpha() else "", 0.9
