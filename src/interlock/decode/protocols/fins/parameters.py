"""Parameters of FINS commands and answers beside objects and values, clause by clause.

Sources: W342 clause 5 (CS, CJ, CP, NSJ), W227 clause 5 (CVM1, CV).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.layouts import parameters_table
from interlock.decode.protocols.fins.areas import AREAS

if TYPE_CHECKING:
    from interlock.decode.layouts import Reader

__all__ = ["ANSWERS", "CONTROLLER", "DETAILS", "KINDS", "REQUESTS"]

DETAILS: Final = (parameters_table("fins", "FINS"),)

_LINKS: Final = "*( node:1 cio-area-first-word:2 kind-of-dm:1 dm-area-first-word:2 total-words:2 )"

REQUESTS: Final = {
    0x0101: "area:1 address:h3 items:2",
    0x0102: "area:1 address:h3 items:2",
    0x0103: "area:1 address:h3 items:2 data:h2",
    0x0104: "*( area:1 address:h3 )",
    0x0105: "source-area:1 source-address:h3 target-area:1 target-address:h3 items:2",
    0x0201: "area:2 beginning-word:2 last:last words:words",
    0x0202: "area:2 beginning-word:2 last:last words:words",
    0x0203: "area:2 beginning-word:2 words:2 data:h2",
    0x0220: "intelligent-id:2 fixed:h2 first-word:2 read-length:2",
    0x0221: f"intelligent-id:2 fixed:h2 first-word:2 data-length:2 nodes:1 {_LINKS}",
    0x0304: "program:2 protect-code:1 beginning-word:4 last-word:4",
    0x0305: "program:2 protect-code:1 beginning-word:4 last-word:4",
    0x0306: "program:2 beginning-word:4 last:last octets:words",
    0x0307: "program:2 beginning-word:4 last:last octets:words",
    0x0308: "program:2 clear-code:1",
    0x0401: "program:2 mode:1",
    0x0501: "data:1",
    0x0502: "unit-address:1 units:1",
    0x0620: "parameter:1",
    0x0801: "data:h*",
    0x0803: "data:h*",
    0x0920: "parameter:message",
    0x0C01: "program:2",
    0x0C02: "program:2",
    0x0C03: "program:2",
    0x2102: "beginning-record:2 records:2",
    0x2201: "disk:2 beginning-file:2 files:2",
    0x2202: "disk:2 file:t12 position:4 octets:2",
    0x2203: "disk:2 parameter:2 file:t12 position:4 octets:2",
    0x2204: "disk:2",
    0x2205: "disk:2 files:2 *files( file:t12 )",
    0x2206: "disk:2 parameter:2 label:t12",
    0x2207: "source-disk:2 source-file:t12 target-disk:2 target-file:t12",
    0x2208: "disk:2 old-file:t12 new-file:t12",
    0x2209: "disk:2 file:t12",
    0x220A: "parameter:2 area:1 address:3 items:2 disk:2 file:t12",
    0x220B: "parameter:2 area:2 beginning-word:2 words:2 disk:2 file:t12",
    0x220C: "parameter:2 program:2 beginning-word:4 octets:4 disk:2 file:t12",
    0x220F: "beginning-block:2 blocks:1",
    0x2210: "block:2",
    0x2211: "control:1 control-number:1 block:2 data:h*",
    0x2301: "bits:2 *bits( specification:2 area:1 word:2 bit:1 )",
    0x230A: "area:1 address:h3 units:2",
    0x2601: "name:t*",
}  # fmt: skip

ANSWERS: Final = {
    0x0104: "*( read:element )",
    0x0201: "area:2 beginning-word:2 last:last words:words data:h*",
    0x0220: "nodes:low7 *( warning:last node:low7 cio-area-first-word:2 kind-of-dm:1 dm-area-first-word:2 "
            "total-words:2 )",
    0x0306: "program:2 beginning-word:4 last:last octets:words data:h*",
    0x0307: "program:2 beginning-word:4 last:last octets:words",
    0x0502: "last:last units:low7 *( unit-address:1 model:t20 )",
    0x0601: "status:1 mode:1 fatal-errors:2 non-fatal-errors:2 messages:2 fal-fals:2 error-message:t16",
    0x0602: "node-status:nodes cycle-time:2 polling-node:1 cyclic-operation:1 cyclic-transmission:1 "
            "node-errors:h8 *( cyclic-errors:1 )",
    0x0603: "active:last setting:low7 master-node:1 *( errors:1 modes:1 warnings:1 )",
    0x0620: "average:4 longest:4 shortest:4",
    0x0801: "data:h*",
    0x0802: "receptions:2",
    0x0C01: "network:1 node:1 unit-number:1",
    0x2201: "label:t12 created:when capacity:4 free:4 files:2 last:last told:words "
            "*told( file:t12 changed:when size:4 )",
    0x2202: "size:4 position:4 octets:2",
    0x2205: "files:2",
    0x220A: "items:2",
    0x220B: "words:2",
    0x220C: "octets:4",
    0x220F: "remaining-blocks:2 blocks:2 type:1 *( control:1 control-number:1 )",
    0x2210: "control:1 control-number:1 data:h*",
    0x230A: "area:1 address:h3 units:2 data:h*",
}  # fmt: skip


_MODEL: Final = (
    "model:t20 version:t20 system:t40 program-area-kwords:2 iom-koctets:1 dm-words:2 timers:1 "
    "expansion-dm-banks:1 steps:2 memory-card:1 memory-card-koctets:2"
)
_BUS: Final = "bus-units:units 32 sysmac-bus-masters:1 sysmac-bus2-masters:1 pc-status:1"
CONTROLLER: Final = {92: _MODEL, 67: _BUS, 159: f"{_MODEL} {_BUS}"}
"""CONTROLLER DATA READ is asked for either part or both: the answer's length tells which."""


