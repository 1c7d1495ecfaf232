"""AMS/ADS: function is the command id; flag bit 0 tells an answer. A notification is unsolicited.

tshark counts a notification's sender as the one who was asked, as the decoder does. It does not read the UDP discovery.
Source: Beckhoff TE1000, AMS header; tshark fields ams.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import Oracle, answer, request, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["ORACLE"]

_NOTIFICATION: Final = 8


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("ams"):
            function, flags = layer.number("ams.cmdid"), layer.number("ams.stateflags")
            if function is None or flags is None:
                continue
            if function == _NOTIFICATION:
                yield spoken(packet.number, layer.ends, "ads", function, ANSWER, counted=REQUEST)
            else:
                make = answer if flags & 1 else request
                yield make(packet.number, layer.ends, "ads", function)


ORACLE = Oracle(
    name="ads",
    protocols=("ads",),
    layers=("ams",),
    fields=frozenset({"ams.cmdid", "ams.stateflags"}),
    messages=_messages,
)
