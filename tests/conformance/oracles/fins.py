"""FINS: function is 256 * MRC + SRC; bit 6 of ICF tells an answer. FINS/TCP's own commands are 65536 + command.

Source: Omron W342, 3-2; W421, 7-4; tshark fields omron.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["ORACLE"]

_TCP: Final = 65536
_CLIENT_NODE: Final = 0
_SERVER_NODE: Final = 1


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("omron"):
            function, icf = layer.number("omron.command"), layer.number("omron.icf")
            if function is not None and icf is not None:
                make = answer if icf & 0x40 else request
                yield make(packet.number, layer.ends, "fins", function)
                continue
            command = layer.number("omron.tcp.command")
            if command == _SERVER_NODE:
                yield answer(packet.number, layer.ends, "fins", _TCP + _CLIENT_NODE)
            elif command is not None:
                yield request(packet.number, layer.ends, "fins", _TCP + command)


ORACLE = Oracle(
    name="fins",
    protocols=("fins",),
    layers=("omron",),
    fields=frozenset({"omron.command", "omron.icf", "omron.tcp.command"}),
    messages=_messages,
)