def _units(reader: Reader) -> str:
    """Sixteen words, one per CPU bus unit, as numbers with blanks between."""
    return " ".join(str(reader.number(2)) for _ in range(16))


def _last(reader: Reader) -> bool:
    """The most significant bit of the number that follows: it marks the last part, or a state."""
    if not reader.left():
        reader.take(1)
    return bool(reader.octets[reader.at] & 0x80)


def _words(reader: Reader) -> int:
    """A number of 15 bits."""
    return reader.number(2) & 0x7FFF


def _low7(reader: Reader) -> int:
    """A number of 7 bits."""
    return reader.number(1) & 0x7F


def _when(reader: Reader) -> str:
    """Year from 1980, month, day of 7, 4, 5 bits; hour, minute, second halved of 5, 6, 5."""
    day, clock = reader.number(2), reader.number(2)
    date = f"{1980 + (day >> 9):04d}-{day >> 5 & 15:02d}-{day & 31:02d}"
    return f"{date} {clock >> 11:02d}:{clock >> 5 & 63:02d}:{(clock & 31) * 2:02d}"


def _element(reader: Reader) -> str:
    """An area's code and one element of it, in hexadecimal digits."""
    code = reader.number(1)
    area = AREAS.get(code)
    return f"{code:02x} 0x{reader.take(area.octets if area else 1).hex()}"


def _nodes(reader: Reader) -> str:
    """Four bits for each of 62 nodes, the lower half of an octet first: as 62 hexadecimal digits."""
    return "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in reader.take(31))


def _message(reader: Reader) -> str:
    """Bit 15 asks for FAL and FALS, bit 14 clears; the others choose messages."""
    return f"0x{reader.number(2):04x}"


KINDS: Final = {
    "last": _last, "words": _words, "low7": _low7, "when": _when, "nodes": _nodes, "message": _message,
    "units": _units, "element": _element,
}  # fmt: skip
