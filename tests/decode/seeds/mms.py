"""ISO 8327-1, 8823-1, 8650-1, 9506-2; IEC 61850-8-1: associations, reads, controls, reports, files, refusals."""

from __future__ import annotations

from decode.protocols.iec61850_octets import GOOD, bits, floating, tlv, utc
from decode.protocols.mms_octets import (
    CONFIRM,
    CONNECT,
    aare,
    aarq,
    answer,
    ask,
    cotp,
    data,
    domain,
    failed,
    initiate,
    initiated,
    integer,
    presentation,
    report,
    spdu,
    text,
    variables,
)
from decode.seeds import Seed

OPENING = (
    (0, CONNECT),
    (1, CONFIRM),
    (0, spdu(13, presentation(aarq(initiate(), secret=b"bay-controller")))),
    (1, spdu(14, presentation(aare(initiated()), accepts=True))),
)
_POSITION = tlv(0xA2, bits("10"), GOOD, utc(1_710_123_782))
_OPER = tlv(
    0xA2,
    tlv(0x83, b"\x01"),
    tlv(0xA2, integer(2, 0x85), tlv(0x89, b"dispatcher")),
    integer(1, 0x86),
    utc(1_710_123_782),
    tlv(0x83, b"\x00"),
    bits("00"),
)
_CAUSE = tlv(
    0xA2,
    text("LD/XCBR1$CO$Pos$Oper", 0x8A),
    integer(0, 0x85),
    tlv(0xA2, integer(2, 0x85), tlv(0x89, b"dispatcher")),
    integer(1, 0x86),
    integer(10, 0x85),
)
_REPORT = report(
    text("LD/LLN0$RP$rcb1", 0x8A),
    bits("0110110000"),
    integer(9, 0x86),
    tlv(0x8C, (3_600_000).to_bytes(4, "big"), (14_000).to_bytes(2, "big")),
    text("LD/LLN0$DS", 0x8A),
    bits("11"),
    text("LD/XCBR1$ST$Pos", 0x8A),
    text("LD/MMXU1$MX$TotW", 0x8A),
    _POSITION,
    tlv(0xA2, tlv(0xA2, floating(4.5)), GOOD, utc(1_710_123_783)),
)
READ = (
    (0, ask(1, 4, tlv(0xA1, variables("LD/XCBR1$ST$Pos", "LD/MMXU1$MX$TotW")))),
    (1, answer(1, 4, tlv(0xA1, _POSITION, integer(10, 0x80)))),
)
_CONTROL = (
    (0, ask(2, 4, tlv(0xA1, variables("LD/XCBR1$CO$Pos$SBO")))),
    (1, answer(2, 4, tlv(0xA1, text("LD/XCBR1$CO$Pos", 0x8A)))),
    (0, ask(3, 5, variables("LD/XCBR1$CO$Pos$Oper"), tlv(0xA0, _OPER))),
    (1, report(_CAUSE, name=variables("LastApplError"))),
    (1, answer(3, 5, integer(3, 0x80))),
)
_IDENTITY = (
    (0, ask(4, 2, constructed=False)),
    (1, answer(4, 2, text("Vendor", 0x80), text("Relay", 0x81), text("4.2", 0x82))),
    (0, ask(5, 1, tlv(0xA0, integer(9, 0x80)), tlv(0xA1, tlv(0x80)))),
    (1, answer(5, 1, tlv(0xA0, text("LD")), tlv(0x81, b"\x00"))),
    (0, ask(6, 12, domain("LD/LLN0$DS"))),
    (1, failed(6, 7, 2)),
)
_FILES = (
    (0, ask(7, 72, tlv(0xA0, text("COMTRADE/1.cfg", 0x19)), integer(0, 0x81))),
    (1, answer(7, 72, integer(4, 0x80), tlv(0xA1, integer(100, 0x80)))),
    (0, ask(8, 73, b"\x04", constructed=False)),
    (1, answer(8, 73, tlv(0x80, b"1,2,3"), tlv(0x81, b"\x00"))),
    (0, ask(9, 74, b"\x04", constructed=False)),
    (1, answer(9, 74, constructed=False)),
)
_END = ((0, data(tlv(0x8B))), (1, data(tlv(0x8C))))
_BROKEN = (
    (1, data(tlv(0xA4, integer(77, 0x80), integer(1, 0x81)))),
    (0, ask(10, 41, text("PI", 0x80))),
    (1, data(tlv(0xA4, integer(10, 0x80), integer(2, 0x81)))),
    (0, data(integer(10, 0x85))),
    (1, data(tlv(0xA7, integer(10, 0x80), tlv(0xA1, tlv(0xA0, integer(1, 0x8A)))))),
)

SEEDS = (
    Seed(name="association", transport="tcp", port=102, messages=(*OPENING, *READ, *_CONTROL, *_END)),
    Seed(name="reports", transport="tcp", port=102, messages=(*OPENING, (1, _REPORT), *_IDENTITY)),
    Seed(
        name="files",
        transport="tcp",
        port=102,
        messages=(*OPENING, *_FILES),
        no_join="an open file is named by the request that opened it",
    ),
    Seed(name="refusals", transport="tcp", port=102, messages=(*OPENING, *_BROKEN)),
    Seed(
        name="bare",
        transport="tcp",
        port=102,
        messages=(
            (0, CONNECT),
            (1, CONFIRM),
            (0, cotp(initiate())),
            (1, cotp(initiated())),
            (0, cotp(tlv(0xA0, integer(1), tlv(0x82)))),
            (1, cotp(tlv(0xA1, integer(1), tlv(0xA2, text("V", 0x80), text("M", 0x81), text("1", 0x82))))),
        ),
        no_join="without a session only what a client sends is told from other octets",
    ),
)
