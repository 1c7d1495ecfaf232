"""C37.118: function is the frame type, of a command 256 + CMD; a frame that a command asks for answers it.

What no command asked for, data above all, is unsolicited and counts as one request; its sender is the server.
Source: IEEE C37.118.2, 6.2 and 6.6; tshark fields synphasor.*.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import Oracle, answer, request, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["ORACLE"]

_COMMAND: Final = 4
_BASE: Final = 256
_ANSWERED_BY: Final = {1: 3, 2: 4, 3: 5, 5: 6}
"""Frame type to the command that asks for it."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    open_: Counter[tuple[str, str, int | None, int]] = Counter()
    for packet in packets:
        for layer in packet.named("synphasor"):
            kind, ends = layer.number("synphasor.frtype"), layer.ends
            stream = layer.number("synphasor.idcode_stream_source")
            if kind is None:
                continue
            if kind == _COMMAND:
                number = layer.number("synphasor.command")
                if number is not None:
                    open_[ends.source, ends.destination, stream, number] += 1
                    yield request(packet.number, ends, "c37118", _BASE + number)
                continue
            asked = _ANSWERED_BY.get(kind, 0)
            if open_[ends.destination, ends.source, stream, asked] > 0:
                open_[ends.destination, ends.source, stream, asked] -= 1
                yield answer(packet.number, ends, "c37118", _BASE + asked)
            else:
                yield spoken(packet.number, ends, "c37118", kind, ANSWER, counted=REQUEST)


ORACLE = Oracle(
    name="c37118",
    protocols=("c37118",),
    layers=("synphasor",),
    fields=frozenset({"synphasor.frtype", "synphasor.command", "synphasor.idcode_stream_source"}),
    messages=_messages,
)
