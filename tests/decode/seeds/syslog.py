"""RFC 5424 and RFC 3164: datagrams, counted and ended messages."""

from __future__ import annotations

from decode.seeds import Seed

__all__ = ["SEEDS"]

_NEW = b'<165>1 2023-10-11T22:14:15.003Z plc-7 evntslog 811 ID47 [origin software="a" swVersion="1"] pump stopped'
_OLD = b"<34>Oct 11 22:14:15 switch-3 sshd[312]: login failed"
_REFUSED = b"<189>45: %SEC-6-DENIED: list 101"

SEEDS = (
    Seed(name="datagrams", transport="udp", port=514, messages=tuple((0, o) for o in (_NEW, _OLD, _REFUSED))),
    Seed(
        name="lines",
        transport="tcp",
        port=601,
        messages=tuple((0, o + b"\n") for o in (_NEW, _OLD, _REFUSED)),
    ),
    Seed(
        name="counted",
        transport="tcp",
        port=601,
        messages=tuple((0, b"%d " % len(o) + o) for o in (_NEW, _OLD, _REFUSED)),
    ),
)
