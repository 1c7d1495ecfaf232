"""EtherCAT: function is the command of a datagram; one whose sender's MAC has bit 1 set comes back, an answer.

A request of one sender is known by its MAC without that bit, which its answers come back to.
Source: IEC 61158-4-12, 5.4; tshark fields ecat.*.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["ORACLE"]

_BACK: Final = 2


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("ecat"):
            source = layer.ends.source
            first = int(source[:2], 16)
            for shown in layer.values["ecat.cmd"]:
                asked = request(packet.number, layer.ends, "ethercat", int(shown, 0))
                if first & _BACK:
                    client = f"{first & ~_BACK:02x}{source[2:]}"
                    yield replace(asked, client=client, kind="answer")
                else:
                    yield asked


ORACLE = Oracle(
    name="ethercat",
    protocols=("ethercat",),
    layers=("ecat",),
    fields=frozenset({"ecat.cmd"}),
    messages=_messages,
)
