"""Parameters of ROC Plus messages beside objects and values, opcode by opcode; numbers have their low octet first.

Source: D301180X012, clause 2.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.decode.layouts import parameters_table

if TYPE_CHECKING:
    from interlock.decode.layouts import Reader

__all__ = ["DETAILS", "HEAD", "KINDS", "layout_of"]

DETAILS: Final = (parameters_table("roc_plus", "ROC Plus"),)

HEAD: Final = "destination-unit:1 destination-group:1 source-unit:1 source-group:1 opcode:1 octets:1"

_CLOCK: Final = "second:1 minute:1 hour:1 day:1 month:1 year:2 weekday:1"
_FILE: Final = "descriptor:4 size:4 offset:4 count:1"

_REQUESTS: Final = {
    8: _CLOCK,
    10: "table:1 location:1 points:1",
    11: "table:1 location:1 points:1",
    24: "host-unit:1 host-group:1 first-unit:1 first-group:1 second-unit:1 second-group:1 third-unit:1 third-group:1 "
        "fourth-unit:1 fourth-group:1 forwarded-opcode:1 forwarded-octets:1",
    105: "segment:1 point:1",
    108: "segment:1 points:1 *points( point:1 )",
    118: "records:1 index:2",
    119: "records:1 index:2",
    137: "segment:1 day:1 month:1",
    139: "command:1 segment:1 ?command=1( index:2 type:1 periods:1 timestamps:1 points:1 "
         "*points( point:1 ) )",
    166: "type:1 logical:1 parameters:1 parameter:1",
    167: "type:1 logical:1 parameters:1 parameter:1",
    206: "command:1 segment:1 ?command=1( first:2 ) ?command=2( number:2 data-offset:2 )",
    224: "index:2",
    225: "index:2",
    203: f"command:1 ?command=1( options:1 path:t100 name:t25 ) ?command=2( descriptor:4 offset:4 ) "
         f"?command=3( {_FILE} ) ?command=4( descriptor:4 ) ?command=64( path:t100 index:2 )",
}  # fmt: skip

_ANSWERS: Final = {
    6: "mode:1 port:2 security:1 compatibility:1 revision:1 subtype:1 11 type:1 *( point-type:1 )",
    7: _CLOCK,
    10: "table:1 location:1 points:1 version:h4",
    100: "command:1 begin:1 values:1",
    105: "segment:1 point:1 method:1 type:1 logical:1 parameter:1 current:f32 minimum:f32 maximum:f32 minimum-time:h5 "
         "maximum-time:h5 yesterday-minimum:f32 yesterday-maximum:f32 yesterday-minimum-time:h5 "
         "yesterday-maximum-time:h5 last-minute:f32",
    118: "records:1 index:2 current-index:2 *( record:h23 )",
    119: "records:1 index:2 current-index:2 *( record:h22 )",
    135: "segment:1 point:1 index:2 values:1 *values( value:f32 )",
    136: "segment:1 index:2 current-index:2 values:1",
    137: "segment:1 first-period:2 periods:2 first-day:2 days:2",
    138: "segment:1 point:1 day:1 month:1 periods:2 days:2",
    139: "command:1 segment:1 ?command=0( points:1 *points( point:1 ) ) "
         "?command=1( index:2 periods:1 timestamps:1 points:1 "
         "*periods( ?timestamps=1( time:4 ) *points( value:f32 ) ) )",
    166: "type:1 logical:1 parameters:1 parameter:1",
    167: "type:1 logical:1 parameters:1 parameter:1",
    203: f"command:1 ?command=1( descriptor:4 ) ?command=2( {_FILE} ) ?command=3( descriptor:4 offset:4 ) "
         "?command=6( more:1 files:1 ) ?command=64( more:1 files:2 )",
    206: "command:1 ?command=1( transactions:1 more:1 description:t10 payload-size:2 "
         "*transactions( number:2 created:4 ) ) ?command=2( data-size:1 more:1 *( type:1 value:typed ) )",
}  # fmt: skip

_U16, _FLOAT, _STRING_10, _TIME = 3, 7, 11, 20
"""Types of a transaction's data whose numbers the public capture shows; nothing is told apart behind others."""


def _typed(reader: Reader) -> object:
    """A value of a transaction, of the type that stands before it."""
    kind = reader.octets[reader.at - 1]
    if kind == _FLOAT:
        return float(struct.unpack("<f", reader.take(4))[0])
    if kind == _STRING_10:
        return reader.take(10).split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
    if kind in (_U16, _TIME):
        return reader.number(2 if kind == _U16 else 4)
    return f"0x{reader.take(reader.left()).hex()}"


KINDS: Final = {"typed": _typed}

_DELETE: Final = "command:1 path:t100 name:t25"
_DIRECTORY: Final = "command:1 path:t100 index:"
"""The index has one octet, from version 3.10 of the firmware on two."""
_LOGINS: Final = {6: "operator:t3 2 level:1", 11: "operator:t3 2 action:t6", 71: "operator:t30 40 level:1",
                  76: "operator:t30 40 action:t6"}  # fmt: skip


def layout_of(opcode: int, data: bytes, *, answer: bool) -> str:
    """Layout of a message's data; empty where nothing is known of it."""
    if not answer and opcode == 17:
        return _LOGINS.get(len(data), "")
    if not answer and opcode == 203 and data[:1] in (b"\5", b"\6") and len(data) > 101:
        return _DELETE if len(data) == 126 else _DIRECTORY + str(min(len(data) - 101, 2))
    return (_ANSWERS if answer else _REQUESTS).get(opcode, "")
