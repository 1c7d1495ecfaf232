"""S7comm: jobs and userdata requests ask, acknowledgements and userdata responses answer.

Pushes are unsolicited: requests by count, with the controller as the server.
Who sends the job asks: while a block is downloaded the controller asks the engineering station for it.
An Ack without parameters carries no function: it has that of the job of the same PDU reference.
Source: tshark fields s7comm.*; function is the job's, or 256 x group + subfunction of userdata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import Oracle, answer, request, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Ends, Layer, Packet

__all__ = ["ORACLE"]

_JOB, _ACK, _ACK_DATA, _USERDATA = 1, 2, 3, 7
_PUSH, _ASK, _REPLY = 0, 4, 8
_PORT: Final = 102

Pending = dict[tuple[int, str, int | None], int | None]
"""Functions of jobs by stream, who sent them, and PDU reference."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    jobs: Pending = {}
    for packet in packets:
        for layer in packet.named("s7comm"):
            yield from _message(packet.number, layer, jobs)


def _message(frame: int, layer: Layer, jobs: Pending) -> Iterator[Message]:
    ends, kind = layer.ends, layer.number("s7comm.header.rosctr")
    reference, function = layer.number("s7comm.header.pduref"), layer.number("s7comm.param.func")
    if kind == _JOB:
        jobs[ends.stream, ends.source, reference] = function
        yield request(frame, ends, "s7comm", function)
    elif kind in (_ACK, _ACK_DATA):
        if function is None:
            function = jobs.get((ends.stream, ends.destination, reference))
        yield answer(frame, ends, "s7comm", function)
    elif kind == _USERDATA:
        yield from _userdata(frame, layer, ends)


def _userdata(frame: int, layer: Layer, ends: Ends) -> Iterator[Message]:
    group = layer.number("s7comm.param.userdata.funcgroup")
    subfunction = layer.number("s7comm.param.userdata.subfunc")
    if group is None or subfunction is None:
        return
    method, function = layer.number("s7comm.param.userdata.type"), 256 * group + subfunction
    if method == _ASK:
        yield request(frame, ends, "s7comm", function)
    elif method == _REPLY:
        yield answer(frame, ends, "s7comm", function)
    elif method == _PUSH:
        from_server = ends.source_port == _PORT
        yield spoken(frame, ends, "s7comm", function, ANSWER if from_server else REQUEST, counted=REQUEST)


ORACLE = Oracle(
    name="s7comm",
    protocols=("s7comm",),
    layers=("s7comm",),
    fields=frozenset(
        {
            "s7comm.header.rosctr",
            "s7comm.header.pduref",
            "s7comm.param.func",
            "s7comm.param.userdata.type",
            "s7comm.param.userdata.funcgroup",
            "s7comm.param.userdata.subfunc",
        },
    ),
    messages=_messages,
)
