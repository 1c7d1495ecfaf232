"""IEC 62056-5-3 (APDUs) in the wrapper of IEC 62056-47 and in HDLC frames of IEC 62056-46."""

from __future__ import annotations

from decode.protocols.dlms_octets import (
    SESSION,
    aare,
    aarq,
    act,
    ask,
    attribute,
    get,
    got,
    say,
    set_one,
)
from decode.seeds import Message, Seed

_READ = get(3, "1.0.1.8.0.255", 2)
_WRAPPED: tuple[Message, ...] = (
    ask(aarq(1, b"geheim99")),
    say(aare(0, 0, b"LGZ\x00\x01\x02\x03\x04")),
    ask(_READ),
    say(got(b"\x06\x00\x01\xe2\x40")),
    ask(get(8, "0.0.1.0.0.255", 9)),
    say(b"\xc4\x01\xc1\x01\x04"),
    ask(set_one(8, "0.0.1.0.0.255", 3, b"\x10\x00\x3c")),
    say(b"\xc5\x01\xc1\x00"),
    ask(act(70, "0.0.96.3.10.255", 1, b"\x0f\x00")),
    say(b"\xc7\x01\xc1\x00"),
    say(b"\xc2\x00" + attribute(1, "0.0.96.11.0.255", 2) + b"\x11\x2f"),
    ask(b"\x62\x00"),
    say(b"\x63\x00"),
)

SEEDS = (
    Seed(name="wrapper", transport="tcp", port=4059, messages=_WRAPPED),
    Seed(name="datagrams", transport="udp", port=4059, messages=_WRAPPED),
    Seed(
        name="hdlc",
        transport="tcp",
        port=4059,
        messages=tuple(SESSION),
        no_join="a segment without the first one is no whole APDU",
    ),
)
