"""DNP3: every application fragment is a message, at the frame that completes it; link frames without data are, too.

Who sends a request is the master; of link frames and confirmations the direction bit says it. The master is the client.
Unsolicited responses, confirmations and
challenges are requests by count, as are functions that want no response. A link ACK answers a question of the link
layer (reset, test), never user data.
Source: tshark fields dnp3.*; function is the application function, of link frames 256 + the primary function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST, Message
from conformance.oracles.port import SEGMENT_FIELDS, Oracle, originals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Kind
    from conformance.walk import Ends, Layer, Packet

__all__ = ["ORACLE"]

_LINK: Final = 256
_CONFLICT: Final = "dnp3.al.fragment.overlap.conflict"
"""tshark says so where it laid segments of unlike fragments over each other: what it shows then nobody sent."""

_RESPONSE, _UNSOLICITED, _AUTHENTICATE_RESP = 129, 130, 131
_USER_DATA: Final = (3, 4)
_AUTHENTICATE: Final = 32
_SILENT: Final = (0, 6, 8, 10, 12, 33)
_STATUS: Final = 11

Waiting = dict[tuple[int | None, ...], list[int]]
"""Functions of requests not answered yet, by stream, addresses and sequence."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    waiting: Waiting = {}
    for packet in originals(packets):
        for layer in packet.named("dnp3"):
            yield from _message(packet.number, layer, waiting)


def _message(frame: int, layer: Layer, waiting: Waiting) -> Iterator[Message]:
    from_master = bool(layer.number("dnp3.ctl.dir"))
    primary, function = layer.number("dnp3.ctl.prifunc"), layer.number("dnp3.al.func")
    if primary is None:
        yield from _secondary(frame, layer, waiting, from_master=from_master)
    elif primary not in _USER_DATA:
        _key(layer, waiting).append(_LINK + primary)
        yield _made(frame, layer.ends, _LINK + primary, REQUEST, asks=True)
    elif function is not None and not layer.number(_CONFLICT):
        if function:  # only masters ask and only outstations respond, whatever the direction bit says
            from_master = function < _RESPONSE
        yield from _fragment(frame, layer, waiting, function, from_master=from_master)


def _key(layer: Layer, waiting: Waiting, *extra: int | None) -> list[int]:
    addresses = sorted((layer.number("dnp3.src") or 0, layer.number("dnp3.dst") or 0))
    return waiting.setdefault((layer.ends.stream, *addresses, *extra), [])


def _secondary(frame: int, layer: Layer, waiting: Waiting, *, from_master: bool) -> Iterator[Message]:
    function, open_ones = layer.number("dnp3.ctl.secfunc"), _key(layer, waiting)
    wanted = [f for f in open_ones if (f == _LINK + 9) == (function == _STATUS)]
    if wanted:
        open_ones.remove(wanted[0])
        yield _made(frame, layer.ends, wanted[0], ANSWER, asks=False)
    elif function == _STATUS:
        yield _made(frame, layer.ends, _LINK + 9, ANSWER, asks=False)


def _fragment(
    frame: int, layer: Layer, waiting: Waiting, function: int, *, from_master: bool
) -> Iterator[Message]:
    sequence = layer.number("dnp3.al.seq")
    open_ones = _key(layer, waiting, sequence)
    if function < _RESPONSE:
        broadcast = (layer.number("dnp3.dst") or 0) >= 0xFFFD
        if function not in _SILENT and not broadcast:
            open_ones.append(function)
        yield _made(frame, layer.ends, function, REQUEST, asks=from_master)
    elif function == _UNSOLICITED:
        yield _made(frame, layer.ends, function, REQUEST, asks=from_master)
    elif function == _AUTHENTICATE_RESP:
        if _AUTHENTICATE in open_ones:
            open_ones.remove(_AUTHENTICATE)
            yield _made(frame, layer.ends, _AUTHENTICATE, ANSWER, asks=from_master)
        else:
            yield _made(frame, layer.ends, function, REQUEST, asks=from_master)
    elif open_ones and layer.number("dnp3.al.fir"):
        yield _made(frame, layer.ends, open_ones.pop(0), ANSWER, asks=from_master)
    else:
        yield _made(frame, layer.ends, function, ANSWER, asks=from_master)


def _made(frame: int, ends: Ends, function: int, kind: Kind, *, asks: bool) -> Message:
    client, server = (ends.source, ends.destination) if asks else (ends.destination, ends.source)
    return Message(
        frame=frame, kind=kind, client=client, server=server, protocol="dnp3", function=str(function)
    )


ORACLE = Oracle(
    name="dnp3",
    protocols=("dnp3",),
    layers=("dnp3",),
    fields=frozenset(
        {
            "dnp3.ctl.dir",
            "dnp3.ctl.prifunc",
            "dnp3.ctl.secfunc",
            "dnp3.src",
            "dnp3.dst",
            "dnp3.al.func",
            "dnp3.al.seq",
            "dnp3.al.fir",
            _CONFLICT,
        },
    )
    | SEGMENT_FIELDS,
    messages=_messages,
)
